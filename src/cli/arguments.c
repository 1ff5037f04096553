#include "arguments.h"
#include "names.h"
#include "format.h"
#include "report.h"
#include "text.h"

#include <string.h>
#include <strings.h>

const struct hu_format *format_read(const char *command, const char *name)
{
    const struct hu_format *f = hu_format_find(name);
    if (!f && hu_integer_find(name))
        fail(command, "%s is an integer dtype; only floating-point formats are converted", name);
    else if (!f)
        fail(command, "\"%s\" is not a format; 'halfulp formats' lists them, and eXmY makes one",
             name);
    return f;
}

static bool add(const char *command, struct format_list *list, const struct hu_format *f)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i] == f)
            return true;
    if (list->count == FORMATS_MAX) {
        fail(command, "more than %d formats", FORMATS_MAX);
        return false;
    }
    list->at[list->count++] = f;
    return true;
}

bool formats_read(const char *command, const char *text, struct format_list *list)
{
    for (const char *at = text;; at++) {
        size_t n = strcspn(at, ",");
        char name[HU_MAX_NAME + 8];
        size_t kept = n < sizeof name ? n : sizeof name - 1;
        memcpy(name, at, kept);
        name[kept] = 0;
        if (!strcasecmp(name, "all")) {
            for (size_t i = 0; i < hu_format_count(); i++)
                if (!add(command, list, hu_format_at(i)))
                    return false;
        } else {
            const struct hu_format *f = format_read(command, name);
            if (!f || !add(command, list, f))
                return false;
        }
        at += n;
        if (!*at)
            return true;
    }
}

bool direction_read(const char *command, const char *text, enum hu_direction *direction)
{
    if (hu_direction_read(text, direction))
        return true;
    fail(command, "\"%s\" is not a rounding direction; they are rne, rna, rtz, rup, rdn, rto",
         text);
    return false;
}

bool color_read(const char *command, const char *text, enum color_mode *mode)
{
    if (color_mode_read(text, mode))
        return true;
    fail(command, "--color is auto, always or never, not \"%s\"", text);
    return false;
}

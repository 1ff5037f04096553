#include "arguments.h"
#include "names.h"
#include "format.h"
#include "lists.h"
#include "report.h"
#include "text.h"

#include <string.h>
#include <strings.h>

/* A name that means something else elsewhere is told of. */
static const struct hu_format *noted(const char *name, const struct hu_format *f)
{
    const char *text = hu_name_note(name);
    if (text)
        note("%s", text);
    return f;
}

static const char *block_name(int index)
{
    const struct hu_block *b = hu_block_at((size_t)index);
    return b ? b->name : NULL;
}

const char *block_suggestion(char out[HU_SUGGESTION], const char *name)
{
    int count = 0;
    while (block_name(count))
        count++;
    return hu_suggestion_of(out, name, block_name, count);
}

static const struct hu_format *refused(const char *name)
{
    char suggestion[HU_SUGGESTION];
    const struct hu_block *block = hu_block_find(name);
    if (block)
        fail("%s is a block format, whose elements share a scale, and this takes formats of single "
             "numbers; 'halfulp help block' has more",
             block->name);
    else if (hu_integer_find(name))
        fail("%s is a dtype for sizing; it is not converted", name);
    else if (*hu_name_suggestion(suggestion, name) || *block_suggestion(suggestion, name))
        fail("\"%s\" is not a format; %s", name, suggestion);
    else
        fail("\"%s\" is not a format; 'halfulp formats' lists them, and eXmY makes one", name);
    return NULL;
}

const struct hu_format *format_read(const char *name)
{
    const struct hu_format *f = hu_format_find(name);
    return f ? noted(name, f) : refused(name);
}

static const struct hu_format *no_integer(const struct hu_format *f)
{
    if (!f || !hu_is_integer(f))
        return f;
    fail("%s is an integer; 'halfulp convert' takes those, and this floating-point formats",
         f->name);
    return NULL;
}

const struct hu_format *float_read(const char *name)
{
    return no_integer(format_read(name));
}

const struct hu_format *array_format_read(const char *name, bool *big_endian)
{
    const struct hu_format *f = hu_array_format_find(name, big_endian);
    return no_integer(f ? noted(name, f) : refused(name));
}

const struct hu_block *block_read(const char *name)
{
    const struct hu_block *b = hu_block_find(name);
    if (b && hu_block_decodes(b))
        return b;
    char near[HU_SUGGESTION];
    fail("\"%s\" is not a block format; %s", name,
         *block_suggestion(near, name) ? near : "'halfulp formats' lists them");
    return NULL;
}

static bool add(struct format_list *list, const struct hu_format *f)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i] == f)
            return true;
    if (list->count == FORMATS_MAX)
        return refuse("more than %d formats", FORMATS_MAX);
    list->at[list->count++] = f;
    return true;
}

static bool add_formats(const char *name, void *context)
{
    const struct hu_format *f = NULL;
    bool all = !strcasecmp(name, "all"), good = all || (f = format_read(name));
    for (size_t i = 0; good && i < (all ? hu_format_count() : 1); i++)
        good = add(context, all ? hu_format_at(i) : f);
    return good;
}

bool formats_read(const char *text, struct format_list *list)
{
    return names_read(text, add_formats, list);
}

struct targets {
    struct format_list *formats;
    struct block_list *blocks;
};

static bool add_target(const char *name, void *context)
{
    const struct targets *t = context;
    const struct hu_block *b = hu_format_find(name) ? NULL : hu_block_find(name);
    if (!b || !hu_block_decodes(b))
        return add_formats(name, t->formats);
    if (t->blocks->count < FORMATS_MAX)
        t->blocks->at[t->blocks->count++] = b;
    return true;
}

bool targets_read(const char *text, struct format_list *formats, struct block_list *blocks)
{
    struct targets t = {formats, blocks};
    return names_read(text, add_target, &t);
}

bool direction_read(const char *text, enum hu_direction *direction)
{
    if (hu_direction_read(text, direction))
        return true;
    return refuse("\"%s\" is not a rounding direction; they are rne, rna, rtz, rup, rdn, rto",
                  text);
}

#include "room.h"
#include "arguments.h"
#include "digit.h"
#include "names.h"
#include "format.h"

#include <sys/stat.h>

bool names_read(const char *text, name_taker *take, void *context)
{
    OWNED char *copy = check_memory(strdup(text));
    char *rest = copy;
    bool good = true;
    while (good && rest)
        good = take(strsep(&rest, ","), context);
    return good;
}

const char *file_hint(const char *text, bool elements)
{
    struct stat s;
    const char *colon = elements ? strrchr(text, ':') : NULL,
               *end = colon ? colon : strchr(text, '[');
    OWNED char *before = check_memory(strndup(text, end ? (size_t)(end - text) : 0));
    return (stat(text, &s) && stat(before, &s)) || S_ISDIR(s.st_mode)
               ? ""
               : "; it is a file: 'halfulp tensors' lists what is in one, 'halfulp stats' measures "
                 "it, and 'halfulp show FILE:TENSOR[i]', of an array FILE:[i], shows an element";
}

static int digit_value(char c, unsigned base)
{
    int digit = hu_digit_value(c);
    return digit < (int)base ? digit : -1;
}

/* A whole number: digits, in groups by '_' or ',' with a digit on either side, or 0x and
 * hexadecimal ones. False: TEXT is none, or over 64 bits. */
static bool count_parse(const char *text, uint64_t *count)
{
    unsigned base = text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10;
    const char *at = base == 16 ? text + 2 : text;
    uint64_t value = 0;
    if (digit_value(*at, base) < 0)
        return false;
    for (; *at; at++) {
        int digit = digit_value(*at, base);
        bool separates = (*at == '_' || *at == ',') && digit_value(at[1], base) >= 0;
        if (separates)
            continue;
        if (digit < 0 || __builtin_mul_overflow(value, (uint64_t)base, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value))
            return false;
    }
    *count = value;
    return true;
}

bool number_refuse(const char *text, const char *what, const char *name)
{
    return refuse("--%s: '%s' is no %s", name, text, what);
}

bool count_read(uint64_t *count, const char *text, uint64_t least, uint64_t most, const char *name)
{
    char what[80];
    uint64_t value;
    if (count_parse(text, &value) && value >= least && value <= most) {
        *count = value;
        return true;
    }
    snprintf(what, sizeof what, "whole number from %" PRIu64 " to %" PRIu64, least, most);
    return number_refuse(text, what, name);
}

bool real_parse(const char *text, const char **rest, double *value)
{
    char *end;
    errno = 0;
    *value = strtod(text, &end);
    *rest = end;
    return end != text && !isspace((unsigned char)*text) && !errno && isfinite(*value);
}

/* A name that means something else elsewhere is told of. */
static const struct hu_format *noted(const char *name, const struct hu_format *f)
{
    const char *text = hu_name_note(name);
    if (text)
        note("%s", text);
    return f;
}

/* What the numbers in a family's name must be; NULL: NAME is of none. */
static const char *family_rule(const char *name)
{
    static const char *const suffixes[] = {"", "fn", "fnuz", "finite", "ieee"};
    int end = 0;
    bool known = false;
    if (sscanf(name, "%*1[bB]inary%*u%*1[pP]%*u%n", &end) == 0 && end)
        return "binaryKpP has K from 3 to 15, and P from 1 to K - 1, or to K where it is unsigned";
    if (sscanf(name, "%*1[eE]%*u%*1[mM]%*u%n", &end) == 0 && end)
        for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
            known |= !strcasecmp(name + end, suffixes[i]);
    return known ? "eXmY has X from 2 to 15, and 1 + X + Y at most 64" : NULL;
}

static const struct hu_format *refused(const char *name)
{
    char suggestion[HU_SUGGESTION];
    const struct hu_block *block = hu_block_find(name);
    const char *rule = family_rule(name);
    if (rule)
        fail("\"%s\" is not a format: %s", name, rule);
    else if (block)
        fail("%s is a block format, whose elements share a scale, and this takes formats of single "
             "numbers; 'halfulp help block' has more",
             block->name);
    else if (hu_integer_find(name))
        fail("%s is a dtype for sizing; it is not converted", name);
    else if (*hu_name_suggestion(suggestion, name) || *hu_block_suggestion(suggestion, name))
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
         *hu_block_suggestion(near, name) ? near : "'halfulp formats' lists them");
    return NULL;
}

/* Adds ROW to a list at AT, where it is not yet. False: the list is full, which is reported. */
static bool add(const void **at, size_t *count, const void *row, const char *what)
{
    for (size_t i = 0; i < *count; i++)
        if (at[i] == row)
            return true;
    if (*count == FORMATS_MAX)
        return refuse("more than %d %s", FORMATS_MAX, what);
    at[(*count)++] = row;
    return true;
}

static bool add_formats(const char *name, void *context)
{
    struct format_list *list = context;
    const struct hu_format *f = NULL;
    bool all = !strcasecmp(name, "all"), good = all || (f = format_read(name));
    for (size_t i = 0; good && i < (all ? hu_format_count() : 1); i++)
        good = add((const void **)list->at, &list->count, all ? hu_format_at(i) : f, "formats");
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
    return add((const void **)t->blocks->at, &t->blocks->count, b, "block formats");
}

bool targets_read(const char *text, struct format_list *formats, struct block_list *blocks)
{
    struct targets t = {formats, blocks};
    return names_read(text, add_target, &t);
}

bool direction_read(enum hu_direction *direction, const char *text, bool random)
{
    bool stochastic = !strcasecmp(text, "stochastic");
    if (stochastic && random)
        *direction = HU_STOCHASTIC;
    else if (!hu_direction_read(text, direction))
        return refuse(
            "\"%s\" is not a rounding direction%s; they are rne, rna, rtz, rup, rdn, rto%s", text,
            stochastic ? " here, but of block and cast" : "", random ? ", stochastic" : "");
    return true;
}

static bool add_direction(const char *name, void *context)
{
    struct direction_list *list = context;
    enum hu_direction direction;
    if (!direction_read(&direction, name, false))
        return false;
    for (size_t i = 0; i < list->count; i++)
        if (list->direction[i] == direction)
            return true;
    list->direction[list->count++] = direction;
    return true;
}

bool direction_list_read(struct direction_list *list, const char *text)
{
    *list = (struct direction_list){0};
    if (strcasecmp(text, "all") != 0)
        return names_read(text, add_direction, list);
    for (; list->count < DIRECTIONS; list->count++)
        list->direction[list->count] = (enum hu_direction)list->count;
    return true;
}

const struct hu_kernel *kernel_named(const char *name)
{
    const struct hu_kernel *kernel = hu_kernel_find(name);
    if (kernel)
        return kernel;
    OWNED char *list = NULL;
    for (size_t i = 0; i < hu_kernel_count(); i++)
        text_add(&list, "%s%s", i ? ", " : "", hu_kernel_name(hu_kernel_at(i)));
    fail("this machine runs no kernel '%s', but: %s", name, list);
    return NULL;
}

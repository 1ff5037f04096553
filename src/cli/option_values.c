#include "option_values.h"
#include "names.h"
#include "report.h"
#include "text.h"

#include <string.h>
#include <strings.h>

bool read_flag(const struct options *o, void *at)
{
    (void)o;
    return *(bool *)at = true;
}

bool read_text(const struct options *o, void *at)
{
    *(const char **)at = o->value;
    return true;
}

bool read_count(const struct options *o, void *at)
{
    return count_read(at, o->value, o->row->least, o->row->most, o->row->name);
}

int word_index(const struct options *o, const char *words, const char *text)
{
    int i = 0;
    size_t length = strlen(text);
    for (const char *at = words; *at; i++) {
        size_t word = strcspn(at, " ");
        if (word == length && !strncmp(at, text, length))
            return i;
        at += word + (at[word] == ' ');
    }
    fail("--%s: '%s' is none of: %s", o->row->name, text, words);
    return -1;
}

bool read_word(const struct options *o, void *at)
{
    int index = word_index(o, o->row->words, o->value);
    if (index >= 0)
        *(unsigned *)at = (unsigned)index;
    return index >= 0;
}

bool read_color(const struct options *o, void *at)
{
    int index = word_index(o, o->row->words, o->value);
    (void)at;
    ink_choose(index < 0 ? COLOR_AUTO : (enum color_mode)index);
    return index >= 0;
}

bool read_second(const struct options *o, void *at)
{
    int index = word_index(o, o->row->words, o->value);
    *(bool *)at = index == 1;
    return index >= 0;
}

bool read_format(const struct options *o, void *at)
{
    return (*(const struct hu_format **)at = format_read(o->value)) != NULL;
}

bool read_float(const struct options *o, void *at)
{
    return (*(const struct hu_format **)at = float_read(o->value)) != NULL;
}

bool read_formats(const struct options *o, void *at)
{
    return formats_read(o->value, at);
}

bool read_direction(const struct options *o, void *at)
{
    return direction_read(at, o->value, false);
}

bool read_any_direction(const struct options *o, void *at)
{
    return direction_read(at, o->value, true);
}

bool read_directions(const struct options *o, void *at)
{
    return direction_list_read(at, o->value);
}

/* A name that there is not: the nearest that there are, or where none is near all of ALL. */
static bool unknown(const char *option, const char *name, const char *nearest, const char *all)
{
    return refuse("--%s: there is no '%.60s'; %s", option, name, *nearest ? nearest : all);
}

static bool add_operation(const char *name, void *context)
{
    struct operation_list *list = context;
    enum hu_operation operation;
    char nearest[HU_SUGGESTION];
    if (!hu_operation_find(name, &operation))
        return unknown(
            "op", name, hu_operation_suggestion(nearest, name),
            "add, sub, mul, div, fma, sqrt, rem and others are in the manual, verify --op");
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i] == operation)
            return true;
    list->at[list->count++] = operation;
    return true;
}

bool read_operations(const struct options *o, void *at)
{
    if (strcasecmp(o->value, "all") != 0)
        return names_read(o->value, add_operation, at);
    for (int i = 0; i < HU_OPERATIONS; i++)
        add_operation(hu_operation_row((enum hu_operation)i)->name, at);
    return true;
}

static const char *rule_name(int i)
{
    return hu_nan_row((enum hu_nan_rule)i)->name;
}

bool read_nan_rule(const struct options *o, void *at)
{
    char nearest[HU_SUGGESTION];
    return hu_nan_rule_find(o->value, at) ||
           unknown("nan-rule", o->value,
                   hu_suggestion_of(nearest, o->value, rule_name, HU_NAN_RULES),
                   "they are first, last, signaling, greatest, canonical, x86, x87, arm and ptx");
}

bool read_block(const struct options *o, void *at)
{
    return (*(const struct hu_block **)at = block_read(o->value)) != NULL;
}

bool read_scale_rule(const struct options *o, void *at)
{
    return hu_scale_rule_find(o->value, at) ||
           refuse("--rule is floor, ceil, rceil or even, not \"%s\"", o->value);
}

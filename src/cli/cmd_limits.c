#include "arguments.h"
#include "names.h"
#include "json.h"
#include "limits.h"
#include "option_values.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
    bool json, explain;
};

#define REQUEST struct request
static const struct command_option rows[] = {
    {"explain", 0, NULL, "derive the largest and smallest values step by step", NULL,
     FLAG(explain)},
    OPTION_JSON(json),
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

/* One argument of the command line: a float format, an integer dtype or a block format. */
struct subject {
    const struct hu_format *format;
    const struct hu_integer *integer;
    const struct hu_block *block;
};

struct subjects {
    struct subject *at;
    size_t count;
};

static void add(struct subjects *s, struct subject subject)
{
    s->at = check_memory(realloc(s->at, (s->count + 1) * sizeof *s->at));
    s->at[s->count++] = subject;
}

static void add_all(struct subjects *s)
{
    for (size_t i = 0; i < hu_format_count(); i++)
        add(s, (struct subject){.format = hu_format_at(i)});
    for (size_t i = 0; i < hu_integer_count(); i++)
        add(s, (struct subject){.integer = hu_integer_at(i)});
}

/* False: reported. */
static bool add_name(const char *name, void *subjects)
{
    struct subject subject = {.integer = hu_integer_find(name)};
    const struct hu_block *block = hu_format_find(name) ? NULL : hu_block_find(name);
    if (!strcmp(name, "all")) {
        add_all(subjects);
        return true;
    }
    if (!subject.integer && block && hu_block_decodes(block))
        subject.block = block;
    else if (!subject.integer && !(subject.format = format_read(name)))
        return false;
    add(subjects, subject);
    return true;
}

/* Names by arguments and by commas. False: reported. */
static bool read_subjects(struct subjects *s, int argc, char **argv)
{
    bool good = true;
    for (int i = 0; i < argc && good; i++)
        good = names_read(argv[i], add_name, s);
    return good;
}

static int print_json(const struct subjects *s)
{
    json_t *list = JSON_LIST(i, i < s->count,
                             s->at[i].format  ? limits_json(s->at[i].format)
                             : s->at[i].block ? limits_block_json(s->at[i].block)
                                              : limits_integer_json(s->at[i].integer));
    return json_print(JSON({"formats", list}));
}

static void print_text(const struct subjects *s, bool explain)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct subject *one = &s->at[i];
        if (i)
            putchar('\n');
        if (one->format)
            (explain ? limits_explain : limits_print)(one->format);
        else if (one->block)
            limits_block_print(one->block);
        else
            (explain ? limits_integer_explain : limits_integer_print)(one->integer);
    }
}

static int run(const struct options *o, void *request)
{
    struct request *r = request;
    struct subjects s = {0};
    int status = EXIT_DONE;
    if (!read_subjects(&s, o->argc, o->argv)) {
        status = EXIT_BAD;
    } else if (!o->argc && !r->json && !r->explain) {
        limits_print_all();
    } else {
        if (!o->argc)
            add_all(&s);
        if (r->json)
            status = print_json(&s);
        else
            print_text(&s, r->explain);
    }
    free(s.at);
    return status;
}

const struct command cmd_limits = {
    .name = "limits",
    .usage = "[FORMAT|BLOCK…] [--explain] [--json]",
    .summary = "largest and smallest values, precision, digits",
    .operands = "@dtypes",
    .options = rows,
    .request = sizeof(REQUEST),
    .run = run,
};

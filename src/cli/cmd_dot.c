#include "dot_job.h"
#include "format.h"
#include "json.h"
#include "options.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEY_ACCUMULATE = KEY_OWN,
    KEY_ADD,
    KEY_MODEL,
    KEY_MODELS,
    KEY_SCALE,
    KEY_MATRIX,
    KEY_EXPLAIN
};

static const struct command_option rows[] = {
    {"formats", 'f', "LIST", "the operands' formats, by commas (default: a file's own)",
     "@formats"},
    {"accumulate", KEY_ACCUMULATE, "FORMAT", "what sums are rounded into (default: fp32)",
     "@formats"},
    {"add", KEY_ADD, "C", "what the sum begins with (default: 0)", NULL},
    {"model", KEY_MODEL, "LIST", "models, by commas, or all that take the formats (default: all)",
     NULL},
    {"models", KEY_MODELS, NULL, "what each model does, and its source", NULL},
    OPTION_ROUND,
    {"scale", KEY_SCALE, "WHAT", "none (default), or tensor: operands over greatest / largest",
     "none tensor"},
    {"matrix", KEY_MATRIX, NULL, "multiply matrices: rows by ';'", NULL},
    {"explain", KEY_EXPLAIN, NULL, "each step: aligned addends, what is cut, the sum", NULL},
    OPTION_JSON,
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

static const char details[] =
    "A and B are values by commas, files of values, or FILE:TENSOR[i,:], a row of a tensor.\n"
    "Operands are rounded into the format first; the error is against the exact sum of those.";

/* A format, or a block format and its elements'. */
struct choice {
    const struct hu_format *format;
    const struct hu_block *block;
};

struct request {
    struct choice formats[FORMATS_MAX];
    size_t format_count;
    struct dot_request dot;
    struct dot_choices choices;
    const char *add;
    enum color_mode color;
    bool json, explain, models;
};

static bool take_scale(struct request *r, const char *command, const char *text)
{
    r->dot.scaled = !strcmp(text, "tensor");
    if (r->dot.scaled || !strcmp(text, "none"))
        return true;
    fail(command, "--scale is none or tensor, not \"%s\"", text);
    return false;
}

/* OCP MX's: 32 elements of a float format in a row, and a power of two over them. */
static bool is_mx(const struct hu_block *b)
{
    return b->codes == HU_CODES_FORMAT && b->tile_rows == 1 && b->tile_columns == HU_DOT_BLOCK &&
           b->scale && !strcmp(b->scale, "e8m0") && !hu_is_integer(hu_format_find(b->element));
}

static bool add_format(struct request *r, const char *command, const char *name)
{
    const struct hu_block *b = hu_format_find(name) ? NULL : hu_block_find(name);
    if (b && !is_mx(b)) {
        fail(command, "%s is no block format that dot takes: those of OCP MX with float elements",
             b->name);
        return false;
    }
    const struct hu_format *f = b ? hu_format_find(b->element) : float_read(command, name);
    if (!f)
        return false;
    if (r->format_count == FORMATS_MAX) {
        fail(command, "more than %d formats", FORMATS_MAX);
        return false;
    }
    r->formats[r->format_count++] = (struct choice){f, b};
    return true;
}

static bool add_formats(struct request *r, const char *command, const char *text)
{
    char *copy = check_memory(strdup(text)), *rest = copy;
    bool fine = true;
    for (char *name; fine && (name = strsep(&rest, ","));)
        fine = add_format(r, command, name);
    free(copy);
    return fine;
}

/* False: reported. */
static bool take_option(struct request *r, const char *command, int key, const char *value)
{
    switch (key) {
    case 'f':
        return add_formats(r, command, value);
    case 'r':
        return direction_read(command, value, &r->dot.rounding.direction);
    case KEY_ACCUMULATE:
        return (r->dot.accumulate = float_read(command, value)) != NULL;
    case KEY_ADD:
        r->add = value;
        break;
    case KEY_MODEL:
        return dot_choices_read(&r->choices, value, command);
    case KEY_MODELS:
        r->models = true;
        break;
    case KEY_SCALE:
        return take_scale(r, command, value);
    case KEY_MATRIX:
        r->dot.matrix = true;
        break;
    case KEY_EXPLAIN:
        r->explain = true;
        break;
    case KEY_JSON:
        r->json = true;
        break;
    case KEY_COLOR:
        return color_read(command, value, &r->color);
    }
    return true;
}

/* Prints D, or adds it to LIST. */
static void present(const struct request *r, const struct dot *d, size_t index, json_t *list)
{
    if (r->json) {
        json_array_append_new(list, dot_json(d));
        return;
    }
    const struct palette *p = palette_for(color_wanted(r->color, stdout));
    int columns = terminal_columns(stdout);
    if (index)
        putchar('\n');
    dot_print(d, p, columns);
    if (r->explain)
        dot_explain(d, p, columns);
}

static int run_formats(struct request *r, const char *command, const struct operand *a,
                       const struct operand *b, const struct operand *c)
{
    json_t *list = r->json ? check_memory(json_array()) : NULL;
    int status = EXIT_DONE;
    for (size_t i = 0; i < r->format_count && status == EXIT_DONE; i++) {
        struct dot d;
        r->dot.format = r->formats[i].format;
        r->dot.block = r->formats[i].block;
        if (dot_make(&d, command, &r->dot, a, b, c))
            present(r, &d, i, list);
        else
            status = EXIT_BAD;
        dot_clear(&d);
    }
    if (r->json && status == EXIT_DONE)
        return json_print(r->format_count == 1 ? json_incref(json_array_get(list, 0)) : list);
    json_decref(list);
    return status;
}

/* The tensors' own format where -f names none. */
static int run_operands(struct request *r, const char *command, const struct operand *a,
                        const struct operand *b, const struct operand *c)
{
    if (!r->format_count) {
        const struct hu_format *own = a->format ? a->format : b->format;
        if (!own)
            return fail(command, "-f names the format of the operands, as in 'halfulp dot -f bf16 "
                                 "1,2 3,4'");
        r->formats[r->format_count++].format = own;
    }
    if (!r->choices.count)
        dot_choices_read(&r->choices, "all", command);
    r->dot.choices = &r->choices;
    return run_formats(r, command, a, b, c);
}

static int run_request(struct request *r, const char *command, char **argv)
{
    struct operand a = {0}, b = {0}, c = {0};
    int status = EXIT_BAD;
    if (!r->dot.accumulate)
        r->dot.accumulate = hu_format_find("fp32");
    if (operand_read(&a, command, argv[0]) && operand_read(&b, command, argv[1]) &&
        (!r->add || operand_read(&c, command, r->add)))
        status = run_operands(r, command, &a, &b, r->add ? &c : NULL);
    operand_clear(&a);
    operand_clear(&b);
    operand_clear(&c);
    return status;
}

static int run_models(const struct request *r)
{
    if (r->json)
        return json_print(dot_models_json());
    dot_print_models(palette_for(color_wanted(r->color, stdout)), terminal_columns(stdout));
    return EXIT_DONE;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o;
    struct request r = {0};
    int key;
    options_begin(&o, self, argc, argv);
    while ((key = option_next(&o)) >= 0)
        if (!take_option(&r, self->name, key, o.value))
            return EXIT_BAD;
    if (key == OPTION_EXIT)
        return o.status;
    if (r.models && !o.argc)
        return run_models(&r);
    if (o.argc != 2)
        return fail(self->name, "two operands are due, A and B; try 'halfulp dot -f bf16 1,2 3,4'");
    return run_request(&r, self->name, o.argv);
}

const struct command cmd_dot = {
    .name = "dot",
    .usage =
        "-f LIST [--accumulate FORMAT] [--add C] [--model LIST|all] [--scale WHAT] [--matrix]\n"
        "                   [--explain] [--json] A B",
    .summary = "A·B + C as matrix hardware sums it, beside the exact sum",
    .details = details,
    .operands = "@file",
    .options = rows,
    .run = run,
};

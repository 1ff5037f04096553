#include "room.h"
#include "dot_job.h"
#include "format.h"
#include "option_values.h"

/* A format, or a block format and its elements'. */
struct choice {
    const struct hu_format *format;
    const struct hu_block *block;
};

struct request {
    struct choice formats[FORMATS_MAX];
    size_t format_count;
    struct dot_request dot;
    const char *add;
    bool json, explain, models;
};

/* Codes of a float format, and scales that stand apart: OCP MX's, nvfp4, tiles and rows of fp8. */
static bool is_taken(const struct hu_block *b)
{
    return b->codes == HU_CODES_FORMAT && b->layout == HU_BLOCK_PARTS && hu_block_encodes(b) &&
           b->scale && !hu_is_integer(hu_format_find(b->element));
}

static bool add_format(const char *name, void *request)
{
    struct request *r = request;
    const struct hu_block *b = hu_format_find(name) ? NULL : hu_block_find(name);
    if (b && !is_taken(b))
        return refuse("%s is no block format that dot takes: those of OCP MX with float elements, "
                      "nvfp4, and tiles, rows and tensors of fp8",
                      b->name);
    const struct hu_format *f = b ? hu_format_find(b->element) : float_read(name);
    if (!f)
        return false;
    if (r->format_count == FORMATS_MAX)
        return refuse("more than %d formats", FORMATS_MAX);
    r->formats[r->format_count++] = (struct choice){f, b};
    return true;
}

static bool read_choices(const struct options *o, void *request)
{
    return names_read(o->value, add_format, request);
}

static bool read_models(const struct options *o, void *at)
{
    return dot_choices_read(at, o->value);
}

#define REQUEST struct request
static const struct command_option rows[] = {
    {"formats", 'f', "LIST", "the operands' formats, by commas (default: a file's own)", "@dtypes",
     OWN(read_choices)},
    {"accumulate", 0, "FORMAT", "what sums are rounded into (default: fp32)", "@formats",
     FLOAT(dot.accumulate)},
    {"add", 0, "C", "what the sum begins with (default: 0)", NULL, TEXT(add)},
    {"model", 0, "LIST", "models, by commas, or all that take the formats (default: all)",
     "all @models", OPTION_INTO(read_models, struct dot_choices, dot.choices)},
    {"models", 0, NULL, "what each model does, and its source", NULL, FLAG(models)},
    OPTION_ROUND(dot.rounding.direction),
    {"scale", 0, "WHAT", "none (default), or tensor: operands over greatest / largest",
     "none tensor", SECOND(dot.scaled)},
    {"matrix", 0, NULL, "multiply matrices: rows by ';'", NULL, FLAG(dot.matrix)},
    {"explain", 0, NULL, "each step: aligned addends, what is cut, the sum", NULL, FLAG(explain)},
    OPTION_JSON(json),
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

static const char details[] =
    "A and B are values by commas, files of values, or FILE:TENSOR[i,:], a row of a tensor.\n"
    "Operands are rounded into the format first; the error is against the exact sum of those. "
    "Block\n"
    "formats are OCP MX's, nvfp4, and tiles, rows and tensors of fp8.";

static void run_formats(struct request *r, const struct operand *a, const struct operand *b,
                        const struct operand *c)
{
    json_t *list = json_list();
    for (size_t i = 0; i < r->format_count; i++) {
        struct dot d;
        r->dot.format = r->formats[i].format;
        r->dot.block = r->formats[i].block;
        dot_make(&d, &r->dot, a, b, c);
        if (r->json) {
            json_add(list, dot_json(&d));
        } else {
            fputs(i ? "\n" : "", stdout);
            dot_print(&d);
            if (r->explain)
                dot_explain(&d);
        }
        dot_clear(&d);
    }
    if (r->json)
        json_print_several(json_incref(list));
    json_decref(list);
}

static void run_operands(struct request *r, char **argv)
{
    struct operand a, b, c = {0};
    operand_read(&a, argv[0]);
    operand_read(&b, argv[1]);
    if (r->add)
        operand_read(&c, r->add);
    /* The tensors' own format where -f names none. */
    const struct hu_format *own = a.format ? a.format : b.format;
    if (!r->format_count && !own)
        die("-f names the format of the operands, as in 'halfulp dot -f bf16 1,2 3,4'");
    if (!r->format_count)
        r->formats[r->format_count++].format = own;
    if (!r->dot.accumulate)
        r->dot.accumulate = hu_format_find("fp32");
    if (!r->dot.choices.count)
        dot_choices_read(&r->dot.choices, "all");
    run_formats(r, &a, &b, r->add ? &c : NULL);
    operand_clear(&a);
    operand_clear(&b);
    operand_clear(&c);
}

static int run_models(const struct request *r)
{
    if (r->json)
        return json_print(dot_models_json());
    dot_print_models();
    return EXIT_DONE;
}

static int run(const struct options *o, void *request)
{
    struct request *r = request;
    if (r->models)
        return o->argc ? fail("--models takes no argument: '%s'", o->argv[0]) : run_models(r);
    if (o->argc != 2)
        return fail("two operands are due, A and B; try 'halfulp dot -f bf16 1,2 3,4'");
    run_operands(r, o->argv);
    return EXIT_DONE;
}

const struct command cmd_dot = {
    .name = "dot",
    .usage =
        "-f LIST [--accumulate FORMAT] [--add C] [--model LIST|all] [--scale WHAT] [--matrix]\n"
        "                   [--explain] [--json] A B\n"
        "       halfulp dot --models [--json]",
    .summary = "A·B + C as matrix hardware sums it, beside the exact sum",
    .details = details,
    .operands = "@file",
    .options = rows,
    .request = sizeof(REQUEST),
    .run = run,
};

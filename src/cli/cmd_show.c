#include "room.h"
#include "option_values.h"
#include "output_file.h"
#include "show.h"

struct request {
    struct format_list formats;
    struct hu_options options;
    bool json, force;
    const char *svg;
};

#define REQUEST struct request
static const struct command_option rows[] = {
    {"formats", 'f', "LIST", "formats, by commas, or all (default: fp64,fp32,tf32,bf16,fp16)",
     "all @formats", FORMATS(formats)},
    OPTION_ROUND(options.direction),
    OPTION_SATURATE(options.saturate),
    OPTION_JSON(json),
    OPTION_SVG(svg, "draw the bit layout"),
    OPTION_FORCE(force, "let --svg replace a file"),
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

static const char details[] =
    "A VALUE is a decimal, C hexadecimal (0x1.8p-3), a fraction (1/3), inf, nan, or a datum:\n"
    "bf16:0x3dcd, fp16:0b0.01011.1001100110, fp32:le:cdcccc3d, fp8_e4m3:max. With one format the\n"
    "view is detailed. FILE:TENSOR[i,j] is an element of a tensor file, FILE:FORMAT[i] of a raw\n"
    "array.";

static void note_encoding(const struct show *s)
{
    if (!s->value.bare_hexadecimal)
        return;
    OWNED char *exact = hu_value_exact(&s->value);
    const char *digits = s->input + strspn(s->input, "+- ");
    note("%s is the integer %s; %s:%s would read it as an encoding", s->input, exact,
         strlen(digits) > 10 ? "fp64" : "fp32", digits);
}

static void note_payload(const struct show *s)
{
    OWNED char *formats = NULL;
    for (size_t i = 0; i < s->count; i++)
        if (hu_value_loses_payload(&s->value, s->rows[i].format, s->rows[i].bits))
            text_add(&formats, "%s%s", formats ? ", " : "", s->rows[i].format->name);
    if (formats)
        note("%s: its payload has more bits than a NaN keeps in %s", s->input, formats);
}

static void print_text(const struct show *values, size_t count)
{
    for (size_t v = 0; v < count; v++) {
        if (v)
            putchar('\n');
        if (values[v].count == 1)
            show_details(&values[v], &values[v].rows[0]);
        else
            show_table(&values[v]);
    }
}

static int present(const struct request *r, const struct show *values, size_t count)
{
    if (r->svg)
        output_whole(r->svg, r->force, show_svg, &(struct show_values){values, count});
    for (size_t v = 0; v < count; v++) {
        note_encoding(&values[v]);
        note_payload(&values[v]);
    }
    if (r->json)
        return json_print_several(JSON_LIST(v, v < count, show_json(&values[v])));
    print_text(values, count);
    return EXIT_DONE;
}

static int show_values(const struct request *r, int argc, char **argv)
{
    OWNED struct show *values = check_memory(calloc((size_t)argc, sizeof *values));
    char message[HU_MESSAGE];
    int status = EXIT_DONE, made = 0;
    while (made < argc && status == EXIT_DONE) {
        if (!show_make(&values[made], argv[made], &r->formats, &r->options, message))
            status = fail("argument %d: %s%s", made + 1, message, file_hint(argv[made], false));
        made++;
    }
    if (status == EXIT_DONE)
        status = present(r, values, (size_t)argc);
    for (int v = 0; v < made; v++)
        show_clear(&values[v]);
    return status;
}

static int run(const struct options *o, void *request)
{
    struct request *r = request;
    if (!o->argc)
        return fail("a VALUE is missing; try 'halfulp show 0.1'");
    if (!r->formats.count)
        formats_read("fp64,fp32,tf32,bf16,fp16", &r->formats);
    return show_values(r, o->argc, o->argv);
}

const struct command cmd_show = {
    .name = "show",
    .usage = "[-f LIST|all] [-r DIR] [--saturate] [--json] [--svg FILE] VALUE…",
    .summary = "a value in each format: bits, decimal, error, neighbours",
    .details = details,
    .options = rows,
    .request = sizeof(REQUEST),
    .run = run,
};

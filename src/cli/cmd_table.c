#include "room.h"
#include "arguments.h"
#include "option_values.h"

enum { WIDEST = 16 };

struct request {
    bool json;
};

#define REQUEST struct request
static const struct command_option rows[] = {OPTION_JSON(json), OPTION_COLOR, OPTION_HELP,
                                             OPTION_END};

static void print_row(const struct hu_format *f, uint64_t code)
{
    enum { CLASS = 13 };
    struct hu_fields_text fields;
    hu_fields_print(&fields, f, code);
    const char *class = hu_class_name(hu_decode(f, code).class);
    struct fold l = fold_begin(0);
    fold_put(&l, 0, "", CODE_OF(f, code));
    l.indent = 4;
    fold_put(&l, 2, ink->sign, fields.sign);
    fold_put(&l, *fields.sign ? 1 : 2, ink->exponent, fields.exponent);
    fold_put(&l, 1, ink->significand, fields.significand);
    fold_put(&l, 2, "", class);
    fold_put(&l, 2 + (l.columns ? 0 : CLASS - (int)strlen(class)), "", VALUE_OF(f, code));
    fold_end(&l);
}

static json_t *row_json(const struct hu_format *f, uint64_t code)
{
    struct hu_datum d = hu_decode(f, code);
    return JSON({"bits", json_string(CODE_OF(f, code))},
                {"class", json_string(hu_class_name(d.class))}, {"decimal", json_datum(f, code)});
}

static int run(const struct options *o, void *request)
{
    struct request *r = request;
    if (o->argc != 1)
        return fail("one FORMAT is needed; try 'halfulp table fp8_e4m3'");
    const struct hu_format *f = format_read(o->argv[0]);
    if (!f)
        return EXIT_BAD;
    if (f->width > WIDEST)
        return fail("%s has 2^%d codes; a table goes up to %d bits", f->name, f->width, WIDEST);
    json_t *codes = r->json ? json_list() : NULL;
    for (uint64_t code = 0; code <= hu_width_mask(f) && !ferror(stdout); code++)
        if (r->json)
            json_add(codes, row_json(f, code));
        else
            print_row(f, code);
    if (r->json)
        return json_print(json_pack("{s:s, s:o}", "format", f->name, "codes", codes));
    return EXIT_DONE;
}

const struct command cmd_table = {
    .name = "table",
    .usage = "FORMAT [--json]",
    .summary = "every code of a format of at most 16 bits",
    .operands = "@formats",
    .options = rows,
    .request = sizeof(REQUEST),
    .run = run,
};

#include "arguments.h"
#include "json.h"
#include "option_values.h"
#include "report.h"
#include "sheet.h"
#include "terminal.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

enum { WIDEST = 16 };

struct request {
    bool json;
    enum color_mode color;
};

static const struct command_option rows[] = {OPTION_JSON(struct request, json),
                                             OPTION_COLOR(struct request, color), OPTION_HELP,
                                             OPTION_END};

static void print_row(const struct hu_format *f, uint64_t code, const struct palette *p,
                      int columns)
{
    enum { CLASS = 13 };
    char bits[HU_BITS_TEXT], value[HU_SHORTEST_TEXT];
    struct hu_fields_text fields;
    hu_bits_print(bits, f, code);
    hu_fields_print(&fields, f, code);
    hu_shown_print(value, f, code);
    const char *class = hu_class_name(hu_decode(f, code).class);
    struct fold l = {.columns = columns};
    fold_put(&l, 0, "", bits, p);
    l.indent = 4;
    fold_put(&l, 2, p->sign, fields.sign, p);
    fold_put(&l, *fields.sign ? 1 : 2, p->exponent, fields.exponent, p);
    fold_put(&l, 1, p->significand, fields.significand, p);
    fold_put(&l, 2, "", class, p);
    fold_put(&l, 2 + (columns ? 0 : CLASS - (int)strlen(class)), "", value, p);
    fold_end(&l);
}

static json_t *row_json(const struct hu_format *f, uint64_t code)
{
    char bits[HU_BITS_TEXT];
    hu_bits_print(bits, f, code);
    struct hu_datum d = hu_decode(f, code);
    json_t *value = hu_is_finite(d) ? json_take(hu_datum_exact(f, code)) : json_null();
    return check_memory(json_pack("{s:s, s:s, s:o}", "bits", bits, "class", hu_class_name(d.class),
                                  "decimal", value));
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o;
    struct request r = {0};
    if (!options_read(&o, self, argc, argv, &r))
        return o.status;
    if (o.argc != 1)
        return fail(self->name, "one FORMAT is needed; try 'halfulp table fp8_e4m3'");
    const struct hu_format *f = format_read(self->name, o.argv[0]);
    if (!f)
        return EXIT_BAD;
    if (f->width > WIDEST)
        return fail(self->name, "%s has 2^%d codes; a table goes up to %d bits", f->name, f->width,
                    WIDEST);
    json_t *codes = r.json ? check_memory(json_array()) : NULL;
    const struct palette *p = palette_for(color_wanted(r.color, stdout));
    int columns = terminal_columns(stdout);
    for (uint64_t code = 0; code <= hu_width_mask(f) && !ferror(stdout); code++) {
        if (r.json)
            json_add(codes, row_json(f, code));
        else
            print_row(f, code, p, columns);
    }
    if (r.json)
        return json_print(json_pack("{s:s, s:o}", "format", f->name, "codes", codes));
    return EXIT_DONE;
}

const struct command cmd_table = {
    .name = "table",
    .usage = "FORMAT [--json]",
    .summary = "every code of a format of at most 16 bits",
    .operands = "@formats",
    .options = rows,
    .run = run,
};

#include "room.h"
#include "block/block.h"
#include "format.h"
#include "grid.h"
#include "option_values.h"

struct request {
    bool json;
};

#define REQUEST struct request
static const struct command_option rows[] = {OPTION_JSON(json), OPTION_HELP, OPTION_END};

static void memory_text(const struct hu_format *f, char out[64])
{
    if (f->storage_bits < 8)
        snprintf(out, 64, "%d bits packed, 1 byte unpacked", f->storage_bits);
    else if (f->storage_shift)
        snprintf(out, 64, "%d bytes, the low %d bits zero", f->storage_bits / 8, f->storage_shift);
    else
        snprintf(out, 64, "%d byte%s", f->storage_bits / 8, f->storage_bits == 8 ? "" : "s");
}

static void print_floats(void)
{
    struct grid g = GRID({"format", 15, true}, {"width", 5, false}, {"exponent", 8, false},
                         {"significand", 11, false}, {"bias", 6, false}, {"in memory", 30, true},
                         {"special codes", 0, true});
    for (size_t i = 0; i < hu_format_count(); i++) {
        const struct hu_format *f = hu_format_at(i);
        char memory[64];
        memory_text(f, memory);
        grid_format(&g, "", "%s\t%d\t%d\t%d\t%d\t%s\t%s", f->name, f->width, f->exponent_bits,
                    f->trailing_bits, f->bias, memory, hu_specials_name(f));
    }
    grid_end(&g);
}

static void print_integers(void)
{
    struct grid g = GRID({"integer", 15, true}, {"width", 5, false}, {"signed", 8, false});
    for (size_t i = 0; i < hu_integer_count(); i++) {
        const struct hu_integer *n = hu_integer_at(i);
        grid_format(&g, "", "%s\t%d\t%s", n->name, n->width, n->is_signed ? "yes" : "no");
    }
    grid_end(&g);
}

static void print_blocks(void)
{
    struct grid g =
        GRID({"block", 15, true}, {"bits", 7, false}, {"encoded", 8, true}, {"structure", 0, true});
    for (size_t i = 0; hu_block_at(i); i++) {
        const struct hu_block *b = hu_block_at(i);
        if (hu_block_decodes(b))
            grid_format(&g, "", "%s\t%.6g\t%s\t%s", b->name, 8.0 * b->bytes / b->elements,
                        hu_block_encodes(b) ? "yes" : "no", b->structure);
    }
    grid_end(&g);
}

static void print_table(void)
{
    int columns = terminal_columns(stdout);
    print_floats();
    putchar('\n');
    print_integers();
    putchar('\n');
    print_blocks();
    putchar('\n');
    print_wrapped(
        "Any other eXmY, X from 2 to 15 and 1 + X + Y at most 64, is IEEE-style; a suffix fn "
        "or fnuz picks those special codes, finite none, and e4m3ieee is IEEE's reading of a name "
        "that is OCP's. binary{K}p{P}{s|u}{e|f}, K from 3 to 15, is IEEE P3109's format of K bits "
        "and precision P, signed or unsigned, extended by infinities or finite. The integers but "
        "bool are converted like formats. Blocks: fp8_tileRxC and fp8_e5m2_tileRxC, with _e8m0 "
        "behind them too, nf4_bN and bnb_fp4_bN, gptq2_gN to gptq8_gN and awq4_gN are those of "
        "other lengths.",
        0, columns ? columns : 100);
}

static json_t *format_row(const struct hu_format *f)
{
    return JSON({"format", json_string(f->name)}, {"kind", json_string("float")},
                {"width", json_integer(f->width)},
                {"exponent_bits", json_integer(f->exponent_bits)},
                {"trailing_significand_bits", json_integer(f->trailing_bits)},
                {"bias", json_integer(f->bias)}, {"specials", json_string(hu_specials_name(f))},
                {"storage_bits", json_integer(f->storage_bits)});
}

static json_t *integer_row(const struct hu_integer *n)
{
    return JSON({"format", json_string(n->name)}, {"kind", json_string("integer")},
                {"width", json_integer(n->width)}, {"signed", json_boolean(n->is_signed)},
                {"storage_bits", json_integer(n->storage_bits)});
}

static json_t *block_row(const struct hu_block *b)
{
    return JSON({"format", json_string(b->name)}, {"kind", json_string("block")},
                {"elements", json_integer(b->elements)}, {"bytes", json_integer(b->bytes)},
                {"bits_per_element", json_real(8.0 * b->bytes / b->elements)},
                {"encoded", json_boolean(hu_block_encodes(b))},
                {"structure", json_string(b->structure)});
}

static int print_json(void)
{
    json_t *list = JSON_LIST(i, i < hu_format_count(), format_row(hu_format_at(i)));
    for (size_t i = 0; i < hu_integer_count(); i++)
        json_add(list, integer_row(hu_integer_at(i)));
    for (size_t i = 0; hu_block_at(i); i++)
        if (hu_block_decodes(hu_block_at(i)))
            json_add(list, block_row(hu_block_at(i)));
    return json_print(JSON({"formats", list}));
}

static int run(const struct options *o, void *request)
{
    struct request *r = request;
    if (o->argc)
        return fail("takes no argument: '%s'; did you mean 'halfulp limits %s'?", o->argv[0],
                    o->argv[0]);
    if (r->json)
        return print_json();
    print_table();
    return EXIT_DONE;
}

const struct command cmd_formats = {
    .name = "formats",
    .usage = "[--json]",
    .summary = "the table of formats: widths, biases, special codes",
    .options = rows,
    .request = sizeof(REQUEST),
    .run = run,
};

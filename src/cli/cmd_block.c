#include "room.h"
#include "arguments.h"
#include "block.h"
#include "digit.h"
#include "file/tensor_file.h"
#include "float_bits.h"
#include "lines.h"
#include "option_values.h"

/* Values beyond these are no block that anybody reads. */
enum { VALUES_MAX = 1 << 20 };

struct request {
    struct block_report report;
    const char *hex;
    bool json, no_saturate;
};

static bool read_tensor_scale(const struct options *o, void *at)
{
    char message[HU_MESSAGE];
    uint64_t bits;
    if (!hu_text_round(o->value, strlen(o->value), hu_format_find("fp32"), NULL, &bits, NULL,
                       message))
        return refuse("--tensor-scale: %s", message);
    *(float *)at = hu_float_of_bits((uint32_t)bits);
    return true;
}

#define REQUEST struct request
static const struct command_option rows[] = {
    {"to", 't', "BLOCK", "the block format", "@blocks", BLOCK(report.block)},
    OPTION_RULE(report.options.rule),
    OPTION_ROUND_ANY(report.options.elements.direction),
    OPTION_SEED(report.options.elements.seed),
    {"no-saturate", 0, NULL, "overflow as IEEE 754 has it, and not to the largest", NULL,
     FLAG(no_saturate)},
    {"decode", 0, "HEX", "go back from bytes: each block's scale, then its codes", NULL, TEXT(hex)},
    {"tensor-scale", 0, "VALUE", "with --decode: the scale over the tensor", NULL,
     OPTION_INTO(read_tensor_scale, float, report.tensor_scale)},
    OPTION_JSON(json),
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

static const char details[] =
    "VALUEs are a row of the tensor, and are rounded to fp32 first. Without any they are read "
    "from\n"
    "standard input, by spaces and lines. Elements saturate and round to nearest even.";

static void add_value(struct request *q, const char *text, size_t length, const char *where)
{
    char message[HU_MESSAGE];
    uint64_t bits;
    struct block_report *r = &q->report;
    if (!hu_text_round(text, length, hu_format_find("fp32"), NULL, &bits, NULL, message))
        die("%s: %s", where, message);
    if (r->count == VALUES_MAX)
        die("more than %d values", VALUES_MAX);
    *(float *)check_memory(hu_file_append(&r->values, &r->count, sizeof *r->values)) =
        hu_float_of_bits((uint32_t)bits);
}

static void read_arguments(struct request *q, int argc, char **argv)
{
    char where[32];
    for (int i = 0; i < argc; i++) {
        snprintf(where, sizeof where, "argument %d", i + 1);
        add_value(q, argv[i], strlen(argv[i]), where);
    }
}

static bool separates(char c)
{
    return isspace((unsigned char)c) || c == ',';
}

static void read_input(struct request *q)
{
    struct line_reader lines;
    const char *text;
    char where[48];
    size_t length;
    lines_begin(&lines, 0);
    while ((text = lines_next(&lines, &length))) {
        snprintf(where, sizeof where, "line %llu", lines.line);
        for (size_t at = 0, n; at < length; at += n ? n : 1) {
            for (n = 0; at + n < length && !separates(text[at + n]); n++)
                ;
            if (n)
                add_value(q, text + at, n, where);
        }
    }
    lines_end(&lines, NULL);
}

/* Bytes of hexadecimal digits; separators are skipped. */
static unsigned char *read_hex(const struct request *q, size_t *count)
{
    unsigned char *bytes = check_memory(malloc(strlen(q->hex) / 2 + 1));
    size_t digits = 0;
    for (const char *c = q->hex; *c; c++) {
        if (isspace((unsigned char)*c) || *c == '_' || *c == ':')
            continue;
        int digit = hu_digit_value(*c);
        if (digit < 0)
            die("--decode: '%c' is no hexadecimal digit", *c);
        unsigned char *byte = &bytes[digits / 2];
        *byte = (unsigned char)(digits++ % 2 ? *byte << 4 | digit : digit);
    }
    if (digits % 2 || !digits)
        die("--decode wants two digits a byte, and has %zu", digits);
    *count = digits / 2;
    return bytes;
}

/* The bytes of --decode, from scale and codes by turns to the parts. */
static void decode(struct request *q)
{
    size_t n;
    OWNED unsigned char *bytes = read_hex(q, &n);
    struct block_report *r = &q->report;
    const struct hu_block *b = r->block;
    bool whole = b->layout == HU_BLOCK_WHOLE;
    size_t scale = whole ? 0 : hu_block_scale_bytes(b, 1, 1);
    size_t full = whole              ? b->bytes
                  : !b->tile_columns ? (n > scale ? n : scale + 1)
                                     : scale + hu_block_bytes(b, 1, b->tile_columns);
    size_t last = n % full ? n % full : full;
    if (whole ? last < full : last <= scale || (last - scale) * 8 % b->code_bits >= 8)
        die("%zu bytes are no blocks of %s: a whole one has %zu, %zu of them the scale", n, b->name,
            full, scale);
    r->codes = check_memory(calloc(1, n + 1));
    r->scales = check_memory(calloc(1, n + 1));
    size_t codes = 0, scales = 0;
    for (size_t at = 0; at < n; at += full) {
        size_t here = n - at < full ? n - at : full;
        memcpy(r->scales + scales, bytes + at, scale);
        memcpy(r->codes + codes, bytes + at + scale, here - scale);
        scales += scale;
        codes += here - scale;
    }
    r->count = whole ? n / full * b->elements : codes * 8 / b->code_bits;
}

static void check(const struct options *o, const struct request *q)
{
    const struct hu_block *b = q->report.block;
    if (!b)
        die("-t names the block format, and is missing");
    if (q->hex && o->argc)
        die("--decode takes bytes, and no values beside them");
    if (q->hex)
        EXCLUDE(o, "--decode", "rule", "round", "seed", "no-saturate");
    if (option_given(o, "tensor-scale") && (!q->hex || b->over != HU_OVER_TENSOR))
        die(q->hex ? "--tensor-scale: %s has no scale over the tensor"
                   : "--tensor-scale is of --decode: here it follows from the values",
            b->name);
    if (b->over == HU_OVER_NESTED || b->codes == HU_CODES_INTEGER)
        die("a block of %s has parts that lie apart; it is read from files", b->name);
    if (!q->hex && !hu_block_encodes(b))
        die("%s is decoded only: its encoder is a search; --decode takes its bytes", b->name);
    if (q->report.options.rule && !hu_block_has_rules(b))
        die("--rule is for scales that are powers of two, which %s has not", b->name);
}

static void explain(const struct options *o, struct request *q)
{
    struct block_report *r = &q->report;
    check(o, q);
    if (q->hex)
        decode(q);
    else if (o->argc)
        read_arguments(q, o->argc, o->argv);
    else
        read_input(q);
    if (!r->count)
        die("no values; try 'halfulp block -t mxfp4 6 5 2.5 -0.75'");
    if ((!q->hex && !block_encode(r)) || !block_look_all(r))
        die("%s", strerror(EINVAL));
    (q->json ? block_print_json : block_print_text)(r);
}

static void begin(void *request)
{
    ((struct request *)request)->report.tensor_scale = 1;
}

static int run(const struct options *o, void *request)
{
    struct request *q = request;
    struct hu_options *elements = &q->report.options.elements;
    elements->saturate = !q->no_saturate;
    seed_check(o, elements->direction);
    explain(o, q);
    block_free(&q->report);
    return EXIT_DONE;
}

const struct command cmd_block = {
    .name = "block",
    .usage = "-t BLOCK [--rule RULE] [-r DIR] [--seed N] [--no-saturate] [--json] VALUE…\n"
             "                     -t BLOCK --decode HEX [--tensor-scale VALUE] [--json]",
    .summary = "values under the scale that they share, and how it came about",
    .details = details,
    .options = rows,
    .request = sizeof(REQUEST),
    .begin = begin,
    .run = run,
};

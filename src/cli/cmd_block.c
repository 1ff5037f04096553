#include "room.h"
#include "arguments.h"
#include "block.h"
#include "lines.h"
#include "option_values.h"

/* Values beyond these are no block that anybody reads. */
enum { VALUES_MAX = 1 << 20 };

struct request {
    struct block_report report;
    const char *hex;
    bool json, no_saturate;
    size_t capacity;
};

static bool read_tensor_scale(const struct options *o, void *at)
{
    char message[HU_MESSAGE];
    uint64_t bits;
    if (!hu_text_round(o->value, strlen(o->value), hu_format_find("fp32"), NULL, &bits, NULL,
                       message))
        return refuse("--tensor-scale: %s", message);
    memcpy(at, &(uint32_t){(uint32_t)bits}, 4);
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

static bool add_value(struct request *q, const char *text, size_t length, const char *where)
{
    char message[HU_MESSAGE];
    uint64_t bits;
    struct block_report *r = &q->report;
    if (!hu_text_round(text, length, hu_format_find("fp32"), NULL, &bits, NULL, message))
        return refuse("%s: %s", where, message);
    if (r->count == VALUES_MAX)
        return refuse("more than %d values", VALUES_MAX);
    if (r->count == q->capacity) {
        q->capacity = q->capacity ? 2 * q->capacity : 64;
        r->values = check_memory(realloc(r->values, q->capacity * sizeof *r->values));
    }
    uint32_t word = (uint32_t)bits;
    memcpy(&r->values[r->count++], &word, sizeof word);
    return true;
}

static bool read_arguments(struct request *q, int argc, char **argv)
{
    char where[32];
    for (int i = 0; i < argc; i++) {
        snprintf(where, sizeof where, "argument %d", i + 1);
        if (!add_value(q, argv[i], strlen(argv[i]), where))
            return false;
    }
    return true;
}

static bool read_line(struct request *q, const char *line, size_t length, const char *where)
{
    for (size_t at = 0, n; at < length; at += n) {
        for (; at < length && (isspace((unsigned char)line[at]) || line[at] == ','); at++)
            ;
        for (n = 0; at + n < length && !isspace((unsigned char)line[at + n]) && line[at + n] != ',';
             n++)
            ;
        if (n && !add_value(q, line + at, n, where))
            return false;
    }
    return true;
}

static bool read_input(struct request *q)
{
    struct line_reader lines;
    const char *text;
    char where[48];
    size_t length;
    bool good = true;
    lines_begin(&lines, 0);
    while (good && (text = lines_next(&lines, &length))) {
        snprintf(where, sizeof where, "line %llu", lines.line);
        good = read_line(q, text, length, where);
    }
    good = good && !lines_failed(&lines, NULL);
    lines_end(&lines);
    return good;
}

/* Bytes of hexadecimal digits; separators are skipped. NULL: reported. */
static unsigned char *read_hex(const struct request *q, size_t *count)
{
    OWNED unsigned char *bytes = check_memory(malloc(strlen(q->hex) / 2 + 1));
    size_t digits = 0;
    for (const char *c = q->hex; *c; c++) {
        if (isspace((unsigned char)*c) || *c == '_' || *c == ':')
            continue;
        if (!isxdigit((unsigned char)*c)) {
            fail("--decode: '%c' is no hexadecimal digit", *c);
            return NULL;
        }
        int digit = isdigit((unsigned char)*c) ? *c - '0' : (*c | 0x20) - 'a' + 10;
        unsigned char *byte = &bytes[digits / 2];
        *byte = (unsigned char)(digits++ % 2 ? *byte << 4 | digit : digit);
    }
    unsigned char *read = bytes;
    *count = digits / 2;
    if (digits % 2 || !digits) {
        fail("--decode wants two digits a byte, and has %zu", digits);
        return NULL;
    }
    bytes = NULL;
    return read;
}

/* From scale and codes by turns to the parts. False: reported. */
static bool take_bytes(struct request *q, const unsigned char *bytes, size_t n)
{
    struct block_report *r = &q->report;
    const struct hu_block *b = r->block;
    bool whole = b->layout == HU_BLOCK_WHOLE;
    size_t scale = whole ? 0 : hu_block_scale_bytes(b, 1, 1);
    size_t full = whole              ? b->bytes
                  : !b->tile_columns ? n
                                     : scale + hu_block_bytes(b, 1, b->tile_columns);
    size_t last = n % full;
    if (last && (whole || last <= scale || (last - scale) * 8 % b->code_bits >= 8))
        return refuse("%zu bytes are no blocks of %s: a whole one has %zu, %zu of them the scale",
                      n, b->name, full, scale);
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
    return true;
}

static bool decode(struct request *q)
{
    size_t n;
    OWNED unsigned char *bytes = read_hex(q, &n);
    return bytes && take_bytes(q, bytes, n);
}

static bool check(const struct options *o, const struct request *q)
{
    const struct hu_block *b = q->report.block;
    bool grouped = b && b->codes == HU_CODES_INTEGER;
    if (!b)
        fail("-t names the block format, and is missing");
    else if (q->hex && o->argc)
        fail("--decode takes bytes, and no values beside them");
    else if (q->hex && REFUSED_WITH(o, "--decode", "rule", "round", "seed", "no-saturate"))
        return false;
    else if (option_given(o, "tensor-scale") && (!q->hex || b->over != HU_OVER_TENSOR))
        fail(q->hex ? "--tensor-scale: %s has no scale over the tensor"
                    : "--tensor-scale is of --decode: here it follows from the values",
             b->name);
    else if (b->over == HU_OVER_NESTED || grouped)
        fail("a block of %s has parts that lie apart; it is read from files", b->name);
    else if (!q->hex && !hu_block_encodes(b))
        fail("%s is decoded only: its encoder is a search; --decode takes its bytes", b->name);
    else if (q->report.options.rule && !hu_block_has_rules(b))
        fail("--rule is for scales that are powers of two, which %s has not", b->name);
    else
        return true;
    return false;
}

static int explain(const struct options *o, struct request *q)
{
    struct block_report *r = &q->report;
    if (!check(o, q))
        return EXIT_BAD;
    bool good = q->hex ? decode(q) : o->argc ? read_arguments(q, o->argc, o->argv) : read_input(q);
    if (!good)
        return EXIT_BAD;
    if (!r->count)
        return fail("no values; try 'halfulp block -t mxfp4 6 5 2.5 -0.75'");
    if ((!q->hex && !block_encode(r)) || !block_look_all(r))
        return fail("%s", strerror(EINVAL));
    return q->json ? block_print_json(r) : block_print_text(r);
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
    int status = seed_is_drawn_from(o, elements->direction) ? explain(o, q) : EXIT_BAD;
    block_free(&q->report);
    return status;
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

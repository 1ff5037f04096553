#include "arguments.h"
#include "block.h"
#include "lines.h"
#include "numbers.h"
#include "options.h"
#include "report.h"
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_RULE = KEY_OWN, KEY_DECODE, KEY_TENSOR_SCALE, KEY_NO_SATURATE, KEY_SEED };

static const struct command_option rows[] = {
    {"to", 't', "BLOCK", "the block format", "@blocks"},
    {"rule", KEY_RULE, "RULE", "how a scale of a power of two follows: floor, ceil, rceil, even",
     "floor ceil rceil even"},
    {"round", 'r', "DIR", "rounding direction: rne (default), rna, rtz, rup, rdn, rto, stochastic",
     "@rounds"},
    {"seed", KEY_SEED, "N", "what stochastic rounding draws from", NULL},
    {"no-saturate", KEY_NO_SATURATE, NULL, "overflow as IEEE 754 has it, and not to the largest",
     NULL},
    {"decode", KEY_DECODE, "HEX", "go back from bytes: each block's scale, then its codes", NULL},
    {"tensor-scale", KEY_TENSOR_SCALE, "VALUE", "with --decode: the scale over the tensor", NULL},
    OPTION_JSON,
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

static const char details[] =
    "VALUEs are a row of the tensor, and are rounded to fp32 first. Without any they are read "
    "from\n"
    "standard input, by spaces and lines. Elements saturate and round to nearest even.";

/* Values beyond these are no block that anybody reads. */
enum { VALUES_MAX = 1 << 20 };

struct request {
    const char *command;
    struct block_report report;
    const char *hex;
    enum color_mode color;
    bool json, has_seed;
    size_t capacity;
};

static bool add_value(struct request *q, const char *text, size_t length, const char *where)
{
    char message[HU_MESSAGE];
    uint64_t bits;
    struct block_report *r = &q->report;
    if (!hu_text_round(text, length, hu_format_find("fp32"), NULL, &bits, NULL, message)) {
        fail(q->command, "%s: %s", where, message);
        return false;
    }
    if (r->count == VALUES_MAX) {
        fail(q->command, "more than %d values", VALUES_MAX);
        return false;
    }
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
    if (lines.error) {
        fail(q->command, "line %llu: %s", lines.line, strerror(lines.error));
        good = false;
    }
    lines_end(&lines);
    return good;
}

/* Bytes of hexadecimal digits; separators are skipped. NULL: reported. */
static unsigned char *read_hex(const struct request *q, size_t *count)
{
    unsigned char *bytes = check_memory(malloc(strlen(q->hex) / 2 + 1));
    size_t digits = 0;
    for (const char *c = q->hex; *c; c++) {
        if (isspace((unsigned char)*c) || *c == '_' || *c == ':')
            continue;
        if (!isxdigit((unsigned char)*c)) {
            fail(q->command, "--decode: '%c' is no hexadecimal digit", *c);
            free(bytes);
            return NULL;
        }
        int digit = isdigit((unsigned char)*c) ? *c - '0' : (*c | 0x20) - 'a' + 10;
        unsigned char *byte = &bytes[digits / 2];
        *byte = (unsigned char)(digits++ % 2 ? *byte << 4 | digit : digit);
    }
    *count = digits / 2;
    if (!(digits % 2) && digits)
        return bytes;
    fail(q->command, "--decode wants two digits a byte, and has %zu", digits);
    free(bytes);
    return NULL;
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
    if (last && (whole || last <= scale || (last - scale) * 8 % b->code_bits >= 8)) {
        fail(q->command,
             "%zu bytes are no blocks of %s: a whole one has %zu, %zu of them the scale", n,
             b->name, full, scale);
        return false;
    }
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
    unsigned char *bytes = read_hex(q, &n);
    bool good = bytes && take_bytes(q, bytes, n);
    free(bytes);
    return good;
}

/* False: reported. */
static bool take_option(struct request *q, int key, const char *value)
{
    struct block_report *r = &q->report;
    char message[HU_MESSAGE];
    uint64_t bits;
    switch (key) {
    case 't':
        r->block = block_read(q->command, value);
        return r->block;
    case KEY_RULE:
        if (hu_scale_rule_find(value, &r->options.rule))
            return true;
        fail(q->command, "--rule is floor, ceil, rceil or even, not \"%s\"", value);
        return false;
    case 'r':
        return direction_read(q->command, value, &r->options.elements.direction);
    case KEY_SEED:
        return count_read(&r->options.elements.seed, value, 0, UINT64_MAX, "seed", q->command);
    case KEY_NO_SATURATE:
        r->options.elements.saturate = false;
        break;
    case KEY_DECODE:
        q->hex = value;
        break;
    case KEY_TENSOR_SCALE:
        if (!hu_text_round(value, strlen(value), hu_format_find("fp32"), NULL, &bits, NULL,
                           message)) {
            fail(q->command, "--tensor-scale: %s", message);
            return false;
        }
        memcpy(&r->tensor_scale, &(uint32_t){(uint32_t)bits}, 4);
        break;
    case KEY_JSON:
        q->json = true;
        break;
    case KEY_COLOR:
        return color_read(q->command, value, &q->color);
    }
    return true;
}

static bool check(const struct request *q, int operands)
{
    const struct hu_block *b = q->report.block;
    bool grouped = b && (b->layout == HU_BLOCK_GPTQ || b->layout == HU_BLOCK_AWQ);
    if (!b)
        fail(q->command, "-t names the block format, and is missing");
    else if (q->hex && operands)
        fail(q->command, "--decode takes bytes, and no values beside them");
    else if (b->over == HU_OVER_NESTED || grouped)
        fail(q->command, "a block of %s has parts that lie apart; it is read from files", b->name);
    else if (!q->hex && !hu_block_encodes(b))
        fail(q->command, "%s is decoded only: its encoder is a search; --decode takes its bytes",
             b->name);
    else if (q->report.options.rule && !hu_block_has_rules(b))
        fail(q->command, "--rule is for scales that are powers of two, which %s has not", b->name);
    else
        return true;
    return false;
}

static int explain(struct request *q, int argc, char **argv)
{
    struct block_report *r = &q->report;
    if (!check(q, argc))
        return EXIT_BAD;
    bool good = q->hex ? decode(q) : argc ? read_arguments(q, argc, argv) : read_input(q);
    if (!good)
        return EXIT_BAD;
    if (!r->count)
        return fail(q->command, "no values; try 'halfulp block -t mxfp4 6 5 2.5 -0.75'");
    if ((!q->hex && !block_encode(r)) || !block_look_all(r))
        return fail(q->command, "%s", strerror(EINVAL));
    return q->json ? block_print_json(r)
                   : block_print_text(r, palette_for(color_wanted(q->color, stdout)));
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o;
    struct request q = {.command = self->name,
                        .report = {.options.elements.saturate = true, .tensor_scale = 1}};
    int key, status = EXIT_BAD;
    bool good = true;
    options_begin(&o, self, argc, argv);
    while (good && (key = option_next(&o)) >= 0)
        good = take_option(&q, key, o.value);
    if (good)
        status = key == OPTION_EXIT ? o.status : explain(&q, o.argc, o.argv);
    block_free(&q.report);
    return status;
}

const struct command cmd_block = {
    .name = "block",
    .usage = "-t BLOCK [--rule RULE] [-r DIR] [--no-saturate] [--json] VALUE…\n"
             "                     -t BLOCK --decode HEX [--tensor-scale VALUE] [--json]",
    .summary = "values under the scale that they share, and how it came about",
    .details = details,
    .options = rows,
    .run = run,
};

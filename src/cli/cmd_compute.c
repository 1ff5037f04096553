#include "room.h"
#include "compute.h"
#include "arguments.h"
#include "folding.h"
#include "lines.h"
#include "option_values.h"
#include "output_file.h"
#include "file/element.h"
#include "file/tensor_file.h"

/* What files and tensors may be called without quotes; signs are theirs too. */
static bool is_name(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("_./-~+@%:", c));
}

/* The length of "model.gguf:blk.0.attn_q.weight[3,5]" at TEXT; 0: there is none. A path begins with
 * a letter, a slash or a point that begins no number. */
static size_t element_length(const char *text)
{
    bool begins = isalpha((unsigned char)*text) || *text == '_' || *text == '/' || *text == '~' ||
                  (*text == '.' && (text[1] == '/' || text[1] == '.'));
    size_t n = 0;
    while (begins && is_name(text[n]))
        n++;
    size_t brackets = n && text[n] == '[' ? strcspn(text + n, "]") : 0;
    return brackets && text[n + brackets] && memchr(text, ':', n) ? n + brackets + 1 : 0;
}

/* Whether an operand may begin behind C, the last character that is no blank. */
static bool expects_operand(char c)
{
    return !c || strchr("(,+-*/<>=!", c);
}

/* TEXT with the elements of tensors that it names, FILE:TENSOR[i,j] where an operand is due, as the
 * data that they are; new memory. */
static char *compute_elements(const char *text)
{
    size_t length = strlen(text), used = 0, n;
    /* A datum is never longer than a file's name, a colon and brackets by more than this. */
    char *out = check_memory(malloc(length * (HU_MAX_NAME + HU_BITS_TEXT) + 1)), last = 0;
    for (const char *at = text; *at; at += n) {
        n = expects_operand(last) ? element_length(at) : 0;
        OWNED char *name = check_memory(strndup(at, n));
        char message[HU_ELEMENT_MESSAGE];
        const struct hu_format *f;
        uint64_t code;
        enum hu_element_result result =
            n ? hu_element_read(name, &f, &code, message) : HU_ELEMENT_NONE;
        if (result == HU_ELEMENT_ERROR)
            die("%s", message);
        if (result == HU_ELEMENT_FOUND) {
            used += (size_t)sprintf(out + used, "%s:%s", f->name, CODE_OF(f, code));
            last = ']';
            continue;
        }
        /* A word that is none goes as a whole: operands do not begin within it. */
        for (n = 1; isalnum((unsigned char)at[n - 1]) && isalnum((unsigned char)at[n]); n++)
            ;
        memcpy(out + used, at, n);
        used += n;
        last = isspace((unsigned char)*at) ? last : at[n - 1];
    }
    out[used] = 0;
    return out;
}

struct request {
    struct compute_formats formats;
    struct hu_operation_options options;
    struct direction_list directions;
    bool flags, explain, json, force;
    const char *svg;
};

struct four {
    const struct hu_format *at[4];
    size_t count;
};

static bool add_format(const char *name, void *context)
{
    struct four *four = context;
    size_t i = four->count++;
    return i >= 4 || (four->at[i] = format_read(name));
}

static bool read_mixed(const struct options *o, void *request)
{
    struct request *r = request;
    struct four four = {.count = 0};
    if (!names_read(o->value, add_format, &four))
        return false;
    if (four.count != 4)
        return refuse("--mixed takes four formats: operands, products, sums, result; not %zu",
                      four.count);
    r->formats = (struct compute_formats){four.at[0], four.at[1], four.at[2], four.at[3]};
    return true;
}

static bool read_one(const struct options *o, void *request)
{
    struct request *r = request;
    const struct hu_format *f = format_read(o->value);
    r->formats = (struct compute_formats){f, f, f, f};
    return f;
}

#define REQUEST struct request
static const struct command_option rows[] = {
    {"format", 'f', "FORMAT", "what literals and results are rounded into", "@formats",
     OWN(read_one)},
    {"round", 'r', "DIR", "rounding direction: rne (default), rna, rtz, rup, rdn, rto, or all",
     "all @rounds", DIRECTIONS_OF(directions)},
    OPTION_SATURATE(options.rounding.saturate),
    OPTION_TININESS(options.rounding.tininess_before),
    OPTION_NAN_RULE(options.nan),
    {"mixed", 0, "A,B,C,D", "formats of operands, products, sums and the result", "@formats",
     OWN(read_mixed)},
    {"flags", 0, NULL, "print the raised flags too", NULL, FLAG(flags)},
    {"explain", 0, NULL, "operands aligned, the exact result, guard, round, sticky", NULL,
     FLAG(explain)},
    OPTION_JSON(json),
    OPTION_SVG(svg, "draw the alignment of each operation"),
    OPTION_FORCE(force, "let --svg replace a file"),
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

static const char details[] =
    "An EXPRESSION has + - * / and parentheses, == != < <= > >=, fma(a,b,c), sqrt, rem, min, max,\n"
    "minnum, maxnum, next_up, next_down, scalb, logb, abs, neg, copysign, roundint, and formats\n"
    "as conversions: bf16(0.1). An operand may be FILE:TENSOR[i,j]. Each literal is rounded into\n"
    "the format, then each operation once. Without arguments, expressions are read from stdin,\n"
    "one a line.";

/* "258  0x4381  exact", behind the direction where there are several. */
static void print_line(const struct request *r, const struct compute *c)
{
    const struct compute_step *last = compute_last(c);
    char value[COMPUTE_VALUE];
    compute_value(value, last);
    if (r->directions.count > 1)
        printf("%s  ", hu_direction_name(c->options.rounding.direction));
    fputs(value, stdout);
    if (last->format)
        printf("  %s", CODE_OF(last->format, last->bits));
    OWNED char *verdict = compute_verdict(last, last->ideal, last->has_ideal, last->about);
    printf("%s%s", *verdict ? "  " : "", verdict);
    if (r->flags)
        printf("  %s", FLAGS_OF(c->flags));
    putchar('\n');
}

static void note_remarks(const struct compute *c)
{
    char *remarks[COMPUTE_REMARKS + 1];
    compute_remarks(c, remarks);
    for (char **m = remarks; *m; m++) {
        note("%s", *m);
        free(*m);
    }
}

struct answers {
    struct compute_list drawn; /* kept for --svg, which draws them all */
    size_t count;
    struct json_several documents;
};

static void explain(const struct request *r, const struct compute *c, bool first)
{
    if (!first)
        putchar('\n');
    if (r->directions.count > 1)
        printf("%s\n", hu_direction_name(c->options.rounding.direction));
    compute_explain(c);
}

static void present(const struct request *r, const struct compute *c, struct answers *a)
{
    if (r->json)
        json_several_add(&a->documents, compute_json(c));
    else if (r->explain)
        explain(r, c, !a->count);
    else
        print_line(r, c);
    if (!r->json && !r->explain && r->directions.count == 1)
        note_remarks(c);
    a->count++;
}

static void forget(struct compute *c)
{
    compute_free(c);
    free(c);
}

static void run_directions(const struct request *r, struct answers *a,
                           const struct compute_expression *e)
{
    for (size_t i = 0; i < r->directions.count; i++) {
        struct hu_operation_options o = r->options;
        o.rounding.direction = r->directions.direction[i];
        struct compute *c = check_memory(malloc(sizeof *c));
        compute_run(c, e, &r->formats, &o);
        present(r, c, a);
        if (r->svg)
            *(struct compute **)check_memory(
                hu_file_append(&a->drawn.at, &a->drawn.count, sizeof c)) = c;
        else
            forget(c);
    }
}

static void finish(const struct request *r, struct answers *a)
{
    if (r->svg)
        output_whole(r->svg, r->force, compute_svg, &a->drawn);
    for (size_t i = 0; i < a->drawn.count; i++)
        forget(a->drawn.at[i]);
    free(a->drawn.at);
    if (r->json)
        json_several_end(&a->documents);
}

/* All are read before the first is worked out. */
static void run_arguments(const struct request *r, int argc, char **argv)
{
    OWNED struct compute_expression *e = check_memory(calloc((size_t)argc, sizeof *e));
    OWNED char **text = check_memory(calloc((size_t)argc, sizeof *text));
    struct answers a = {0};
    char message[HU_MESSAGE];
    for (int i = 0; i < argc; i++) {
        text[i] = compute_elements(argv[i]);
        if (compute_read(&e[i], text[i], strlen(text[i]), message))
            continue;
        if (argc == 1)
            die("%s", message);
        die("argument %d, %s", i + 1, message);
    }
    for (int i = 0; i < argc; i++)
        run_directions(r, &a, &e[i]);
    finish(r, &a);
    for (int i = 0; i < argc; i++) {
        compute_clear(&e[i]);
        free(text[i]);
    }
}

/* One line after the other; an error ends it. */
static void run_lines(const struct request *r)
{
    struct line_reader reader;
    struct compute_expression e;
    struct answers a = {0};
    char message[HU_MESSAGE];
    size_t length;
    if (r->svg)
        die("--svg takes expressions as arguments");
    lines_begin(&reader, STDIN_FILENO);
    for (const char *line; (line = lines_next(&reader, &length));) {
        OWNED char *given = check_memory(strndup(line, length));
        OWNED char *text = compute_elements(given);
        if (!compute_read(&e, text, strlen(text), message))
            die("line %llu, %s", reader.line, message);
        run_directions(r, &a, &e);
        compute_clear(&e);
    }
    lines_end(&reader, NULL);
    finish(r, &a);
}

static int run(const struct options *o, void *request)
{
    struct request *r = request;
    if (!r->formats.operand)
        return fail("-f names the format; try 'halfulp compute -f bf16 \"256 + 1\"'");
    if (!r->directions.count)
        r->directions.count = 1; /* rne */
    if (!r->json && !r->explain)
        folding_begin();
    if (o->argc)
        run_arguments(r, o->argc, o->argv);
    else
        run_lines(r);
    return EXIT_DONE;
}

const struct command cmd_compute = {
    .name = "compute",
    .usage =
        "-f FORMAT [-r DIR|all] [--mixed A,B,C,D] [--flags] [--explain] [--json] [--svg FILE]\n"
        "                       [EXPRESSION…]",
    .summary = "expressions, each operation rounded once, explained as a textbook does",
    .details = details,
    .options = rows,
    .request = sizeof(REQUEST),
    .run = run,
};

#include "room.h"
#include "arguments.h"
#include "lines.h"
#include "option_values.h"

enum form { FORM_BITS, FORM_SHOWN, FORM_EXACT, FORM_SHORTEST, FORM_HEX };

/* Notes of double rounding beyond these are only counted, and so are those of payloads. */
enum { NOTES_MAX = 10, RESULT_MAX = HU_SHORTEST_TEXT + HU_FLAGS_TEXT + 2 };

struct conversion {
    const struct hu_format *to, *from;
    struct format_list via;
    struct hu_options options;
    bool flags;
    enum form form;
    char *exact;              /* of the last result, whose digits may be thousands */
    unsigned long long twice; /* results that double rounding changed */
    unsigned long long cut;   /* NaNs that lost some of their payload */
};

static bool read_form(const struct options *o, void *at)
{
    int word = o->value ? word_index(o, o->row->words, o->value) : FORM_SHOWN - FORM_EXACT;
    *(enum form *)at = (enum form)(FORM_EXACT + word);
    return !o->value || word >= 0;
}

#define REQUEST struct conversion
static const struct command_option rows[] = {
    {"to", 't', "TO", "the target format", "@formats", FORMAT(to)},
    {"from", 'f', "FROM", "read encodings of FROM in hexadecimal, not values", "@formats",
     FORMAT(from)},
    OPTION_ROUND(options.direction),
    OPTION_SATURATE(options.saturate),
    OPTION_TININESS(options.tininess_before),
    {"via", 0, "F1,F2…", "convert step by step through these formats", "@formats", FORMATS(via)},
    {"flags", 0, NULL, "print the raised exceptions behind each result, or -", NULL, FLAG(flags)},
    {"values", 0, "[=FORM]",
     "print values instead of encodings: exactly where 17 digits suffice, else the shortest "
     "decimal "
     "that reads back; or always exact, shortest, or hex, as in C",
     "exact shortest hex", OPTION_INTO(read_form, enum form, form)},
    OPTION_HELP,
    OPTION_END,
};

static const char details[] =
    "A VALUE is a decimal, C hexadecimal, a fraction, inf, nan, or a datum such as bf16:0x3dcd.\n"
    "Without VALUEs, one is read from each line of standard input.";

static bool read_first(const struct conversion *c, const struct hu_format *to, const char *text,
                       size_t length, uint64_t *bits, unsigned *flags, char message[HU_MESSAGE])
{
    if (!c->from)
        return hu_text_round(text, length, to, &c->options, bits, flags, message);
    uint64_t code;
    if (!hu_bits_read(c->from, text, length, &code, message))
        return false;
    *bits = hu_convert(to, c->from, code, &c->options, flags);
    return true;
}

static void note_twice(struct conversion *c, const char *where, uint64_t got, uint64_t straight)
{
    OWNED char *steps = NULL;
    if (++c->twice > NOTES_MAX)
        return;
    for (size_t i = 0; i < c->via.count; i++)
        text_add(&steps, "%s%s", i ? ", " : "", c->via.at[i]->name);
    note("%srounded twice: %s first gives %s; straight to %s it is %s", where, steps,
         CODE_OF(c->to, got), c->to->name, CODE_OF(c->to, straight));
}

/* "line 3: " for a line, nothing for an argument. */
static void place(char out[32], unsigned long long line)
{
    out[0] = 0;
    if (line)
        snprintf(out, 32, "line %llu: ", line);
}

/* TEXT, which was read as a NaN, became BITS. */
static void note_payload(struct conversion *c, const char *text, size_t length,
                         unsigned long long line, uint64_t bits)
{
    char where[32], message[HU_MESSAGE];
    uint64_t code;
    struct hu_value v;
    hu_value_init(&v);
    if (c->from && hu_bits_read(c->from, text, length, &code, message))
        hu_value_set_datum(&v, c->from, code);
    else if (!c->from)
        hu_value_read(&v, text, length, message);
    place(where, line);
    if (hu_value_loses_payload(&v, c->to, bits) && c->cut++ < NOTES_MAX)
        note("%s%.*s: its payload has more bits than a NaN keeps in %s", where, (int)length, text,
             c->to->name);
    hu_value_clear(&v);
}

static bool convert_by_steps(struct conversion *c, const char *text, size_t length,
                             unsigned long long line, uint64_t *bits, unsigned *flags,
                             char message[HU_MESSAGE])
{
    const struct hu_format *last = c->via.at[0];
    uint64_t straight;
    unsigned ignored = 0;
    char where[32];
    if (!read_first(c, last, text, length, bits, flags, message) ||
        !read_first(c, c->to, text, length, &straight, &ignored, message))
        return false;
    for (size_t i = 1; i <= c->via.count; i++) {
        const struct hu_format *next = i < c->via.count ? c->via.at[i] : c->to;
        *bits = hu_convert(next, last, *bits, &c->options, flags);
        last = next;
    }
    place(where, line);
    if (*bits != straight)
        note_twice(c, where, *bits, straight);
    return true;
}

static size_t print_result(struct conversion *c, char out[RESULT_MAX], uint64_t bits)
{
    switch (c->form) {
    case FORM_SHOWN:
        return hu_shown_print(out, c->to, bits);
    case FORM_SHORTEST:
        return hu_shortest_print(out, c->to, bits);
    case FORM_HEX:
        return hu_hex_print(out, c->to, bits);
    case FORM_EXACT:
        if (!hu_is_finite(hu_decode(c->to, bits)))
            return hu_shortest_print(out, c->to, bits);
        c->exact = hu_datum_exact(c->to, bits);
        return 0;
    default:
        return hu_bits_print(out, c->to, bits);
    }
}

/* One result and a newline into OUT, behind c->exact where that is set; 0: message says why not. */
static size_t convert_one(struct conversion *c, const char *text, size_t length,
                          unsigned long long line, char out[RESULT_MAX], char message[HU_MESSAGE])
{
    uint64_t bits;
    unsigned flags = 0;
    bool good = c->via.count ? convert_by_steps(c, text, length, line, &bits, &flags, message)
                             : read_first(c, c->to, text, length, &bits, &flags, message);
    if (!good)
        return 0;
    if (hu_is_nan(hu_decode(c->to, bits)))
        note_payload(c, text, length, line, bits);
    size_t n = print_result(c, out, bits);
    if (c->flags) {
        out[n++] = ' ';
        n += hu_flags_print(out + n, flags);
    }
    out[n++] = '\n';
    return n;
}

static void write_result(struct conversion *c, const char *out, size_t n)
{
    if (c->exact)
        fputs(c->exact, stdout);
    free(c->exact);
    c->exact = NULL;
    fwrite_unlocked(out, 1, n, stdout);
}

static int convert_lines(struct conversion *c)
{
    struct line_reader lines;
    lines_begin(&lines, 0);
    char out[RESULT_MAX], message[HU_MESSAGE];
    const char *text;
    size_t length;
    int status = EXIT_DONE;
    while (status == EXIT_DONE && !ferror(stdout) && (text = lines_next(&lines, &length))) {
        while (length && (text[length - 1] == '\r' || text[length - 1] == ' '))
            length--;
        size_t n = convert_one(c, text, length, lines.line, out, message);
        if (n)
            write_result(c, out, n);
        else
            status = fail("line %llu: %s", lines.line, message);
    }
    lines_end(&lines, NULL);
    return status;
}

static int convert_arguments(struct conversion *c, int argc, char **argv)
{
    char out[RESULT_MAX], message[HU_MESSAGE];
    for (int i = 0; i < argc; i++) {
        size_t n = convert_one(c, argv[i], strlen(argv[i]), 0, out, message);
        if (!n)
            return fail("argument %d: %s%s", i + 1, message, file_hint(argv[i], true));
        write_result(c, out, n);
    }
    return EXIT_DONE;
}

static int run(const struct options *o, void *request)
{
    struct conversion *c = request;
    if (!c->to)
        return fail("-t names the target format, and is missing");
    int status = o->argc ? convert_arguments(c, o->argc, o->argv) : convert_lines(c);
    if (c->twice > NOTES_MAX)
        note("%llu results in all were changed by rounding twice", c->twice);
    if (c->cut > NOTES_MAX)
        note("%llu NaNs in all lost some of their payload", c->cut);
    return status;
}

const struct command cmd_convert = {
    .name = "convert",
    .usage = "-t TO [-f FROM] [-r DIR] [--saturate] [--tininess after|before] [--via F1,F2…]\n"
             "                       [--flags] [--values[=exact|shortest|hex]] [VALUE…]",
    .summary = "values or encodings into one format, rounded once",
    .details = details,
    .options = rows,
    .request = sizeof(REQUEST),
    .run = run,
};

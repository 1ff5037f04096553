#include "room.h"
#include "plain.h"
#include "scope.h"

#include <langinfo.h>
#include <locale.h>

/* Every sign that the program prints; superscripts and the parts of boxes are made below. */
static const struct sign {
    const char *text, *ascii;
} signs[] = {
    {"−", "-"},      {"–", "-"},      {"—", "--"},    {"×", "x"},   {"·", "*"},
    {"…", "..."},    {"→", "->"},     {"←", "<-"},    {"↑", "^"},   {"↓", "v"},
    {"↔", "<->"},    {"≥", ">="},     {"≤", "<="},    {"≠", "!="},  {"≈", "~"},
    {"±", "+-"},     {"∞", "inf"},    {"●", "o"},     {"█", "#"},   {"▉", "#"},
    {"▊", "#"},      {"▋", "#"},      {"▌", "#"},     {"▍", "|"},   {"▎", "|"},
    {"▏", "|"},      {"░", "."},      {"▒", ":"},     {"▓", "%"},   {"√", "sqrt "},
    {"∑", "sum "},   {"Σ", "sum "},   {"Δ", "d"},     {"ε", "eps"}, {"π", "pi"},
    {"µ", "u"},      {"‘", "'"},      {"’", "'"},     {"“", "\""},  {"”", "\""},
    {"⌊", "floor("}, {"⌋", ")"},      {"⌈", "ceil("}, {"⌉", ")"},   {"§", "section "},
    {"✓", "v"},      {"✗", "x"},      {"½", "1/2"},   {"¼", "1/4"}, {"∈", "in"},
    {"∘", "o"},      {"≡", "=="},     {"▾", "v"},     {"•", "*"},   {"\u00a0", " "},
    {"\u202f", " "}, {"\u2009", " "},
};

static bool is_utf8_name(const char *name)
{
    const char *point = name ? strchr(name, '.') : NULL;
    return point && (!strncasecmp(point + 1, "UTF-8", 5) || !strncasecmp(point + 1, "utf8", 4));
}

static bool find_wanted(void)
{
    locale_t l = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (l) {
        bool utf8 = !strcasecmp(nl_langinfo_l(CODESET, l), "UTF-8");
        freelocale(l);
        return !utf8;
    }
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return !is_utf8_name(value);
    }
    return true;
}

bool plain_wanted(void)
{
    static int known; /* 0: not yet */
    if (!known)
        known = find_wanted() ? 1 : 2;
    return known == 1;
}

static uint32_t code_point(const unsigned char *at, size_t length)
{
    static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = at[0] & first[length];
    for (size_t i = 1; i < length; i++)
        c = c << 6 | (at[i] & 0x3f);
    return c;
}

/* The sign in digits and sign that C raises or lowers; 0: it is no superscript. */
static char raised(uint32_t c)
{
    if (c == 0xb9)
        return '1';
    if (c == 0xb2 || c == 0xb3)
        return (char)('2' + c - 0xb2);
    if (c == 0x2070 || (c >= 0x2074 && c <= 0x2079))
        return (char)('0' + c - 0x2070);
    return c == 0x207b ? '-' : c == 0x207a ? '+' : 0;
}

/* U+2500 to U+257F are lines: mostly horizontal, vertical, or both. */
static char box(const char *text, size_t length, uint32_t c)
{
    OWNED char *sign = strndup(text, length);
    if (c < 0x2500 || c > 0x257f || !sign)
        return 0;
    return strstr("─━┄┅┈┉╌╍═╴╶", sign) ? '-' : strstr("│┃┆┇┊┋╎╏║╵╷", sign) ? '|' : '+';
}

/* Room for the longest replacement: \xNN for each of four bytes. */
enum { REPLACED = 20 };

/* The sequence at AT as ASCII, and its length; in_power: what came before was raised already. */
static size_t replace(char out[REPLACED], const unsigned char *at, size_t length, bool *in_power)
{
    uint32_t c = code_point(at, length);
    char one = raised(c);
    if (one) {
        size_t n = 0;
        if (!*in_power)
            out[n++] = '^';
        out[n++] = one;
        *in_power = true;
        return n;
    }
    *in_power = false;
    if ((one = box((const char *)at, length, c))) {
        out[0] = one;
        return 1;
    }
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (!strncmp(signs[i].text, (const char *)at, length) && !signs[i].text[length])
            return (size_t)(stpcpy(out, signs[i].ascii) - out);
    size_t n = 0;
    for (size_t i = 0; i < length; i++)
        n += (size_t)sprintf(out + n, "\\x%02x", at[i]);
    return n;
}

int plain_columns(const char *text)
{
    size_t n = 0;
    bool in_power = false;
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        size_t length = hu_utf8_length(at, strnlen((const char *)at, 4));
        char out[REPLACED];
        if (length > 1)
            n += replace(out, at, length, &in_power);
        else
            n += length ? 1 : 4;
        in_power = in_power && length > 1;
        at += length ? length : 1;
    }
    return (int)n;
}

int stream_descriptor(FILE *stream)
{
    return stream == stdout ? STDOUT_FILENO : stream == stderr ? STDERR_FILENO : fileno(stream);
}

#ifdef HAVE_COOKIE_STREAMS

struct filter {
    int descriptor;
    unsigned char begun[4]; /* of a sequence whose rest has not come yet */
    size_t begun_count;
    bool in_power;
};

static bool write_all(int descriptor, const char *text, size_t size)
{
    while (size) {
        ssize_t n = write(descriptor, text, size);
        if (n < 0)
            return false;
        text += n;
        size -= (size_t)n;
    }
    return true;
}

/* Bytes of the sequence that C begins. */
static size_t length_from(unsigned char c)
{
    return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* TEXT behind what was begun, into OUT; what is not whole at its end is begun anew. */
static size_t filter_text(struct filter *f, char *out, const char *text, size_t size)
{
    char *to = out;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (!f->begun_count && c < 0x80) {
            f->in_power = false;
            *to++ = (char)c;
            continue;
        }
        f->begun[f->begun_count++] = c;
        if (f->begun_count < length_from(f->begun[0]))
            continue;
        size_t length = hu_utf8_length(f->begun, f->begun_count);
        if (length)
            to += replace(to, f->begun, length, &f->in_power);
        for (size_t k = 0; !length && k < f->begun_count; k++)
            to += sprintf(to, "\\x%02x", f->begun[k]);
        f->begun_count = 0;
    }
    return (size_t)(to - out);
}

static ssize_t filter_write(void *cookie, const char *text, size_t size)
{
    struct filter *f = cookie;
    enum { PIECE = 1024 };
    char out[PIECE * REPLACED / 2];
    for (size_t done = 0; done < size; done += PIECE) {
        size_t left = size - done,
               n = filter_text(f, out, text + done, left < PIECE ? left : PIECE);
        if (!write_all(f->descriptor, out, n))
            return 0; /* an error, with write's errno */
    }
    return (ssize_t)size;
}

static FILE *filtered(struct filter *f, FILE *old, int buffering)
{
    cookie_io_functions_t functions = {.write = filter_write};
    FILE *stream = fopencookie(f, "w", functions);
    if (!stream)
        return old;
    fflush(old);
    setvbuf(stream, NULL, buffering, BUFSIZ);
    return stream;
}

void plain_begin_messages(void)
{
    static struct filter error = {.descriptor = STDERR_FILENO};
    static bool begun;
    if (begun || !plain_wanted())
        return;
    begun = true;
    stderr = filtered(&error, stderr, _IONBF);
}

void plain_begin(void)
{
    static struct filter out = {.descriptor = STDOUT_FILENO};
    static bool begun;
    plain_begin_messages();
    if (begun || !plain_wanted())
        return;
    begun = true;
    stdout = filtered(&out, stdout, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
}

#else

void plain_begin_messages(void)
{
}

void plain_begin(void)
{
}

#endif

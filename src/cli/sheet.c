#include "room.h"

/* Bytes of the first COLUMNS columns of TEXT, at least one character. */
static size_t bytes_of(const char *text, int columns)
{
    size_t n = 0, fits = 0;
    char part[512];
    while (text[n]) {
        for (n++; (text[n] & 0xc0) == 0x80; n++)
            ;
        if (n >= sizeof part)
            break;
        memcpy(part, text, n);
        part[n] = 0;
        if (fits && text_columns(part) > columns)
            break;
        fits = n;
    }
    return fits;
}

struct fold fold_begin(int indent)
{
    return (struct fold){.columns = terminal_columns(stdout), .indent = indent};
}

static void start_line(struct fold *f)
{
    printf("\n%*s", f->indent, "");
    f->at = f->indent;
}

/* Digits keep together by eights where they have to break. */
enum { GROUP = 8 };

static void put_long(struct fold *f, const char *color, const char *text)
{
    int room = f->columns - f->indent;
    if (room > 2 * GROUP)
        room -= room % GROUP;
    for (;;) {
        size_t n = bytes_of(text, room > 1 ? room : 1);
        printf("%s%.*s%s", color, (int)n, text, *color ? ink->off : "");
        text += n;
        if (!*text)
            return;
        start_line(f);
    }
}

void fold_put(struct fold *f, int gap, const char *color, const char *text)
{
    int width = text_columns(text);
    bool first = f->at == 0 || f->at == f->indent;
    if (!width)
        return;
    if (f->columns && f->at + gap + width > f->columns) {
        if (!first) {
            start_line(f);
            first = true;
        }
        if (f->at + width > f->columns) {
            put_long(f, color, text);
            f->at = f->columns; /* nothing shares the last of its lines */
            return;
        }
        gap = 0;
    }
    printf("%*s%s%s%s", gap, "", color, text, *color ? ink->off : "");
    f->at += gap + width;
}

void fold_format(struct fold *f, int gap, const char *color, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    OWNED char *text = text_formatted(format, arguments);
    va_end(arguments);
    fold_put(f, gap, color, text);
}

void fold_break(struct fold *f)
{
    if (f->at && f->at != f->indent)
        start_line(f);
}

void fold_end(struct fold *f)
{
    putchar('\n');
    f->at = 0;
}

/* Spaces up to COLUMN, or two where the text ran over it. */
static int gap_to(const struct fold *f, int column)
{
    return f->at < column ? column - f->at : 2;
}

void fold_words(struct fold *f, int gap, const char *color, const char *text)
{
    if (!f->columns || f->indent + text_columns(text) <= f->columns) {
        fold_put(f, gap, color, text);
        return;
    }
    while (*text) {
        size_t n = strcspn(text, " ");
        OWNED char *word = check_memory(strndup(text, n));
        fold_put(f, gap, color, word);
        gap = (int)strspn(text + n, " ");
        text += n + (size_t)gap;
    }
}

void fold_at(struct fold *f, int column, const char *color, const char *text)
{
    fold_put(f, gap_to(f, column), color, text);
}

void fold_cell(struct fold *f, int column, const char *color, const char *text)
{
    int gap = gap_to(f, column);
    if (f->columns && f->at + gap + text_columns(text) > f->columns)
        gap = 2;
    fold_words(f, gap, color, text);
}

struct fold fold_label(int indent, int wide, const char *color, const char *label)
{
    struct fold f = fold_begin(indent);
    if (f.columns && f.columns < wide)
        f.indent = 4;
    fold_put(&f, 2, color, label);
    return f;
}

static void put_left(struct fold *f, const char *text)
{
    fold_words(f, gap_to(f, SHEET_LEFT), "", text);
}

void sheet_line(const char *label, const char *color, const char *left, const char *middle,
                const char *right)
{
    struct fold f = fold_label(SHEET_LEFT, SHEET_RIGHT, color, label);
    put_left(&f, left);
    fold_cell(&f, SHEET_MIDDLE, "", middle);
    fold_cell(&f, SHEET_RIGHT, "", right);
    fold_end(&f);
}

void sheet_line_bold(const char *label, const char *left, const char *right, const char *after)
{
    struct fold f = fold_label(SHEET_LEFT, SHEET_RIGHT, "", label);
    put_left(&f, left);
    fold_cell(&f, SHEET_RIGHT, ink->bold, right);
    fold_put(&f, 1, "", after);
    fold_end(&f);
}

static int padding(const char *text, int columns)
{
    int used = text_columns(text);
    return columns > used ? columns - used : 0;
}

void print_left(const char *text, int columns)
{
    printf("%s%*s", text, padding(text, columns), "");
}

void print_right(const char *text, int columns)
{
    printf("%*s%s", padding(text, columns), "", text);
}

void print_wrapped(const char *text, int indent, int columns)
{
    struct fold f = {columns, indent, indent};
    printf("%*s", indent, "");
    fold_words(&f, 0, "", text);
    fold_end(&f);
}

char *shown_ulps(const mpq_t ulps, int digits)
{
    double value = fabs(mpq_get_d(ulps));
    if (isnormal(value))
        return text_new("%.*g ulp", digits, value);
    OWNED char *text = hu_ratio_scientific(ulps, digits, false);
    return text_new("%s ulp", text + (*text == '-'));
}

void print_bar(int eighths)
{
    static const char *const ends[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    for (int i = 0; i < eighths / 8; i++)
        fputs("█", stdout);
    fputs(ends[eighths % 8], stdout);
}

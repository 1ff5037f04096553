#include "columns.h"
#include "sheet.h"

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

#include "columns.h"
#include "terminal.h"

#include <string.h>

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
    int at = columns; /* so that the first word starts a line */
    char word[320];
    bool first = true;
    while (*text) {
        size_t n = strcspn(text, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, text);
        int width = text_columns(word);
        if (at + 1 + width > columns) {
            printf("%s%*s", first ? "" : "\n", indent, "");
            at = indent;
        } else {
            putchar(' ');
            at++;
        }
        printf("%s", word);
        at += width;
        first = false;
        text += n;
        text += *text == ' ';
    }
    putchar('\n');
}

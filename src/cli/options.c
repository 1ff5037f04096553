#include "option_values.h"
#include "report.h"
#include "sheet.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* "-1.5" and "-inf" are operands. */
static bool is_negative_value(const char *argument)
{
    const char *rest = argument + 1;
    return isdigit((unsigned char)*rest) || (*rest == '.' && isdigit((unsigned char)rest[1])) ||
           !strncasecmp(rest, "inf", 3) || !strncasecmp(rest, "nan", 3) ||
           !strncasecmp(rest, "snan", 4);
}

static bool is_operand(const char *argument)
{
    return argument[0] != '-' || !argument[1] || is_negative_value(argument);
}

bool option_is_optional(const struct command_option *row)
{
    return row->argument && !strncmp(row->argument, "[=", 2);
}

/* The row that the N bytes at NAME are, or that they alone begin. NULL: none, or several. */
static const struct command_option *find_long(const struct command *command, const char *name,
                                              size_t n)
{
    const struct command_option *found = NULL;
    size_t count = 0;
    for (const struct command_option *row = command->options; row->name; row++) {
        if (strncmp(row->name, name, n))
            continue;
        if (!row->name[n])
            return row;
        found = row;
        count++;
    }
    return count == 1 ? found : NULL;
}

static const struct command_option *find_letter(const struct command *command, char letter)
{
    const struct command_option *row = command->options;
    while (row->name && row->letter != letter)
        row++;
    return row->name ? row : NULL;
}

/* The arguments that are being read: AT is the one just met. */
struct words {
    int count, at;
    char **word;
};

static const char *next_word(struct words *w)
{
    return w->at + 1 < w->count ? w->word[++w->at] : NULL;
}

static bool unknown(const struct options *o, const char *option)
{
    return refuse("unknown or ambiguous option %s; see 'halfulp %s --help'", option,
                  o->command->name);
}

static bool take(struct options *o, const struct command_option *row, const char *value,
                 void *request)
{
    o->row = row;
    o->value = value;
    o->given |= UINT64_C(1) << (row - o->command->options);
    if (row->letter != 'h')
        return row->read(o, (char *)request + row->at);
    command_help(o->command);
    o->status = EXIT_DONE;
    return false;
}

static bool read_long(struct options *o, struct words *w, void *request)
{
    const char *text = w->word[w->at], *name = text + 2;
    size_t n = strcspn(name, "=");
    const char *value = name[n] ? name + n + 1 : NULL;
    const struct command_option *row = find_long(o->command, name, n);
    if (!row)
        return unknown(o, text);
    if (value && !row->argument)
        return refuse("option %.*s takes no argument", (int)n + 2, text);
    bool needs = row->argument && !option_is_optional(row) && !value;
    if (needs && !(value = next_word(w)))
        return refuse("option %s needs an argument", text);
    return take(o, row, value, request);
}

/* "-hf", or "-fVALUE". */
static bool read_letters(struct options *o, struct words *w, void *request)
{
    const struct command_option *row = NULL;
    for (const char *at = w->word[w->at] + 1; *at && !(row && row->argument); at++) {
        char letter[] = {'-', *at, 0};
        const char *value = NULL;
        row = find_letter(o->command, *at);
        if (!row)
            return unknown(o, letter);
        if (row->argument && !(value = at[1] ? at + 1 : next_word(w)))
            return refuse("option %s needs an argument", letter);
        if (!take(o, row, value, request))
            return false;
    }
    return true;
}

bool options_read(struct options *o, const struct command *command, int argc, char **argv,
                  void *request)
{
    bool operands_only = false;
    struct words w = {.count = argc, .word = argv};
    *o = (struct options){.command = command, .status = EXIT_BAD, .argv = argv + 1};
    for (const struct command_option *row = command->options; row->name; row++)
        if (row->read == read_color)
            ink_choose(COLOR_AUTO);
    for (w.at = 1; w.at < argc; w.at++) {
        char *text = argv[w.at];
        if (operands_only || is_operand(text))
            o->argv[o->argc++] = text;
        else if (!strcmp(text, "--"))
            operands_only = true;
        else if (!(text[1] == '-' ? read_long : read_letters)(o, &w, request))
            return false;
    }
    return true;
}

bool option_given(const struct options *o, const char *name)
{
    const struct command_option *row = o->command->options;
    while (strcmp(row->name, name) != 0)
        row++;
    return o->given >> (row - o->command->options) & 1;
}

/* The pieces between spaces, or of a usage line those that no bracket holds together. */
static size_t piece_length(const char *text, bool brackets)
{
    size_t n = 0;
    for (int depth = 0; text[n] && (text[n] != ' ' || depth > 0); n++)
        depth += brackets ? (text[n] == '[') - (text[n] == ']') : 0;
    return n;
}

static void print_pieces(struct fold *f, int gap, const char *text, bool brackets)
{
    for (text += strspn(text, " "); *text; text += strspn(text, " "), gap = 1) {
        size_t n = piece_length(text, brackets);
        OWNED char *piece = check_memory(strndup(text, n));
        fold_put(f, gap, "", piece);
        text += n;
    }
}

/* The column where the help of an option begins. */
enum { HELP = 32 };

static void print_option(const struct command_option *row, int columns)
{
    char left[96], letter[8] = "    ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, row->name,
             row->argument && !option_is_optional(row) ? " " : "",
             row->argument ? row->argument : "");
    struct fold f = fold_begin(0);
    fold_put(&f, 2, "", left);
    f.indent = columns && columns < 2 * HELP ? 8 : HELP;
    int gap = f.at + 2 < HELP ? HELP - f.at : 2;
    print_pieces(&f, gap, row->help, false);
    fold_end(&f);
}

static bool lines_fit(const char *text, int columns)
{
    for (; *text; text += *text == '\n') {
        size_t n = strcspn(text, "\n");
        OWNED char *line = check_memory(strndup(text, n));
        bool fits = text_columns(line) <= columns;
        if (!fits)
            return false;
        text += n;
    }
    return true;
}

/* A usage: as it is written, or filled anew where the terminal is too narrow for that. */
static void print_usage(const struct command *command, int columns)
{
    OWNED char *usage = text_new("usage: halfulp %s %s", command->name, command->usage);
    if (!columns || lines_fit(usage, columns)) {
        puts(usage);
    } else {
        struct fold f = fold_begin(0);
        for (char *at = usage; (at = strchr(at, '\n'));)
            *at = ' ';
        fold_put(&f, 0, "", "usage:");
        f.indent = 4;
        print_pieces(&f, 1, usage + strlen("usage:"), true);
        fold_end(&f);
    }
}

/* Paragraphs: as they are written, or filled anew. A line that begins with a space is one of its
 * own. */
static void print_details(const char *text, int columns)
{
    if (!columns || lines_fit(text, columns)) {
        puts(text);
        return;
    }
    struct fold f = fold_begin(0);
    for (; *text; text += *text == '\n') {
        size_t n = strcspn(text, "\n");
        OWNED char *line = check_memory(strndup(text, n));
        int indent = (int)strspn(line, " ");
        if (f.at && (indent || !*line))
            fold_end(&f);
        if (!*line)
            putchar('\n');
        f.indent = indent;
        print_pieces(&f, f.at ? 1 : indent, line, false);
        text += n;
        if (f.at && text[0] && (text[1] == ' ' || text[1] == '\n'))
            fold_end(&f);
    }
    if (f.at)
        fold_end(&f);
}

void command_help(const struct command *command)
{
    int columns = terminal_columns(stdout);
    struct fold f = fold_begin(0);
    printf("halfulp %s:", command->name);
    f.at = (int)strlen("halfulp :") + (int)strlen(command->name);
    f.indent = 2;
    print_pieces(&f, 1, command->summary, false);
    fold_end(&f);
    putchar('\n');
    print_usage(command, columns);
    putchar('\n');
    for (const struct command_option *row = command->options; row->name; row++)
        print_option(row, columns);
    if (command->details) {
        putchar('\n');
        print_details(command->details, columns);
    }
}

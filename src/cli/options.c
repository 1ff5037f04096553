#include "room.h"
#include "option_values.h"
#include "arithmetic.h"
#include "names.h"

#include <getopt.h>

/* getopt takes "-1.5" for an option. Such arguments, and those that start with the mark themselves,
 * travel behind this mark and lose it on the way out. */
enum { MARK = '\001' };

/* What long options are to getopt: rows from here on, where letters end. */
enum { LONG = 256 };

/* One command line is parsed at a time, as by getopt itself; the next one frees it. */
static struct {
    struct option *longs;
    char *shorts;
    char **argv;
    char **marked;
    int marks;
    int selected;
} t;

/* "fp16:max", "bf16(0.1)", "sqrt(2)": what a format or an operation begins. */
static bool begins_with_name(const char *text)
{
    size_t n = strcspn(text, ":(");
    enum hu_operation operation;
    OWNED char *name = check_memory(strndup(text, n));
    return text[n] &&
           (hu_format_find(name) || (text[n] == '(' && hu_operation_find(name, &operation)));
}

/* Options are letters. */
static bool is_negative_value(const char *argument)
{
    const char *rest = argument + 1;
    if (argument[0] != '-' || !*rest || *rest == '-')
        return false;
    return !isalpha((unsigned char)*rest) || !strncasecmp(rest, "inf", 3) ||
           !strncasecmp(rest, "nan", 3) || !strncasecmp(rest, "snan", 4) || begins_with_name(rest);
}

static char *unmark(char *argument)
{
    return argument && argument[0] == MARK ? argument + 1 : argument;
}

static void release(void)
{
    for (int i = 0; i < t.marks; i++)
        free(t.marked[i]);
    free(t.marked);
    free(t.argv);
    free(t.shorts);
    free(t.longs);
}

bool option_is_optional(const struct command_option *row)
{
    return row->argument && !strncmp(row->argument, "[=", 2);
}

static void begin(const struct command *command, int argc, char **argv)
{
    release();
    t.marks = 0;
    size_t n = 0;
    while (command->options[n].name)
        n++;
    t.longs = check_memory(calloc(n + 1, sizeof *t.longs));
    t.shorts = check_memory(calloc(2 * n + 3, 1));
    t.argv = check_memory(calloc((size_t)argc + 1, sizeof *t.argv));
    t.marked = check_memory(calloc((size_t)argc + 1, sizeof *t.marked));
    t.shorts[0] = ':';
    for (size_t i = 0; i < n; i++) {
        const struct command_option *row = &command->options[i];
        int has = !row->argument            ? no_argument
                  : option_is_optional(row) ? optional_argument
                                            : required_argument;
        t.longs[i] = (struct option){row->name, has, &t.selected, LONG + (int)i};
        char text[3] = {row->letter, row->argument ? ':' : 0, 0};
        strcat(t.shorts, text);
    }
    bool operands_only = false;
    for (int i = 0; i < argc; i++) {
        t.argv[i] = argv[i];
        if (!operands_only && !strcmp(argv[i], "--"))
            operands_only = true;
        bool own = argv[i][0] == MARK;
        if (i > 0 && (own || (!operands_only && is_negative_value(argv[i]))))
            t.argv[i] = t.marked[t.marks++] = text_new("%c%s", MARK, argv[i]);
    }
    opterr = 0;
    optind = 0;
}

static const char *long_name(int index)
{
    return t.longs[index].name;
}

/* The options that begin so, or else the nearest. */
static bool refuse_option(const struct command *command, const char *option)
{
    int length = (int)strcspn(option, "="), count = 0;
    OWNED char *all = NULL;
    for (; long_name(count); count++)
        if (length > 2 && !strncmp(long_name(count), option + 2, (size_t)length - 2))
            text_add(&all, "%s--%s", all ? " or " : "", long_name(count));
    if (all)
        return refuse("%.*s may be %s", length, option, all);
    char near[HU_SUGGESTION] = "";
    if (length > 2)
        hu_suggestion_of(near, option + 2, long_name, count);
    return refuse("there is no option %s; %s%s'halfulp %s --help' lists them", option, near,
                  *near ? " " : "", command->name);
}

/* Where an argument is missing, musl's optind lies beyond the end. */
static bool usage_error(const struct options *o, int found, int argc)
{
    int at = optind > argc ? argc - 1 : optind > 0 ? optind - 1 : 0;
    const char letter[3] = {'-', (char)optopt, 0},
               *what = optopt && optopt < LONG ? letter : unmark(t.argv[at]);
    if (found == ':')
        return refuse("option %s needs an argument", what);
    if (optopt >= LONG)
        return refuse("option %.*s takes no argument", (int)strcspn(what, "="), what);
    return refuse_option(o->command, what);
}

static const struct command_option *row_of_letter(const struct command *command, int letter)
{
    const struct command_option *row = command->options;
    while (row->letter != letter)
        row++;
    return row;
}

bool options_read(struct options *o, const struct command *command, int argc, char **argv,
                  void *request)
{
    int found;
    begin(command, argc, argv);
    for (const struct command_option *row = command->options; row->name; row++)
        if (row->read == read_color)
            ink_choose(COLOR_AUTO);
    *o = (struct options){.command = command, .status = EXIT_BAD};
    while ((found = getopt_long(argc, t.argv, t.shorts, t.longs, NULL)) != -1) {
        if (found == '?' || found == ':')
            return usage_error(o, found, argc);
        o->row = found ? row_of_letter(command, found) : &command->options[t.selected - LONG];
        o->given |= UINT64_C(1) << (o->row - command->options);
        o->value = unmark(optarg);
        if (o->row->letter == 'h') {
            command_help(command);
            o->status = EXIT_DONE;
            return false;
        }
        if (!o->row->read(o, (char *)request + o->row->at))
            return false;
    }
    for (int i = optind; i < argc; i++)
        t.argv[i] = unmark(t.argv[i]);
    o->argc = argc - optind;
    o->argv = t.argv + optind;
    return true;
}

bool option_given(const struct options *o, const char *name)
{
    const struct command_option *row = o->command->options;
    while (strcmp(row->name, name) != 0)
        row++;
    return o->given >> (row - o->command->options) & 1;
}

void options_exclude(const struct options *o, const char *with, const char *const *names)
{
    for (; *names; names++)
        if (option_given(o, *names))
            die("--%s does not go with %s", *names, with);
}

void seed_check(const struct options *o, enum hu_direction direction)
{
    if (direction != HU_STOCHASTIC && option_given(o, "seed"))
        die("--seed is what -r stochastic draws from, and that is missing");
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

/* The column where the help of an option begins, and where it ends in a file or a pager. */
enum { HELP = 32, HELP_END = 100 };

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
    f.columns = columns ? columns : HELP_END;
    f.indent = columns && columns < 2 * HELP ? 8 : HELP;
    if (f.at + 2 > HELP)
        fold_break(&f);
    print_pieces(&f, f.at < HELP ? HELP - f.at : 0, row->help, false);
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

bool read_flag(const struct options *o, void *at)
{
    (void)o;
    return *(bool *)at = true;
}

bool read_text(const struct options *o, void *at)
{
    *(const char **)at = o->value;
    return true;
}

bool read_count(const struct options *o, void *at)
{
    return count_read(at, o->value, o->row->least, o->row->most, o->row->name);
}

int word_index(const struct options *o, const char *words, const char *text)
{
    int i = 0;
    size_t length = strlen(text);
    for (const char *at = words; *at; i++) {
        size_t word = strcspn(at, " ");
        if (word == length && !strncmp(at, text, length))
            return i;
        at += word + (at[word] == ' ');
    }
    fail("--%s: '%s' is none of: %s", o->row->name, text, words);
    return -1;
}

bool read_word(const struct options *o, void *at)
{
    int index = word_index(o, o->row->words, o->value);
    if (index >= 0)
        *(unsigned *)at = (unsigned)index;
    return index >= 0;
}

bool read_color(const struct options *o, void *at)
{
    int index = word_index(o, o->row->words, o->value);
    (void)at;
    ink_choose(index < 0 ? COLOR_AUTO : (enum color_mode)index);
    return index >= 0;
}

bool read_second(const struct options *o, void *at)
{
    int index = word_index(o, o->row->words, o->value);
    *(bool *)at = index == 1;
    return index >= 0;
}

bool read_format(const struct options *o, void *at)
{
    return (*(const struct hu_format **)at = format_read(o->value)) != NULL;
}

bool read_float(const struct options *o, void *at)
{
    return (*(const struct hu_format **)at = float_read(o->value)) != NULL;
}

bool read_formats(const struct options *o, void *at)
{
    return formats_read(o->value, at);
}

bool read_direction(const struct options *o, void *at)
{
    return direction_read(at, o->value, false);
}

bool read_any_direction(const struct options *o, void *at)
{
    return direction_read(at, o->value, true);
}

bool read_directions(const struct options *o, void *at)
{
    return direction_list_read(at, o->value);
}

/* A name that there is not: the nearest that there are, or where none is near all of ALL. */
static bool unknown(const char *option, const char *name, const char *nearest, const char *all)
{
    return refuse("--%s: there is no '%.60s'; %s", option, name, *nearest ? nearest : all);
}

static bool add_operation(const char *name, void *context)
{
    struct operation_list *list = context;
    enum hu_operation operation;
    char nearest[HU_SUGGESTION];
    if (!hu_operation_find(name, &operation))
        return unknown(
            "op", name, hu_operation_suggestion(nearest, name),
            "add, sub, mul, div, fma, sqrt, rem and others are in the manual, verify --op");
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i] == operation)
            return true;
    list->at[list->count++] = operation;
    return true;
}

bool read_operations(const struct options *o, void *at)
{
    if (strcasecmp(o->value, "all") != 0)
        return names_read(o->value, add_operation, at);
    for (int i = 0; i < HU_OPERATIONS; i++)
        add_operation(hu_operation_row((enum hu_operation)i)->name, at);
    return true;
}

static const char *rule_name(int i)
{
    return hu_nan_row((enum hu_nan_rule)i, NULL)->name;
}

bool read_nan_rule(const struct options *o, void *at)
{
    char nearest[HU_SUGGESTION];
    return hu_nan_rule_find(o->value, at) ||
           unknown("nan-rule", o->value,
                   hu_suggestion_of(nearest, o->value, rule_name, HU_NAN_RULES),
                   "they are first, last, signaling, greatest, canonical, x86, x87, arm and ptx");
}

bool read_block(const struct options *o, void *at)
{
    return (*(const struct hu_block **)at = block_read(o->value)) != NULL;
}

bool read_scale_rule(const struct options *o, void *at)
{
    return hu_scale_rule_find(o->value, at) ||
           refuse("--rule is floor, ceil, rceil or even, not \"%s\"", o->value);
}

#include "options.h"
#include "report.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* getopt takes "-1.5" for an option. Such arguments, and those that start with the mark themselves,
 * travel behind this mark and lose it on the way out. */
enum { MARK = '\001' };

/* One command line is parsed at a time, as by getopt itself; the next one frees it. */
static struct {
    struct option *longs;
    char *shorts;
    char **argv;
    char **marked;
    int marks;
    int selected;
} t;

static bool is_negative_value(const char *argument)
{
    if (argument[0] != '-')
        return false;
    const char *rest = argument + 1;
    return isdigit((unsigned char)*rest) || (*rest == '.' && isdigit((unsigned char)rest[1])) ||
           !strncasecmp(rest, "inf", 3) || !strncasecmp(rest, "nan", 3) ||
           !strncasecmp(rest, "snan", 4);
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

static char *marked_copy(const char *argument)
{
    char *copy = check_memory(malloc(strlen(argument) + 2));
    copy[0] = MARK;
    strcpy(copy + 1, argument);
    return copy;
}

void options_begin(struct options *o, const struct command *command, int argc, char **argv)
{
    release();
    *o = (struct options){.command = command, .argc = argc, .argv = argv};
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
        /* "[=WHAT]" may be left out. */
        int has = !row->argument            ? no_argument
                  : row->argument[0] == '[' ? optional_argument
                                            : required_argument;
        t.longs[i] = (struct option){row->name, has, &t.selected, row->key};
        if (row->key < OPTION_LONG) {
            char text[3] = {(char)row->key, row->argument ? ':' : 0, 0};
            strcat(t.shorts, text);
        }
    }
    bool operands_only = false;
    for (int i = 0; i < argc; i++) {
        t.argv[i] = argv[i];
        if (!operands_only && !strcmp(argv[i], "--"))
            operands_only = true;
        bool own = argv[i][0] == MARK;
        if (i > 0 && (own || (!operands_only && is_negative_value(argv[i]))))
            t.argv[i] = t.marked[t.marks++] = marked_copy(argv[i]);
    }
    opterr = 0;
    optind = 0;
}

static int leave(struct options *o, int status)
{
    o->status = status;
    return OPTION_EXIT;
}

static int usage_error(struct options *o, int found)
{
    const char *command = o->command->name;
    const char *argument = unmark(t.argv[optind > 0 ? optind - 1 : 0]);
    char letter[3] = {'-', (char)optopt, 0};
    bool is_long = !strncmp(argument, "--", 2);
    const char *what = is_long || !optopt ? argument : letter;
    if (found == ':')
        fail(command, "option %s needs an argument", what);
    else if (is_long && strchr(argument, '=') && optopt)
        fail(command, "option %.*s takes no argument", (int)strcspn(argument, "="), argument);
    else
        fail(command, "unknown or ambiguous option %s; see 'halfulp %s --help'", what, command);
    return leave(o, EXIT_BAD);
}

static const struct command_option *row_of(const struct command *command, int key)
{
    const struct command_option *row = command->options;
    while (row->name && row->key != key)
        row++;
    return row;
}

int option_next(struct options *o)
{
    int found = getopt_long(o->argc, t.argv, t.shorts, t.longs, NULL);
    if (found == -1) {
        for (int i = optind; i < o->argc; i++)
            t.argv[i] = unmark(t.argv[i]);
        o->argc -= optind;
        o->argv = t.argv + optind;
        return OPTION_DONE;
    }
    if (found == '?' || found == ':')
        return usage_error(o, found);
    int key = found ? found : t.selected;
    if (key == 'h') {
        command_help(o->command);
        return leave(o, EXIT_DONE);
    }
    o->value = unmark(optarg);
    o->name = row_of(o->command, key)->name;
    return key;
}

void command_help(const struct command *command)
{
    printf("halfulp %s: %s\n\nusage: halfulp %s %s\n\n", command->name, command->summary,
           command->name, command->usage);
    for (const struct command_option *row = command->options; row->name; row++) {
        char left[64];
        if (row->key < OPTION_LONG)
            snprintf(left, sizeof left, "-%c, --%s%s%s", row->key, row->name,
                     row->argument ? " " : "", row->argument ? row->argument : "");
        else
            snprintf(left, sizeof left, "    --%s%s%s", row->name,
                     row->argument && row->argument[0] != '[' ? " " : "",
                     row->argument ? row->argument : "");
        printf("  %-28s  %s\n", left, row->help);
    }
    if (command->details)
        printf("\n%s\n", command->details);
}

#include "arithmetic.h"
#include "array/array.h"
#include "block/block.h"
#include "dot.h"
#include "format.h"
#include "memory/device.h"
#include "option_values.h"
#include "report.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

static const struct command_option rows[] = {OPTION_HELP, OPTION_END};

static void put(const char *word)
{
    printf("%s ", word);
}

/* Words to choose from, a space behind each; a name with @ stands for a list. */
static void put_words(const char *words)
{
    bool dtypes = !strcmp(words, "@dtypes");
    bool formats = dtypes || !strcmp(words, "@formats"),
         blocks = dtypes || !strcmp(words, "@blocks");
    bool rounds = !strcmp(words, "@rounds"), devices = !strcmp(words, "@devices");
    bool models = !strcmp(words, "@models"), kernels = !strcmp(words, "@kernels");
    bool operations = !strcmp(words, "@operations"), names = !strcmp(words, "@commands");
    fputs(*words == '@' ? "" : words, stdout);
    fputs(devices ? "list " : models || kernels || operations ? "all " : "", stdout);
    for (size_t i = 0; formats && hu_format_at(i); i++)
        put(hu_format_at(i)->name);
    for (size_t i = 0; dtypes && hu_integer_at(i); i++)
        put(hu_integer_at(i)->name);
    for (size_t i = 0; blocks && hu_block_at(i); i++)
        if (hu_block_decodes(hu_block_at(i)))
            put(hu_block_at(i)->name);
    for (int d = HU_TIES_TO_EVEN; rounds && d <= HU_TO_ODD; d++)
        put(hu_direction_name((enum hu_direction)d));
    for (size_t i = 0; devices && hu_device_at(i); i++)
        put(hu_device_at(i)->name);
    for (size_t i = 0; models && hu_dot_model_at(i); i++)
        put(hu_dot_model_at(i)->name);
    for (size_t i = 0; kernels && hu_kernel_at(i); i++)
        put(hu_kernel_name(hu_kernel_at(i)));
    for (int i = 0; operations && i < HU_OPERATIONS; i++)
        put(hu_operation_row((enum hu_operation)i)->name);
    for (size_t i = 0; names && commands[i]; i++)
        put(commands[i]->name);
}

static bool is_file(const struct command_option *o)
{
    return o->words && !strcmp(o->words, "@file");
}

/* " --values=exact --values=hex": for an argument that only '=' can introduce. */
static void put_choices(const struct command_option *o)
{
    for (const char *word = o->words; *word; word += strspn(word, " ")) {
        int n = (int)strcspn(word, " ");
        printf(" --%s=%.*s", o->name, n, word);
        word += n;
    }
}

static void put_options(const struct command *c)
{
    for (const struct command_option *o = c->options; o->name; o++) {
        printf("%s--%s", o == c->options ? "" : " ", o->name);
        if (o->letter)
            printf(" -%c", o->letter);
        if (option_is_optional(o))
            put_choices(o);
    }
}

/* "show:-f|show:--formats" */
static void put_keys(const struct command *c, const struct command_option *o)
{
    printf("%s:--%s", c->name, o->name);
    if (o->letter)
        printf("|%s:-%c", c->name, o->letter);
}

static void bash(void)
{
    puts("# bash completion for halfulp, printed by 'halfulp completion bash'\n"
         "_halfulp() {\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    local command=${COMP_WORDS[1]} words= choice= before=\n"
         "    if [ \"$COMP_CWORD\" = 1 ]; then");
    fputs("        words='help --help --version ", stdout);
    put_words("@commands");
    puts("'\n    else case \"$command:$prev\" in");
    for (const struct command *const *c = commands; *c; c++)
        for (const struct command_option *o = (*c)->options; o->name; o++) {
            if (!o->argument || option_is_optional(o))
                continue;
            fputs("        ", stdout);
            put_keys(*c, o);
            fputs(") ", stdout);
            if (is_file(o)) {
                puts("COMPREPLY=($(compgen -f -- \"$cur\")); return;;");
                continue;
            }
            fputs("words='", stdout);
            put_words(o->words ? o->words : "");
            puts("' choice=1;;");
        }
    fputs("        help:*) words='", stdout);
    put_words("@commands");
    puts("';;\n        *) case \"$command\" in");
    for (const struct command *const *c = commands; *c; c++) {
        printf("            %s) words='", (*c)->name);
        put_options(*c);
        if ((*c)->operands && *(*c)->operands == '@' && strcmp((*c)->operands, "@file") != 0) {
            putchar(' ');
            put_words((*c)->operands);
        }
        puts("';;");
    }
    puts("        esac;;\n"
         "    esac; fi\n"
         "    if [ \"$choice\" ]; then case $cur in *,*) before=${cur%,*},; cur=${cur##*,};; esac; "
         "fi\n"
         "    COMPREPLY=($(compgen -P \"$before\" -W \"$words\" -- \"$cur\"))\n"
         "    [ \"$choice\" ] || [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "
         "\"$cur\"))\n"
         "}\n"
         "complete -F _halfulp halfulp");
}

/* TEXT for a zsh specification: ' [ ] : need a backslash there. */
static void put_zsh(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", stdout);
        else if (strchr("[]:", *text))
            putchar('\\');
        putchar(*text);
    }
}

static void zsh_argument(const struct command_option *o)
{
    if (!o->argument)
        return;
    fputs(option_is_optional(o) ? "::" : ":", stdout);
    put_zsh(o->argument);
    putchar(':');
    if (is_file(o)) {
        fputs("_files", stdout);
        return;
    }
    if (!o->words)
        return;
    bool list = strchr(o->argument, ',') || !strcmp(o->argument, "LIST");
    fputs(list ? "_values -s , choice " : "(", stdout);
    put_words(o->words);
    fputs(list ? "" : ")", stdout);
}

static void zsh(void)
{
    puts("#compdef halfulp\n"
         "# zsh completion for halfulp, printed by 'halfulp completion zsh'\n"
         "_halfulp() {\n"
         "    local -a commands\n"
         "    commands=(");
    for (const struct command *const *c = commands; *c; c++) {
        printf("        '%s:", (*c)->name);
        put_zsh((*c)->summary);
        puts("'");
    }
    puts("        'help:what a command does and its options'\n    )\n"
         "    if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
         "    local command=$words[2]\n"
         "    shift words; (( CURRENT-- ))\n"
         "    case $command in");
    for (const struct command *const *c = commands; *c; c++) {
        printf("        %s) _arguments", (*c)->name);
        for (const struct command_option *o = (*c)->options; o->name; o++) {
            printf(" \\\n            '--%s%s[", o->name, option_is_optional(o) ? "=-" : "");
            put_zsh(o->help);
            putchar(']');
            zsh_argument(o);
            putchar('\'');
            if (!o->letter)
                continue;
            printf(" '-%c[", o->letter);
            put_zsh(o->help);
            putchar(']');
            zsh_argument(o);
            putchar('\'');
        }
        fputs(" \\\n            '*:argument:", stdout);
        if ((*c)->operands && strcmp((*c)->operands, "@file") != 0) {
            putchar('(');
            put_words((*c)->operands);
            putchar(')');
        } else {
            fputs("_files", stdout);
        }
        puts("';;");
    }
    fputs("        help) _values command ", stdout);
    put_words("@commands");
    puts(";;\n    esac\n}\n_halfulp \"$@\"");
}

/* TEXT in a fish single-quoted string. */
static void put_fish(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
}

static void fish(void)
{
    puts("# fish completion for halfulp, printed by 'halfulp completion fish'");
    for (const struct command *const *c = commands; *c; c++) {
        printf("complete -c halfulp -n __fish_use_subcommand -f -a %s -d '", (*c)->name);
        put_fish((*c)->summary);
        puts("'");
        const char *operands = (*c)->operands;
        if (operands && strcmp(operands, "@file") != 0) {
            printf("complete -c halfulp -n '__fish_seen_subcommand_from %s' -f -a '", (*c)->name);
            put_words(operands);
            puts("'");
        }
        for (const struct command_option *o = (*c)->options; o->name; o++) {
            printf("complete -c halfulp -n '__fish_seen_subcommand_from %s' -l %s", (*c)->name,
                   o->name);
            if (o->letter)
                printf(" -s %c", o->letter);
            if (o->argument) {
                fputs(option_is_optional(o) ? "" : " -r", stdout);
                if (!is_file(o)) {
                    fputs(" -f -a '", stdout);
                    put_words(o->words ? o->words : "");
                    putchar('\'');
                }
            }
            fputs(" -d '", stdout);
            put_fish(o->help);
            puts("'");
        }
    }
    fputs("complete -c halfulp -n '__fish_use_subcommand' -f -a help\n"
          "complete -c halfulp -n '__fish_seen_subcommand_from help' -f -a '",
          stdout);
    put_words("@commands");
    puts("'");
}

static int run(const struct options *o, void *request)
{
    (void)request;
    const char *shell = o->argc == 1 ? o->argv[0] : "";
    if (!strcmp(shell, "bash"))
        bash();
    else if (!strcmp(shell, "zsh"))
        zsh();
    else if (!strcmp(shell, "fish"))
        fish();
    else
        return fail("one shell is needed: bash, zsh or fish");
    return EXIT_DONE;
}

const struct command cmd_completion = {
    .name = "completion",
    .usage = "bash|zsh|fish",
    .summary = "a completion script for a shell",
    .operands = "bash zsh fish",
    .options = rows,
    .run = run,
};

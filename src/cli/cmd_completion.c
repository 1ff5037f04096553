#include "room.h"
#include "arithmetic.h"
#include "array/array.h"
#include "block/block.h"
#include "dot.h"
#include "format.h"
#include "memory/device.h"
#include "option_values.h"

static const struct command_option rows[] = {OPTION_HELP, OPTION_END};

static const struct hu_block *decoded_block_at(size_t i)
{
    const struct hu_block *b;
    for (size_t at = 0; (b = hu_block_at(at)); at++)
        if (hu_block_decodes(b) && !i--)
            return b;
    return NULL;
}

/* The names of a list in turn, of whose rows AT is the I-th; NULL: its end. */
#define NAMES(LIST, AT)                                                                            \
    static const char *LIST(size_t i)                                                              \
    {                                                                                              \
        __auto_type row = AT;                                                                      \
        return row ? row->name : NULL;                                                             \
    }

NAMES(formats, hu_format_at(i))
NAMES(integers, hu_integer_at(i))
NAMES(blocks, decoded_block_at(i))
NAMES(devices, hu_device_at(i))
NAMES(models, hu_dot_model_at(i))
NAMES(operations, i < HU_OPERATIONS ? hu_operation_row((enum hu_operation)i) : NULL)
NAMES(all_commands, commands[i])

static const char *rounds(size_t i)
{
    return i < HU_STOCHASTIC ? hu_direction_name((enum hu_direction)i) : NULL;
}

static const char *kernels(size_t i)
{
    const struct hu_kernel *k = hu_kernel_at(i);
    return k ? hu_kernel_name(k) : NULL;
}

static const struct list {
    const char *word;
    const char *(*name)(size_t i);
} lists[] = {
    {"@formats", formats},       {"@dtypes", formats},        {"@dtypes", integers},
    {"@dtypes", blocks},         {"@blocks", blocks},         {"@rounds", rounds},
    {"@devices", devices},       {"@models", models},         {"@kernels", kernels},
    {"@operations", operations}, {"@commands", all_commands},
};

/* Words to choose from, spaces between them; one with @ stands for a list. */
static void put_words(const char *words)
{
    const char *gap = "";
    for (size_t n; *words; words += n + (words[n] == ' ')) {
        n = strcspn(words, " ");
        if (*words != '@') {
            printf("%s%.*s", gap, (int)n, words);
            gap = " ";
        }
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
            if (strlen(lists[k].word) == n && !strncmp(words, lists[k].word, n))
                for (size_t i = 0; lists[k].name(i); i++, gap = " ")
                    printf("%s%s", gap, lists[k].name(i));
    }
}

static bool is_file(const struct command_option *o)
{
    return o->words && !strcmp(o->words, "@file");
}

/* Whether the operands are to be chosen from some, and no files. */
static bool has_list(const struct command *c)
{
    return c->operands && strcmp(c->operands, "@file") != 0;
}

/* TEMPLATE, whose arguments are strings: %s as it is, %w the words that it stands for, %z for a zsh
 * specification, where ' [ ] : need a backslash, and %f within fish's single quotes. */
static void emit(const char *template, ...)
{
    va_list arguments;
    va_start(arguments, template);
    for (const char *at = template; *at; at++) {
        if (*at != '%') {
            putchar(*at);
            continue;
        }
        const char *text = va_arg(arguments, const char *), kind = *++at;
        if (kind == 'w') {
            put_words(text);
            continue;
        }
        for (; *text; text++) {
            bool escaped = (kind == 'z' && strchr("[]:", *text)) ||
                           (kind == 'f' && (*text == '\'' || *text == '\\'));
            fputs(kind == 'z' && *text == '\'' ? "'\\'" : escaped ? "\\" : "", stdout);
            putchar(*text);
        }
    }
    va_end(arguments);
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

/* What the argument of an option may be: "show:--formats|show:--formats=|show:-f) …". */
static void bash_argument(const struct command *c, const struct command_option *o)
{
    if (!o->argument)
        return;
    printf("        ");
    if (!option_is_optional(o))
        printf("%s:--%s|", c->name, o->name);
    printf("%s:--%s=", c->name, o->name);
    if (o->letter)
        printf("|%s:-%c", c->name, o->letter);
    if (is_file(o))
        puts(") COMPREPLY=($(compgen -f -- \"$cur\")); return;;");
    else
        emit(") words='%w' choice=1;;\n", o->words ? o->words : "");
}

static void bash(void)
{
    emit("# bash completion for halfulp, printed by 'halfulp completion bash'\n"
         "_halfulp() {\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    local command=${COMP_WORDS[1]} words= choice= before=\n"
         "    # bash makes three words of --option=word\n"
         "    if [ \"$cur\" = = ]; then cur= prev=$prev=\n"
         "    elif [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}=; fi\n"
         "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
         "        words='help --help --version %w'\n"
         "    else case \"$command:$prev\" in\n",
         "@commands");
    for (const struct command *const *c = commands; *c; c++)
        for (const struct command_option *o = (*c)->options; o->name; o++)
            bash_argument(*c, o);
    emit("        help:*) words='%w';;\n        *) case \"$command\" in\n", "@commands");
    for (const struct command *const *c = commands; *c; c++) {
        printf("            %s) words='", (*c)->name);
        put_options(*c);
        if (has_list(*c))
            emit(" %w", (*c)->operands);
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

static void zsh_argument(const struct command_option *o)
{
    if (!o->argument)
        return;
    bool list = strchr(o->argument, ',') || !strcmp(o->argument, "LIST");
    emit(option_is_optional(o) ? "::%z:" : ":%z:", o->argument);
    if (is_file(o))
        emit("_files");
    else if (o->words)
        emit(list ? "_values -s , choice %w" : "(%w)", o->words);
}

static void zsh(void)
{
    emit("#compdef halfulp\n"
         "# zsh completion for halfulp, printed by 'halfulp completion zsh'\n"
         "_halfulp() {\n"
         "    local -a commands\n"
         "    commands=(\n");
    for (const struct command *const *c = commands; *c; c++)
        emit("        '%s:%z'\n", (*c)->name, (*c)->summary);
    emit("        'help:what a command does and its options'\n    )\n"
         "    if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
         "    local command=$words[2]\n"
         "    shift words; (( CURRENT-- ))\n"
         "    case $command in\n");
    for (const struct command *const *c = commands; *c; c++) {
        emit("        %s) _arguments", (*c)->name);
        for (const struct command_option *o = (*c)->options; o->name; o++) {
            emit(" \\\n            '--%s%s[%z]", o->name, option_is_optional(o) ? "=-" : "",
                 o->help);
            zsh_argument(o);
            if (o->letter) {
                emit("' '-%s[%z]", (const char[]){o->letter, 0}, o->help);
                zsh_argument(o);
            }
            emit("'");
        }
        emit(has_list(*c) ? " \\\n            '*:argument:(%w)';;\n"
                          : " \\\n            '*:argument:_files';;\n",
             (*c)->operands);
    }
    emit("        help) _values command %w;;\n    esac\n}\n_halfulp \"$@\"\n", "@commands");
}

static void fish(void)
{
    emit("# fish completion for halfulp, printed by 'halfulp completion fish'\n");
    for (const struct command *const *c = commands; *c; c++) {
        const char *name = (*c)->name;
        emit("complete -c halfulp -n __fish_use_subcommand -f -a %s -d '%f'\n", name,
             (*c)->summary);
        if (has_list(*c))
            emit("complete -c halfulp -n '__fish_seen_subcommand_from %s' -f -a '%w'\n", name,
                 (*c)->operands);
        for (const struct command_option *o = (*c)->options; o->name; o++) {
            emit("complete -c halfulp -n '__fish_seen_subcommand_from %s' -l %s", name, o->name);
            if (o->letter)
                printf(" -s %c", o->letter);
            if (o->argument && !option_is_optional(o))
                emit(" -r");
            if (o->argument && !is_file(o))
                emit(" -f -a '%w'", o->words ? o->words : "");
            emit(" -d '%f'\n", o->help);
        }
    }
    emit("complete -c halfulp -n '__fish_use_subcommand' -f -a help\n"
         "complete -c halfulp -n '__fish_seen_subcommand_from help' -f -a '%w'\n",
         "@commands");
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

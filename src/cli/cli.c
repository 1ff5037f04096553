#include "cli.h"
#include "command.h"
#include "kernels.h"
#include "names.h"
#include "plain.h"
#include "report.h"
#include "sheet.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void overview(void)
{
    enum { SUMMARY = 14 };
    const struct palette *p = palette_for(false);
    int columns = terminal_columns(stdout);
    struct fold f = {.columns = columns};
    fold_words(&f, 0, "", "halfulp: every bit of a float, converted once and correctly", p);
    puts("\n\nusage: halfulp COMMAND [OPTION…] [ARGUMENT…]\n");
    for (const struct command *const *c = commands; *c; c++) {
        f = (struct fold){.columns = columns};
        fold_put(&f, 2, "", (*c)->name, p);
        f.indent = SUMMARY;
        fold_words(&f, SUMMARY - f.at, "", (*c)->summary, p);
        fold_end(&f);
    }
    putchar('\n');
    f = (struct fold){.columns = columns};
    fold_words(&f, 0, "",
               "halfulp COMMAND --help or halfulp help COMMAND tells more; so does man halfulp.",
               p);
    fold_end(&f);
}

static const char *command_name(int index)
{
    return commands[index]->name;
}

static int no_command(const char *command, const char *name)
{
    char near[HU_SUGGESTION];
    int count = 0;
    while (commands[count])
        count++;
    hu_suggestion_of(near, name, command_name, count);
    return fail(command, "there is no command '%s'; %s", name,
                *near ? near : "'halfulp help' lists them");
}

static int help(int argc, char **argv)
{
    if (argc < 2) {
        overview();
        return EXIT_DONE;
    }
    if (!strcmp(argv[1], "help")) {
        puts("halfulp help [COMMAND]: what a command does and its options");
        return EXIT_DONE;
    }
    const struct command *command = command_find(argv[1]);
    if (!command)
        return no_command("help", argv[1]);
    char option[] = "--help";
    char *arguments[] = {argv[1], option, NULL};
    return command->run(command, 2, arguments);
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        overview();
        return EXIT_BAD;
    }
    const char *name = argv[1];
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help"))
        return help(argc - 1, argv + 1);
    if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
        puts("halfulp " PACKAGE_VERSION);
        return EXIT_DONE;
    }
    const struct command *command = command_find(name);
    if (!command)
        return no_command(NULL, name);
    if (!kernel_of_environment())
        return EXIT_BAD;
    return command->run(command, argc - 1, argv + 1);
}

int cli_run(int argc, char **argv)
{
    /* A closed pipe is an error of write, reported once, not a silent death. */
    signal(SIGPIPE, SIG_IGN);
    plain_begin();
    int status = dispatch(argc, argv);
    /* Commands stop at the first failed write, so errno is still that write's. */
    bool broken = ferror(stdout);
    int error = errno;
    if (!broken && fflush(stdout)) {
        broken = true;
        error = errno;
    }
    if (!broken)
        return status;
    if (error == EPIPE) /* the reader has what it wanted */
        return EXIT_BAD;
    return fail(NULL, "standard output: %s", strerror(error));
}

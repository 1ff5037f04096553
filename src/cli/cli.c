#include "room.h"
#include "cli.h"
#include "arguments.h"
#include "names.h"
#include "options.h"
#include "plain.h"

#include <signal.h>

static void overview(void)
{
    enum { SUMMARY = 14 };
    struct fold f = fold_begin(0);
    fold_words(&f, 0, "", "halfulp: every bit of a float, converted once and correctly");
    fold_break(&f);
    putchar('\n');
    fold_words(&f, 0, "", "usage: halfulp COMMAND [OPTION…] [ARGUMENT…]");
    fold_break(&f);
    putchar('\n');
    for (const struct command *const *c = commands; *c; c++) {
        f = fold_begin(0);
        fold_put(&f, 2, "", (*c)->name);
        f.indent = SUMMARY;
        fold_words(&f, SUMMARY - f.at, "", (*c)->summary);
        fold_end(&f);
    }
    putchar('\n');
    f = fold_begin(0);
    fold_words(&f, 0, "",
               "halfulp COMMAND --help or halfulp help COMMAND tells more; so does man halfulp.");
    fold_end(&f);
}

static const char *command_name(int index)
{
    return commands[index]->name;
}

static int no_command(const char *name)
{
    char near[HU_SUGGESTION];
    int count = 0;
    while (commands[count])
        count++;
    hu_suggestion_of(near, name, command_name, count);
    return fail("there is no command '%s'; %s", name, *near ? near : "'halfulp help' lists them");
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options o;
    report_as(command->name);
    if (command->takes)
        return command->takes(command, argc, argv);
    OWNED void *request = check_memory(calloc(1, command->request + 1));
    if (command->begin)
        command->begin(request);
    int status =
        options_read(&o, command, argc, argv, request) ? command->run(&o, request) : o.status;
    return status;
}

static int help(int argc, char **argv)
{
    if (argc < 2) {
        overview();
        return EXIT_DONE;
    }
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        puts("halfulp help [COMMAND]: what a command does and its options");
        return EXIT_DONE;
    }
    const struct command *command = command_find(argv[1]);
    report_as("help");
    if (!command)
        return no_command(argv[1]);
    char option[] = "--help";
    char *arguments[] = {argv[1], option, NULL};
    return run(command, 2, arguments);
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
        return no_command(name);
    const char *kernel = getenv("HALFULP_KERNEL");
    report_as("HALFULP_KERNEL");
    if (kernel && *kernel && !kernel_named(kernel))
        return EXIT_BAD;
    return run(command, argc - 1, argv + 1);
}

int cli_run(int argc, char **argv)
{
    /* A closed pipe is an error of write, reported once, not a silent death. */
    signal(SIGPIPE, SIG_IGN);
    plain_begin();
    report_as(NULL);
    return report_end(dispatch(argc, argv));
}

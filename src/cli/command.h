/*
 * The table of commands. It feeds the dispatcher, help, the completions and the check that every
 * command and option stands in the manual.
 */
#ifndef HALFULP_CLI_COMMAND_H
#define HALFULP_CLI_COMMAND_H

#include <stddef.h>

enum { EXIT_DONE = 0, EXIT_NO = 1, EXIT_BAD = 2 };

struct command_option {
    const char *name;     /* long, without dashes */
    int key;              /* what option_next returns: the short letter, or from OPTION_LONG on */
    const char *argument; /* placeholder in help; NULL: takes none; "[=WORD]": may be left out */
    const char *help;
    const char *words; /* what completion offers: words by spaces, or "@formats", "@file" */
};

enum { OPTION_LONG = 256 };

struct command {
    const char *name;
    const char *usage;    /* what follows "halfulp NAME" */
    const char *summary;  /* one line, no full stop */
    const char *details;  /* paragraphs below the options in --help; may be NULL */
    const char *operands; /* what completion offers for them, as words of an option; may be NULL */
    const struct command_option *options;                          /* ends with a null name */
    int (*run)(const struct command *self, int argc, char **argv); /* an exit status */
};

/* All commands, in the order help shows them; ends with NULL. */
extern const struct command *const commands[];

/* NULL: no such command. */
const struct command *command_find(const char *name);

/* Option rows that several commands share. */
#define OPTION_JSON                                                                                \
    {                                                                                              \
        "json", 'j' + OPTION_LONG, NULL, "print one JSON document", NULL                           \
    }
#define OPTION_COLOR                                                                               \
    {                                                                                              \
        "color", 'c' + OPTION_LONG, "WHEN", "colour: auto (default), always, never",               \
            "auto always never"                                                                    \
    }
#define OPTION_HELP                                                                                \
    {                                                                                              \
        "help", 'h', NULL, "show this help", NULL                                                  \
    }
#define OPTION_ROUND                                                                               \
    {                                                                                              \
        "round", 'r', "DIR", "rounding direction: rne (default), rna, rtz, rup, rdn, rto",         \
            "@rounds"                                                                              \
    }
#define OPTION_SATURATE                                                                            \
    {                                                                                              \
        "saturate", 's' + OPTION_LONG, NULL, "overflow to the largest finite value", NULL          \
    }
#define OPTION_END                                                                                 \
    {                                                                                              \
        NULL, 0, NULL, NULL, NULL                                                                  \
    }

enum {
    KEY_JSON = 'j' + OPTION_LONG,
    KEY_COLOR = 'c' + OPTION_LONG,
    KEY_SATURATE = 's' + OPTION_LONG,
    KEY_OWN = OPTION_LONG * 2 /* a command's own long options count from here */
};

#endif

/*
 * The table of commands. It feeds the dispatcher, help, the completions and the check that every
 * command and option stands in the manual.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXIT_DONE = 0, EXIT_NO = 1, EXIT_BAD = 2 };

struct options;

/* Reads the value of the option just met, which is NULL where the option takes none or it may be
 * left out, into AT: the row's place in what the command was asked. False: reported. */
typedef bool option_reader(const struct options *o, void *at);

/* One row says all of an option: what help and completion show, and where its value goes. */
struct command_option {
    const char *name;     /* long, without dashes */
    char letter;          /* 0: it has none */
    const char *argument; /* placeholder in help; NULL: takes none; "[=WORD]": may be left out */
    const char *help;
    /* What completion offers: words by spaces, lists of cmd_completion.c such as "@formats" among
     * them; "@file", or NULL: nothing. */
    const char *words;
    option_reader *read;
    size_t at;            /* offset in the command's request: see option_values.h */
    uint64_t least, most; /* of a COUNT */
};

struct command {
    const char *name;
    const char *usage;    /* what follows "halfulp NAME" */
    const char *summary;  /* one line, no full stop */
    const char *details;  /* paragraphs below the options in --help; may be NULL */
    const char *operands; /* what completion offers for them, as words of an option; may be NULL */
    const struct command_option *options;               /* ends with a null name */
    size_t request;                                     /* bytes of what its rows read into … */
    void (*begin)(void *request);                       /* … which is all zero but for this */
    int (*run)(const struct options *o, void *request); /* an exit status */
    int (*takes)(const struct command *, int argc, char **); /* in place of all that: its words */
};

/* All commands, in the order help shows them; ends with NULL. */
extern const struct command *const commands[];

/* NULL: no such command. */
const struct command *command_find(const char *name);

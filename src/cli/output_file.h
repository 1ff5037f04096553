/*
 * A file that appears only when it is complete: written without a name, synced, then linked into
 * its place, by way of a name beside it where it replaces another. Where the file system has no
 * files without a name it is written beside its place; a signal that ends the process and can be
 * caught removes it.
 */
#ifndef HALFULP_CLI_OUTPUT_FILE_H
#define HALFULP_CLI_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct output_file {
    const char *command; /* for messages */
    const char *path;
    char *temporary; /* its name beside its place; NULL: it has none */
    FILE *stream;
    bool force;
};

/* False: reported; an existing file needs force. One output file is open at a time. */
bool output_begin(struct output_file *f, const char *command, const char *path, bool force);

/* Puts the file in its place. False: reported, and nothing is left behind. */
bool output_commit(struct output_file *f);

/* Forgets the file. */
void output_abandon(struct output_file *f);

#endif

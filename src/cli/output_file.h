/*
 * A file that appears only when it is complete: written beside its place, synced, then renamed. A
 * signal that ends the process removes what is half written.
 */
#ifndef HALFULP_CLI_OUTPUT_FILE_H
#define HALFULP_CLI_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct output_file {
    const char *command; /* for messages */
    const char *path;
    char *temporary;
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

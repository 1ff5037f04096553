/*
 * Files that appear only when they are complete: written without a name, synced, then linked into
 * their places, by way of names beside them where they replace others. Where the file system has
 * no files without a name they are written beside their places; a signal that ends the process and
 * can be caught removes them. Not thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* How many files may be open: as many as the hard limit allows. A set's are open all at once. */
void file_limit_raise(void);
/* What errno ERROR means for opening a file: strerror, or where too many are open how many may be
 * and what sets that, in OUT. */
enum { FILE_LIMIT_TEXT = 160 };
const char *file_limit_reason(int error, char out[FILE_LIMIT_TEXT]);

struct output_file {
    const char *path; /* as the user gave it */
    char *place;      /* where it goes: the path, or what a symbolic link there leads to */
    char *temporary;  /* its name beside its place; NULL: it has none */
    FILE *stream;     /* what is written through it goes to descriptor */
    int descriptor;
    int error; /* errno of the first write through the stream that failed, or 0 */
    bool force;
    bool replaces;  /* there was a file in its place at the beginning */
    bool exchanged; /* it is in its place, and the temporary name has the file that was */
    bool placed;
};

/* False: reported; an existing file needs force. Several may be open at a time, and stay where they
 * are. A symbolic link stays, and the file that it leads to is what is written or replaced. */
bool output_begin(struct output_file *f, const char *path, bool force);

/* All that was written reaches the disk. False: reported, and the file is abandoned. */
bool output_finish(struct output_file *f);

/* Puts COUNT finished files in their places, in their order. False: reported; where one cannot be
 * placed all places are as they were, or the message says which files are new. The files are gone
 * either way. Signals wait meanwhile. */
bool output_place(struct output_file *files, size_t count);

/* Finishes and places one file. False: reported, and nothing is left behind. */
bool output_commit(struct output_file *f);

/* Writes a file whole, by PUT. What goes wrong ends the process. */
void output_whole(const char *path, bool force, void (*put)(FILE *, const void *),
                  const void *what);

/* Forgets the file. One that is all zeros may be forgotten too. */
void output_abandon(struct output_file *f);

/* What is read and written by its place: a file that is open, or memory. No mapping, so that a file
 * that is cut short under our hands is an answer and no signal. Thread-safe. */
#pragma once

#include "little.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct hu_input {
    int descriptor;
    const unsigned char *memory; /* NULL: the descriptor is read */
    uint64_t size;
};

/* All N bytes at OFFSET. 0, an errno, or -1: the input ends before. */
int hu_input_read(const struct hu_input *in, void *bytes, size_t n, uint64_t offset);
int hu_read_at(int descriptor, void *bytes, size_t n, uint64_t offset);
/* Writes them. 0, or an errno. */
int hu_write_at(int descriptor, const void *bytes, size_t n, uint64_t offset);
/* A number in WIDTH bytes, as hu_little_read reads it. */
void hu_little_write(void *bytes, uint64_t number, unsigned width);
/* Turns around each SIZE bytes in a row. */
void hu_turn_bytes(unsigned char *bytes, size_t n, unsigned size);

/* Which file it is and when it was last written: what tells that it changed while it was read. */
struct hu_file_state {
    uint64_t device, inode, size;
    int64_t seconds, nanoseconds;
};
struct hu_file_state hu_file_state_of(const struct stat *status);
bool hu_file_state_same(const struct hu_file_state *a, const struct hu_file_state *b);
/* Whether both paths lead to one file that is there. */
bool hu_same_file(const char *a, const char *b);

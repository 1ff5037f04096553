/*
 * The part of an input that a thread looks at: mapped where that is cheaper than reading, else in a
 * buffer; in the order of the tensor's elements and of the machine's bytes. A mapped page that
 * cannot be read is a SIGBUS: the caller catches it. Thread-safe on different windows.
 */
#pragma once

#include "stream.h"

/* A tensor's data in the address space; pages come and go with the windows. */
struct hu_mapped {
    unsigned char *at; /* the input from first_page on; NULL: it is not mapped */
    size_t length;
    uint64_t first_page; /* an offset in the input */
};

void hu_mapped_open(struct hu_mapped *m, const struct hu_stream_tensor *t);
void hu_mapped_close(struct hu_mapped *m);

struct hu_window {
    unsigned char *bytes;
    void *pages; /* NULL: the bytes are in a buffer and have been read */
    size_t length;
    bool stays; /* set by who will look again: closing leaves the pages with this process */
};

/*
 * N bytes from byte BEGIN of T on, as though its elements lay in a row. buffer and spare have room
 * for HU_PIECE bytes. 0, an errno, or -1: the input ends before. hu_window_close in any case.
 */
int hu_window_open(struct hu_window *w, const struct hu_mapped *m, const struct hu_stream_tensor *t,
                   uint64_t begin, size_t n, unsigned char *buffer, unsigned char *spare);
void hu_window_close(struct hu_window *w);

/* Why those bytes could not be looked at: an errno, or 0: the input ends before. BUFFER as above.
 */
int hu_window_trouble(const struct hu_stream_tensor *t, uint64_t begin, size_t n,
                      unsigned char *buffer);

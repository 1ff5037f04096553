/*
 * Tensors read from files piece by piece, by several threads, in bounded memory: analysed, and
 * where asked converted or copied into another file. What comes out does not depend on the number
 * of threads. Input is mapped where it can be: during a run SIGBUS is caught, so that a file that
 * is cut short under our hands is an error and no crash.
 */
#pragma once

#include "loss/statistics.h"
#include "recode.h"
#include "file/tensor_file.h"

/* Bytes of a piece of data, source or target, whichever is larger. */
enum { HU_PIECE = 1024 * 1024, HU_THREADS_MAX = 32, HU_STREAM_RANK_MAX = 64 };

struct hu_stream_tensor {
    struct hu_statistics_data data; /* data.format NULL: bytes to be copied */
    int input;
    uint64_t offset, bytes; /* of the data in the input; bytes as though they lay in a row */
    unsigned swap;          /* bytes of which each so many are to be turned around; 0: none */
    unsigned unit;          /* bytes of an element; 0: less than one */
    const uint64_t *shape, *strides; /* strides NULL: the elements lie in a row */
    unsigned rank;
    uint64_t span;                   /* elements from the first to the last */
    const struct hu_recode *decoded; /* not NULL: the elements are fp64 that come out of its parts,
                                        and the input is not read */
    bool analysed;
    bool sharded; /* of its pieces only those from first_piece to the one before end_piece are read;
                     where these are not all, what is gathered is not finished */
    uint64_t first_piece, end_piece;
    /* Where output is no -1: to which format, NULL for a copy, and the place of the result.
     * Elements that have that format already keep their bits, NaNs' too; but infinities saturate
     * where the plan's first target says so. */
    int output;
    uint64_t output_offset;
    const struct hu_format *to;
};

/* Data of TENSOR as FORMAT, an element after the other, to be analysed and not written; NULL: to be
 * copied. */
struct hu_stream_tensor hu_stream_tensor_of(const struct hu_tensor *tensor,
                                            const struct hu_format *format, int input);
/* Has a copy of a big-endian TENSOR turned into little-endian. */
void hu_stream_turn(struct hu_stream_tensor *copy, const struct hu_tensor *tensor);
/* Has TENSOR, whose first size varies fastest, read so that the last one does. STRIDES has room for
 * its rank and lives as long as the run. */
void hu_stream_reorder(struct hu_stream_tensor *data, const struct hu_tensor *tensor,
                       uint64_t *strides);

struct hu_stream {
    struct hu_statistics_plan plan;
    struct hu_stream_tensor *tensors;
    size_t count;
    unsigned threads; /* 0: one for each processor that this process may use */
    /* All of tensor INDEX that is read is in; called by one thread at a time. Tensors come in any
     * order. */
    void (*done)(void *context, size_t index, struct hu_gathered *gathered);
    /* So many bytes more are read; called by any thread. May be NULL. */
    void (*progress)(uint64_t bytes);
    void *context;
};

struct hu_stream_error {
    size_t tensor;
    bool writing;
    int error; /* errno, or 0: the file ends before its data does */
};

/* Has a run read shard NUMBER, from 1 on, of COUNT that all pieces are shared among; tensors of
 * which it has no piece are not told of. */
void hu_stream_shard(struct hu_stream *stream, uint64_t number, uint64_t count);
/* The pieces of tensor INDEX; 0: it has no elements. */
uint64_t hu_stream_pieces(const struct hu_stream *stream, size_t index);
/* Whether all pieces of T are read. */
bool hu_stream_is_whole(const struct hu_stream *stream, size_t index);

/* Bytes that a run will read. */
uint64_t hu_stream_bytes(const struct hu_stream *stream);

/* False: *error says why; what was written is not complete. */
bool hu_stream_run(struct hu_stream *stream, struct hu_stream_error *error);

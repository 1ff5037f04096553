/*
 * Files of named tensors: what their headers say, and what their parsers share; open.h opens them.
 * The data itself is never read here, so a file of any size costs its header. Not thread-safe on
 * one file; different files are independent.
 */
#pragma once

#include "arena.h"
#include "dtype.h"
#include "input.h"
#include "kind.h"

struct hu_logical;

struct hu_tensor {
    const char *name;      /* UTF-8 without NUL; may hold control characters */
    struct hu_dtype dtype; /* of the elements as the file counts them */
    const uint64_t *shape; /* rank sizes, the slowest varying first; NULL for a scalar */
    unsigned rank;
    uint64_t elements;       /* the product of shape */
    uint64_t offset;         /* of the data, in bytes from the start of the file */
    uint64_t bytes;          /* of the data */
    size_t file;             /* which of the files of hu_tensor_set holds it */
    bool big_endian;         /* the elements' bytes, in .npy, .npz and PyTorch's files alone */
    bool fortran_order;      /* the first size of shape varies fastest, in .npy and .npz alone */
    unsigned char void_size; /* .npy calls the elements so many opaque bytes, and dtype is what they
                                are taken for; 0: it names them */
    const uint64_t *strides; /* PyTorch's: elements from one to the next of each size of shape;
                                NULL: they lie in a row */
    uint64_t span;           /* elements from the first to the last, both counted */
    uint64_t repeated;       /* of elements and bytes: so many are others once more (expand) */
    size_t member; /* 1 + the number of the zip archive's member that holds the data; 0: there
                      is no archive */
    bool packed;   /* that is compressed, and offset counts from its start; else from that of
                      the file */
    bool shared;   /* another tensor before it has the very same data */
    const struct hu_logical *part_of; /* NULL: of none, or hu_logicals_read was not asked */
};

/* The values of GGUF's metadata; safetensors has strings alone. The numbers are GGUF's. */
enum hu_meta_type {
    HU_META_UINT8,
    HU_META_INT8,
    HU_META_UINT16,
    HU_META_INT16,
    HU_META_UINT32,
    HU_META_INT32,
    HU_META_FLOAT32,
    HU_META_BOOL,
    HU_META_STRING,
    HU_META_ARRAY,
    HU_META_UINT64,
    HU_META_INT64,
    HU_META_FLOAT64,
};

struct hu_metadata {
    const char *key;
    enum hu_meta_type type;     /* of the value, or of an array's elements */
    bool is_array;              /* of `count` elements; else count is 1 */
    uint64_t count;             /* elements of an array; for a string its bytes */
    const unsigned char *value; /* a number or an array of them: little-endian, unaligned; a string:
                                   its bytes, not ended by NUL */
};

struct hu_tensor_file {
    enum hu_file_kind kind; /* none of HU_FILE_INDEX and HU_FILE_ZIP */
    uint64_t size;          /* of the file, bytes */
    uint64_t data_offset;   /* where the tensors' data starts */
    struct hu_tensor *tensors;
    size_t count;
    struct hu_metadata *metadata;
    size_t metadata_count;
    uint64_t metadata_begin,
        metadata_end;   /* GGUF's, in the file; and in `header` where that is set */
    const char **notes; /* what was read all the same, and what was left aside: sentences' ends
                           behind the file's name */
    size_t note_count;
    struct hu_file_state state; /* when it was opened; all zeros: parsed from the caller's memory */
    struct arena arena;         /* owns everything above but the rows */
    unsigned char *header;      /* what metadata may point into; NULL: the caller's memory */
};

/* Why a file was refused. */
struct hu_file_error {
    bool has_offset;
    uint64_t offset; /* byte of the file where the trouble is */
    bool more;       /* only a part of the file was given, and the parser wanted more of it */
    bool unread;     /* what is there is well-formed, and of a kind that is not read */
    char reason[320];
};

/* Of a file that was opened, parsed or refused. */
void hu_tensor_file_close(struct hu_tensor_file *file);

/* NULL: no such key. */
const struct hu_metadata *hu_metadata_find(const struct hu_tensor_file *file, const char *key);
/* Element INDEX of a whole number or array of them. False: not an integer of 0 or more, or past
 * the end. */
bool hu_metadata_integer(const struct hu_metadata *m, uint64_t index, uint64_t *value);

/* For the parsers. Marks ERROR and returns false. */
bool hu_file_refuse(struct hu_file_error *error, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of the whole file. */
bool hu_file_refuse_whole(struct hu_file_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for what hu_input_read gave, WHY. */
bool hu_file_refuse_read(struct hu_file_error *error, int why);
/* The same of REST bytes at OFFSET that follow WHAT, where nothing may follow. */
bool hu_file_refuse_rest(struct hu_file_error *error, uint64_t offset, uint64_t rest,
                         const char *what);
/* One more note of FILE. Lack of memory loses it. */
void hu_file_note(struct hu_tensor_file *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A row more at the end of *rows, which holds *count of SIZE bytes; NULL: out of memory. */
void *hu_file_append(void *rows, size_t *count, size_t size);
/* Refuses two tensors or two keys of one name. OFFSET is reported. */
bool hu_file_check_names(const struct hu_tensor_file *file, uint64_t offset,
                         struct hu_file_error *error);
/* Tensors in the order of their data, of an archive by its members; NULL: out of memory. The caller
 * frees it. */
struct hu_tensor **hu_file_by_offset(const struct hu_tensor_file *file);
/* Bytes of TENSOR's elements, those that are repeated once. */
uint64_t hu_tensor_bytes_once(const struct hu_tensor *tensor);
/* What TENSOR adds to a sum: nothing where another before it has the same data. */
struct hu_counted {
    uint64_t elements, bytes;
};
struct hu_counted hu_tensor_counted(const struct hu_tensor *tensor);
/* Whether the sizes of TENSOR's shape, multiplied one after the other, stay within 64 bits: some
 * readers refuse what comes to nothing only at the end. */
bool hu_tensor_folds(const struct hu_tensor *tensor);
/* Sets elements and bytes from dtype and shape. False: over 64 bits, or no whole bytes or blocks;
 * error says so. */
bool hu_tensor_measure(struct hu_tensor *tensor, uint64_t offset, struct hu_file_error *error);

/* The tensors that a command reads: a container, its shards, or a raw array. */
#pragma once

#include "flow/stream.h"
#include "file/logical.h"
#include "file/tensor_set.h"
#include "option_values.h"

enum { GLOBS_MAX = 64 };

/* A member of a zip archive, unpacked. */
struct unpacked {
    size_t file, member; /* of the set, and as hu_tensor's */
    uint64_t offset;     /* in the file of all that is */
};

/* What is unpacked, in one file that has no name, and the archive that was read last. */
struct unpacking {
    int descriptor; /* -1: there is none yet */
    uint64_t size;
    struct unpacked *members;
    size_t count;
    struct hu_zip *zip; /* NULL: none */
    struct hu_input in;
    size_t file;    /* of zip */
    bool **checked; /* of each file, which members, where they are not compressed; NULL: none yet */
};

struct tensor_source {
    const char *path;
    struct hu_tensor_set set;
    bool parts;                  /* parts of quantized weights are tensors as others; set before */
    struct hu_logicals logicals; /* else what they are parts of */
    int *descriptors;            /* of set.files */
    struct unpacking unpacking;
    bool raw;
    const struct hu_format *format; /* of a raw array's elements, or of opaque ones of .npy; NULL:
                                       the file says */
    bool big_endian;                /* of a raw array's elements */
    const char *globs[GLOBS_MAX]; /* a tensor is chosen when its name matches one; none: all are */
    size_t glob_count;
};

/* Opens PATH. What options say must be set before. What the files' readers note is printed. What
 * goes wrong here and below ends the process. */
void tensor_source_open(struct tensor_source *s, const char *path);
void tensor_source_close(struct tensor_source *s);

/* Rows of the options about where tensors come from: -f, --tensor and --parts. */
#define OPTIONS_SOURCE(member)                                                                     \
    ROW("from", 'f', "FORMAT", "what a raw array's elements are, or opaque ones of .npy",          \
        "@formats", OPTION_INTO(read_source_format, struct tensor_source, member)),                \
        ROW("tensor", 0, "GLOB", "only tensors whose name matches; may be repeated", NULL,         \
            OPTION_INTO(read_source_glob, struct tensor_source, member)),                          \
        ROW("parts", 0, NULL, "take codes and scales as the tensors that they are", NULL,          \
            FLAG(member.parts))
option_reader read_source_format, read_source_glob;

bool tensor_source_chooses(const struct tensor_source *s, const struct hu_tensor *t);
/* Whether NAME matches GLOB, in UTF-8 whatever the locale is. */
bool tensor_source_matches(const char *glob, const char *name);

/* Where T's data is read: *descriptor, and *offset in it. A member of an archive must have its
 * checksum; of a compressed one all is unpacked first, into a file without a name in $TMPDIR. */
void tensor_source_input(struct tensor_source *s, const struct hu_tensor *t, int *descriptor,
                         uint64_t *offset);

/* L's parts, wherever they are, as what R reads. */
void tensor_source_parts(struct tensor_source *s, const struct hu_logical *l, struct hu_recode *r);

/* All files must be as they were when they were opened: after a run, since what is written over or
 * cut short in between gives no error. */
void tensor_source_unchanged(const struct tensor_source *s);

/* The one array of S, without a name, gets the file's, less folder and ending. */
void tensor_source_name_array(struct tensor_source *s);

/* Prints the notes of SET's files. */
void tensor_source_notes(const struct hu_tensor_set *set);

/* A chosen tensor, at least, must be one that can be converted. */
void tensor_source_check(const struct tensor_source *s);

/* Whether what is chosen may be copied where none of it can be converted: nothing or integers. */
bool tensor_source_only_copied(const struct tensor_source *s);

/* Whether stats and cast can read T's elements as numbers. */
bool tensor_source_reads(const struct hu_tensor *t);

/* Reports what went wrong in a run over tensors of S. */
_Noreturn void tensor_source_fail(const struct tensor_source *s, const struct hu_tensor *tensor,
                                  const struct hu_stream_error *error, const char *output);

/* Sets as they are listed: quantized weights as one tensor each, in the place of their codes. */

/* T as it is listed: what it is the codes of, where that has several parts. */
struct hu_tensor logical_row(const struct hu_tensor *t);

/* A copy of SET, of which files and tensors are its own and all else is SET's; rows that stand for
 * several parts have part_of. logical_view_clear releases what it has. */
struct hu_tensor_set logical_view(const struct hu_tensor_set *set);
void logical_view_clear(struct hu_tensor_set *view);

/* What becomes of each tensor of a file that is cast: the rows of the file that is written, and the
 * runs that fill them. Private to the cast. */
#pragma once

#include "cast_job.h"
#include "cast_layout.h"
#include "flow/recode.h"

struct cast_item {
    enum cast_how how;
    size_t written;          /* the first of its rows; of CAST_DROPPED none */
    struct cast_parts parts; /* of CAST_RECODED into a block format; rows are copied from here */
};

/* One for each file of the source. */
struct cast_plan {
    struct cast_item *items;    /* of the file's tensors, in the header's order */
    struct hu_written *written; /* what the new file holds */
    const void **fixed;         /* what rows hold that come out of no data */
    size_t count;               /* of written */
    struct hu_write_layout layout;
    struct arena arena;
};

/* Plans what becomes of the tensors of file INDEX of the source. TURNED: they are copied in the
 * order and the bytes of another kind of file. */
void cast_plan_make(struct cast_job *job, size_t index, bool turned, struct cast_plan *plan);
/* And lays it out as a file of KIND; SPLIT as hu_write_lay_out's. */
void cast_plan_lay_out(struct cast_job *job, size_t index, enum hu_file_kind kind,
                       const struct hu_write_split *split, struct cast_plan *plan);
void cast_plan_clear(struct cast_plan *plan);

/* Runs what is neither copied nor converted element by element, and writes what is fixed. */
void cast_plan_recode(struct cast_job *job, size_t index, const struct cast_plan *plan, int output,
                      const char *path);

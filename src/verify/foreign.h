/*
 * Somebody else's conversion, void SYMBOL(const void *src, void *dst, size_t n), or operation, with
 * as many arrays of operands before dst as it has, in child processes: what crashes or hangs there
 * is a finding and not our end.
 */
#pragma once

#include "verify/trial_operation.h"

enum { HU_FOREIGN_MESSAGE = 512, HU_FOREIGN_SOURCES = HU_OPERANDS };

enum hu_foreign_end {
    HU_STILL_RUNNING,
    HU_CRASHED, /* by a signal */
    HU_EXITED,  /* by itself */
    HU_HUNG     /* no answer in time */
};

struct hu_foreign;

/* What is called, and how. The names outlive it: who is to blame is found by loading it anew. */
struct hu_foreign_function {
    const char *path, *symbol;                /* of a shared object and of what it exports */
    const struct hu_format *to, *const *from; /* as many as there are SOURCES */
    unsigned sources;
    bool in_place;  /* the first source is where the result goes; its elements are as wide */
    int timeout_ms; /* what one call may take */
};

/* Loads FUNCTION in WORKERS children. To be called while the process has one thread. NULL: MESSAGE
 * says why. */
struct hu_foreign *hu_foreign_open(const struct hu_foreign_function *function, unsigned workers,
                                   char message[HU_FOREIGN_MESSAGE]);
void hu_foreign_close(struct hu_foreign *f);

/* F, which must outlive it, as a subject for as many jobs as it has workers. */
struct hu_subject hu_foreign_subject(struct hu_foreign *f);

/* How the first child to end ended; number: the signal or the exit status. */
enum hu_foreign_end hu_foreign_ending(const struct hu_foreign *f, int *number);

/*
 * Of a conversion: which of the N sources of a call that ended a child is to blame: the one that
 * does it among zeros in as long a call. False: no single one, or it does not happen again. To be
 * called while the process has one thread.
 */
bool hu_foreign_blame(struct hu_foreign *f, const uint64_t *sources, size_t n, uint64_t *blamed);

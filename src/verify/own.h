/* The project's own kernels as subjects of a trial. */
#pragma once

#include "array/array.h"
#include "verify/question.h"
#include "verify/scan.h"

struct hu_own {
    const struct hu_kernel *kernel; /* "scalar" operates by hu_operate alone */
    struct hu_question question;
};

/* OWN, which must outlive it, as a subject. */
struct hu_subject hu_own_subject(struct hu_own *own);

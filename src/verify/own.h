/* The project's own kernels as subjects of a trial. */
#pragma once

#include "array/array.h"
#include "verify/scan.h"

struct hu_own {
    const struct hu_kernel *kernel;
    const struct hu_format *to, *from;
    struct hu_options options;
};

/* OWN, which must outlive it, as a subject. */
struct hu_subject hu_own_subject(struct hu_own *own);

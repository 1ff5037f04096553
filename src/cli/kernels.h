/* Kernels of array conversions by their names. */
#pragma once

#include "array/array.h"

/* NULL after a message that lists those that this machine runs. */
const struct hu_kernel *kernel_named(const char *name);

/* Whether the environment variable HALFULP_KERNEL is unset, empty or names a kernel of this
 * machine; if not, after a message. */
bool kernel_of_environment(void);

/*
 * Whole arrays. hu_convert_array of halfulp.h runs the kernel that suits the machine; here they can
 * be listed, and one of them run. All functions are thread-safe.
 */
#pragma once

#include "format.h"

/* A way to convert arrays. All kernels give the same codes and the same flags. */
struct hu_kernel;

/* The kernels that this machine can run, from the plainest, "scalar", to the best; NULL from the
 * count on. */
size_t hu_kernel_count(void);
const struct hu_kernel *hu_kernel_at(size_t index);

/* NULL: no such kernel, or this machine cannot run it. */
const struct hu_kernel *hu_kernel_find(const char *name);
const char *hu_kernel_name(const struct hu_kernel *kernel);

/* What hu_convert_array runs: the one that the environment variable HALFULP_KERNEL names when this
 * is first asked, or else, and where that names none of this machine's, the best. */
const struct hu_kernel *hu_kernel_chosen(void);

/* Whether the kernel has code of its own for this conversion; where it has none it runs the next
 * plainer kernel's. flags: whether flags are wanted. options: NULL is all zero. */
bool hu_kernel_has(const struct hu_kernel *kernel, const struct hu_format *to,
                   const struct hu_format *from, const struct hu_options *options, bool flags);

/*
 * hu_convert_array by KERNEL, where the first element of SRC is element FIRST of an array: pieces
 * of an array, each with its own FIRST, give what the whole gives, for HU_STOCHASTIC too. A piece
 * of a packed format must start at a byte.
 */
int hu_convert_array_with(const struct hu_kernel *kernel, const struct hu_format *to, void *dst,
                          const struct hu_format *from, const void *src, size_t n, uint64_t first,
                          const struct hu_options *options, unsigned *flags);

/*
 * hu_convert_array_with by the chosen kernel, without flags, for who converts many pieces in many
 * ways by turns: *PLAN has what a call finds out before it begins, for the next call that asks for
 * the same. *PLAN is NULL at first, one thread's, and freed by hu_plan_free.
 */
struct plan;
int hu_convert_array_kept(struct plan **plan, const struct hu_format *to, void *dst,
                          const struct hu_format *from, const void *src, size_t n, uint64_t first,
                          const struct hu_options *options);
void hu_plan_free(struct plan *plan);

/* The bytes that N elements take; the last of a packed format's is filled with zero bits. */
static inline size_t hu_array_bytes(const struct hu_format *f, size_t n)
{
    return n / 8 * f->storage_bits + (n % 8 * f->storage_bits + 7) / 8;
}

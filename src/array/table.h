/* Sources of at most 8 bits by table: each code converted once, by the truth. */
#pragma once

#include "array/plan.h"

/* Whether a plan at random rounds nothing, so that it is the same as to nearest. */
bool hu_table_draws_nothing(const struct plan *p);
/* Whether there is a table of the plan's, and whether it is one of bytes that are drawn. */
bool hu_table_can(const struct plan *p);
bool hu_table_draws(const struct plan *p);
/* How words of FP32 become a wide target's elements, where they do. */
enum last hu_table_last(const struct plan *p);
void hu_table_fill(struct plan *p);
/* Of what a table holds, the sums that look it up. */
void hu_table_sum_words(struct plan *p);
void hu_table_sum_flags(struct plan *p);
/* A plan of a kernel's look-ups by bytes; where it has none, of one after another. */
void hu_plan_table(struct plan *p, const struct abilities *a);
/* Where codes of the source have any of MASK in their MARKS. */
struct span hu_table_span(const struct plan *p, const unsigned char marks[TABLE_CODES],
                          unsigned mask);
/* N codes from SRC, a byte each, and back into a packed layout. */
void hu_table_unpack(const struct hu_format *from, unsigned char *codes, const void *src, size_t n);
void hu_table_pack(const struct hu_format *to, void *dst, const unsigned char *codes, size_t n);

/* Format to format, and reals into a format. Pure, thread-safe, no allocation. */
#pragma once

#include "rounding.h"

/* REAL rounded into TO: the code. index is the element that a stochastic rounding draws for.
 * options and flags must not be NULL; flags are or-ed in. An integer of 64 bits needs a real
 * without a sticky bit: hu_round_integer otherwise. */
HU_SHARED uint64_t hu_round(const struct hu_format *to, struct hu_real real, uint64_t index,
                            const struct hu_options *options, unsigned *flags);

/* WHOLE plus a fraction of 2^-64 units rounded into an integer, as hu_round; TAIL: something below
 * the fraction's last bit. */
HU_SHARED uint64_t hu_round_integer(const struct hu_format *to, bool sign, uint64_t whole,
                                    uint64_t fraction, bool tail, uint64_t index,
                                    const struct hu_options *options, unsigned *flags);

/* hu_convert for element INDEX of an array. */
uint64_t hu_convert_at(const struct hu_format *to, const struct hu_format *from, uint64_t bits,
                       uint64_t index, const struct hu_options *options, unsigned *flags);

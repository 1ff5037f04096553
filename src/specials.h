/*
 * What overflow, an infinity, zero, a NaN and what an unsigned format lacks become: policy alone.
 * Pure and thread-safe. Flags are or-ed in and may not be NULL, nor may options.
 */
#pragma once

#include "codec.h"

/* What a finite magnitude beyond the largest becomes (IEEE 754-2019 section 7.4); in an integer, to
 * the nearest end (section 5.8). */
HU_SHARED uint64_t hu_round_overflow(const struct hu_format *to, bool sign,
                                     const struct hu_options *options, unsigned *flags);

/* What an infinity, an exact zero or a NaN becomes in TO. The NaN's significand is as in hu_datum.
 * An infinity is not rounded, so that the direction does not matter (OCP OFP8 rev. 1.0 table 3). */
HU_SHARED uint64_t hu_round_infinity(const struct hu_format *to, bool sign,
                                     const struct hu_options *options, unsigned *flags);
HU_SHARED uint64_t hu_round_zero(const struct hu_format *to, bool sign, unsigned *flags);
HU_SHARED uint64_t hu_round_nan(const struct hu_format *to, struct hu_datum nan, unsigned *flags);

/* What a value below zero that does not round to zero becomes in an unsigned format. */
uint64_t hu_round_unsigned(const struct hu_format *to, const struct hu_options *options,
                           unsigned *flags);

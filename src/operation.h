/* Neighbours, order, ulp and limits: halfulp.h's, and these. Pure and thread-safe. */
#pragma once

#include "convert.h"

/* Codes of the positive data that users name. min_subnormal: false where there is none. An
 * integer's least normal number is 1. */
uint64_t hu_min_normal_code(const struct hu_format *f);
bool hu_min_subnormal_code(const struct hu_format *f, uint64_t *code);
/* 2^(1-p), the distance from 1 to the next number up; 1 in an integer. */
uint64_t hu_epsilon_code(const struct hu_format *f);

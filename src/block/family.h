/* Families of block formats: rows of the table with another length. */
#ifndef HALFULP_BLOCK_FAMILY_H
#define HALFULP_BLOCK_FAMILY_H

#include "block.h"

/* KEY in lower case: "fp8_tile64x32", "nf4_b128", "gptq4_g256_v2". NULL: no member. Rows live as
 * long as the program. */
const struct hu_block *hu_block_family(const char *key);

#endif

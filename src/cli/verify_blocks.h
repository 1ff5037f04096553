/* Block formats on trial. */
#ifndef HALFULP_CLI_VERIFY_BLOCKS_H
#define HALFULP_CLI_VERIFY_BLOCKS_H

#include "verify.h"

/* Rows for q->blocks; as verify_against. */
int verify_blocks(struct verify_request *q, struct verify_tally *tally);

#endif

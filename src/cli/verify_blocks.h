/* Block formats on trial. */
#pragma once

#include "verify.h"

/* Rows for q->blocks; as verify_against. */
int verify_blocks(struct verify_request *q, struct verify_tally *tally);

/* All readers of GGUF's blocks. */
#pragma once

#include "iquants.h"
#include "kquants.h"
#include "simple.h"

/* By the number in a GGUF header. */
static void (*const readers[])(const unsigned char *, struct hu_block_unpacked *) = {
    [2] = unpack_q4_0,     [3] = unpack_q4_1,    [6] = unpack_q5_0,     [7] = unpack_q5_1,
    [8] = unpack_q8_0,     [9] = unpack_q8_1,    [10] = unpack_q2_k,    [11] = unpack_q3_k,
    [12] = unpack_q4_k,    [13] = unpack_q5_k,   [14] = unpack_q6_k,    [15] = unpack_q8_k,
    [16] = unpack_iq2_xxs, [17] = unpack_iq2_xs, [18] = unpack_iq3_xxs, [19] = unpack_iq1_s,
    [20] = unpack_iq4_nl,  [21] = unpack_iq3_s,  [22] = unpack_iq2_s,   [23] = unpack_iq4_xs,
    [29] = unpack_iq1_m,   [34] = unpack_tq1_0,  [35] = unpack_tq2_0,   [39] = unpack_mxfp4,
    [40] = unpack_nvfp4,   [41] = unpack_q1_0,   [42] = unpack_q2_0,
};

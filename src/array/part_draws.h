/* Tables whose results are drawn: apart from the others, for a compiler's sake. */
#include "array/lanes.h"

#ifdef LANES_SHUFFLE

#include "array/lanes_table.h"

TABLE_STEPS(drawn_block, ONE_BLOCK, 6, true)
TABLE_STEPS(drawn_block_whole, ONE_BLOCK, WHOLES_OUT, true)
#ifdef LANES_ALL_BYTES
TABLE_STEPS(drawn, PLAIN, 6, true)
TABLE_STEPS(drawn_16, PLAIN, 16, true)
TABLE_STEPS(drawn_whole, PLAIN, WHOLES_OUT, true)
#else
TABLE_STEPS(drawn, SIGNED, 6, true)
#endif

stage_function *PART(drawn_look)(const struct plan *p)
{
    if (p->from->width <= BLOCK_BITS)
        return p->table.last ? drawn_block_whole : drawn_block;
#ifdef LANES_ALL_BYTES
    return p->table.last ? drawn_whole : p->table.to->storage_bits == 16 ? drawn_16 : drawn;
#else
    return drawn;
#endif
}

#endif

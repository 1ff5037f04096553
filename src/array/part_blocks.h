/* Tables of one block, of sources of few codes: apart from the others, for a compiler's sake. */
#include "array/lanes.h"

#ifdef LANES_SHUFFLE

#include "array/lanes_table.h"

TABLE_SIZES(block, ONE_BLOCK)

stage_function *PART(block_look)(const struct plan *p)
{
    return block_sizes[which_size(&p->table)];
}

#endif

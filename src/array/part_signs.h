/* Tables of magnitudes and what signs make of them: apart from the others, for a compiler's sake.
 */
#include "array/lanes.h"

#if defined(LANES_SHUFFLE) && !defined(LANES_ALL_BYTES)

#include "array/lanes_table.h"

TABLE_SIZES(with_sign, SIGNED)
stage_function *PART(signed_look)(const struct plan *p)
{
    return with_sign_sizes[which_size(&p->table)];
}

#endif

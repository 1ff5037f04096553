/* Tables of magnitudes that rise by their sign alone: apart from the others, for a compiler's sake.
 */
#include "array/lanes.h"

#if defined(LANES_SHUFFLE) && !defined(LANES_ALL_BYTES)

#include "array/lanes_table.h"

#define RISEN(name, rise)                                                                          \
    TABLE_STEPS(name##_6, (enum look)(SIGNED + (rise)), 6, false)                                  \
    TABLE_STEPS(name##_8, (enum look)(SIGNED + (rise)), 8, false)
RISEN(less, RISE_LESS)
RISEN(same, RISE_SAME)
RISEN(twice, RISE_TWICE)

stage_function *PART(risen_look)(const struct plan *p)
{
    static stage_function *const sizes[][2] = {[RISE_LESS] = {less_6, less_8},
                                               [RISE_SAME] = {same_6, same_8},
                                               [RISE_TWICE] = {twice_6, twice_8}};
    return sizes[p->table.of_words.rise][which_size(&p->table)];
}

#endif

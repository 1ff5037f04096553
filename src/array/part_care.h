/* A step of any kind with all that may be asked of it, for the parts that round. */
#include "array/lanes.h"

#include "array/lanes_round.h"

/* A step with specials, or with what may raise flags: codes, but of ROUND_TOP words with their
 * codes at the top. Out of line, for it is seldom. */
TARGET void PART(careful_step)(const struct narrow *k, vec v[4], const vec random[4],
                               enum round round, bool at_random, struct seen *seen)
{
    struct found found = {splat(0), splat(0), splat(0)};
    if (round == ROUND_TOP)
        VECTORS(v[i] = narrow_top(k, v[i], random[i], at_random, seen, &found););
    else if (round == ROUND_SCALE)
        VECTORS(v[i] = narrow_scale(k, v[i], random[i], at_random, seen, &found););
    else
        VECTORS(v[i] = narrow_any(k, v[i], random[i], at_random, seen, &found););
    take_stock(seen, k, &found, at_random);
}

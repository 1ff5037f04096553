/* The roads of a kernel: its rows, and the stages that a plan takes. */
#include "array/lanes.h"

#include "array/lanes_load.h"
#include "array/lanes_row.h"

/* The first that will do, or NULL. */
static stage_function *stage_for(struct way wanted)
{
    const struct stage *const *const lists[] = {
#ifdef LANES_SHUFFLE
        PART(halves),
#endif
        PART(loads), PART(rounds), PART(bytes), PART(far)};
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
        for (const struct stage *const *s = lists[l]; *s; s++) {
            const struct way *way = &(*s)->way;
            const bool drawn = way->care == AT_RANDOM && wanted.care != AT_RANDOM;
            if (way->load == wanted.load && way->round == wanted.round && !drawn &&
                (way->store == wanted.store || way->store == STORE_ANY) && way->care >= wanted.care)
                return (*s)->run;
        }
    return NULL;
}

#ifdef LANES_SHUFFLE
static bool plan_halves(struct plan *p)
{
    struct halves *h = &p->halves;
    if (!hu_plan_halves(p, PIECES_16))
        return false;
    h->trailing = shift_16_entry(h->trailing);
    for (int i = 0; i < HALF_PIECES; i++)
        h->counts[i] = shift_16_entry(h->counts[i]);
    return true;
}
#endif

/* One stage for both where there is one; from codes to FP64 goes by FP32, whose conversion is
 * exact. */
static void plan_stages(struct plan *p)
{
    const enum load load = p->load;
    struct way way = {load, p->round, p->store < STORE_8 ? STORE_8 : p->store, p->care};
    const bool quiet = load == LOAD_FP16 || load == LOAD_SHORT || load == LOAD_NEAR ||
                       load == LOAD_AWAY || load == LOAD_RANDOM || load == LOAD_INT8 ||
                       load == LOAD_INT16;
    if (quiet && p->round == ROUND_NONE && p->store == STORE_32 && !p->options.saturate)
        way.store = STORE_WORDS;
    if (load == LOAD_FP16 &&
        (p->round == ROUND_INTEGER || (p->round == ROUND_TOP && p->care != NEAREST)))
        way.load = LOAD_SHORT;
#ifdef LANES_SHUFFLE
    if (way.store <= STORE_16 && plan_halves(p)) {
        way.load = LOAD_HALVES;
        way.round = p->halves.tops ? ROUND_TOP : ROUND_MAGIC;
        if (way.care == DIRECTED && !p->halves.up)
            way.care = NEAREST;
    }
#endif
#ifdef LANES_FIELDS
    if (way.store <= STORE_16 && hu_plan_fields(p)) {
        way.load = LOAD_HALVES;
        way.round = p->halves.tops ? ROUND_TOP : ROUND_MAGIC;
    }
#endif
#ifdef LANES_ROUNDS
    const bool turned = p->flags;
#else
    const bool turned = p->flags || p->options.direction != HU_TIES_TO_EVEN;
#endif
    const bool apart = load == LOAD_FP64 && p->round == ROUND_FP16 && turned;
    p->first = apart ? NULL : stage_for(way);
    if (p->first)
        return;
    p->first = load == LOAD_CODES ? PART(table)
                                  : stage_for((struct way){load, ROUND_NONE, STORE_WORDS, NEAREST});
    way.load = LOAD_FP32;
    p->second = stage_for(way);
}

static const struct abilities roads = {
    .row = PART(row),
    .few = PART(few),
#ifdef LANES_WIDE
    .wide = PART(wide),
#endif
    .table = PART(table),
#ifdef LANES_SHUFFLE
    .settle = PART(settle),
#endif
#ifdef LANES_FP16
    .fp16 = true,
#endif
#ifdef LANES_ROUNDS
    .rounds = true,
#endif
#ifdef LANES_DOUBLES_INT32
    .int32 = true,
#endif
    .raises = ENVIRONMENT_RAISES,
    .doubles = true,
};

static bool plan_roads(struct plan *p, const struct abilities *a)
{
    p->table.direct = a->settle && p->from->width <= 4;
    p->table.last = a->settle && !hu_is_integer(p->from) ? hu_table_last(p) : LAST_NONE;
    bool lanes = !p->table.last &&
                 (hu_table_is_slower(p) || (a->doubles && is_fp64(p->to) && !p->options.saturate));
    p->table.draws = hu_table_draws(p);
    if ((p->table.draws || hu_table_can(p)) && !lanes) {
        hu_plan_table(p, a);
        return true;
    }
    if (!hu_plan_lanes(p, a))
        return hu_plan_wide(p, a);
    plan_stages(p);
    return true;
}

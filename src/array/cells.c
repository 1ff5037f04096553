/* The tables of struct cells. */
#include "array/plan.h"
#include "convert.h"

/* What a magnitude, its source's code at the top of 15 bits, becomes. */
static int code_of(const struct plan *p, uint32_t magnitude)
{
    const struct cells *t = &p->cells;
    struct hu_options options = p->options;
    if (t->away)
        options.direction = HU_TOWARD_ZERO;
    if (magnitude > t->finite)
        magnitude = t->finite;
    return (int)hu_convert_at(p->to, p->from, magnitude >> t->shift, 0, &options, &(unsigned){0});
}

/* The least from LEAST on, and below BEYOND, that is no less than CODE, which BEYOND is. */
static uint32_t least_of(const struct plan *p, int code, uint32_t least, uint32_t beyond)
{
    while (least < beyond) {
        const uint32_t middle = (least + beyond) / 2;
        if (code_of(p, middle) < code)
            least = middle + 1;
        else
            beyond = middle;
    }
    return least;
}

/* Magnitudes from FIRST on, in cells of 2^SIZE. False: some have more codes than are told apart. */
static bool fill(struct plan *p, uint32_t first, int size)
{
    struct cells *t = &p->cells;
    t->steps = 0;
    for (uint32_t cell = 0; cell < CELLS; cell++) {
        const uint32_t from = first + (cell << size), last = from + (1u << size) - 1;
        const int low = code_of(p, from);
        int steps = code_of(p, last) - low;
        if (p->round == ROUND_SCALE && cell == 0 && steps > CELL_STEPS) {
            t->many = true;
            steps = 0;
            for (uint32_t i = 0; i <= UINT8_MAX; i++)
                t->many_codes[i] = (unsigned char)code_of(p, i);
        }
        if (steps < 0 || steps > CELL_STEPS)
            return false;
        t->steps = steps > t->steps ? steps : t->steps;
        t->base[cell] = (unsigned char)low;
        for (int i = 0; i < CELL_STEPS; i++)
            t->above[i][cell] = UINT8_MAX;
        for (int i = 0; i < steps; i++) {
            const uint32_t at = least_of(p, low + i + 1, from, last) - 1;
            t->above[i][cell] = (unsigned char)((at - from) << (8 - size));
        }
    }
    return true;
}

/* As few as it takes from the binade where the target's numbers begin, and the source's magnitudes
 * of 15 bits are many more. */
static bool fill_window(struct plan *p)
{
    struct cells *t = &p->cells;
    const int zero = code_of(p, 0), greatest = code_of(p, t->finite);
    const uint32_t binade = 1u << (p->from->trailing_bits + (int)t->shift);
    const uint32_t begin = least_of(p, zero + 1, 0, t->finite) - 1;
    const uint32_t first = begin & ~(binade - 1), end = least_of(p, greatest, begin, t->finite);
    int size = 1;
    while ((uint32_t)CELLS << size <= end - first)
        size++;
    t->first = (uint16_t)first;
    t->most = (uint16_t)((CELLS << size) - 1);
    t->scale = (uint16_t)(1u << (8 - size));
    return size < 8 && fill(p, first, size) &&
           t->steps < CELL_STEPS; /* three are slower than words */
}

static void set_marks(struct plan *p)
{
    struct cells *t = &p->cells;
    for (uint32_t cell = 0; cell < CELLS; cell++) {
        const uint32_t least = cell << 8, last = least + 255 + t->away;
        t->marks[cell] = (unsigned char)((least + 255 > t->finite ? MARK_SPECIAL : 0) |
                                         (last > p->halves.large ? MARK_LARGE : 0) |
                                         (least < p->halves.small ? MARK_SMALL : 0));
    }
}

bool hu_plan_cells(struct plan *p)
{
    const struct hu_format *from = p->from;
    const enum hu_direction direction = p->options.direction;
    struct cells *t = &p->cells;
    const bool scale = p->round == ROUND_SCALE && !p->flags;
    if (!hu_loads_halves(p) || p->to->storage_bits > 8 || hu_has_lone_nan(from) ||
        hu_is_integer(p->to) || direction == HU_STOCHASTIC ||
        !(scale || (p->round == ROUND_MAGIC && !p->second)))
        return false;
    if (!scale && (direction == HU_TOWARD_POSITIVE || direction == HU_TOWARD_NEGATIVE)) {
        const int away = direction == HU_TOWARD_NEGATIVE;
        t->away = true;
        t->flip = away ? 0x8000 : 0;
        t->limit = (uint16_t)p->k.overflow[away];
        /* Where one more is the next code, the source has all of the target's numbers. */
        if (t->limit > p->k.max_code + 1 || from->trailing_bits < p->to->trailing_bits ||
            hu_quantum_min(from) > hu_quantum_min(p->to))
            return false;
    }
    t->shift = (uint16_t)(16 - from->width);
    t->finite = (uint16_t)(hu_max_finite_code(from) << t->shift);
    t->window = !fill(p, 0, 8);
    if (t->window && (scale || !fill_window(p)))
        return false;
    set_marks(p);
    return true;
}

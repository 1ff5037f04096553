#include "block_loss.h"

/* Elements at a time, where blocks are not greater; and of a row that is not cut further. */
enum { UNIT = 16384, LONG_ROW = 2048 };

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The least multiple of A and B; they are small or divide each other. */
static uint64_t multiple(uint64_t a, uint64_t b)
{
    return a / greatest_divisor(a, b) * b;
}

static bool runs_on(const struct hu_block *b)
{
    return b->layout == HU_BLOCK_FLAT || (!b->tile_rows && !b->tile_columns);
}

bool hu_block_loss_fits(const struct hu_block *b, const struct hu_block_shape *s)
{
    return b->layout != HU_BLOCK_WHOLE || s->columns % b->elements == 0;
}

/* Where pieces may begin, as several formats want it. */
struct wish {
    uint64_t step; /* at multiples of it from the first element on */
    uint64_t rows; /* at multiples of so many rows of a matrix; 0: within them as well */
    uint64_t part; /* in a row, at multiples of it */
};

/* Of tiles, those at an edge are not so high. */
static uint64_t height(const struct hu_block *b, const struct hu_block_shape *s)
{
    return b->tile_rows && b->tile_rows < s->rows ? b->tile_rows : s->rows;
}

static void add_wish(struct wish *w, const struct hu_block *b, const struct hu_block_shape *s)
{
    uint64_t tile = b->tile_columns;
    if (runs_on(b))
        w->step = multiple(w->step, tile ? tile : 1);
    else if (height(b, s) > 1 && b->tile_rows != 1)
        w->rows = multiple(w->rows ? w->rows : 1, height(b, s));
    else if (tile && s->columns % tile == 0)
        w->step = multiple(w->step,
                           multiple(tile, b->elements > tile * b->tile_rows ? b->elements : tile));
    else if (tile)
        w->part = multiple(w->part, tile);
    else
        w->rows = w->rows ? w->rows : 1;
}

/* So many rows at once that they are a multiple of STEP, and a unit at least. */
static uint64_t rows_of_unit(const struct wish *w, const struct hu_block_shape *s)
{
    uint64_t rows = w->rows ? w->rows : 1;
    rows *= w->step / greatest_divisor(w->step, rows * s->columns);
    return rows * s->columns < UNIT ? UNIT / (rows * s->columns) * rows : rows;
}

struct hu_units hu_block_units(const struct hu_block *const *blocks, size_t count,
                               const struct hu_block_shape *s)
{
    struct wish w = {.step = 1, .part = 1};
    for (size_t i = 0; s->elements && i < count; i++)
        if (hu_block_loss_fits(blocks[i], s))
            add_wish(&w, blocks[i], s);
    bool in_rows = w.part > 1 && !w.rows;
    if (!w.rows && !in_rows)
        return (struct hu_units){s->elements, multiple(w.step, UNIT)};
    if (in_rows && s->columns > LONG_ROW && w.step == 1)
        return (struct hu_units){s->columns, multiple(w.part, UNIT)};
    /* Tiles begin anew with each matrix, and what runs on may not: then all is one piece. */
    uint64_t matrix = w.rows > 1 ? s->rows * s->columns : s->elements;
    if (matrix % w.step && matrix < s->elements)
        return (struct hu_units){s->elements, s->elements};
    return (struct hu_units){matrix, rows_of_unit(&w, s) * s->columns};
}

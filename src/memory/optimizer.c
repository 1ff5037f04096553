/* Optimizers and what their state keeps, by parameter or by matrix. */
#include "capped.h"
#include "training.h"
#include "word_list.h"

#include <stddef.h>

/* Shazeer and Stern 2018 (arXiv:1804.04235), section 3: a row and a column a matrix. */
static uint64_t factored(uint64_t rows, uint64_t columns)
{
    return capped_plus(rows, columns);
}

/* Jordan et al. 2024: a momentum where Adam has two moments. */
static uint64_t muon(uint64_t rows, uint64_t columns)
{
    return capped_times(rows, columns);
}

/* Zhao et al. 2024 (arXiv:2403.03507), section 4: both moments in a subspace of rank 128 along the
 * shorter side, and the projection into it; smaller matrices as Adam's. */
static uint64_t galore(uint64_t rows, uint64_t columns)
{
    const uint64_t rank = 128;
    uint64_t small = rows < columns ? rows : columns, large = rows < columns ? columns : rows;
    return small <= rank ? capped_times(2 * rows, columns)
                         : capped_plus(capped_times(2 * rank, large), rank * small);
}

/* The sum of the squares of a side's blocks. */
static uint64_t squares(uint64_t side, uint64_t block)
{
    uint64_t rest = side % block;
    return side / block * block * block + rest * rest;
}

/* Gupta et al. 2018 (arXiv:1802.09568) as Shi et al. 2023 (arXiv:2309.06497) keep it: for each
 * block of 1,024 × 1,024 two statistics and their inverse roots, and a momentum and a second moment
 * beside. */
static uint64_t shampoo(uint64_t rows, uint64_t columns)
{
    const uint64_t block = 1024;
    uint64_t statistics = capped_plus(capped_times(squares(rows, block), parts(columns, block)),
                                      capped_times(squares(columns, block), parts(rows, block)));
    return capped_times(2, capped_plus(statistics, capped_times(rows, columns)));
}

static const struct hu_optimizer optimizers[] = {
    {"adam", "adamw", 2, .summary = "two moments"},
    {"sgd", "", 0, .summary = "no state"},
    {"momentum", "sgd-momentum", 1, .summary = "a velocity"},
    {"lion", "", 1, .summary = "one momentum"},
    {"adafactor", "", 0, .numbers = factored, .vectors = 1, .all_matrices = true,
     .summary = "a row and a column a matrix in place of the second moment"},
    {"adam8bit", "adamw8bit 8bit-adam adam-8bit", 2, .eight_bit = true,
     .summary = "two moments in 8 bits, an fp32 scale for 256 of them; tensors of fewer than 4,096 "
                "elements in fp32"},
    {"sparse-adam", "sparseadam lazy-adam", 2, .sparse = true,
     .summary = "sparse gradients of the embeddings; the state stays whole"},
    {"muon", "", 1, .numbers = muon, .vectors = 2,
     .summary =
         "one momentum for the layers' matrices, Adam's two for embeddings, head and vectors"},
    {"galore", "", 2, .numbers = galore, .vectors = 2,
     .summary = "moments in a subspace of rank 128 for the layers' matrices, Adam's for the rest"},
    {"shampoo", "", 2, .numbers = shampoo, .vectors = 2, .all_matrices = true,
     .summary =
         "statistics of rows and columns and their roots in blocks of 1,024, grafted on Adam"},
};

const struct hu_optimizer *hu_optimizer_at(size_t index)
{
    return index < sizeof optimizers / sizeof *optimizers ? &optimizers[index] : NULL;
}

const struct hu_optimizer *hu_optimizer_find(const char *name)
{
    for (size_t i = 0; hu_optimizer_at(i); i++)
        if (hu_is_called(name, optimizers[i].name, optimizers[i].aliases))
            return &optimizers[i];
    return NULL;
}

uint64_t hu_optimizer_eight_bits(uint64_t n)
{
    const uint64_t least = 4096, block = 256;
    return n < least ? 4 * n : capped_plus(n, 4 * parts(n, block));
}

/* What ROW's copies have: a matrix, several stacked ones, or a vector. */
static uint64_t numbers_of(const struct hu_optimizer *o, const struct hu_tensor_row *row)
{
    bool matrix = row->rank > 1 && (o->all_matrices || hu_row_is_linear(row));
    if (!matrix)
        return capped_times(capped_times(row->elements, o->vectors), row->copies);
    uint64_t stack = row->stacked && row->rank > 2 ? row->shape[0] : 1;
    uint64_t columns = row->shape[row->rank - 1], rows = row->elements / stack / columns;
    return capped_times(capped_times(o->numbers(rows, columns), stack), row->copies);
}

uint64_t hu_optimizer_numbers(const struct hu_optimizer *o, const struct hu_model *model)
{
    const struct hu_tensors *t = &model->tensors;
    uint64_t numbers = 0;
    for (const struct hu_tensor_row *row = t->rows; row < t->rows + t->count; row++)
        if (hu_row_counts(row))
            numbers = capped_plus(numbers, numbers_of(o, row));
    return numbers;
}

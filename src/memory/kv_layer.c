/* What one layer keeps on a device. */
#include "kv_cache.h"

/* What a device of TENSOR devices keeps of N elements of HEADS heads. */
static uint64_t split(uint64_t n, uint64_t heads, uint64_t tensor)
{
    if (!heads || tensor <= 1 || n % heads)
        return n;
    return n / heads * (heads / tensor + (heads % tensor != 0));
}

bool hu_kept_token_bytes(const struct hu_kept *kept, const struct hu_kv_question *q,
                         uint64_t *bytes)
{
    uint64_t k, v;
    return hu_dtype_size(q->k, split(kept->k, kept->heads, q->spread.tensor), &k) &&
           hu_dtype_size(q->v, split(kept->v, kept->heads, q->spread.tensor), &v) &&
           !__builtin_add_overflow(k, v, bytes);
}

uint64_t hu_kept_state_bytes(const struct hu_kept *kept, const struct hu_kv_question *q,
                             uint64_t element)
{
    return element * split(kept->k, kept->heads, q->spread.tensor);
}

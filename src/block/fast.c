#include "decode.h"
#include "encode.h"

bool hu_block_decode_fast(const struct hu_format *to, void *dst, const struct hu_block *from,
                          const struct hu_block_parts *parts, size_t columns, size_t first,
                          size_t count)
{
    (void)to, (void)dst, (void)from, (void)parts, (void)columns, (void)first, (void)count;
    return false;
}

bool hu_block_encode_fast(struct hu_block_encoding *e)
{
    (void)e;
    return false;
}

#include "readers.h"

const int8_t hu_block_curve[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                   1,    13,   25,  38,  53,  69,  89,  113};

void hu_block_unpack(const struct hu_block *b, const unsigned char *block,
                     struct hu_block_unpacked *to)
{
    readers[b->ggml_type](block, to);
}

/* llama.cpp's mixtures of block formats, which give some matrices more bits than the rest. */
#ifndef HALFULP_MEMORY_MIXTURE_H
#define HALFULP_MEMORY_MIXTURE_H

#include "model.h"

struct hu_mixture {
    const char *name;
    const char *plain;  /* the block format of most matrices */
    const char *better; /* of attn_v and ffn_down in some layers */
    bool half;          /* those are about half of the layers; else an eighth, and 4 of attn_v */
};

/* NAME in any case. NULL: none, or not modelled. */
const struct hu_mixture *hu_mixture_find(const char *name);

/*
 * Bytes of MODEL in such a file, without its header. False: the model's matrices are not those of
 * the dense Llama family, for which the rule is known, or the sum is over 64 bits.
 */
bool hu_mixture_size(const struct hu_mixture *mixture, const struct hu_model *model,
                     uint64_t *bytes);

#endif

/* llama.cpp's mixtures of block formats, which give some matrices more bits than the rest. */
#pragma once

#include "model.h"

/* Layers, by the index of the tensor among its like. */
enum hu_layer_choice {
    HU_LAYERS_NONE,
    HU_LAYERS_2,         /* the first two */
    HU_LAYERS_4,         /* the first four */
    HU_LAYERS_EIGHTH,    /* the first eighth */
    HU_LAYERS_SIXTEENTH, /* the first sixteenth */
    HU_LAYERS_ALL,
};

/* What a kind of matrix takes: FIRST in the layers that WHERE says; PICKED in those of the rest
 * that use_more_bits picks (about half); else REST. NULL: the mixture's plain format. */
struct hu_mixture_rule {
    const char *first;
    enum hu_layer_choice where;
    const char *picked, *rest;
};

struct hu_mixture {
    const char *name;
    const char *plain;   /* the block format of most matrices */
    const char *experts; /* of experts' matrices; NULL: as others' */
    struct hu_mixture_rule value, down, output, falcon_down, falcon_output;
    bool eight_output; /* eight experts: the attention's output takes q5_k */
    const char *summary;
};

/* NAME in any case. NULL: none, or not modelled. */
const struct hu_mixture *hu_mixture_find(const char *name);

/*
 * Bytes of MODEL in such a file, without its header, its towers and its MTP module: the converter
 * puts those in files of their own or leaves them out. False: *why says what the rule does not
 * speak of (static text), or the sum is over 64 bits.
 */
bool hu_mixture_size(const struct hu_mixture *mixture, const struct hu_model *model,
                     uint64_t *bytes, const char **why);

/*
 * What configs declare of quantized weights, by method: shared by those that read them
 * (quantization_methods.c) and who asks for one (quantization_read.c).
 */
#pragma once

#include "quantization.h"

struct declared {
    json_t *config; /* the object that declares it */
    struct hu_quantization *q;
    char *error;
};

/* Says in the error that WHAT is not known of VALUE, or of "none" where that is NULL. Returns
 * false. */
bool hu_declared_unknown(struct declared *d, const char *what, const char *value);

/* A whole number of OBJECT, from 1 to 2^20; OTHERWISE where it is absent; −1 and null are 0. */
uint64_t hu_declared_number(json_t *object, const char *key, uint64_t otherwise);

/* A text of OBJECT, or "". */
const char *hu_declared_text(json_t *object, const char *key);

struct hu_quantization_method {
    const char *name;
    bool (*read)(struct declared *d); /* what the config says beside; NULL: nothing */
    struct hu_quantization has;       /* what every checkpoint of it has alike */
};

/* NULL: none is called so. */
const struct hu_quantization_method *hu_quantization_method(const char *name);

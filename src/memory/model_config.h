/* A config.json while a model is made of it: values, what was missing, what was wrong. */
#ifndef HALFULP_MEMORY_MODEL_CONFIG_H
#define HALFULP_MEMORY_MODEL_CONFIG_H

#include "families.h"

#include <jansson.h>

struct hu_config {
    json_t *root; /* the object whose keys are read */
    struct hu_model *model;
    char missing[256]; /* names of required keys that are absent, by ", " */
    char error[HU_CONFIG_ERROR];
    bool failed;
};

/* Values up to here, so that sums and products of a few stay within 64 bits. */
#define HU_CONFIG_MAX (UINT64_C(1) << 40)

#define HU_PRODUCT_MAX (UINT64_C(1) << 61)

/* Reads the key as a whole number. Absent or null: noted as missing, and 0. KEYS: names by '|',
 * the first of which is present counts. */
uint64_t config_need(struct hu_config *c, const char *keys);
/* The same, with the value that the family's reference implementation takes where it is absent. */
uint64_t config_number(struct hu_config *c, const char *keys, uint64_t otherwise);
bool config_flag(struct hu_config *c, const char *key, bool otherwise);
/* NULL: absent or no string. */
const char *config_text(struct hu_config *c, const char *key);
/* The first of "architectures", the class whose checkpoint it is; "" where none is named. */
const char *config_class(struct hu_config *c);
/* Classes that a classifier tells apart: "id2label", "num_labels" or the library's 2. */
uint64_t config_labels(struct hu_config *c);
/* Marks C as failed, once. */
void config_fail(struct hu_config *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A product; fails C when it is over HU_PRODUCT_MAX, so that sums of a few fit too. */
uint64_t config_times(struct hu_config *c, uint64_t a, uint64_t b);

#endif

/* From a config.json of Hugging Face's transformers to a model, by families. */
#ifndef HALFULP_MEMORY_FAMILIES_H
#define HALFULP_MEMORY_FAMILIES_H

#include "model.h"

enum { HU_CONFIG_ERROR = 512 };

/*
 * Makes *model of the N bytes of JSON of a config.json. False: error says why: no JSON
 * (line, column and byte), an architecture that is not known, keys that are missing or wrong. The
 * model is counted; hu_model_free releases it either way.
 */
bool hu_model_read_config(const char *json, size_t n, struct hu_model *model,
                          char error[HU_CONFIG_ERROR]);

/* The families' model_type, for messages; NULL past the last. */
const char *hu_family_name(size_t index);

#endif

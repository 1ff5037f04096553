/* From a config.json of Hugging Face's transformers or diffusers to a model. */
#pragma once

#include "model.h"

enum { HU_CONFIG_ERROR = 768 };

/*
 * Makes *model of the N bytes of JSON of a config.json. False: model->error says why: no JSON
 * (line, column and byte), an architecture that is not known, keys that are missing or wrong. The
 * model is counted; hu_model_free releases it either way.
 */
bool hu_model_read_config(const char *json, size_t n, struct hu_model *model);

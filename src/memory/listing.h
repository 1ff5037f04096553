/* From a config and a family's text to the list of tensors. */
#pragma once

#include "families.h"
#include "model.h"

#include <jansson.h>

enum { LISTING_MISSING = 256 };

struct listing_result {
    char missing[LISTING_MISSING]; /* keys that the family needs and the config lacks, by ", " */
    bool bare,
        classifies; /* the class has no language model's head, or a classifier's in its place */
    bool sized;     /* sizes were left to the class */
};

/*
 * Lists in MODEL, which has no tensors yet, what TEXT says over CONFIG, an object; and notes.
 * False: model->error says why. Where keys are missing the list is not whole.
 */
bool listing_make(const struct hu_family_text *text, json_t *config, struct hu_model *model,
                  struct listing_result *result);

/* From a config and a family's text to the list of tensors. */
#pragma once

#include "families.h"
#include "tensors.h"

#include <jansson.h>

enum {
    LISTING_ERROR = 512,
    LISTING_NOTES = 6,
    LISTING_NOTE = 192,
    LISTING_MISSING = 256,
    LAYERS_MAX = 16384
};

struct listing_result {
    struct hu_tensors tensors;
    char missing[LISTING_MISSING]; /* keys that the family needs and the config lacks, by ", " */
    char notes[LISTING_NOTES][LISTING_NOTE];
    unsigned note_count;
    bool bare,
        classifies; /* the class has no language model's head, or a classifier's in its place */
    bool sized;     /* sizes were left to the class */
    char error[LISTING_ERROR];
};

/*
 * Lists what TEXT says over CONFIG, an object. False: error says why; *result is released by
 * hu_tensors_free(&result->tensors) either way. Where keys are missing the list is not whole.
 */
bool listing_make(const struct hu_family_text *text, json_t *config, struct listing_result *result);

/* The config.json beside a cast: what it says of quantization follows what was written. */
#pragma once

#include "cast_job.h"

#include <jansson.h>

struct cast_config {
    char *path;   /* where it is written; NULL: none is */
    json_t *root; /* what is written */
};

/* Reads the config beside the source and makes the one beside OUT. What cannot be written there is
 * said in a note. False: reported. cast_config_clear in either case. */
bool cast_config_make(const struct cast_job *job, struct cast_config *config);
void cast_config_clear(struct cast_config *config);

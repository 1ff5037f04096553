/* Shards of one proof put together: `verify --merge`. */
#pragma once

#include <stdbool.h>

/* The COUNT documents at PATHS, which `verify --shard K/N --json` has printed, each shard once:
 * what one run would have found, but for its seconds. Returns an exit status. */
int verify_merge(char **paths, int count, bool json);

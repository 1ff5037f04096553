/* Memories of real devices. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hu_device {
    const char *name;
    const char *aliases; /* separated by spaces */
    uint64_t bytes;      /* as the driver reports it, which is not what the box says */
    const char *source;
};

/* NAME in any case; '-', '_' and spaces are left out of the comparison. NULL: not in the table. */
const struct hu_device *hu_device_find(const char *name);
const struct hu_device *hu_device_at(size_t index);
/* Whether NAME is the device's without its memory: "A100" is of two. */
bool hu_device_is_kind(const struct hu_device *device, const char *name);

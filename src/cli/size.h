/* `halfulp size` in pieces: options, table, JSON. */
#pragma once

#include "room.h"
#include "memory/sizing.h"

/* What the command line gives of a model's shape; 0: not given. */
struct size_shape {
    uint64_t parameters, layers, hidden, heads, kv_heads, head_dim, vocabulary;
};

struct size_options {
    struct hu_sizing_request request;
    struct size_shape shape;
    const struct hu_device *device; /* NULL: --memory gave bytes */
    bool json, explain, list_devices, list_families, tensors;
    const char *against; /* NULL: not asked */
};

struct size_result {
    const char *source; /* as the user gave it */
    struct hu_model model;
    struct hu_sizing sizing;
};

extern const struct command_option size_rows[];
struct options;
/* What was left open, and combinations that mean nothing, which end the process. */
void size_complete(const struct options *o, struct size_options *out);

/* One model on stdout. */
void size_print_table(const struct size_options *options, const struct size_result *result);
/* The terms that explain what was asked. */
void size_print_terms(const struct size_options *options, const struct size_result *result);
/* COUNT of them, a column each. */
void size_compare(const struct size_options *options, const struct size_result *results,
                  size_t count);

/* Tensors in a checkpoint of the model. */
uint64_t size_tensor_count(const struct hu_model *model);

/* --tensors; and --against, --families, which return an exit status. */
void size_print_tensors(const struct size_options *options, struct size_result *results,
                        size_t count);
int size_against(const struct size_options *options, struct size_result *results, size_t count);
int size_list_families(bool json);

/* "26.08", or "<0.01" below that. OUT: 24 bytes. Returns OUT. */
char *size_in(uint64_t bytes, double unit, char *out);
#define GIB(bytes) size_in(bytes, 0x1p30, (char[24]){0})
#define GB(bytes) size_in(bytes, 1e9, (char[24]){0})

/* The file of stats_partial.h: its head and its entries. */
#pragma once

#include "stats.h"
#include "loss/gathered_bytes.h"

enum { SHARDS_MAX = 1000000 };

/* FNV-1a, of 64 bits. */
#define PARTIAL_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t partial_hash(uint64_t hash, const void *bytes, size_t n);

/* What statistics depend on. */
struct partial_options {
    struct stats_targets targets;
    enum hu_scaling scaling;
    enum hu_scale_rule rule;
    enum hu_direction direction;
    bool saturate;
};

struct partial_tensor {
    char *name;
    struct hu_dtype dtype;
    uint64_t elements, pieces;
};

struct partial_head {
    char *file;
    struct partial_options options;
    bool joined;
    uint64_t fingerprint, skipped;
    uint64_t shards; /* of so many */
    uint64_t *held;  /* these, rising */
    size_t held_count;
    struct partial_tensor *tensors;
    size_t tensor_count;
};

/* A file in memory. */
struct partial_file {
    const char *path;
    unsigned char *bytes;
    struct partial_head head;
    struct hu_bytes_in entries; /* where they begin */
    size_t entry_count;
};

/* ENTRIES, in whatever order, behind HEAD. */
void partial_file_write(const struct partial_head *head, const struct hu_bytes_out *entries,
                        size_t count, const char *path, bool force);

/* Reads the head; no memory is taken beyond the file's length. False: error says why, the end of a
 * sentence. partial_file_clear in either case. */
enum { PARTIAL_ERROR = 200 };
bool partial_file_parse(struct partial_file *f, const unsigned char *bytes, size_t n,
                        char error[PARTIAL_ERROR]);
/* The file at PATH. False: reported. */
bool partial_file_read(struct partial_file *f, const char *path);
void partial_file_clear(struct partial_file *f);

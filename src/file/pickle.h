/*
 * An interpreter of Python's pickles (Lib/pickletools.py describes the opcodes) that executes
 * nothing: of the opcodes those that torch.save's files use, of the names those that the caller
 * knows, and what they make is the caller's too. All else is refused, by its name and the byte
 * where it stands. Memory is bounded by HU_PICKLE_MAX bytes of pickle and HU_PICKLE_VALUES values.
 * Not thread-safe on one pickle.
 */
#pragma once

#include "tensor_file.h"

/* Some 300 bytes and 25 values a tensor; a checkpoint of 100,000 tensors has room. */
enum { HU_PICKLE_MAX = 64 << 20, HU_PICKLE_VALUES = 8 << 20, HU_PICKLE_STACK = 8 << 20 };

enum hu_pickle_type {
    HU_PICKLE_NONE,
    HU_PICKLE_BOOL,
    HU_PICKLE_INTEGER, /* of 64 bits; a longer one is HU_PICKLE_OTHER */
    HU_PICKLE_TEXT,    /* str, or Python 2's */
    HU_PICKLE_BYTES,
    HU_PICKLE_TUPLE,
    HU_PICKLE_LIST,
    HU_PICKLE_DICT, /* its items are keys and values in turn */
    HU_PICKLE_SET,
    HU_PICKLE_NAME, /* one that the caller knows */
    HU_PICKLE_MADE, /* what the caller made of one */
    HU_PICKLE_OTHER /* a value of which nothing is kept: a float, a device */
};

struct hu_pickle_value {
    union {
        int64_t integer; /* a bool's too: 0 or 1 */
        const unsigned char *bytes;
        struct hu_pickle_value **items;
        void *made;
    };
    uint32_t count; /* of bytes or items */
    uint32_t capacity;
    unsigned char type; /* enum hu_pickle_type */
    unsigned char name; /* a HU_PICKLE_NAME's number; for a HU_PICKLE_MADE what the caller likes */
    bool busy;          /* the caller's: it is being looked at */
};

struct hu_pickle;

struct hu_pickle_maker {
    void *context;
    /* The number of MODULE.NAME. False: it is not known, and refused. */
    bool (*find)(void *context, const char *module, const char *name, unsigned char *number);
    /* What the call of a name with ARGUMENTS, a tuple, gives. NULL: refused, error is set. */
    struct hu_pickle_value *(*call)(void *context, struct hu_pickle *pickle,
                                    const struct hu_pickle_value *name,
                                    const struct hu_pickle_value *arguments);
    /* What stands outside of the pickle by the name ID. NULL: refused, error is set. */
    struct hu_pickle_value *(*outside)(void *context, struct hu_pickle *pickle,
                                       const struct hu_pickle_value *id);
};

/* BYTES must live as long as the pickle. more: they are only the first of an input that goes on. */
struct hu_pickle *hu_pickle_new(const unsigned char *bytes, size_t n, bool more,
                                const struct hu_pickle_maker *maker, struct hu_file_error *error);
void hu_pickle_free(struct hu_pickle *pickle);

/* Reads from byte AT through the next STOP. NULL: error says why. The value lives as long as the
 * pickle. */
const struct hu_pickle_value *hu_pickle_read(struct hu_pickle *pickle, size_t at);
/* The byte behind what was read last; while it is read, of the opcode. */
size_t hu_pickle_at(const struct hu_pickle *pickle);

/* For the maker. Sets the error at the opcode and returns NULL. */
struct hu_pickle_value *hu_pickle_refuse(struct hu_pickle *pickle, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A new value, all zeros but its type; NULL: refused. */
struct hu_pickle_value *hu_pickle_value_new(struct hu_pickle *pickle, enum hu_pickle_type type);
/* False: refused. */
bool hu_pickle_append(struct hu_pickle *pickle, struct hu_pickle_value *to,
                      struct hu_pickle_value *item);

/* Whether VALUE is the text TEXT. */
bool hu_pickle_is_text(const struct hu_pickle_value *value, const char *text);
/* What a dict has at KEY; NULL: nothing, or VALUE is no dict. */
const struct hu_pickle_value *hu_pickle_get(const struct hu_pickle_value *value, const char *key);

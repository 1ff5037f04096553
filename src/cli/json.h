/* JSON documents on stdout, by jansson. Values are new references; where memory ends, so do we. */
#pragma once

#include "text.h"

#include <jansson.h>

/* Prints DOCUMENT, indented, with a newline, and releases it. Returns EXIT_DONE; a failed write
 * shows up when stdout is closed. */
int json_print(json_t *document);
/* The same of a LIST, of which one document is printed as itself. */
int json_print_several(json_t *list);
/* The same of documents as they come, of which no more than one is kept. */
struct json_several {
    json_t *first; /* while there is but one */
    size_t count;
};
void json_several_add(struct json_several *s, json_t *document);
int json_several_end(struct json_several *s);

/* The same for an object that has very many rows at KEY, whatever it has there: they are made one
 * at a time, by ROW in new references, so that they need not be in memory all at once. */
struct json_rows {
    const char *key;
    size_t count;
    json_t *(*row)(const void *context, size_t index);
    const void *context;
};
int json_print_with(json_t *document, const struct json_rows *rows);

/* One document, an object with a list of those at KEY: begun, added to one at a time, ended. */
void json_list_begin(const char *key);
void json_list_add(json_t *document, const struct json_rows *rows, bool first);
void json_list_end(void);

/* A string in new memory, which is freed; NULL gives null. */
json_t *json_take(char *text);

/* TEXT from outside, a file's or tensor's name: what is no UTF-8 in it becomes U+FFFD;
 * NULL gives null. */
json_t *json_text(const char *text);

/* A word of ours; NULL gives null. */
json_t *json_word(const char *text);
/* A count beyond JSON's integers, which are jansson's and signed here, becomes a string. */
json_t *json_count(uint64_t count);
/* JSON has no infinity and no NaN: null. */
json_t *json_finite(double x);
/* Exactly, as a string. */
json_t *json_ratio(const mpq_t ratio);
/* "0x3dcd", of the bits that F has. */
json_t *json_code(const struct hu_format *f, uint64_t bits);
/* Its value exactly, as a string; null where it is not finite. */
json_t *json_datum(const struct hu_format *f, uint64_t bits);

json_t *json_shape(const uint64_t *shape, unsigned rank);
/* The raised flags' names, as a list. */
json_t *json_flags(unsigned flags);

/* OBJECT[KEY] = VALUE, and VALUE behind LIST, which are taken over. */
void json_put(json_t *object, const char *key, json_t *value);
void json_add(json_t *list, json_t *value);
json_t *json_list(void);

/* JSON({"key", value}, …): an object of those. */
struct json_field {
    const char *key;
    json_t *value;
};
json_t *json_put_all(json_t *object, const struct json_field *fields, size_t count);
#define JSON_PUT(object, ...)                                                                      \
    json_put_all(object, (const struct json_field[]){__VA_ARGS__},                                 \
                 sizeof((const struct json_field[]){__VA_ARGS__}) / sizeof(struct json_field))
#define JSON(...) JSON_PUT(json_object(), __VA_ARGS__)

/* A list: VALUE for each I from 0 on while GOES_ON. */
#define JSON_LIST(i, goes_on, value)                                                               \
    ({                                                                                             \
        json_t *list_ = json_list();                                                               \
        for (size_t i = 0; goes_on; i++)                                                           \
            json_add(list_, value);                                                                \
        list_;                                                                                     \
    })
/* VALUE where it is KNOWN, else null. */
#define JSON_IF(known, value) ((known) ? (value) : json_null())

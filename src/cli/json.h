/* JSON documents on stdout, by jansson. */
#ifndef HALFULP_CLI_JSON_H
#define HALFULP_CLI_JSON_H

#include <jansson.h>
#include <stdbool.h>

/* Prints DOCUMENT, indented, with a newline, and releases it. Returns EXIT_DONE; a failed write
 * shows up when stdout is closed. */
int json_print(json_t *document);

/* The same for an object that has very many rows at KEY, whatever it has there: they are made one
 * at a time, by ROW in new references, so that they need not be in memory all at once. */
struct json_rows {
    const char *key;
    size_t count;
    json_t *(*row)(const void *context, size_t index);
    const void *context;
};
int json_print_with(json_t *document, const struct json_rows *rows);

/* One document that is an object with a list of those at KEY: begun, added to one at a time, ended.
 */
void json_list_begin(const char *key);
void json_list_add(json_t *document, const struct json_rows *rows, bool first);
void json_list_end(void);

/* A string in new memory, which is freed; NULL gives null. */
json_t *json_take(char *text);

/* TEXT from outside, a file's or tensor's name: what is no UTF-8 in it becomes U+FFFD;
 * NULL gives null. */
json_t *json_text(const char *text);

/* The raised flags' names, as a list. */
json_t *json_flags(unsigned flags);

/* OBJECT[KEY] = VALUE, which is taken over; out of memory ends the process. */
void json_put(json_t *object, const char *key, json_t *value);

#endif

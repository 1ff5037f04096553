/* Names from outside, for a terminal or a document: what in them is UTF-8, and what moves a cursor.
 * Thread-safe. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed UTF-8 sequence at AT, of which LEFT bytes are there (Unicode table 3-7);
 * 0: ill-formed, or none left. */
size_t hu_utf8_length(const unsigned char *at, size_t left);
/* Whether AT, in text that ends with 0, is a control character: C0, DEL, or C1 as UTF-8 writes it.
 */
bool hu_is_control(const unsigned char *at);

/* NAME with control characters and ill-formed bytes as \xNN, cut to SIZE, for a message. Returns
 * out. */
const char *hu_printable(const char *name, char *out, size_t size);
/* The same in memory of the block that it stands in. */
#define PRINTABLE(name, size) hu_printable(name, (char[size]){0}, size)

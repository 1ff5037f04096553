/* Plain ASCII where the locale is not UTF-8: a minus sign there would reach the screen as three
 * wrong characters. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Whether LC_ALL, LC_CTYPE or LANG ask for another encoding than UTF-8, or for none. A UTF-8 locale
 * that is not installed counts as what it asks for. */
bool plain_wanted(void);

/* From now on stdout and stderr write each sign of the program as ASCII, where that is wanted, and
 * other characters as \xNN. Nothing else has to know: text is written as ever. Does nothing where
 * the C library's stdout cannot be replaced (musl's; its locales are all UTF-8 but C). */
void plain_begin(void);
/* The same for stderr alone: for a program whose output is a document. */
void plain_begin_messages(void);

/* Columns that UTF-8 TEXT takes in ASCII. */
int plain_columns(const char *text);

/* The descriptor behind STREAM, whether or not plain_begin has replaced it. */
int stream_descriptor(FILE *stream);

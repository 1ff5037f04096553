/* Text in columns, whatever bytes its characters take. */
#pragma once

/* Prints TEXT, padded to COLUMNS on its right or left; longer text is printed whole. */
void print_left(const char *text, int columns);
void print_right(const char *text, int columns);

/* Prints TEXT in lines of at most COLUMNS, broken at spaces, each after INDENT spaces. */
void print_wrapped(const char *text, int indent, int columns);

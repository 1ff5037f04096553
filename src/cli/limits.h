/* The limits of a format, three ways. */
#ifndef HALFULP_CLI_LIMITS_H
#define HALFULP_CLI_LIMITS_H

#include "format.h"
#include "terminal.h"

#include <jansson.h>

json_t *limits_json(const struct hu_format *f);
json_t *limits_integer_json(const struct hu_integer *n);

void limits_print(const struct hu_format *f, const struct palette *p);
void limits_integer_print(const struct hu_integer *n, const struct palette *p);

/* All named formats and integer dtypes, a line each. */
void limits_print_all(void);

/* The derivation of the largest and the smallest values, step by step. */
void limits_explain(const struct hu_format *f, const struct palette *p);
void limits_integer_explain(const struct hu_integer *n, const struct palette *p);

#endif

/* What `halfulp block` says of values in a block format, as text and as JSON. */
#pragma once

#include "block/explain.h"
#include "terminal.h"

/* The values as one row, encoded, and what became of each. */
struct block_report {
    const struct hu_block *block;
    struct hu_block_options options; /* the rule is HU_SCALE_DEFAULT where none was asked for */
    size_t count;
    float *values; /* NULL: the codes were given */
    unsigned char *codes, *scales;
    float tensor_scale;
    struct hu_block_datum *data; /* of each element */
};

/* One block of a report: elements FIRST to END. */
struct block_span {
    size_t first, end;
    size_t greatest; /* the element that made the scale: of the greatest magnitude, or, where that
                        makes it NaN, no number; END: none did, or the codes were given */
};

size_t block_count(const struct block_report *r);
struct block_span block_span(const struct block_report *r, size_t index);
/* Bytes of block INDEX into OUT as hexadecimal, the scale's first: what --decode takes. */
char *block_hex(const struct block_report *r, size_t index);

/* What r->codes are made of, from r->values; false and EINVAL's reason is the caller's. */
bool block_encode(struct block_report *r);
bool block_look_all(struct block_report *r);
void block_free(struct block_report *r);

/* The rule that its scales go by, and the greatest finite magnitude of its values. */
enum hu_scale_rule block_rule(const struct block_report *r);
double block_amax(const struct block_report *r);

/* What its values come to under another rule: the errors, and the first block's scale, NaN where
 * they have none. */
struct hu_block_errors block_errors_by(const struct block_report *r, enum hu_scale_rule rule,
                                       double *scale);

/* "0x3" of element I, or "-5" of codes that are numbers. */
enum { BLOCK_CODE_TEXT = 24 };
const char *block_code(const struct block_report *r, size_t i, char out[BLOCK_CODE_TEXT]);

/* An fp64 exactly, and as it is shown; new memory. */
char *block_exact(double x);
char *block_shown(double x);

int block_print_text(const struct block_report *r);
int block_print_json(const struct block_report *r);

/* One value in several formats: what `show` has worked out, and the three ways to present it. */
#pragma once

#include "room.h"
#include "arguments.h"

struct show_row {
    const struct hu_format *format;
    uint64_t bits;
    unsigned flags;
    struct hu_datum datum;
    bool has_error; /* both the value and the datum are finite */
    mpq_t error;    /* datum - value */
    mpq_t error_ulp;
};

struct show {
    const char *input; /* as it was typed */
    struct hu_value value;
    struct hu_options options;
    struct show_row rows[FORMATS_MAX];
    size_t count;
};

/* False: message says why INPUT is no value. Call show_clear in either case. */
bool show_make(struct show *s, const char *input, const struct format_list *formats,
               const struct hu_options *options, char message[HU_MESSAGE]);
void show_clear(struct show *s);

/* The code in the row's format by way of fp32 or fp64, where that differs: *via is the format in
 * between. False: rounding twice does not bite. */
bool show_double_rounding(const struct show *s, const struct show_row *row,
                          const struct hu_format **via, uint64_t *bits);

/* A finite datum's significand, from 0 up to 2, exactly; the caller frees it. */
char *show_significand(const struct show_row *row);

/* In lines of at most COLUMNS; 0: of any length. */
void show_table(const struct show *s);
void show_details(const struct show *s, const struct show_row *row);
json_t *show_json(const struct show *s);

/* The bit layouts of all values as one SVG document; output_whole's put. */
struct show_values {
    const struct show *at;
    size_t count;
};
void show_svg(FILE *out, const void *values);

/* What several commands read from their arguments. Errors are reported. */
#pragma once

#include "block/block.h"
#include "halfulp.h"
#include "terminal.h"

enum { FORMATS_MAX = 64 };

struct format_list {
    const struct hu_format *at[FORMATS_MAX];
    size_t count;
};

/* Names separated by commas, or "all" named formats, added to LIST. False: reported. */
bool formats_read(const char *text, struct format_list *list);

/* Block formats that are decoded go to BLOCKS, others to FORMATS. False: reported. */
struct block_list {
    const struct hu_block *at[FORMATS_MAX];
    size_t count;
};
bool targets_read(const char *text, struct format_list *formats, struct block_list *blocks);

/* One format. NULL: reported. */
const struct hu_format *format_read(const char *name);

/* One that is no integer. NULL: reported. */
const struct hu_format *float_read(const char *name);

/* A raw array's elements: a format that is no integer, and the order of its bytes behind a colon.
 */
const struct hu_format *array_format_read(const char *name, bool *big_endian);

/* As hu_name_suggestion, of block formats. */
const char *block_suggestion(char out[HU_SUGGESTION], const char *name);
/* A block format that can be decoded. NULL: reported. */
const struct hu_block *block_read(const char *name);

/* A rounding direction. False: reported. */
bool direction_read(const char *text, enum hu_direction *direction);

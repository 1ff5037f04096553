/*
 * The viewer's state and every action on it. No SDL, no rectangles. Not thread-safe.
 *
 * One value, the source, is kept exactly; each row is it rounded once. Items that hold the focus or
 * take text go by their names on screen: "value", "fp32.bit31", "fp32.hex", "fp32.decimal".
 */
#pragma once

#include "document.h"
#include "edit.h"
#include "memory_page.h"
#include "numberline.h"
#include "text.h"

enum { MODEL_NAME = 64, MODEL_MESSAGE = 512 };

enum page {
    PAGE_BITS,
    PAGE_ROUNDING,
    PAGE_NUMBERLINE,
    PAGE_MEMORY,
    PAGE_ARITHMETIC,
    PAGE_BLOCK,
    PAGE_KEYS,
    PAGE_COUNT
};
enum popup { POPUP_NONE, POPUP_ROUND, POPUP_FORMATS, POPUP_THEME };
enum theme_name { THEME_LIGHT, THEME_DARK, THEME_SAFE, THEME_COUNT };
enum copy_form { COPY_VALUE, COPY_ENCODING, COPY_COMMAND };

/* One row, ready to be shown. */
struct row {
    const struct hu_format *format;
    const char *name; /* of its items: the format's, or "a", "b", "result", "scale"; NULL: none */
    bool is_source;
    uint64_t bits;
    unsigned flags;
    struct hu_datum datum;
    char label[HU_MAX_NAME + 1]; /* "FP8 E4M3" */
    char hex[HU_BITS_TEXT];      /* without 0x */
    char decimal[HU_SHORTEST_TEXT];
    char sum_sign[16], sum_exponent[40], sum_significand[40]; /* (−1)⁰, 2⁻⁴, 1.6 */
    bool sum_is_exact; /* their product is decimal, and not only about that */
    char class[32], flag_names[HU_FLAGS_TEXT];
    char bytes[48]; /* as they lie in memory, lowest address first */
    char error[40], error_ulp[40];
    char *error_exact, *ulps_exact; /* both, exactly; NULL: there is none */
};

/* The rows of the arithmetic page, in the selected format: the value, the second operand, and what
 * the operation gives; and those of the block page, a part each. */
enum { ROW_A = DOCUMENT_ROWS, ROW_B, ROW_RESULT, ROW_BLOCK, MODEL_ROWS = ROW_BLOCK + BLOCK_PARTS };

struct model {
    struct history history;
    struct row rows[MODEL_ROWS];
    int count;
    const struct hu_format *selected;
    int cursor[HU_MAX_WIDTH + 1]; /* the bit that Tab comes back to, by width of the row */

    enum page page, page_before_keys;
    enum popup popup;
    enum theme_name theme;
    double zoom; /* a factor, 0.5 to 4 */

    char focus[MODEL_NAME];
    struct edit edit; /* of the focused text field */
    bool edited;      /* since it got the focus */
    bool bad;         /* the text was refused: message says why */
    char message[MODEL_MESSAGE];
    bool message_is_error;

    struct numberline line;
    char weights_text[EDIT_TEXT];
    struct weights weights;
    char custom_text[HU_MAX_NAME + 1];
};

enum { STEP_SESSION = 1u << 31 };

void model_init(struct model *m);
void model_clear(struct model *m);
/* What came before cannot be undone. */
void model_begin(struct model *m);

static inline const struct document *model_now(const struct model *m)
{
    return history_now(&m->history);
}

/* The row of the document that shows F; -1: none. */
int model_row_with(const struct model *m, const struct hu_format *f);
/* The row of the selected format; that of NAME's part before the point, which may be of the
 * arithmetic page, and the rest of NAME (-1 and NULL: none). */
int model_selected(const struct model *m);
int model_row_of(const struct model *m, const char *name, const char **rest);
/* The bit that NAME means: "fp32.bit31"; -1: none. row may be NULL. */
int model_bit_of(const struct model *m, const char *name, int *row);

/* What the field at the top shows: the text as typed, or the datum's exact decimal. New memory. */
char *model_value_text(const struct model *m);
/* What stands in the text field NAME while it is not being edited. New memory; NULL: no field. */
char *model_field_text(const struct model *m, const char *name);

/* Messages stay until the next action. In model_rows.c, with the names. */
void model_say(struct model *m, bool error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for who says whether it was done: false. */
#define model_refuse(m, ...) (model_say(m, true, __VA_ARGS__), false)
void model_hush(struct model *m);

/* Actions on the value. group: see history_push. False: refused, and the message says why. */
bool model_set_text(struct model *m, const char *text, unsigned group);
/* Of any format, shown in a row or not. */
bool model_set_datum(struct model *m, const struct hu_format *f, uint64_t bits, unsigned group);
bool model_set_bits(struct model *m, int row, uint64_t bits, unsigned group);
bool model_set_decimal(struct model *m, int row, const char *text, unsigned group);
bool model_write_bit(struct model *m, int row, int bit, bool value, unsigned group);
bool model_step(struct model *m, int row, int direction);
bool model_negate(struct model *m);
bool model_negate_row(struct model *m, int row);

void model_set_arithmetic(struct model *m, enum arithmetic arithmetic);
void model_set_direction(struct model *m, enum hu_direction direction);
void model_set_saturate(struct model *m, bool saturate);
bool model_show_format(struct model *m, const struct hu_format *f, bool shown);
bool model_show_custom(struct model *m, const char *name);
bool model_set_rows(struct model *m, const char *list);
void model_select(struct model *m, int row);

/* The block page: another format, another rule, all values, which encode anew. */
void model_set_block(struct model *m, const struct hu_block *block);
void model_set_rule(struct model *m, enum hu_scale_rule rule);
bool model_set_values(struct model *m, const char *text, unsigned group);

/* D, which is taken, is the state after an action. Returns true. */
bool model_commit(struct model *m, struct document *d, unsigned group);

bool model_undo(struct model *m);
bool model_redo(struct model *m);

/* What Ctrl+C gives, in new memory. */
char *model_copy(const struct model *m, enum copy_form form);
/* A value as text, or raw bytes (hexadecimal, two digits each), the first at the lowest address
 * unless big_endian. */
bool model_paste(struct model *m, const char *text, bool big_endian);

/* The focus. Leaving a text field puts its text right. */
void model_focus(struct model *m, const char *name);
/* The focused text field shows what is there now, whatever was being typed. */
void model_settle(struct model *m);
bool model_is_field(const char *name);
/* The text in the focused field changed: apply it. */
void model_apply_edit(struct model *m);

void model_set_weights(struct model *m, const char *text);
/* What is asked of the memory. False: TEXT is refused, and the message says why. */
bool model_ask(struct model *m, enum memory_field field, const char *text, unsigned group);
/* The answer anew, where what it depends on has changed. */
void model_weigh(struct model *m);

const char *page_name(enum page page);          /* "bits", as on the command line */
const char *theme_label(enum theme_name theme); /* "light" */
bool page_find(const char *name, enum page *page);
bool theme_find(const char *name, enum theme_name *theme);
/* For who gave another one. */
#define PAGE_NAMES "bits, rounding, numberline, memory, arithmetic, block, keys"
#define THEME_NAMES "light, dark, safe"

/* The rows for the document; called by every action. In facts.c. */
void model_refresh(struct model *m);
/* Those of the arithmetic page, where the selected format is another. */
void model_refresh_operands(struct model *m);

/* What the pages are put together from. Lengths in units go through px(). */
#pragma once

#include "layout.h"

int px(const struct layout *l, double units);

static inline int lesser(int a, int b)
{
    return a < b ? a : b;
}

static inline int greater(int a, int b)
{
    return a > b ? a : b;
}

/* X, or where that lies outside of LEAST to MOST, the end that is nearer. */
static inline int within(int x, int least, int most)
{
    return x < least ? least : x > most ? most : x;
}

/* A new item; TEXT is copied, and may be NULL. Valid until the next one. */
struct item *put(struct layout *l, enum role role, struct rect rect, const char *text,
                 const char *name, ...) __attribute__((format(printf, 5, 6)));
#define put_label(l, rect, face, tint, text, ...)                                                  \
    as_label(put(l, ROLE_LABEL, rect, text, __VA_ARGS__), face, tint)
struct item *as_label(struct item *i, enum face face, enum tint tint);
/* One that takes clicks, the focus and Tab. */
#define put_active(l, role, rect, text, ...) as_active(l, put(l, role, rect, text, __VA_ARGS__))
struct item *as_active(const struct layout *l, struct item *i);
/* A text field; it shows the edited text while it has the focus. */
#define put_field(l, rect, face, align, ...)                                                       \
    as_field(l, put(l, ROLE_FIELD, rect, NULL, __VA_ARGS__), face, align)
struct item *as_field(struct layout *l, struct item *i, enum face face, enum align align);
/* A bit of R, as a cell; of a row's cells the focus is on one. */
struct item *put_bit(struct layout *l, struct rect rect, const struct row *r, int bit,
                     int caption_height);
struct mark *put_mark(struct layout *l, enum mark_kind kind, struct rect rect, enum tint tint,
                      int alpha);
/* A pixel wide and high at least. */
static inline struct rect some_box(int x, int y, int w, int h)
{
    return box(x, y, greater(w, 1), greater(h, 1));
}
#define put_fill(l, rect, tint) put_mark(l, MARK_FILL, rect, tint, 255)

/* A copy that lives as long as the layout. */
const char *keep(struct layout *l, const char *text);
/* TEXT itself, which is freed with the layout. */
const char *keep_taken(struct layout *l, char *text);
/* What the field at the top shows, with the minus sign of typography. */
const char *keep_source(struct layout *l);

/* The height of a line. */
static inline int line_of(const struct layout *l, enum face face)
{
    return l->view.metrics.height[face];
}
int width_of(const struct layout *l, enum face face, const char *text);
/* The same with so many UNITS more; of a button or a tab; of so many DIGITS. */
int width_with(const struct layout *l, enum face face, const char *text, double units);
int button_width(const struct layout *l, const char *text);
int digits(const struct layout *l, int count);
/* What a value that is shown to people takes at most: sign, 17 digits, point, and "e−4966". */
static inline int shown_width(const struct layout *l)
{
    return digits(l, 25);
}

/* TEXT broken into lines of at most WIDTH pixels and LINES lines, the last elided where there is
 * more; words: break at spaces where that can be. *used: the lines it took. */
const char *wrap(struct layout *l, enum face face, const char *text, int width, int lines,
                 bool words, int *used);

/* TEXT in so many COLUMNS; digits that do not fit go from before its END, if there is room for
 * that.
 */
const char *shorten(struct layout *l, const char *text, const char *end, int columns);
/* The power of ten that TEXT ends with; where it has none, its end. */
const char *power_of_ten(const char *text);

/* TEXT in the whole width of AREA, in so many LINES at most. Returns its bottom. */
int put_paragraph(struct layout *l, struct rect area, enum face face, enum tint tint, int lines,
                  const char *text, const char *name);
/* A title at the top of AREA. Returns where what it is the title of begins. */
int put_heading(struct layout *l, struct rect area, const char *text, const char *name);
/* A line at Y whose middle is as near to X as AREA allows. */
struct item *put_centered(struct layout *l, struct rect area, int x, int y, enum tint tint,
                          enum face face, const char *text, const char *name);

/* What a page fills from Y on, and within it the area that has no bottom yet. */
struct panel {
    size_t item;
    int inner;
    struct rect area;
};
struct panel panel_begin(struct layout *l, int y, double inner, const char *name);
/* Returns the bottom of the content. */
int panel_end(struct layout *l, const struct panel *p, int bottom);
/* The bottom of what the window has room for. */
int panel_bottom(const struct layout *l, const struct panel *p);

/* Pieces from left to right, and on in a new line where one does not fit. */
struct flow {
    struct layout *l;
    const char *group; /* of the pieces' names: "fp32" of "fp32.hex" */
    int left, right, x, y;
    int line, gap; /* height of a line, space between pieces and lines */
};
struct flow flow_in(struct layout *l, struct rect area, const char *group, int line, int gap);
/* WIDTH is cut to the line's. */
struct rect flow_next(struct flow *f, int width);
struct item *flow_label(struct flow *f, int width, enum face face, enum tint tint, const char *text,
                        const char *name);
/* One of several, of which SELECTED are; FULL stays the caller's, and may be NULL. WIDTH 0: what
 * TEXT takes. */
struct item *flow_choice(struct flow *f, enum role role, int width, const char *text, bool selected,
                         const char *full, const char *name);
/* What comes next stands so WIDE before the line's end, if there is room. */
void flow_push_right(struct flow *f, int wide);
/* The bottom of what was placed. */
int flow_end(const struct flow *f);

/* Of the last state. */
void layout_forget_texts(struct layout *l);
/* Lines in an item's text are cut to its width; what is lost stays in full. */
void layout_fit(struct layout *l, struct item *i);

/* Pages: they fill the body from the top at y, and return the bottom of the content. */
int page_bits(struct layout *l, int y);
int page_rounding(struct layout *l, int y);
int page_numberline(struct layout *l, int y);
int page_memory(struct layout *l, int y);
int page_arithmetic(struct layout *l, int y);
int page_block(struct layout *l, int y);
int page_keys(struct layout *l, int y);

/* The formats as tabs, of which one is selected. Returns the bottom. */
int put_format_tabs(struct layout *l, struct rect area);
/* The directions as buttons, with what text_in says of each, in new memory. Returns the bottom. */
int put_direction_buttons(struct layout *l, struct rect area,
                          char *(*text_in)(const struct model *m, enum hu_direction direction));
/* "a   [0.1]  0x[3dcd]": a row's title and fields, which take text where it is live. */
void put_row_head(const struct row *r, const char *title, bool live, struct flow *f);
/* A row's bits in lines of cells at most CELL units wide; indices: a strip above each has its
 * number; live: they take clicks. Returns the bottom. */
int put_cells(struct layout *l, const struct row *r, struct rect area, double cell, bool indices,
              bool live);

/* What is known of the selected row. BOTTOM: of the space there is; 0: as much as it takes. Returns
 * the panel's bottom. */
int put_inspector(struct layout *l, struct rect r, int bottom);

/* The rounding line of the selected row: source, neighbours, midpoint and directions. Returns its
 * bottom. */
int rounding_strip(struct layout *l, struct rect area);
int rounding_strip_height(const struct layout *l);

void put_popup(struct layout *l);

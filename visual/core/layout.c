#include "layout_parts.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

/* --- Rectangles, faces, roles --- */

struct rect rect_cut(struct rect a, struct rect b)
{
    int left = a.x > b.x ? a.x : b.x, top = a.y > b.y ? a.y : b.y;
    int right = a.x + a.w < b.x + b.w ? a.x + a.w : b.x + b.w;
    int bottom = a.y + a.h < b.y + b.h ? a.y + a.h : b.y + b.h;
    struct rect r = {left, top, right > left ? right - left : 0, bottom > top ? bottom - top : 0};
    return r;
}

const struct face_kind face_kinds[FACE_COUNT] = {
    [FACE_WORDS] = {13, false, false}, [FACE_SMALL] = {11, false, false},
    [FACE_BOLD] = {14, false, true},   [FACE_MONO] = {13, true, false},
    [FACE_INDEX] = {9, true, false},   [FACE_BIT] = {14, true, false},
    [FACE_LARGE] = {18, true, false},  [FACE_BIT_LARGE] = {20, true, false},
};

const char *role_name(enum role role)
{
    static const char *const names[] = {"panel",  "heading", "label",    "textbox",
                                        "button", "tab",     "checkbox", "bit",
                                        "menu",   "option",  "graphic",  "scrollbar"};
    return names[role];
}

/* --- Header and footer --- */

static void put_button(struct layout *l, struct flow *f, int width, const char *text,
                       const char *name, const char *full)
{
    put_choice(l, ROLE_BUTTON, flow_next(f, width), text, false, full, "%s", name);
}

static int header_value(struct layout *l, int pad)
{
    const struct model *m = l->model;
    int button = px(l, 36), right = l->view.width - pad, gap = px(l, 6);
    int buttons = 3 * (button + gap);
    bool beside = right - pad - buttons >= px(l, 180);
    struct rect r = {pad, px(l, 10), right - pad - (beside ? buttons : 0), px(l, 36)};
    struct item *i = put_field(l, r, ALIGN_LEFT, "value");
    i->face = FACE_LARGE;
    if (i->state & STATE_FOCUSED)
        layout_show_edit(l, i);
    i->state |= model_now(m)->value.format ? 0 : STATE_SOURCE;
    struct flow f = {pad,
                     right,
                     beside ? r.x + r.w + gap : pad,
                     beside ? r.y : r.y + r.h + gap,
                     px(l, beside ? 36 : 26),
                     gap};
    static const char *const names[][3] = {{"undo", "↶", "undo (Ctrl+Z)"},
                                           {"redo", "↷", "redo (Ctrl+Shift+Z)"},
                                           {"keys", "?", "the keys (F1)"}};
    for (int b = 0; b < 3; b++) {
        i = put_choice(l, ROLE_BUTTON, flow_next(&f, button), names[b][1], false, names[b][2], "%s",
                       names[b][0]);
        if ((b == 0 && !m->history.at) || (b == 1 && m->history.at + 1 == m->history.count))
            i->state |= STATE_DISABLED;
    }
    return flow_end(&f);
}

static void put_tabs(struct layout *l, struct flow *f)
{
    static const char *const titles[] = {"Bits",   "Rounding",   "Number line",
                                         "Memory", "Arithmetic", "Block"};
    for (int p = 0; p < PAGE_KEYS; p++)
        put_choice(l, ROLE_TAB, flow_next(f, button_width(l, titles[p])), titles[p],
                   l->model->page == (enum page)p, NULL, "tab.%s", page_name((enum page)p));
}

static void put_settings(struct layout *l, struct flow *f)
{
    const struct hu_options *o = &model_now(l->model)->options;
    char round[64];
    snprintf(round, sizeof round, "%s ▾", direction_words(o->direction));
    int check = width_of(l, FACE_WORDS, "saturate") + px(l, 30);
    /* The widest direction keeps its place. */
    int widest = button_width(l, "to nearest, ties to even ▾");
    int total =
        widest + check + button_width(l, "formats ▾") + button_width(l, "theme ▾") + 3 * f->gap;
    if (f->right - total >= f->x) {
        f->x = f->right - total;
    } else {
        f->x = f->left;
        f->y += f->line + f->gap;
    }
    put_button(l, f, widest, round, "round", "rounding direction");
    struct item *i = put_active(l, ROLE_CHECK, flow_next(f, check), "saturate", "saturate");
    i->align = ALIGN_LEFT;
    i->state |= o->saturate ? STATE_CHECKED : 0;
    i->full = "overflow goes to the largest finite value";
    put_button(l, f, button_width(l, "formats ▾"), "formats ▾", "formats",
               "which formats are shown");
    put_button(l, f, button_width(l, "theme ▾"), "theme ▾", "theme", "colours and size");
}

static int put_header(struct layout *l)
{
    int pad = px(l, 16);
    int y = header_value(l, pad);
    struct flow f = {pad, l->view.width - pad, pad, y + px(l, 8), px(l, 28), px(l, 4)};
    put_tabs(l, &f);
    put_settings(l, &f);
    return flow_end(&f) + px(l, 8);
}

static const char hint[] =
    "Space toggles a bit, Page Up and Page Down move by one ulp, F1 shows every key";

/* Messages get two lines where one is too narrow for most of them. */
static int status_height(const struct layout *l)
{
    bool narrow = l->view.width < px(l, 760);
    return line_of(l, FACE_SMALL) * (narrow ? 2 : 1) + px(l, 10);
}

static void put_status(struct layout *l, int y, int height)
{
    const struct model *m = l->model;
    int pad = px(l, 16), lines = l->view.width < px(l, 760) ? 2 : 1;
    struct rect r = {pad, y + px(l, 4), l->view.width - 2 * pad, height - px(l, 8)};
    const char *text = *m->message ? m->message : hint;
    const char *shown = wrap(l, FACE_SMALL, text, r.w, lines, true, NULL);
    struct item *i =
        put_label(l, r, FACE_SMALL, m->message_is_error ? TINT_BAD : TINT_DIM, shown, "status");
    i->full = *m->message ? keep(l, text) : NULL;
}

/* The rounding line stands at the foot where the window is tall enough. */
static bool strip_fits(const struct layout *l, int top)
{
    return l->view.height - top - rounding_strip_height(l) > px(l, 360);
}

static int put_footer(struct layout *l, int top)
{
    int status = status_height(l), bottom = l->view.height - status;
    put_status(l, bottom, status);
    if (l->model->page == PAGE_BITS && strip_fits(l, top)) {
        int pad = px(l, 16), height = rounding_strip_height(l);
        bottom -= height + px(l, 4);
        rounding_strip(l, box(pad, bottom, l->view.width - 2 * pad, height));
    }
    return bottom;
}

/* --- The whole --- */

int layout_scroll_max(const struct layout *l)
{
    return l->content > l->body.h ? l->content - l->body.h : 0;
}

/* The rounding line stands behind the rows where it is not at the foot. */
static int page_bits_and_strip(struct layout *l, int y)
{
    int bottom = page_bits(l, y), pad = px(l, 16);
    if (strip_fits(l, l->body.y))
        return bottom;
    struct rect r = {pad, bottom, l->view.width - 2 * pad, rounding_strip_height(l)};
    return rounding_strip(l, r) + px(l, 8);
}

static int put_page(struct layout *l)
{
    static int (*const pages[])(struct layout *, int) = {[PAGE_BITS] = page_bits_and_strip,
                                                         [PAGE_ROUNDING] = page_rounding,
                                                         [PAGE_NUMBERLINE] = page_numberline,
                                                         [PAGE_MEMORY] = page_memory,
                                                         [PAGE_ARITHMETIC] = page_arithmetic,
                                                         [PAGE_BLOCK] = page_block,
                                                         [PAGE_KEYS] = page_keys};
    return pages[l->model->page](l, l->body.y - l->view.scroll);
}

static void put_scrollbar(struct layout *l)
{
    if (!layout_scroll_max(l))
        return;
    int height = (int)((long)l->body.h * l->body.h / l->content);
    int least = px(l, 24);
    height = height < least ? (least < l->body.h ? least : l->body.h) : height;
    int y = l->body.y + (int)((long)(l->body.h - height) * l->view.scroll / layout_scroll_max(l));
    struct rect r = {l->view.width - px(l, 11), y, px(l, 7), height};
    struct item *i = put_active(l, ROLE_SCROLLBAR, r, NULL, "scrollbar");
    i->state &= ~(unsigned)STATE_STOP;
}

static void finish(struct layout *l)
{
    for (size_t n = 0; n < l->count; n++) {
        struct item *i = &l->items[n];
        struct rect seen = rect_cut(i->rect, i->clip);
        layout_fit(l, i);
        if (!seen.w || !seen.h)
            i->state |= STATE_OFFSCREEN;
    }
}

static void build_once(struct layout *l)
{
    l->count = l->mark_count = 0;
    l->layer = 0;
    l->body = box(0, 0, 0, 0);
    layout_forget_texts(l);
    int top = put_header(l), bottom = put_footer(l, top);
    if (bottom - top < px(l, 40))
        bottom = top + px(l, 40);
    l->body = box(0, top, l->view.width, bottom - top);
    l->content = put_page(l) + l->view.scroll - top;
    put_scrollbar(l);
    l->layer = 1;
    put_popup(l);
    finish(l);
}

void layout_build(struct layout *l, const struct model *m, const struct view *view)
{
    l->model = m;
    l->view = *view;
    build_once(l);
    int most = layout_scroll_max(l), scroll = view->scroll;
    scroll = scroll < 0 ? 0 : scroll > most ? most : scroll;
    if (scroll != l->view.scroll) {
        l->view.scroll = scroll;
        build_once(l);
    }
}

/* --- Looking things up --- */

const struct item *layout_hit(const struct layout *l, int x, int y)
{
    int layer = l->model->popup != POPUP_NONE;
    for (size_t n = l->count; n-- > 0;) {
        const struct item *i = &l->items[n];
        if (i->layer == layer && i->state & STATE_ACTIVE &&
            rect_has(rect_cut(i->rect, i->clip), x, y))
            return i;
    }
    return NULL;
}

static bool stops(const struct layout *l, const struct item *i)
{
    return i->state & STATE_STOP && !(i->state & STATE_DISABLED) &&
           i->layer == (l->model->popup != POPUP_NONE);
}

const struct item *layout_stop(const struct layout *l, const char *name, int direction)
{
    size_t n = l->count, at = direction > 0 ? n - 1 : 0;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(l->items[i].name, name))
            at = i;
    for (size_t step = 0; step < n; step++) {
        at = (at + n + (direction > 0 ? 1 : -1)) % n;
        /* Of a row's bits only one is a stop; the focus may be on another. */
        if (stops(l, &l->items[at]))
            return &l->items[at];
    }
    return NULL;
}

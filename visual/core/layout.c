#include "allocate.h"
#include "layout_parts.h"
#include "words.h"

#include <string.h>

/* --- Rectangles, roles --- */

struct rect rect_cut(struct rect a, struct rect b)
{
    int left = greater(a.x, b.x), top = greater(a.y, b.y);
    int right = lesser(a.x + a.w, b.x + b.w), bottom = lesser(a.y + a.h, b.y + b.h);
    return box(left, top, greater(right - left, 0), greater(bottom - top, 0));
}

const char *role_name(enum role role)
{
    static const char *const names[] = {"panel",  "heading", "label",    "textbox",
                                        "button", "tab",     "checkbox", "bit",
                                        "menu",   "option",  "graphic",  "scrollbar"};
    return names[role];
}

/* --- Header and footer --- */

/* A name without a group: "undo". */
static struct item *put_button(struct layout *l, struct flow *f, int width, const char *text,
                               const char *name, const char *full)
{
    struct item *i = put_active(l, ROLE_BUTTON, flow_next(f, width), text, "%s", name);
    i->full = full;
    return i;
}

static int header_value(struct layout *l, int pad)
{
    const struct model *m = l->model;
    int button = px(l, 36), gap = px(l, 6), buttons = 3 * (button + gap);
    struct rect all = {pad, px(l, 10), l->view.width - 2 * pad, px(l, 36)}, r = all;
    bool beside = all.w - buttons >= px(l, 180);
    r.w -= beside ? buttons : 0;
    struct item *i = put_field(l, r, FACE_LARGE, ALIGN_LEFT, "value");
    i->state |= model_now(m)->value.format ? 0 : STATE_SOURCE;
    all.y += beside ? 0 : r.h + gap;
    struct flow f = flow_in(l, all, NULL, px(l, beside ? 36 : 26), gap);
    f.x += beside ? r.w + gap : 0;
    i = put_button(l, &f, button, "↶", "undo", "undo (Ctrl+Z)");
    i->state |= m->history.at ? 0 : STATE_DISABLED;
    i = put_button(l, &f, button, "↷", "redo", "redo (Ctrl+Shift+Z)");
    i->state |= m->history.at + 1 < m->history.count ? 0 : STATE_DISABLED;
    put_button(l, &f, button, "?", "keys", "the keys (F1)");
    return flow_end(&f);
}

static void put_settings(struct layout *l, struct flow *f)
{
    const struct hu_options *o = &model_now(l->model)->options;
    const char *round = keep_taken(l, text_of("%s ▾", direction_words(o->direction)));
    int check = width_with(l, FACE_WORDS, "saturate", 30);
    /* The widest direction keeps its place. */
    int widest = button_width(l, "to nearest, ties to even ▾");
    int formats = button_width(l, "formats ▾"), theme = button_width(l, "theme ▾");
    int total = widest + check + formats + theme + 3 * f->gap;
    if (f->right - total < f->x) {
        f->x = f->left;
        f->y += f->line + f->gap;
    } else {
        f->x = f->right - total;
    }
    put_button(l, f, widest, round, "round", "rounding direction");
    struct item *i = put_active(l, ROLE_CHECK, flow_next(f, check), "saturate", "saturate");
    i->align = ALIGN_LEFT;
    i->state |= o->saturate ? STATE_CHECKED : 0;
    i->full = "overflow goes to the largest finite value";
    put_button(l, f, formats, "formats ▾", "formats", "which formats are shown");
    put_button(l, f, theme, "theme ▾", "theme", "colours and size");
}

static int put_header(struct layout *l)
{
    static const char *const titles[] = {"Bits",   "Rounding",   "Number line",
                                         "Memory", "Arithmetic", "Block"};
    int pad = px(l, 16);
    struct rect area = {pad, header_value(l, pad) + px(l, 8), l->view.width - 2 * pad, 0};
    struct flow f = flow_in(l, area, "tab", px(l, 28), px(l, 4));
    for (enum page p = 0; p < PAGE_KEYS; p++)
        flow_choice(&f, ROLE_TAB, 0, titles[p], l->model->page == p, NULL, page_name(p));
    put_settings(l, &f);
    return flow_end(&f) + px(l, 8);
}

static const char hint[] =
    "Space toggles a bit, Page Up and Page Down move by one ulp, F1 shows every key";

/* Messages get two lines where one is too narrow for most of them. */
static int status_lines(const struct layout *l)
{
    return l->view.width < px(l, 760) ? 2 : 1;
}

static void put_status(struct layout *l, struct rect r)
{
    const struct model *m = l->model;
    const char *text = *m->message ? m->message : hint;
    const char *shown = wrap(l, FACE_SMALL, text, r.w, status_lines(l), true, NULL);
    put_label(l, r, FACE_SMALL, m->message_is_error ? TINT_BAD : TINT_DIM, shown, "status")->full =
        *m->message ? m->message : NULL;
}

/* The rounding line stands at the foot where the window is tall enough. */
static bool strip_fits(const struct layout *l, int top)
{
    return l->view.height - top - rounding_strip_height(l) > px(l, 360);
}

static int put_footer(struct layout *l, int top)
{
    int text = line_of(l, FACE_SMALL) * status_lines(l) + px(l, 10);
    int bottom = l->view.height - text, pad = px(l, 16), width = l->view.width - 2 * pad;
    put_status(l, box(pad, bottom + px(l, 4), width, text - px(l, 8)));
    if (l->model->page == PAGE_BITS && strip_fits(l, top)) {
        int height = rounding_strip_height(l);
        bottom -= height + px(l, 4);
        rounding_strip(l, box(pad, bottom, width, height));
    }
    return bottom;
}

/* --- The whole --- */

int layout_scroll_max(const struct layout *l)
{
    return greater(l->content - l->body.h, 0);
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
    height = greater(height, lesser(px(l, 24), l->body.h));
    int y = l->body.y + (int)((long)(l->body.h - height) * l->view.scroll / layout_scroll_max(l));
    struct rect r = {l->view.width - px(l, 11), y, px(l, 7), height};
    struct item *i = put_active(l, ROLE_SCROLLBAR, r, NULL, "scrollbar");
    i->state &= ~(unsigned)STATE_STOP;
}

static void finish(struct layout *l)
{
    for (size_t n = 0; n < l->count; n++) {
        struct item *i = &l->items[n];
        layout_fit(l, i);
        i->state |= rects_meet(i->rect, i->clip) ? 0 : STATE_OFFSCREEN;
    }
}

static void build_once(struct layout *l)
{
    l->count = l->mark_count = 0;
    l->layer = 0;
    l->body = box(0, 0, 0, 0);
    layout_forget_texts(l);
    int top = put_header(l), bottom = put_footer(l, top);
    l->body = box(0, top, l->view.width, greater(bottom - top, px(l, 40)));
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
    int scroll = within(view->scroll, 0, layout_scroll_max(l));
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

#include "view_metrics.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int width, height;
} sizes[] = {{640, 400},   {641, 433},  {700, 1000},  {800, 600}, {1024, 768},
             {1280, 800},  {1366, 768}, {1920, 1080}, {400, 900}, {2560, 1440},
             {3840, 2160}, {160, 160},  {5000, 180}};
static const double scales[] = {0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4};
static const char *const row_sets[] = {"fp64,fp32,tf32,bf16,fp16", "all", "e8m0",
                                       "fp4_e2m1,fp6_e3m2,fp8_e4m3",
                                       "e15m48,e2m1,e8m0,fp8_e4m3b11fnuz"};
static const char *const values[] = {
    "0.1",    "-2.2250738585072014e-308", "snan(0x12)", "-inf", "0", "1/3", "448.5", "1e-400",
    "-1e4000"};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void start(struct session *c, int width, int height, double scale, const char *rows,
                  const char *value, enum page page)
{
    session_init(c, width, height, scale, plain_metrics, NULL);
    cr_assert(model_set_rows(&c->model, rows));
    cr_assert(model_set_text(&c->model, value, 0));
    c->model.page = page;
    session_update(c);
}

/* --- Nothing overlaps, nothing is cut --- */

static bool is_ground(const struct item *i)
{
    return i->role == ROLE_PANEL || i->role == ROLE_MENU || i->role == ROLE_PLOT;
}

/* Only the part that is seen counts. */
static const char *overlap(const struct layout *l)
{
    static char message[256];
    static struct rect seen[4096];
    static const struct item *items[4096];
    size_t count = 0;
    cr_assert_lt(l->count, COUNT(seen));
    for (size_t n = 0; n < l->count; n++) {
        struct rect r = rect_cut(l->items[n].rect, l->items[n].clip);
        if (is_ground(&l->items[n]) || !r.w || !r.h)
            continue;
        items[count] = &l->items[n];
        seen[count++] = r;
    }
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++) {
            struct rect p = seen[a], q = seen[b];
            if (p.x < q.x + q.w && q.x < p.x + p.w && p.y < q.y + q.h && q.y < p.y + p.h &&
                items[a]->layer == items[b]->layer) {
                snprintf(message, sizeof message, "%s and %s overlap", items[a]->name,
                         items[b]->name);
                return message;
            }
        }
    return NULL;
}

static int lines_in(const char *text)
{
    int n = 1;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static int widest_line(const struct layout *l, const struct item *i)
{
    int widest = 0;
    for (const char *at = i->text; *at;) {
        size_t length = strcspn(at, "\n");
        int width = l->view.metrics.width(l->view.metrics.context, i->face, at, length);
        widest = width > widest ? width : widest;
        at += length + (at[length] == '\n');
    }
    return widest;
}

static const char *cut(const struct layout *l)
{
    static char message[256];
    for (size_t n = 0; n < l->count; n++) {
        const struct item *i = &l->items[n];
        int width = widest_line(l, i);
        int height = lines_in(i->text) * l->view.metrics.height[i->face];
        const char *why = NULL;
        if (i->rect.x < 0 || i->rect.x + i->rect.w > l->view.width)
            why = "reaches out of the window";
        else if (i->rect.w < 0 || i->rect.h < 0)
            why = "is negative";
        else if (*i->text && width > i->rect.w)
            why = "is too narrow for its text";
        else if (*i->text && height > i->rect.h + 1)
            why = "is too low for its text";
        else if (i->layer && (i->rect.y < 0 || i->rect.y + i->rect.h > l->view.height))
            why = "is a popup's and reaches out of the window";
        if (why) {
            snprintf(message, sizeof message, "%s (%d, %d, %d x %d) '%.40s' %s", i->name, i->rect.x,
                     i->rect.y, i->rect.w, i->rect.h, i->text, why);
            return message;
        }
    }
    return NULL;
}

static bool lies_in(struct rect inner, struct rect outer)
{
    return inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.w <= outer.x + outer.w &&
           inner.y + inner.h <= outer.y + outer.h;
}

/* What belongs to the page stands on one of its panels; a row's things on the row's own. */
static const char *stray(const struct layout *l)
{
    static char message[256];
    for (size_t n = 0; n < l->count; n++) {
        const struct item *i = &l->items[n];
        int row = model_row_of(l->model, i->name, NULL);
        bool home =
            i->layer || is_ground(i) || !strchr(i->name, '.') || !strncmp(i->name, "tab.", 4);
        for (size_t p = 0; !home && p < l->count; p++) {
            const struct item *panel = &l->items[p];
            home = panel->role == ROLE_PANEL && lies_in(i->rect, panel->rect) &&
                   (row < 0 || l->model->page != PAGE_BITS ||
                    model_row_of(l->model, panel->name, NULL) == row);
        }
        if (!home) {
            snprintf(message, sizeof message, "%s stands on no panel", i->name);
            return message;
        }
    }
    return NULL;
}

static void check_all_sizes(enum page page, enum popup popup)
{
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (size_t z = 0; z < COUNT(scales); z++)
            for (size_t r = 0; r < COUNT(row_sets); r++) {
                struct session c;
                const char *value = values[(s + z + r) % COUNT(values)];
                start(&c, sizes[s].width, sizes[s].height, scales[z], row_sets[r], value, page);
                c.model.popup = popup;
                session_update(&c);
                const char *why = overlap(&c.layout);
                why = why ? why : cut(&c.layout);
                why = why ? why : stray(&c.layout);
                cr_assert_null(why, "%d x %d at %g, %s, %s: %s", sizes[s].width, sizes[s].height,
                               scales[z], row_sets[r], value, why);
                session_clear(&c);
            }
}

Test(layout, bits_neither_overlap_nor_are_cut_at_any_size)
{
    check_all_sizes(PAGE_BITS, POPUP_NONE);
}

Test(layout, the_rounding_page_neither_overlaps_nor_is_cut)
{
    check_all_sizes(PAGE_ROUNDING, POPUP_NONE);
}

/* In a narrow window a direction, its result and its reason stand below each other. */
Test(layout, a_reason_is_nearer_to_its_direction_than_to_the_next)
{
    struct session c;
    start(&c, 400, 900, 1, row_sets[0], "0.1", PAGE_ROUNDING);
    const struct item *decimal = layout_find(&c.layout, "rounding.rne.decimal"),
                      *reason = layout_find(&c.layout, "rounding.rne.reason"),
                      *next = layout_find(&c.layout, "direction.rna");
    cr_assert(decimal && reason && next);
    int within = reason->rect.y - decimal->rect.y - decimal->rect.h,
        after = next->rect.y - reason->rect.y - reason->rect.h;
    cr_assert_gt(reason->rect.y, decimal->rect.y);
    cr_assert_gt(after, within);
    session_clear(&c);
}

Test(layout, the_number_line_neither_overlaps_nor_is_cut)
{
    check_all_sizes(PAGE_NUMBERLINE, POPUP_NONE);
}

Test(layout, the_memory_page_neither_overlaps_nor_is_cut)
{
    check_all_sizes(PAGE_MEMORY, POPUP_NONE);
}

Test(layout, the_answer_of_the_memory_page_neither_overlaps_nor_is_cut)
{
    static const char *const questions[][MEMORY_FIELDS] = {
        {"32k", "", "", "", "RTX-4090-24GB"},
        {"", "", "", "mixed", "H100-80GB"},
        {"1", "1000000", "fp8_e4m3", "fp32", "1TiB"},
    };
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (size_t z = 0; z < COUNT(scales); z++)
            for (size_t q = 0; q < COUNT(questions); q++) {
                struct session c;
                start(&c, sizes[s].width, sizes[s].height, scales[z], row_sets[0], "0.1",
                      PAGE_MEMORY);
                for (int f = 0; f < MEMORY_FIELDS; f++)
                    cr_assert(model_ask(&c.model, (enum memory_field)f, questions[q][f], 0));
                session_update(&c);
                const char *why = overlap(&c.layout);
                why = why ? why : cut(&c.layout);
                why = why ? why : stray(&c.layout);
                cr_assert_null(why, "%d x %d at %g, question %zu: %s", sizes[s].width,
                               sizes[s].height, scales[z], q, why);
                session_clear(&c);
            }
}

Test(layout, the_arithmetic_page_neither_overlaps_nor_is_cut)
{
    check_all_sizes(PAGE_ARITHMETIC, POPUP_NONE);
}

Test(layout, the_keys_neither_overlap_nor_are_cut)
{
    check_all_sizes(PAGE_KEYS, POPUP_NONE);
}

Test(layout, menus_stay_in_the_window)
{
    check_all_sizes(PAGE_BITS, POPUP_ROUND);
    check_all_sizes(PAGE_BITS, POPUP_FORMATS);
    check_all_sizes(PAGE_BITS, POPUP_THEME);
}

/* --- In a narrow window --- */

static const struct {
    int width, height;
} narrow_sizes[] = {{360, 640}, {412, 900}, {640, 400}, {700, 600}, {800, 600}};

/* What is shortened, of the items of PAGE whose names have PART in them; NULL: nothing. */
static const char *shortened(enum page page, const char *rows, const char *value, const char *part)
{
    static char message[256];
    message[0] = 0;
    for (size_t s = 0; s < COUNT(narrow_sizes) && !*message; s++) {
        struct session c;
        start(&c, narrow_sizes[s].width, narrow_sizes[s].height, 1, rows, value, page);
        for (size_t n = 0; n < c.layout.count; n++) {
            const struct item *i = &c.layout.items[n];
            if (strstr(i->name, part) && i->state & STATE_ELIDED)
                snprintf(message, sizeof message, "%s: %s of %s at %d", i->name, i->text, i->full,
                         narrow_sizes[s].width);
        }
        session_clear(&c);
    }
    return *message ? message : NULL;
}

Test(layout, directions_figures_and_counts_are_whole_in_a_narrow_window)
{
    static const struct {
        enum page page;
        const char *rows, *value, *part;
    } wholes[] = {{PAGE_BITS, "fp64,fp32", "0.1", "direction."},
                  {PAGE_BITS, "fp8_e4m3b11fnuz", "0.1", "direction."},
                  {PAGE_BITS, "uint64", "1e300", "uint64.sum_significand"},
                  {PAGE_BITS, "fp6_e2m3", "1e4000", "fp6_e2m3.error"},
                  {PAGE_MEMORY, "fp64,fp32,fp8_e4m3", "0.1", ".gib"},
                  {PAGE_MEMORY, "fp64,fp32,fp8_e4m3", "0.1", ".gb"},
                  {PAGE_NUMBERLINE, "fp64,e15m48,fp8_e4m3b11fnuz", "0.1", ".count"},
                  {PAGE_ROUNDING, "fp32,fp64", "12345678901234567", ".decimal"},
                  {PAGE_ROUNDING, "fp32,fp64", "0.1", "rounding.upper"},
                  {PAGE_ARITHMETIC, "e15m48", "1e-4000", ".error"},
                  {PAGE_ARITHMETIC, "fp64", "0.1", "result."}};
    for (size_t n = 0; n < COUNT(wholes); n++) {
        const char *why =
            shortened(wholes[n].page, wholes[n].rows, wholes[n].value, wholes[n].part);
        cr_assert_null(why, "%s", why);
    }
}

Test(layout, a_value_that_does_not_fit_keeps_its_power_of_ten)
{
    static const struct {
        enum page page;
        const char *name, *end;
    } ends[] = {{PAGE_ROUNDING, "rounding.lower", "e+16"}, {PAGE_BITS, "rounding.lower", "e+16"}};
    for (size_t n = 0; n < COUNT(ends); n++) {
        struct session c;
        start(&c, 360, 640, 1, "fp32", "12345678901234567", ends[n].page);
        const struct item *i = layout_find(&c.layout, ends[n].name);
        cr_assert_not_null(i);
        const char *end = strstr(i->text, ends[n].end);
        cr_assert(end && strstr(i->text, "…") && !strcmp(end, ends[n].end), "%s: %s", i->name,
                  i->text);
        session_clear(&c);
    }
}

Test(layout, an_error_stands_in_one_line_with_its_word)
{
    for (size_t s = 0; s < COUNT(narrow_sizes); s++) {
        struct session c;
        start(&c, narrow_sizes[s].width, narrow_sizes[s].height, 1, "fp64", "0.1", PAGE_BITS);
        int y = layout_find(&c.layout, "fp64.off")->rect.y;
        cr_assert_eq(layout_find(&c.layout, "fp64.error")->rect.y, y);
        cr_assert_eq(layout_find(&c.layout, "fp64.error_ulp")->rect.y, y);
        session_clear(&c);
    }
}

Test(layout, names_are_unique)
{
    for (int p = 0; p < PAGE_COUNT; p++) {
        struct session c;
        start(&c, 1280, 800, 1, "all", "1/3", (enum page)p);
        for (size_t a = 0; a < c.layout.count; a++)
            for (size_t b = a + 1; b < c.layout.count; b++)
                cr_assert(strcmp(c.layout.items[a].name, c.layout.items[b].name), "two items: %s",
                          c.layout.items[a].name);
        session_clear(&c);
    }
}

Test(layout, five_formats_need_no_scroll_bar_at_1280_by_800)
{
    static const enum page pages[] = {PAGE_BITS, PAGE_ROUNDING, PAGE_NUMBERLINE, PAGE_KEYS};
    for (size_t p = 0; p < COUNT(pages); p++)
        for (size_t v = 0; v < COUNT(values); v++) {
            struct session c;
            start(&c, 1280, 800, 1, row_sets[0], values[v], pages[p]);
            for (int row = 0; row < c.model.count; row++) {
                model_select(&c.model, row);
                session_update(&c);
                cr_assert_eq(layout_scroll_max(&c.layout), 0, "page %d, %s, row %d", (int)pages[p],
                             values[v], row);
                cr_assert_null(layout_find(&c.layout, "scrollbar"));
            }
            session_clear(&c);
        }
}

/* In a row nothing is shortened but what cannot fit anywhere: a significand of 52 bits. */
Test(layout, rows_show_their_figures_whole_at_1280_by_800)
{
    for (size_t v = 0; v < COUNT(values); v++) {
        struct session c;
        start(&c, 1280, 800, 1, row_sets[0], values[v], PAGE_BITS);
        for (size_t n = 0; n < c.layout.count; n++) {
            const struct item *i = &c.layout.items[n];
            if (model_row_of(&c.model, i->name, NULL) >= 0)
                cr_assert(!(i->state & STATE_ELIDED), "%s: %s of %s", values[v], i->name, i->full);
        }
        session_clear(&c);
    }
}

/* --- Nothing moves --- */

Test(layout, nothing_moves_when_the_value_changes)
{
    for (size_t s = 0; s < COUNT(sizes); s++) {
        struct session a, b;
        start(&a, sizes[s].width, sizes[s].height, 1, row_sets[0], "0.1", PAGE_BITS);
        for (size_t v = 0; v < COUNT(values); v++) {
            start(&b, sizes[s].width, sizes[s].height, 1, row_sets[0], values[v], PAGE_BITS);
            for (size_t n = 0; n < a.layout.count; n++) {
                const struct item *was = &a.layout.items[n];
                const struct item *is = layout_find(&b.layout, was->name);
                bool row = model_row_of(&a.model, was->name, NULL) >= 0;
                bool fixed = row || !strchr(was->name, '.') || !strncmp(was->name, "tab", 3);
                if (!fixed || !strcmp(was->name, "scrollbar"))
                    continue;
                cr_assert_not_null(is, "%s is gone", was->name);
                cr_assert(!memcmp(&was->rect, &is->rect, sizeof was->rect) || was->rect.h == 0,
                          "%s moved at %s, %d x %d", was->name, values[v], sizes[s].width,
                          sizes[s].height);
            }
            session_clear(&b);
        }
        session_clear(&a);
    }
}

/* --- Hits --- */

static void check_hits(struct session *c, const char *rows)
{
    for (int row = 0; row < c->model.count; row++)
        for (int bit = 0; bit < c->model.rows[row].format->width; bit++) {
            char name[MODEL_NAME];
            snprintf(name, sizeof name, "%s.bit%d", c->model.rows[row].format->name, bit);
            const struct item *i = layout_find(&c->layout, name);
            if (!i || rect_cut(i->rect, i->clip).h < i->rect.h)
                session_reveal(c, name);
            i = layout_find(&c->layout, name);
            struct rect r = i ? rect_cut(i->rect, i->clip) : (struct rect){0, 0, 0, 0};
            cr_assert(r.w > 0 && r.h > 0, "%s cannot be reached (%s)", name, rows);
            int xs[] = {r.x, r.x + r.w / 2, r.x + r.w - 1};
            int ys[] = {r.y, r.y + r.h / 2, r.y + r.h - 1};
            for (int k = 0; k < 9; k++) {
                const struct item *hit = layout_hit(&c->layout, xs[k % 3], ys[k / 3]);
                cr_assert(hit && !strcmp(hit->name, name), "%s is missed (%s hit)", name,
                          hit ? hit->name : "nothing");
            }
        }
}

Test(layout, every_cell_is_hit_at_its_middle_edges_and_corners)
{
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (size_t z = 0; z < COUNT(scales); z += 2)
            for (size_t r = s % 2; r < COUNT(row_sets); r += 2) {
                struct session c;
                start(&c, sizes[s].width, sizes[s].height, scales[z], row_sets[r], "0.1",
                      PAGE_BITS);
                check_hits(&c, row_sets[r]);
                session_clear(&c);
            }
}

Test(layout, the_radix_points_stand_under_each_other)
{
    struct session c;
    start(&c, 1280, 800, 1, row_sets[0], "0.1", PAGE_BITS);
    const struct item *first = layout_find(&c.layout, "fp64.bit51");
    static const char *const leading[] = {"fp32.bit22", "tf32.bit9", "bf16.bit6", "fp16.bit9"};
    for (size_t i = 0; i < COUNT(leading); i++)
        cr_assert_eq(layout_find(&c.layout, leading[i])->rect.x, first->rect.x, "%s", leading[i]);
    session_clear(&c);
}

Test(layout, cells_of_operands_have_room_for_their_indices)
{
    for (size_t s = 0; s < COUNT(narrow_sizes); s++) {
        struct session c;
        start(&c, narrow_sizes[s].width, narrow_sizes[s].height, 1, "fp64,fp32", "0.1",
              PAGE_ARITHMETIC);
        model_select(&c.model, 0);
        session_update(&c);
        int cell = layout_find(&c.layout, "a.bit63")->rect.w;
        cr_assert_geq(cell, 14, "%d at %d", cell, narrow_sizes[s].width);
        session_clear(&c);
    }
}

Test(layout, cells_are_large_enough_to_hit)
{
    struct session c;
    start(&c, 1280, 800, 1, row_sets[0], "0.1", PAGE_BITS);
    const struct item *bit = layout_find(&c.layout, "fp64.bit0");
    cr_assert(bit->rect.w >= 13 && bit->rect.h >= 40, "%d x %d", bit->rect.w, bit->rect.h);
    session_clear(&c);
}

/* --- The keyboard --- */

static int count_stops(const struct layout *l)
{
    int n = 0;
    for (size_t i = 0; i < l->count; i++)
        n += l->items[i].state & STATE_STOP && !(l->items[i].state & STATE_DISABLED) &&
             l->items[i].layer == (l->model->popup != POPUP_NONE);
    return n;
}

static void check_tab_round(struct session *c)
{
    char begin[MODEL_NAME], message[160];
    struct chord tab = {KEY_TAB, 0}, back = {KEY_TAB, MOD_SHIFT};
    control_key(c, tab);
    strcpy(begin, c->model.focus);
    int stops = count_stops(&c->layout);
    for (int i = 0; i < stops; i++) {
        const struct item *at = layout_find(&c->layout, c->model.focus);
        snprintf(message, sizeof message, "page %d, %s", (int)c->model.page, c->model.focus);
        cr_assert(at && at->state & STATE_FOCUSED, "no focus: %s", message);
        cr_assert(!(at->state & STATE_OFFSCREEN), "focus out of sight: %s", message);
        control_key(c, tab);
    }
    cr_assert_str_eq(c->model.focus, begin, "not all of %d stops in a round", stops);
    for (int i = 0; i < stops; i++)
        control_key(c, back);
    cr_assert_str_eq(c->model.focus, begin);
}

Test(layout, tab_goes_round_everything_and_the_focus_is_always_seen)
{
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (int p = 0; p < PAGE_COUNT; p++) {
            struct session c;
            start(&c, sizes[s].width, sizes[s].height, 1, row_sets[0], "0.1", (enum page)p);
            check_tab_round(&c);
            session_clear(&c);
        }
}

Test(layout, tab_stays_in_an_open_menu)
{
    struct session c;
    start(&c, 1280, 800, 1, row_sets[0], "0.1", PAGE_BITS);
    c.model.popup = POPUP_FORMATS;
    session_update(&c);
    check_tab_round(&c);
    session_clear(&c);
}

Test(layout, arrows_reach_every_bit)
{
    struct session c;
    start(&c, 800, 600, 1, row_sets[0], "0.1", PAGE_BITS);
    session_focus(&c, "fp64.bit63");
    for (int row = 0; row < c.model.count; row++) {
        control_key(&c, (struct chord){KEY_HOME, 0});
        for (int bit = c.model.rows[row].format->width - 1; bit >= 0; bit--) {
            char name[MODEL_NAME];
            snprintf(name, sizeof name, "%s.bit%d", c.model.rows[row].format->name, bit);
            cr_assert_str_eq(c.model.focus, name);
            control_key(&c, (struct chord){KEY_RIGHT, 0});
        }
        for (int bit = 0; bit < c.model.rows[row].format->width; bit++) {
            char name[MODEL_NAME];
            snprintf(name, sizeof name, "%s.bit%d", c.model.rows[row].format->name, bit);
            cr_assert_str_eq(c.model.focus, name);
            control_key(&c, (struct chord){KEY_LEFT, 0});
        }
        control_key(&c, (struct chord){KEY_DOWN, 0});
    }
    session_clear(&c);
}

Test(layout, a_press_in_a_field_puts_the_caret_between_the_digits)
{
    struct session c;
    start(&c, 1280, 800, 1, row_sets[0], "0.125", PAGE_BITS);
    const struct item *i = layout_find(&c.layout, "fp32.hex");
    int y = i->rect.y + i->rect.h / 2, x = i->rect.x + i->rect.w - layout_inset(&c.layout, i);
    control_press(&c, x - 5, y, false);
    control_release(&c, x - 5, y);
    cr_assert_str_eq(c.model.focus, "fp32.hex");
    cr_assert(edit_all_selected(&c.model.edit), "the first press selects all");
    int digit = plain_width(NULL, FACE_MONO, "0", 1);
    for (int back = 0; back <= 8; back++) {
        control_press(&c, x - back * digit, y, false);
        control_release(&c, x - back * digit, y);
        cr_assert_eq(c.model.edit.caret, (size_t)(8 - back), "%d digits from the right", back);
    }
    session_clear(&c);
}

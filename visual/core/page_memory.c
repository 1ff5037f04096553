/* The memory page: the width of a row, seen as gigabytes, and whether they fit. */
#include "allocate.h"
#include "layout_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The selected row's width stands out, then the other rows', then what the file holds. */
static enum tint bar_tint(const struct model *m, const struct weights_bar *bar)
{
    if (bar->stored)
        return TINT_EXPONENT;
    if (bar->format && bar->format == m->selected)
        return TINT_ACCENT;
    return bar->format && model_row_with(m, bar->format) >= 0 ? TINT_SIGNIFICAND : TINT_LINE;
}

/* NAME: what the widest name takes. */
static int put_bar(struct layout *l, const struct weights_bar *bar, double most, int name,
                   struct rect area)
{
    int height = area.h, figure = width_of(l, FACE_MONO, "999,999.99 GiB"), gap = px(l, 10);
    int room = area.w - name - 2 * (figure + gap), x = area.x + name;
    bool narrow = room < px(l, 80);
    figure = lesser(figure, (area.w - name - gap) / 2);
    put_label(l, box(area.x, area.y, name, height), FACE_MONO, TINT_INK, bar->name, "memory.%s",
              bar->name);
    int length = (int)(most > 0 ? bar->bytes / most * (narrow ? area.w - name : room) : 0);
    int thick = narrow ? px(l, 6) : height - px(l, 6);
    put_fill(l, some_box(x, area.y + (narrow ? height : px(l, 3)), length, thick),
             bar_tint(l->model, bar));
    x += narrow ? 0 : room + gap;
    struct item *i = put_label(l, box(x, area.y, figure, height), FACE_MONO, TINT_INK, bar->gib,
                               "memory.%s.gib", bar->name);
    i->align = ALIGN_RIGHT;
    i->full = bar->exact;
    x += figure + gap;
    i = put_label(l, box(x, area.y, figure, height), FACE_MONO, TINT_DIM, bar->gb, "memory.%s.gb",
                  bar->name);
    i->align = ALIGN_RIGHT;
    i->full = bar->exact;
    return area.y + height + (narrow ? gap : px(l, 4));
}

/* --- What is asked --- */

/* The fields beside each other, each below its label. */
static int put_question(struct layout *l, struct rect area)
{
    static const char *const labels[MEMORY_FIELDS] = {"context", "batch", "KV cache in", "training",
                                                      "device"};
    static const double widths[MEMORY_FIELDS] = {96, 72, 120, 120, 160};
    int label = line_of(l, FACE_SMALL) + px(l, 2), field = px(l, 26);
    struct flow f = flow_in(l, area, "memory", label + field, px(l, 8));
    for (int n = 0; n < MEMORY_FIELDS; n++) {
        const char *name = memory_fields[n].name;
        struct rect r = flow_next(&f, px(l, widths[n]));
        put_label(l, box(r.x, r.y, r.w, label), FACE_SMALL, TINT_DIM, labels[n], "memory.%s.label",
                  name);
        struct item *i = put_field(l, box(r.x, r.y + label, r.w, field), FACE_MONO, ALIGN_LEFT,
                                   "memory.%s", name);
        i->full = i->full ? i->full : memory_fields[n].words;
    }
    return flow_end(&f);
}

/* --- The answer --- */

static enum tint share_tint(int n)
{
    static const enum tint tints[] = {TINT_SIGNIFICAND, TINT_EXPONENT, TINT_SIGN,
                                      TINT_ACCENT,      TINT_LINE,     TINT_DIM};
    return tints[n % 6];
}

/* The shares one after the other, on a scale that the device and the sum both fit; the device's end
 * is a line. */
static int draw_sum(struct layout *l, const struct memory_answer *a, struct rect area)
{
    double most = fmax(a->device, a->needed);
    int height = px(l, 26), x = area.x;
    put_mark(l, MARK_FILL, box(area.x, area.y, area.w, height), TINT_LINE, 60);
    for (int n = 0; n < a->share_count && most > 0; n++) {
        int width = (int)(a->shares[n].bytes / most * area.w);
        width = lesser(greater(width, 1), area.x + area.w - x);
        put_fill(l, box(x, area.y, width, height), share_tint(n));
        x += width;
    }
    if (a->device > 0) {
        int end = area.x + (int)(a->device / most * (area.w - px(l, 2)));
        put_fill(l, box(end, area.y - px(l, 4), px(l, 2), height + px(l, 8)), TINT_INK);
    }
    return area.y + height + px(l, 8);
}

static int put_shares(struct layout *l, const struct memory_answer *a, struct rect area)
{
    int line = line_of(l, FACE_MONO) + px(l, 4), square = px(l, 10);
    int name = width_with(l, FACE_WORDS, "master weights", 26);
    int figure = width_of(l, FACE_MONO, "999,999.99 GiB");
    struct flow f = flow_in(l, area, "memory", line, px(l, 6));
    if (!a->share_count)
        return area.y;
    for (int n = 0; n < a->share_count; n++) {
        const struct weights_bar *s = &a->shares[n];
        struct rect r = flow_next(&f, name + figure);
        put_fill(l, box(r.x, r.y + (line - square) / 2, square, square), share_tint(n));
        put_label(l, box(r.x + px(l, 16), r.y, name - px(l, 16), line), FACE_WORDS, TINT_INK,
                  s->name, "memory.share%d.name", n);
        put_label(l, box(r.x + name, r.y, r.w - name, line), FACE_MONO, TINT_INK, s->gib,
                  "memory.share%d", n)
            ->full = s->exact;
    }
    return flow_end(&f) + px(l, 4);
}

static int put_answer(struct layout *l, const struct memory_answer *a, struct rect area)
{
    char name[32];
    if (a->share_count)
        area.y = draw_sum(l, a, area);
    area.y = put_shares(l, a, area);
    if (a->has_verdict) {
        area.y = put_paragraph(l, area, FACE_BOLD, a->fits ? TINT_INK : TINT_BAD, 3, a->verdict,
                               "memory.verdict") +
                 px(l, 4);
    }
    for (int n = 0; n < a->line_count; n++) {
        snprintf(name, sizeof name, "memory.line%d", n);
        area.y = put_paragraph(l, area, FACE_WORDS, TINT_DIM, 3, a->lines[n], name) + px(l, 3);
    }
    return area.y;
}

static bool is_asked(const struct memory_question *q)
{
    return memcmp(q, &(const struct memory_question){{{0}}}, sizeof *q) != 0;
}

static int put_whole(struct layout *l, struct rect area)
{
    const struct model *m = l->model;
    int gap = px(l, 10);
    area.y = put_question(l, area) + gap;
    if (!is_asked(&model_now(m)->memory))
        return put_paragraph(
            l, area, FACE_SMALL, TINT_DIM, 4,
            "A context adds the KV cache, a recipe (mixed, bf16, …) what training keeps, a device "
            "(H100-80GB, 24GiB) the verdict; weights are those of the selected row.",
            "memory.hint");
    const struct memory_answer *answer = &m->weights.answer;
    char *title = answer->recipe ? text_of("In all, trained as %s", answer->recipe)
                                 : text_of("In all, with %s weights", m->selected->name);
    area.y = put_heading(l, area, keep_taken(l, title), "memory.whole");
    return put_answer(l, answer, area);
}

/* A bar's line grows with the window, up to BOTTOM. */
static int put_bars(struct layout *l, struct rect area, int bottom)
{
    const struct weights *w = &l->model->weights;
    int room = w->count ? (bottom - area.y) / w->count - px(l, 4) : 0, name = 0;
    double most = 0;
    area.h = within(room, px(l, 20), px(l, 52));
    for (int n = 0; n < w->count; n++) {
        most = fmax(most, w->bars[n].bytes);
        name = greater(name, width_with(l, FACE_MONO, w->bars[n].name, 8));
    }
    for (int n = 0; n < w->count; n++)
        area.y = put_bar(l, &w->bars[n], most, name, area);
    return area.y;
}

int page_memory(struct layout *l, int y)
{
    const struct model *m = l->model;
    struct panel panel = panel_begin(l, y, 14, "memory.panel");
    struct rect area = panel.area;
    int used;
    area.y =
        put_paragraph(l, area, FACE_SMALL, TINT_DIM, 4,
                      "What the weights take in each dtype. A parameter count (7B, 7_000_559_616), "
                      "or the path of a config.json, .safetensors or .gguf file.",
                      "memory.words") +
        px(l, 8);
    put_field(l, box(area.x, area.y, lesser(area.w, px(l, 520)), px(l, 28)), FACE_MONO, ALIGN_LEFT,
              "memory.model");
    area.y += px(l, 36);
    const char *title = wrap(l, FACE_BOLD, m->weights.title, area.w, 3, true, &used);
    area.h = used * line_of(l, FACE_BOLD);
    put(l, ROLE_HEADING, area, title, "memory.title")->face = FACE_BOLD;
    area.y += area.h + px(l, 8);
    int bottom = panel_bottom(l, &panel);
    /* Side by side where there is room: what each dtype takes, and the sum for one of them. */
    if (area.w >= px(l, 1100)) {
        struct rect whole = {area.x + area.w * 3 / 5 + px(l, 24), area.y, 0, 0};
        whole.w = area.x + area.w - whole.x;
        int below = put_whole(l, whole);
        area.w = area.w * 3 / 5;
        area.y = greater(put_bars(l, area, bottom), below);
    } else {
        area.y = put_whole(l, area) + px(l, 14);
        area.y = put_bars(l, area, bottom);
    }
    return panel_end(l, &panel, area.y);
}

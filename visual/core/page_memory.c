/* The memory page: the width of a row, seen as gigabytes. */
#include "layout_parts.h"

#include <stdio.h>
#include <string.h>

/* The selected row's width stands out, then the other rows', then what the file holds. */
static enum tint bar_tint(const struct model *m, const struct weights_bar *bar)
{
    if (bar->stored)
        return TINT_EXPONENT;
    if (bar->format && bar->format == m->selected)
        return TINT_ACCENT;
    for (int i = 0; bar->format && i < m->count; i++)
        if (m->rows[i].format == bar->format)
            return TINT_SIGNIFICAND;
    return TINT_LINE;
}

static int put_bar(struct layout *l, const struct weights_bar *bar, double most, struct rect area)
{
    int height = px(l, 20), name = width_of(l, FACE_MONO, "fp8_e4m3b11fnuz") + px(l, 8),
        figure = width_of(l, FACE_MONO, "999,999.99 GiB");
    int room = area.w - name - 2 * (figure + px(l, 10));
    bool narrow = room < px(l, 80);
    struct item *i = put_label(l, (struct rect){area.x, area.y, name, height}, TINT_INK, bar->dtype,
                               "memory.%s", bar->dtype);
    i->face = FACE_MONO;
    int x = area.x + name, y = area.y;
    int length = (int)(most > 0 ? bar->bytes / most * (narrow ? area.w - name : room) : 0);
    int thick = narrow ? px(l, 6) : height - px(l, 6);
    int bar_y = narrow ? y + height : y + px(l, 3);
    put_mark(l, MARK_FILL, (struct rect){x, bar_y, length > 0 ? length : 1, thick},
             bar_tint(l->model, bar), 255);
    int right = narrow ? x : x + room + px(l, 10);
    i = put_label(l, (struct rect){right, y, figure, height}, TINT_INK, bar->gib, "memory.%s.gib",
                  bar->dtype);
    i->face = FACE_MONO;
    i->align = ALIGN_RIGHT;
    i->full = bar->exact;
    int left = area.x + area.w - right - figure - px(l, 10);
    i = put_label(
        l, (struct rect){right + figure + px(l, 10), y, left < figure ? left : figure, height},
        TINT_DIM, bar->gb, "memory.%s.gb", bar->dtype);
    i->face = FACE_MONO;
    i->align = ALIGN_RIGHT;
    i->full = bar->exact;
    return area.y + height + (narrow ? px(l, 10) : px(l, 4));
}

int page_memory(struct layout *l, int y)
{
    const struct model *m = l->model;
    int pad = px(l, 16), inner = px(l, 14);
    struct rect panel = {pad, y, l->view.width - 2 * pad, 0};
    struct rect area = {panel.x + inner, y + inner, panel.w - 2 * inner, 0};
    size_t at = l->count;
    put(l, ROLE_PANEL, panel, NULL, "memory.panel");
    int used;
    const char *words =
        wrap(l, FACE_SMALL,
             "What the weights take in each dtype. A parameter count (7B, "
             "7_000_559_616), or the path of a config.json, .safetensors or .gguf file.",
             area.w, 4, true, &used);
    int text = used * l->view.metrics.height[FACE_SMALL];
    struct item *i =
        put_label(l, (struct rect){area.x, area.y, area.w, text}, TINT_DIM, words, "memory.words");
    i->face = FACE_SMALL;
    area.y += text + px(l, 8);
    int wide = area.w < px(l, 520) ? area.w : px(l, 520);
    put_field(l, (struct rect){area.x, area.y, wide, px(l, 28)}, ALIGN_LEFT, "memory.model");
    area.y += px(l, 36);
    const char *title = wrap(l, FACE_BOLD, m->weights.title, area.w, 3, true, &used);
    int height = used * l->view.metrics.height[FACE_BOLD];
    i = put(l, ROLE_HEADING, (struct rect){area.x, area.y, area.w, height}, title, "memory.title");
    i->face = FACE_BOLD;
    area.y += height + px(l, 8);
    double most = 0;
    for (int n = 0; n < m->weights.count; n++)
        most = m->weights.bars[n].bytes > most ? m->weights.bars[n].bytes : most;
    for (int n = 0; n < m->weights.count; n++)
        area.y = put_bar(l, &m->weights.bars[n], most, area);
    l->items[at].rect.h = area.y + inner - y;
    return area.y + inner + px(l, 8);
}

/* Every key, on a page of its own. */
#include "keys.h"
#include "layout_parts.h"

int page_keys(struct layout *l, int y)
{
    int pad = px(l, 16), inner = px(l, 14), line = l->view.metrics.height[FACE_WORDS] + px(l, 6);
    struct rect panel = {pad, y, l->view.width - 2 * pad, 0};
    size_t at = l->count;
    put(l, ROLE_PANEL, panel, NULL, "keys.panel");
    int x = panel.x + inner, width = panel.w - 2 * inner, chord = 0;
    for (int n = 0; n < key_help_count; n++) {
        int w = width_of(l, FACE_MONO, key_help[n].keys) + px(l, 20);
        chord = w > chord ? w : chord;
    }
    bool narrow = chord > width / 2;
    y += inner;
    for (int n = 0; n < key_help_count; n++) {
        struct rect r = {x, y, narrow ? width : chord, line};
        put_label(l, r, TINT_ACCENT, key_help[n].keys, "keys.%d.keys", n)->face = FACE_MONO;
        r = narrow ? (struct rect){x, y + line, width, 0}
                   : (struct rect){x + chord, y, width - chord, 0};
        int used;
        const char *text = wrap(l, FACE_WORDS, key_help[n].words, r.w, 4, true, &used);
        r.h = used > 1 ? used * l->view.metrics.height[FACE_WORDS] + px(l, 6) : line;
        put_label(l, r, TINT_INK, text, "keys.%d.words", n);
        y = r.y + r.h;
    }
    l->items[at].rect.h = y + inner - panel.y;
    return y + inner + px(l, 8);
}

/* Every key, on a page of its own. */
#include "keys.h"
#include "layout_parts.h"

int page_keys(struct layout *l, int y)
{
    struct panel panel = panel_begin(l, y, 14, "keys.panel");
    int line = line_of(l, FACE_WORDS) + px(l, 6);
    int x = panel.area.x, width = panel.area.w, chord = 0;
    for (int n = 0; n < key_help_count; n++)
        chord = greater(chord, width_with(l, FACE_MONO, key_help[n].keys, 20));
    bool narrow = chord > width / 2;
    y = panel.area.y;
    for (int n = 0; n < key_help_count; n++) {
        struct rect r = {x, y, narrow ? width : chord, line};
        put_label(l, r, FACE_MONO, TINT_ACCENT, key_help[n].keys, "keys.%d.keys", n);
        r = narrow ? box(x, y + line, width, 0) : box(x + chord, y, width - chord, 0);
        int used;
        const char *text = wrap(l, FACE_WORDS, key_help[n].words, r.w, 4, true, &used);
        r.h = used > 1 ? used * line_of(l, FACE_WORDS) + px(l, 6) : line;
        put_label(l, r, FACE_WORDS, TINT_INK, text, "keys.%d.words", n);
        y = r.y + r.h;
    }
    return panel_end(l, &panel, y);
}

#include "view_frames.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

struct scene {
    struct fonts *fonts;
    struct session control;
    struct frame frame;
    struct canvas canvas, whole;
};

static bool open_scene(struct scene *s, int width, int height)
{
    char message[256];
    memset(s, 0, sizeof *s);
    s->fonts = fonts_open(message, sizeof message);
    if (!s->fonts)
        return false;
    s->canvas = new_canvas(width, height);
    s->whole = new_canvas(width, height);
    session_init(&s->control, width, height, 1, rescale, s->fonts);
    return true;
}

static void close_scene(struct scene *s)
{
    free(s->canvas.pixels);
    free(s->whole.pixels);
    frame_clear(&s->frame);
    session_clear(&s->control);
    fonts_close(s->fonts);
}

static void check(struct scene *s, const char *after)
{
    draw(&s->control, &s->frame, &s->canvas);
    cr_assert(is_whole(&s->control, &s->canvas, &s->whole), "the frame after '%s' is not whole",
              after);
}

Test(paint, what_is_drawn_in_parts_is_the_whole_frame)
{
    static const char *const lines[] = {"hover fp32.bit3",
                                        "key Tab",
                                        "key Tab",
                                        "click fp32.bit31",
                                        "drag fp16.bit9 fp16.bit0",
                                        "click value",
                                        "type 1/3",
                                        "type z",
                                        "click tab.rounding",
                                        "key PageUp",
                                        "key PageDown",
                                        "click direction.rup",
                                        "click tab.numberline",
                                        "wheel numberline.plot 3",
                                        "drag numberline.plot numberline.in",
                                        "click numberline.log",
                                        "key n",
                                        "click tab.memory",
                                        "click memory.model",
                                        "type 13B",
                                        "click tab.bits",
                                        "click formats",
                                        "click format.fp8_e4m3",
                                        "hover format.fp6_e2m3",
                                        "key Escape",
                                        "key Ctrl+T",
                                        "key Ctrl+Plus",
                                        "key Ctrl+0",
                                        "click fp16.hex",
                                        "type 7bff",
                                        "key Left",
                                        "key Home",
                                        "key Shift+Right",
                                        "key Ctrl+Z",
                                        "click theme",
                                        "click theme.safe",
                                        "key F1",
                                        "key F1"};
    static const int sizes[][2] = {{1280, 800}, {640, 400}};
    for (int size = 0; size < 2; size++) {
        struct scene s;
        char message[SCRIPT_MESSAGE];
        cr_assert(open_scene(&s, sizes[size][0], sizes[size][1]));
        check(&s, "nothing");
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
            cr_assert(script_line(&s.control, lines[i], message), "%s: %s", lines[i], message);
            check(&s, lines[i]);
        }
        close_scene(&s);
    }
}

Test(paint, nothing_is_drawn_while_nothing_changes)
{
    struct scene s;
    cr_assert(open_scene(&s, 800, 600));
    check(&s, "nothing");
    session_update(&s.control);
    frame_next(&s.frame, &s.control.layout);
    cr_assert_eq(s.frame.part_count, 0);
    close_scene(&s);
}

Test(paint, a_toggle_redraws_a_small_part_of_the_window)
{
    struct scene s;
    char message[SCRIPT_MESSAGE];
    long area = 0;
    cr_assert(open_scene(&s, 1280, 800));
    check(&s, "nothing");
    cr_assert(script_line(&s.control, "click fp16.bit3", message));
    check(&s, "the press");
    cr_assert(script_line(&s.control, "hover fp16.bit4", message));
    session_update(&s.control);
    frame_next(&s.frame, &s.control.layout);
    for (int i = 0; i < s.frame.part_count; i++)
        area += (long)s.frame.parts[i].w * s.frame.parts[i].h;
    cr_assert(area > 0 && area < 1280 * 800 / 50, "%ld pixels", area);
    close_scene(&s);
}

/* Relative luminance (WCAG 2.2). */
static double luminance(unsigned color)
{
    static const double weights[] = {0.0722, 0.7152, 0.2126};
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double c = (color >> 8 * i & 0xff) / 255.0;
        sum += weights[i] * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static void check_contrast(int theme, const char *what, unsigned ink, unsigned ground)
{
    double a = luminance(ink), b = luminance(ground);
    double ratio = (fmax(a, b) + 0.05) / (fmin(a, b) + 0.05);
    cr_assert_geq(ratio, 4.5, "theme %d, %s: %.2f", theme, what, ratio);
}

Test(paint, text_stands_out_from_its_ground_in_every_theme)
{
    for (int t = 0; t < THEME_COUNT; t++) {
        const struct colors *c = theme_colors((enum theme_name)t);
        const unsigned grounds[] = {c->page,  c->panel, c->button,    c->button_over,
                                    c->field, c->menu,  c->selection, c->bad_ground};
        for (size_t i = 0; i < sizeof grounds / sizeof *grounds; i++)
            check_contrast(t, "ink", c->ink, grounds[i]);
        check_contrast(t, "dim on the page", c->dim, c->page);
        check_contrast(t, "dim on a panel", c->dim, c->panel);
        check_contrast(t, "accent on a panel", c->accent, c->panel);
        check_contrast(t, "accent", c->on_accent, c->accent);
        check_contrast(t, "an error", c->bad, c->page);
        for (int field = 0; field < 3; field++) {
            check_contrast(t, "a cell", c->cell_ink[field], c->cell[field]);
            check_contrast(t, "a cell under the pointer", c->cell_ink[field], c->cell_over[field]);
            check_contrast(t, "a term", c->ink, c->tint[field]);
        }
    }
}

Test(paint, shapes_stay_in_the_clip)
{
    enum { SIDE = 40 };
    static const struct rect clip = {10, 12, 15, 9};
    struct canvas c = new_canvas(SIDE, SIDE);
    memset(c.pixels, 0, SIDE * SIDE * sizeof *c.pixels);
    c.clip = clip;
    for (int x = -50; x < 60; x += 7) {
        struct rect r = {x, x / 2, 30, 26};
        canvas_fill(&c, r, 0xffffff);
        canvas_blend(&c, r, 0x808080, 99);
        canvas_round(&c, r, 6, 0xffffff);
        canvas_ring(&c, r, 6, 2, 0xffffff);
        canvas_disc(&c, r, 0xffffff);
        canvas_down(&c, r, 0xffffff);
    }
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            cr_assert(rect_has(clip, x, y) || !c.pixels[y * SIDE + x], "(%d, %d)", x, y);
    free(c.pixels);
}

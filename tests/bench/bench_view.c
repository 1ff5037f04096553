/*
 * Speed of the viewer with its software renderer: from nothing to the first frame, from a press on
 * a bit to the drawn frame at 1920x1080, and how much memory that takes. Every frame that was drawn
 * in parts is compared with one drawn whole; a difference, or a bound that is missed, ends in
 * exit 1.
 */
#include "../../visual/frame.h"
#include "../../visual/paint.h"
#include "../../visual/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { WIDTH = 1920, HEIGHT = 1080, PRESSES = 300 };
static const double first_most = 200, frame_most = 8, memory_most = 100; /* ms, ms, MB */

static double milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void rescale(struct control *c, double scale)
{
    struct fonts *fonts = c->context;
    if (!fonts_scale(fonts, scale))
        exit(2);
    c->metrics = fonts_metrics(fonts);
}

static struct canvas new_canvas(void)
{
    size_t size = (size_t)WIDTH * HEIGHT * sizeof(uint32_t);
    struct canvas canvas = {malloc(size), WIDTH, HEIGHT, WIDTH, {0, 0, WIDTH, HEIGHT}};
    if (!canvas.pixels)
        exit(2);
    return canvas;
}

static struct painter painter_of(struct control *c)
{
    return (struct painter){c->context, theme_colors(c->model.theme), control_scale(c)};
}

/* The frame after the last event; only what changed is drawn. */
static void draw(struct control *c, struct frame *frame, struct canvas *canvas)
{
    struct painter painter = painter_of(c);
    control_update(c);
    frame_next(frame, &c->layout);
    for (int i = 0; i < frame->part_count; i++) {
        canvas->clip = frame->parts[i];
        paint(&painter, canvas, &c->layout);
    }
}

/* False: the parts do not add up to the whole. */
static bool is_whole(struct control *c, const struct canvas *canvas, struct canvas *whole)
{
    struct painter painter = painter_of(c);
    whole->clip = (struct rect){0, 0, WIDTH, HEIGHT};
    paint(&painter, whole, &c->layout);
    return !memcmp(canvas->pixels, whole->pixels, (size_t)WIDTH * HEIGHT * sizeof(uint32_t));
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Presses bits all over the rows; the times of each go to times. */
static bool press_bits(struct control *c, struct frame *frame, struct canvas *canvas,
                       struct canvas *whole, double *times)
{
    for (int n = 0; n < PRESSES; n++) {
        const struct row *r = &c->model.rows[n % c->model.count];
        char name[MODEL_NAME];
        snprintf(name, sizeof name, "%s.bit%d", r->format->name, n * 7 % r->format->width);
        const struct item *bit = layout_find(&c->layout, name);
        int x = bit->rect.x + bit->rect.w / 2, y = bit->rect.y + bit->rect.h / 2;
        double start = milliseconds();
        control_press(c, x, y, false);
        draw(c, frame, canvas);
        times[n] = milliseconds() - start;
        control_release(c, x, y);
        draw(c, frame, canvas);
        if (!is_whole(c, canvas, whole))
            return false;
    }
    return true;
}

/* Other events, whose frames have to be whole too. */
static bool play(struct control *c, struct frame *frame, struct canvas *canvas,
                 struct canvas *whole)
{
    static const char *const lines[] = {"hover fp32.bit3",
                                        "key Tab",
                                        "key Tab",
                                        "click value",
                                        "type 1/3",
                                        "type zzz",
                                        "click tab.rounding",
                                        "key PageUp",
                                        "click tab.numberline",
                                        "wheel numberline.plot 3",
                                        "click numberline.log",
                                        "click tab.memory",
                                        "click tab.bits",
                                        "click formats",
                                        "click format.fp8_e4m3",
                                        "key Escape",
                                        "key Ctrl+T",
                                        "key Ctrl+Plus",
                                        "key Ctrl+0",
                                        "click fp16.hex",
                                        "type 7bff",
                                        "key Ctrl+Z",
                                        "key F1"};
    char message[SCRIPT_MESSAGE];
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (!script_line(c, lines[i], message)) {
            fprintf(stderr, "bench_view: %s: %s\n", lines[i], message);
            return false;
        }
        draw(c, frame, canvas);
        if (!is_whole(c, canvas, whole)) {
            fprintf(stderr, "bench_view: the frame after '%s' is not whole\n", lines[i]);
            return false;
        }
    }
    return true;
}

static bool report(const char *what, double value, const char *unit, double most)
{
    bool good = value <= most;
    printf("%-34s %8.2f %s (bound %g)%s\n", what, value, unit, most, good ? "" : "  MISSED");
    return good;
}

int main(void)
{
    char message[256];
    struct control c;
    struct frame frame = {NULL};
    double times[PRESSES], start = milliseconds();
    struct fonts *fonts = fonts_open(message, sizeof message);
    if (!fonts) {
        fprintf(stderr, "bench_view: %s\n", message);
        return 2;
    }
    struct canvas canvas = new_canvas();
    control_init(&c, WIDTH, HEIGHT, 1, rescale, fonts);
    draw(&c, &frame, &canvas);
    bool good = report("first frame, 1920x1080", milliseconds() - start, "ms", first_most);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    good &= report("memory", (double)usage.ru_maxrss / 1024, "MB", memory_most);
    struct canvas whole = new_canvas();
    bool same = press_bits(&c, &frame, &canvas, &whole, times);
    qsort(times, PRESSES, sizeof *times, compare);
    good &= report("press to frame, median", times[PRESSES / 2], "ms", frame_most);
    good &= report("press to frame, 99 of 100", times[PRESSES * 99 / 100], "ms", frame_most);
    printf("%-34s %8.2f ms (other work on the machine counts)\n", "press to frame, worst",
           times[PRESSES - 1]);
    start = milliseconds();
    same = same && is_whole(&c, &canvas, &whole);
    report("whole frame drawn anew", milliseconds() - start, "ms", 1e9);
    same = same && play(&c, &frame, &canvas, &whole);
    printf("frames drawn in parts are %s\n", same ? "whole" : "NOT whole");
    free(canvas.pixels);
    free(whole.pixels);
    frame_clear(&frame);
    control_clear(&c);
    fonts_close(fonts);
    return good && same ? 0 : 1;
}

/*
 * Speed of the viewer with its software renderer: from nothing to the first frame, from a press on
 * a bit to the drawn frame at 1920x1080, and how much memory that takes. Every frame that was drawn
 * in parts is compared with one drawn whole; a difference, or a bound that is missed, ends in
 * exit 1.
 */
#include "../view_frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { WIDTH = 1920, HEIGHT = 1080, PRESSES = 300 };
static const double first_most = 200, frame_most = 8, memory_most = 100; /* ms, ms, MB */

static double clock_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double milliseconds(void)
{
    return clock_of(CLOCK_MONOTONIC);
}

/* What other programs take of the machine does not count here. */
static double processor(void)
{
    return clock_of(CLOCK_PROCESS_CPUTIME_ID);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Presses bits all over the rows; times and processor times go to times and busy. */
static bool press_bits(struct session *c, struct frame *frame, struct canvas *canvas,
                       struct canvas *whole, double *times, double *busy)
{
    for (int n = 0; n < PRESSES; n++) {
        const struct row *r = &c->model.rows[n % c->model.count];
        char name[MODEL_NAME];
        snprintf(name, sizeof name, "%s.bit%d", r->format->name, n * 7 % r->format->width);
        const struct item *bit = layout_find(&c->layout, name);
        int x = bit->rect.x + bit->rect.w / 2, y = bit->rect.y + bit->rect.h / 2;
        double start = milliseconds(), begin = processor();
        control_press(c, x, y, false);
        draw(c, frame, canvas);
        times[n] = milliseconds() - start;
        busy[n] = processor() - begin;
        control_release(c, x, y);
        draw(c, frame, canvas);
        if (!is_whole(c, canvas, whole))
            return false;
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
    struct session c;
    struct frame frame = {NULL};
    double times[PRESSES], busy[PRESSES], start = milliseconds();
    struct fonts *fonts = fonts_open(message, sizeof message);
    if (!fonts) {
        fprintf(stderr, "bench_view: %s\n", message);
        return 2;
    }
    struct canvas canvas = new_canvas(WIDTH, HEIGHT);
    session_init(&c, WIDTH, HEIGHT, 1, rescale, fonts);
    draw(&c, &frame, &canvas);
    bool good = report("first frame, 1920x1080", milliseconds() - start, "ms", first_most);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    good &= report("memory", (double)usage.ru_maxrss / 1024, "MB", memory_most);
    struct canvas whole = new_canvas(WIDTH, HEIGHT);
    bool same = press_bits(&c, &frame, &canvas, &whole, times, busy);
    qsort(times, PRESSES, sizeof *times, compare);
    qsort(busy, PRESSES, sizeof *busy, compare);
    /* Wall time is what a user waits; on a busy machine it is others' doing and no failure. */
    report("press to frame, median", times[PRESSES / 2], "ms", frame_most);
    good &= report("processor time, median", busy[PRESSES / 2], "ms", frame_most);
    good &= report("processor time, worst of 300", busy[PRESSES - 1], "ms", frame_most);
    start = milliseconds();
    same = same && is_whole(&c, &canvas, &whole);
    report("whole frame drawn anew", milliseconds() - start, "ms", 1e9);
    printf("frames drawn in parts are %s\n", same ? "whole" : "NOT whole");
    free(canvas.pixels);
    free(whole.pixels);
    frame_clear(&frame);
    session_clear(&c);
    fonts_close(fonts);
    return good && same ? 0 : 1;
}

#include "room.h"
#include "progress.h"
#include "interruption.h"

#include <pthread.h>
#include <stdatomic.h>

static struct {
    bool on;
    bool drawn;
    const char *label, *unit;
    double began, last;
    atomic_uint_fast64_t done, total;
    pthread_mutex_t lock;
} p = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const double delay = 0.5, period = 0.1; /* seconds */

void progress_begin(const char *label, const char *unit, uint64_t total)
{
    const char *term = getenv("TERM");
    p.on = isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
    if (p.on)
        interruption_watch();
    p.drawn = false;
    p.label = label;
    p.unit = unit;
    p.began = p.last = seconds_now();
    atomic_store(&p.done, 0);
    atomic_store(&p.total, total);
}

void progress_total(uint64_t total)
{
    atomic_store(&p.total, total);
}

static void print_time(char out[32], double seconds)
{
    unsigned long s = seconds < 3.6e6 ? (unsigned long)(seconds + 0.5) : 3600000UL;
    if (s < 60)
        snprintf(out, 32, "%lu s", s);
    else if (s < 3600)
        snprintf(out, 32, "%lu min %02lu s", s / 60, s % 60);
    else
        snprintf(out, 32, "%lu h %02lu min", s / 3600, s / 60 % 60);
}

static void draw(double at)
{
    double done = (double)atomic_load(&p.done), total = (double)atomic_load(&p.total);
    double seconds = at - p.began;
    double rate = seconds > 0 ? done / seconds : 0;
    char count[16], prefix, left[32] = "", line[160];
    int digits = text_scaled(count, rate, &prefix);
    bool scaled = prefix != ' '; /* "1.2 GB/s", but "1.2 G inputs/s" */
    if (scaled)
        snprintf(count + digits, sizeof count - (size_t)digits, " %c", prefix);
    double share = total > 0 ? done / total : 0;
    if (share > 1)
        share = 1;
    const char *gap = scaled && !p.unit[1] ? "" : " ";
    if (total <= 0) {
        snprintf(line, sizeof line, "%s  %s%s%s/s", p.label, count, gap, p.unit);
    } else {
        enum { BAR = 24 };
        char bar[BAR + 1];
        for (int i = 0; i < BAR; i++)
            bar[i] = i < (int)(share * BAR) ? '#' : '.';
        bar[BAR] = 0;
        if (rate > 0)
            print_time(left, (total - done > 0 ? total - done : 0) / rate);
        snprintf(line, sizeof line, "%s  %3d %%  %s  %s%s%s/s  %s left", p.label,
                 (int)(share * 100), bar, count, gap, p.unit, left);
    }
    int columns = terminal_columns(stderr);
    if (!interruption_begin_drawing())
        return;
    fprintf(stderr, "\r%.*s\033[K", columns > 1 ? columns - 1 : 79, line);
    fflush(stderr);
    interruption_end_drawing(true);
    p.drawn = true;
    p.last = at;
}

void progress_add(uint64_t done)
{
    atomic_fetch_add(&p.done, done);
    if (!p.on || pthread_mutex_trylock(&p.lock))
        return;
    double at = seconds_now();
    if (at - p.began >= delay && (at - p.last >= period || !p.drawn))
        draw(at);
    pthread_mutex_unlock(&p.lock);
}

void progress_hide(void)
{
    pthread_mutex_lock(&p.lock);
    if (p.drawn && interruption_begin_drawing()) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        interruption_end_drawing(false);
    }
    p.drawn = false;
    pthread_mutex_unlock(&p.lock);
}

void progress_end(void)
{
    progress_hide();
    p.on = false;
}

#include "interruption.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

/* All that the handler reads; lock-free, and so fit for one. */
static _Atomic(const char *) file;
static _Atomic(char *const *) set;
static atomic_size_t set_count;
static atomic_bool line, drawing, dying;

/* A terminal that is stopped holds a drawing up for as long as it likes, and the thread that draws
 * may be this one: what is waited for is bounded. */
static void clear_line(void)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    for (int i = 0; i < 20 && atomic_load(&drawing); i++)
        nanosleep(&moment, NULL);
    static const char clear[] = "\r\033[K";
    if (atomic_load(&line) && write(STDERR_FILENO, clear, sizeof clear - 1) < 0)
        return;
}

static void leave_nothing_and_die(int number)
{
    atomic_store(&dying, true);
    const char *path = atomic_load(&file);
    if (path)
        unlink(path);
    char *const *paths = atomic_load(&set);
    for (size_t i = 0, n = atomic_load(&set_count); i < n; i++)
        unlink(paths[i]);
    clear_line();
    signal(number, SIG_DFL);
    raise(number);
}

void interruption_watch(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGXFSZ, SIGXCPU};
    struct sigaction action = {.sa_handler = leave_nothing_and_die};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction old;
        sigaction(numbers[i], NULL, &old);
        if (old.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
}

void interruption_file(const char *path)
{
    atomic_store(&file, path);
}

void interruption_set(char *const *paths, size_t count)
{
    atomic_store(&set_count, 0);
    atomic_store(&set, paths);
    atomic_store(&set_count, count);
}

bool interruption_begin_drawing(void)
{
    atomic_store(&drawing, true);
    if (!atomic_load(&dying)) {
        atomic_store(&line, true);
        return true;
    }
    atomic_store(&drawing, false);
    return false;
}

void interruption_end_drawing(bool shown)
{
    atomic_store(&line, shown);
    atomic_store(&drawing, false);
}

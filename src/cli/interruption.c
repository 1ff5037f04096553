#include "room.h"
#include "interruption.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

/* All that the handler reads; lock-free, and so fit for one. */
struct names {
    struct names *older; /* a handler may still be reading them */
    size_t capacity;
    _Atomic(const char *) at[]; /* NULL: a free place */
};
static _Atomic(struct names *) names;
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

static void leave_nothing(void)
{
    struct names *all = atomic_load(&names);
    for (size_t i = 0; all && i < all->capacity; i++) {
        const char *path = atomic_load(&all->at[i]);
        if (path)
            unlink(path);
    }
}

static void leave_nothing_and_die(int number)
{
    atomic_store(&dying, true);
    leave_nothing();
    clear_line();
    signal(number, SIG_DFL);
    raise(number);
}

/* Those that end a process and come from outside of it; real-time signals do too. */
static const int numbers[] = {
    SIGINT,    SIGTERM, SIGHUP,  SIGQUIT,   SIGXFSZ, SIGXCPU,
    SIGALRM,   SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF,
#ifdef SIGPOLL
    SIGPOLL,
#endif
#ifdef SIGPWR
    SIGPWR,
#endif
#ifdef SIGSTKFLT
    SIGSTKFLT,
#endif
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

/* What was ignored stays so, and what somebody else handles is theirs. */
static void watch(int number)
{
    struct sigaction action = {.sa_handler = leave_nothing_and_die}, old;
    sigemptyset(&action.sa_mask);
    if (!sigaction(number, NULL, &old) && old.sa_handler == SIG_DFL)
        sigaction(number, &action, NULL);
}

static sigset_t held, before;

static void hold(int number)
{
    sigaddset(&held, number);
}

static void each_number(void (*visit)(int))
{
    for (size_t i = 0; i < NUMBERS; i++)
        visit(numbers[i]);
#ifdef SIGRTMIN
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        visit(number);
#endif
}

void interruption_watch(void)
{
    each_number(watch);
}

/* Puts FRESH where OLD is. False: it is nowhere. */
static bool replace(const char *old, const char *fresh)
{
    struct names *all = atomic_load(&names);
    for (size_t i = 0; all && i < all->capacity; i++)
        if (atomic_load(&all->at[i]) == old) {
            atomic_store(&all->at[i], fresh);
            return true;
        }
    return false;
}

void interruption_add(const char *path)
{
    if (replace(NULL, path))
        return;
    struct names *old = atomic_load(&names);
    size_t n = old ? old->capacity : 0, capacity = n * 2 + 4;
    if (!old)
        atexit(leave_nothing);
    struct names *fresh = check_memory(calloc(1, sizeof *fresh + capacity * sizeof *fresh->at));
    fresh->older = old;
    fresh->capacity = capacity;
    for (size_t i = 0; i < n; i++)
        atomic_store(&fresh->at[i], atomic_load(&old->at[i]));
    atomic_store(&fresh->at[n], path);
    atomic_store(&names, fresh);
}

void interruption_forget(const char *path)
{
    if (path)
        replace(path, NULL);
}

void interruption_hold(void)
{
    sigemptyset(&held);
    each_number(hold);
    sigprocmask(SIG_BLOCK, &held, &before);
}

void interruption_release(void)
{
    sigprocmask(SIG_SETMASK, &before, NULL);
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

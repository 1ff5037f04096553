#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { MOST_JOBS = 1024 };

struct pool {
    atomic_size_t next;
    size_t tasks;
    hu_task *run;
    void *context;
};

struct worker {
    struct pool *pool;
    unsigned number;
    pthread_t thread;
};

static void *work(void *argument)
{
    struct worker *w = argument;
    for (size_t task; (task = atomic_fetch_add(&w->pool->next, 1)) < w->pool->tasks;)
        w->pool->run(w->pool->context, task, w->number);
    return NULL;
}

void hu_pool_run(unsigned jobs, size_t tasks, hu_task *run, void *context)
{
    struct pool pool = {.tasks = tasks, .run = run, .context = context};
    struct worker workers[MOST_JOBS];
    unsigned wanted = jobs > MOST_JOBS ? MOST_JOBS : jobs;
    unsigned started = 1;
    for (; started < wanted && started < tasks; started++) {
        workers[started] = (struct worker){.pool = &pool, .number = started};
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]))
            break;
    }
    workers[0] = (struct worker){.pool = &pool};
    work(&workers[0]);
    for (unsigned i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL);
}

unsigned hu_pool_processors(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int n = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    return n > 0 ? (unsigned)n : 1;
}

/* A pool of threads that share numbered tasks. */
#pragma once

#include <stddef.h>

/* One task; WORKER, below the number of jobs, tells which thread runs it. */
typedef void hu_task(void *context, size_t task, unsigned worker);

/* Runs tasks 0 to TASKS-1 on at most JOBS threads, the caller's among them, each task once and in
 * rising order of start. Where a thread cannot be had the others do its share. */
void hu_pool_run(unsigned jobs, size_t tasks, hu_task *run, void *context);

/* The processors that this process may use, at least 1. */
unsigned hu_pool_processors(void);

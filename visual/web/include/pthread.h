/* One thread: what is to be done once is done at once. */
#pragma once

typedef int pthread_once_t;
#define PTHREAD_ONCE_INIT 0

static inline int pthread_once(pthread_once_t *done, void (*action)(void))
{
    if (!*done) {
        *done = 1;
        action();
    }
    return 0;
}

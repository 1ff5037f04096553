#include "file_limit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

void file_limit_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

const char *file_limit_reason(int error, char out[FILE_LIMIT_TEXT])
{
    struct rlimit limit;
    if (error != EMFILE || getrlimit(RLIMIT_NOFILE, &limit))
        return strerror(error);
    snprintf(out, FILE_LIMIT_TEXT,
             "all files of a set are open at once, and only %llu may be; 'ulimit -n' sets that",
             (unsigned long long)limit.rlim_cur);
    return out;
}

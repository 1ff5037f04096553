#include "verify/foreign.h"
#include "verify/layout.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef void foreign_unary(const void *a, void *dst, size_t n);
typedef void foreign_binary(const void *a, const void *b, void *dst, size_t n);
typedef void foreign_ternary(const void *a, const void *b, const void *c, void *dst, size_t n);

enum {
    /* Enough for a call to outweigh the two switches between processes. */
    FOREIGN_BLOCK = 1 << 16,
    LONGEST_CALL = (1 << 22) + 64, /* elements: from some length on libraries share work out */
    WATCHED_BYTES = 8,             /* beyond the last element */
    ALIGNMENT = 64,
    BLAME_MS = 500,
    START_MS = 10000,
    GRACE_MS = 1000, /* between the end of its pipe and its own */
};

/* What one call is about. */
struct order {
    size_t count, src_offset[HU_FOREIGN_SOURCES], dst_offset;
};

/* A child and the memory that it shares with us:
 *   | order | guard | source … | guard | … as many sources … | result … | guard | */
struct child {
    pid_t pid;
    int ask, answer; /* our ends of two pipes; -1: none */
    struct order *order;
    void *memory, *src[HU_FOREIGN_SOURCES], *dst;
    size_t bytes;
};

struct hu_foreign {
    struct hu_foreign_function of;
    unsigned workers;
    struct child *child;
    pthread_mutex_t lock;
    enum hu_foreign_end end;
    int number;
};

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Of whole pages. */
static size_t array_bytes(const struct hu_format *f)
{
    size_t page = page_size();
    size_t bytes = hu_layout_bytes(f, LONGEST_CALL) + ALIGNMENT + WATCHED_BYTES;
    return (bytes + page - 1) / page * page;
}

static bool share_memory(struct hu_foreign *f, struct child *c)
{
    size_t page = page_size(), out = array_bytes(f->of.to);
    c->bytes = 3 * page + out;
    for (unsigned k = 0; k < f->of.sources; k++)
        c->bytes += array_bytes(f->of.from[k]) + page;
    c->memory = mmap(NULL, c->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c->memory == MAP_FAILED)
        return false;
    char *at = c->memory;
    c->order = c->memory;
    at += page;
    bool guarded = !mprotect(at, page, PROT_NONE);
    for (unsigned k = 0; k < f->of.sources; k++) {
        c->src[k] = at += page;
        at += array_bytes(f->of.from[k]);
        guarded &= !mprotect(at, page, PROT_NONE);
    }
    c->dst = at + page;
    return guarded && !mprotect((char *)c->dst + out, page, PROT_NONE);
}

/* In the child. An answer of one zero byte is "done"; anything else is a message. */
static void child_says(int answer, const char *text)
{
    size_t length = strlen(text);
    if (write(answer, text, length ? length : 1) < 0)
        _exit(EXIT_FAILURE);
}

static void *load(const struct hu_foreign *f, int answer)
{
    void *library = dlopen(f->of.path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library ? dlsym(library, f->of.symbol) : NULL;
    if (!symbol) {
        const char *why = dlerror();
        child_says(answer, why ? why : "the symbol is a null pointer");
        _exit(EXIT_FAILURE);
    }
    return symbol;
}

/* ISO C has no cast from an object's pointer to a function's; POSIX dlsym does. */
static void call_symbol(const struct hu_foreign *f, const struct child *c, void *symbol)
{
    const struct order *o = c->order;
    const void *src[HU_FOREIGN_SOURCES] = {NULL};
    void *dst = (char *)c->dst + o->dst_offset;
    union {
        void *symbol;
        foreign_unary *unary;
        foreign_binary *binary;
        foreign_ternary *ternary;
    } function = {symbol};
    for (unsigned k = 0; k < f->of.sources; k++)
        src[k] = (char *)c->src[k] + o->src_offset[k];
    if (f->of.in_place)
        src[0] = dst;
    if (f->of.sources == 1)
        function.unary(src[0], dst, o->count);
    else if (f->of.sources == 2)
        function.binary(src[0], src[1], dst, o->count);
    else
        function.ternary(src[0], src[1], src[2], dst, o->count);
}

static void serve(const struct hu_foreign *f, struct child *c, int ask, int answer)
{
    static const int deadly[] = {SIGPIPE, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    signal(SIGINT,
           SIG_IGN); /* a terminal's Ctrl-C is for the parent, which reports what was done */
    const struct rlimit no_core = {0, 0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        signal(deadly[i], SIG_DFL);
    setrlimit(RLIMIT_CORE, &no_core);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* its chatter must not mix with our answer */
    void *symbol = load(f, answer);
    for (unsigned k = 0; k < f->of.sources; k++)
        mprotect(c->src[k], array_bytes(f->of.from[k]), PROT_READ);
    child_says(answer, "");
    char go;
    while (read(ask, &go, 1) == 1) {
        call_symbol(f, c, symbol);
        child_says(answer, "");
    }
    _exit(EXIT_SUCCESS);
}

static void close_pipe(int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static bool start(struct hu_foreign *f, struct child *c)
{
    int ask[2], answer[2];
    if (pipe2(ask, O_CLOEXEC))
        return false;
    if (pipe2(answer, O_CLOEXEC)) {
        close_pipe(ask);
        return false;
    }
    fflush(NULL);
    c->pid = fork();
    if (c->pid == 0) {
        close(ask[1]);
        close(answer[0]);
        serve(f, c, ask[0], answer[1]);
    }
    close(ask[0]);
    close(answer[1]);
    c->ask = ask[1];
    c->answer = answer[0];
    return c->pid > 0;
}

static void stop(struct child *c, int *status)
{
    if (c->ask >= 0)
        close(c->ask);
    if (c->answer >= 0)
        close(c->answer);
    c->ask = c->answer = -1;
    if (c->pid > 0) {
        kill(c->pid, SIGKILL);
        while (waitpid(c->pid, status, 0) < 0 && errno == EINTR)
            ;
    }
    c->pid = 0;
}

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* The child's answer. Returns its length, 0 where the child ended, -1 where it took too long. */
static ssize_t hear(struct child *c, int timeout_ms, char *answer, size_t size)
{
    long long until = now_ms() + timeout_ms;
    for (;;) {
        long long left = until - now_ms();
        struct pollfd p = {c->answer, POLLIN, 0};
        int ready = poll(&p, 1, left > 0 ? (int)left : 0);
        if (ready > 0) {
            ssize_t n = read(c->answer, answer, size);
            if (n >= 0 || errno != EINTR)
                return n < 0 ? 0 : n;
        } else if (ready == 0)
            return -1;
        else if (errno != EINTR)
            return 0;
    }
}

/* The child ended, or hung and is ended now. A child that dies by itself is waited for. */
static enum hu_foreign_end ending_of(struct child *c, bool hung, int *number)
{
    int status = 0;
    long long until = now_ms() + GRACE_MS;
    while (!hung && c->pid > 0 && now_ms() < until) {
        if (waitpid(c->pid, &status, WNOHANG) != 0)
            c->pid = 0;
        else
            poll(NULL, 0, 1);
    }
    stop(c, &status);
    *number = hung ? 0 : WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    return hung ? HU_HUNG : WIFSIGNALED(status) ? HU_CRASHED : HU_EXITED;
}

/* One call in child C, whose memory holds the sources. */
static enum hu_foreign_end call(struct child *c, struct order order, int timeout_ms, int *number)
{
    char answer, go = 1;
    *c->order = order;
    if (write(c->ask, &go, 1) != 1)
        return ending_of(c, false, number);
    ssize_t heard = hear(c, timeout_ms, &answer, 1);
    return heard == 1 ? HU_STILL_RUNNING : ending_of(c, heard < 0, number);
}

/* The calls that try all inputs; what lies in dst goes along with the others, and their ends are
 * watched. */
static bool is_bulk(size_t n)
{
    return n == FOREIGN_BLOCK;
}

/* Where N elements of source K begin, as far off ALIGNMENT as at SRC; but for bulk as near to the
 * guard behind them as that lets them be. */
static size_t source_offset(const struct hu_foreign *f, unsigned k, const void *src, size_t n)
{
    size_t off = (uintptr_t)src % ALIGNMENT;
    if (is_bulk(n))
        return off;
    size_t room = array_bytes(f->of.from[k]) - off - hu_layout_bytes(f->of.from[k], n);
    return room / ALIGNMENT * ALIGNMENT + off;
}

static bool give(void *context, unsigned worker, void *dst, const void *const src[], size_t n,
                 unsigned *flags)
{
    struct hu_foreign *f = context;
    struct child *c = &f->child[worker];
    struct order order = {.count = n, .dst_offset = (uintptr_t)dst % ALIGNMENT};
    char *result = (char *)c->dst + order.dst_offset;
    size_t out = hu_layout_bytes(f->of.to, n) + (is_bulk(n) ? 0 : WATCHED_BYTES);
    int number;
    (void)flags;
    if (c->pid <= 0)
        return false;
    for (unsigned k = 0; k < f->of.sources; k++) {
        order.src_offset[k] = source_offset(f, k, src[k], n);
        memcpy((char *)c->src[k] + order.src_offset[k], src[k], hu_layout_bytes(f->of.from[k], n));
    }
    if (!is_bulk(n))
        memcpy(result, dst, out);
    if (f->of.in_place)
        memcpy(result, src[0], hu_layout_bytes(f->of.from[0], n));
    enum hu_foreign_end end = call(c, order, f->of.timeout_ms, &number);
    if (end == HU_STILL_RUNNING) {
        memcpy(dst, result, out);
        return true;
    }
    pthread_mutex_lock(&f->lock);
    if (f->end == HU_STILL_RUNNING) {
        f->end = end;
        f->number = number;
    }
    pthread_mutex_unlock(&f->lock);
    return false;
}

static bool start_and_load(struct hu_foreign *f, struct child *c, char message[HU_FOREIGN_MESSAGE])
{
    if (!start(f, c)) {
        snprintf(message, HU_FOREIGN_MESSAGE, "a child process cannot be started: %s",
                 strerror(errno));
        return false;
    }
    ssize_t n = hear(c, START_MS, message, HU_FOREIGN_MESSAGE - 1);
    if (n == 1 && !message[0])
        return true;
    if (n > 0) {
        message[n] = 0;
        return false;
    }
    int number;
    enum hu_foreign_end end = ending_of(c, n < 0, &number);
    if (end == HU_HUNG)
        snprintf(message, HU_FOREIGN_MESSAGE, "%s: loading it takes over %d s", f->of.path,
                 START_MS / 1000);
    else
        snprintf(message, HU_FOREIGN_MESSAGE, "%s: loading it ends the process (%s %d)", f->of.path,
                 end == HU_CRASHED ? "signal" : "exit status", number);
    return false;
}

struct hu_foreign *hu_foreign_open(const struct hu_foreign_function *function, unsigned workers,
                                   char message[HU_FOREIGN_MESSAGE])
{
    struct hu_foreign *f = calloc(1, sizeof *f);
    if (f)
        f->child = calloc(workers, sizeof *f->child);
    if (!f || !f->child) {
        free(f);
        snprintf(message, HU_FOREIGN_MESSAGE, "out of memory");
        return NULL;
    }
    f->of = *function;
    f->workers = workers;
    pthread_mutex_init(&f->lock, NULL);
    for (unsigned i = 0; i < workers; i++)
        f->child[i].ask = f->child[i].answer = -1;
    for (unsigned i = 0; i < workers; i++) {
        bool shared = share_memory(f, &f->child[i]);
        if (!shared)
            snprintf(message, HU_FOREIGN_MESSAGE, "no memory to share: %s", strerror(errno));
        if (!shared || !start_and_load(f, &f->child[i], message)) {
            hu_foreign_close(f);
            return NULL;
        }
    }
    return f;
}

void hu_foreign_close(struct hu_foreign *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < f->workers; i++) {
        int status;
        stop(&f->child[i], &status);
        if (f->child[i].memory && f->child[i].memory != MAP_FAILED)
            munmap(f->child[i].memory, f->child[i].bytes);
    }
    pthread_mutex_destroy(&f->lock);
    free(f->child);
    free(f);
}

struct hu_subject hu_foreign_subject(struct hu_foreign *f)
{
    return (struct hu_subject){f, give, false, FOREIGN_BLOCK, LONGEST_CALL};
}

enum hu_foreign_end hu_foreign_ending(const struct hu_foreign *f, int *number)
{
    *number = f->number;
    return f->end;
}

/* Whether a call of N elements, zeros but for SOURCES from FIRST to LAST, ends a fresh child. */
static bool ends_child(struct hu_foreign *f, const uint64_t *sources, size_t n, size_t first,
                       size_t last)
{
    struct child *c = &f->child[0];
    char message[HU_FOREIGN_MESSAGE];
    int status, number;
    if (c->pid > 0)
        stop(c, &status);
    if (!start_and_load(f, c, message))
        return false;
    for (size_t i = 0; i < n; i++)
        hu_layout_store(f->of.from[0], f->of.in_place ? c->dst : c->src[0], i,
                        i >= first && i <= last ? sources[i] : 0);
    int patience = f->of.timeout_ms < BLAME_MS ? f->of.timeout_ms : BLAME_MS;
    return call(c, (struct order){.count = n}, patience, &number) != HU_STILL_RUNNING;
}

bool hu_foreign_blame(struct hu_foreign *f, const uint64_t *sources, size_t n, uint64_t *blamed)
{
    /* Zeros alone must be harmless, or no source is to blame. */
    if (!n || ends_child(f, sources, n, 1, 0) || !ends_child(f, sources, n, 0, n - 1))
        return false;
    size_t first = 0, last = n - 1;
    while (first < last) {
        size_t middle = first + (last - first) / 2;
        if (ends_child(f, sources, n, first, middle))
            last = middle;
        else if (ends_child(f, sources, n, middle + 1, last))
            first = middle + 1;
        else
            return false;
    }
    *blamed = sources[first];
    return true;
}

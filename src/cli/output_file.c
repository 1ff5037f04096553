#include "output_file.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the signal handler unlinks; set while a file is half written. */
static char *volatile half_written;

static void remove_and_die(int number)
{
    if (half_written)
        unlink(half_written);
    signal(number, SIG_DFL);
    raise(number);
}

static void watch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGXFSZ, SIGXCPU};
    struct sigaction action = {.sa_handler = remove_and_die};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction old;
        sigaction(numbers[i], NULL, &old);
        if (old.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
}

static bool report(struct output_file *f, int error)
{
    fail(f->command, "%s: %s", f->path, strerror(error));
    output_abandon(f);
    return false;
}

bool output_begin(struct output_file *f, const char *command, const char *path, bool force)
{
    *f = (struct output_file){.command = command, .path = path, .force = force};
    struct stat old;
    bool exists = lstat(path, &old) == 0;
    if (exists && !S_ISREG(old.st_mode)) {
        fail(command, "%s is no regular file, so it cannot be replaced whole", path);
        return false;
    }
    if (exists && !force) {
        fail(command, "%s exists; --force replaces it", path);
        return false;
    }
    f->temporary = check_memory(malloc(strlen(path) + 16));
    sprintf(f->temporary, "%s.XXXXXX", path);
    watch_signals();
    int fd = mkostemp(f->temporary, O_CLOEXEC);
    if (fd < 0) {
        int error = errno;
        free(f->temporary);
        f->temporary = NULL;
        return report(f, error);
    }
    half_written = f->temporary;
    mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, exists ? old.st_mode & 07777 : 0666 & ~mask);
    f->stream = check_memory(fdopen(fd, "wb"));
    return true;
}

void output_abandon(struct output_file *f)
{
    if (f->stream)
        fclose(f->stream);
    if (f->temporary)
        unlink(f->temporary);
    half_written = NULL;
    free(f->temporary);
    f->stream = NULL;
    f->temporary = NULL;
}

/* The rename reaches the disk with its folder. */
static void sync_folder(const char *path)
{
    char *copy = check_memory(strdup(path));
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

bool output_commit(struct output_file *f)
{
    errno = 0;
    if (ferror(f->stream) || fflush(f->stream) || fsync(fileno(f->stream)))
        return report(f, errno ? errno : EIO);
    FILE *stream = f->stream;
    f->stream = NULL;
    if (fclose(stream))
        return report(f, errno);
    /* link refuses where a file has come to stand in the meantime; rename would replace it. */
    if (f->force ? rename(f->temporary, f->path) : link(f->temporary, f->path))
        return report(f, errno);
    if (!f->force)
        unlink(f->temporary);
    half_written = NULL;
    free(f->temporary);
    f->temporary = NULL;
    sync_folder(f->path);
    return true;
}

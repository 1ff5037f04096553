#include "output_file.h"
#include "interruption.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool report(struct output_file *f, int error)
{
    fail(f->command, "%s: %s", f->path, strerror(error));
    output_abandon(f);
    return false;
}

/* Room for /proc/self/fd and a number. */
enum { SELF = 40 };

static void print_self(char self[SELF], int fd)
{
    snprintf(self, SELF, "/proc/self/fd/%d", fd);
}

/* A file in PATH's folder that has no name, so that nothing is left of it whatever ends us; -1
 * where the file system has none, or it could not be given one through /proc later. */
static int open_unnamed(const char *path)
{
#ifdef O_TMPFILE
    char *copy = check_memory(strdup(path)), self[SELF];
    int fd = open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    free(copy);
    print_self(self, fd);
    if (fd < 0 || access(self, F_OK) == 0)
        return fd;
    close(fd);
#else
    (void)path;
#endif
    return -1;
}

static int open_named(struct output_file *f)
{
    f->temporary = check_memory(malloc(strlen(f->path) + 16));
    sprintf(f->temporary, "%s.XXXXXX", f->path);
    int fd = mkostemp(f->temporary, O_CLOEXEC);
    if (fd >= 0) {
        interruption_file(f->temporary);
        return fd;
    }
    int error = errno;
    free(f->temporary);
    f->temporary = NULL;
    errno = error;
    return -1;
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
    interruption_watch();
    int fd = open_unnamed(path);
    if (fd < 0)
        fd = open_named(f);
    if (fd < 0)
        return report(f, errno);
    mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, exists ? old.st_mode & 07777 : 0666 & ~mask);
    f->stream = check_memory(fdopen(fd, "wb"));
    return true;
}

static void forget_temporary(struct output_file *f)
{
    interruption_file(NULL);
    free(f->temporary);
    f->temporary = NULL;
}

void output_abandon(struct output_file *f)
{
    if (f->stream)
        fclose(f->stream);
    if (f->temporary)
        unlink(f->temporary);
    forget_temporary(f);
    f->stream = NULL;
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

/* Gives a file that has no name yet one beside its place. */
static bool name_beside(struct output_file *f, const char *self)
{
    f->temporary = check_memory(malloc(strlen(f->path) + 32));
    for (unsigned i = 0; i < 100; i++) {
        sprintf(f->temporary, "%s.%lx%x", f->path, (unsigned long)getpid(), i);
        interruption_file(NULL);
        if (access(f->temporary, F_OK) == 0)
            continue;
        interruption_file(f->temporary);
        if (linkat(AT_FDCWD, self, AT_FDCWD, f->temporary, AT_SYMLINK_FOLLOW) == 0)
            return true;
        if (errno != EEXIST)
            break;
    }
    int error = errno;
    forget_temporary(f);
    errno = error;
    return false;
}

/* link refuses where a file has come to stand in the meantime; rename replaces it. */
static bool put_in_place(struct output_file *f)
{
    char self[SELF];
    print_self(self, fileno(f->stream));
    if (!f->temporary && linkat(AT_FDCWD, self, AT_FDCWD, f->path, AT_SYMLINK_FOLLOW) == 0)
        return true;
    if (!f->temporary && (!f->force || errno != EEXIST || !name_beside(f, self)))
        return false;
    if (f->force ? rename(f->temporary, f->path) : link(f->temporary, f->path))
        return false;
    if (!f->force)
        unlink(f->temporary);
    return true;
}

bool output_commit(struct output_file *f)
{
    errno = 0;
    if (ferror(f->stream) || fflush(f->stream) || fsync(fileno(f->stream)))
        return report(f, errno ? errno : EIO);
    if (!put_in_place(f))
        return report(f, errno);
    forget_temporary(f);
    fclose(f->stream);
    f->stream = NULL;
    sync_folder(f->path);
    return true;
}

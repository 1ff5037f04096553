#include "room.h"
#include "output_file.h"
#include "interruption.h"
#include "file/kind.h"

#include <fcntl.h>
#include <libgen.h>
#include <sys/resource.h>
#include <sys/stat.h>

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

static void say(const struct output_file *f, int error)
{
    char text[FILE_LIMIT_TEXT];
    fail("%s: %s", f->path, file_limit_reason(error, text));
}

static bool report(struct output_file *f, int error)
{
    say(f, error);
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
    char self[SELF];
    OWNED char *copy = check_memory(strdup(path));
    int fd = open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    print_self(self, fd);
    if (fd < 0 || access(self, F_OK) == 0)
        return fd;
    close(fd);
#else
    (void)path;
#endif
    return -1;
}

static void forget_temporary(struct output_file *f)
{
    interruption_forget(f->temporary);
    free(f->temporary);
    f->temporary = NULL;
}

static int open_named(struct output_file *f)
{
    f->temporary = check_memory(malloc(strlen(f->place) + 16));
    sprintf(f->temporary, "%s.XXXXXX", f->place);
    int fd = mkostemp(f->temporary, O_CLOEXEC);
    if (fd >= 0) {
        interruption_add(f->temporary);
        return fd;
    }
    int error = errno;
    forget_temporary(f);
    errno = error;
    return -1;
}

/* What the link at PATH names, in new memory; NULL: it is none. */
static char *read_link(const char *path)
{
    char target[4096];
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n <= 0)
        return NULL;
    target[n] = 0;
    return check_memory(*target == '/' ? strdup(target) : hu_path_beside(path, target));
}

/* Where PATH leads, by as many links as there are, though no file is there yet; new memory. NULL:
 * they go round. */
static char *follow(const char *path)
{
    char *at = check_memory(strdup(path));
    for (int i = 0; i < 40; i++) {
        char *next = read_link(at);
        if (!next)
            return at;
        free(at);
        at = next;
    }
    free(at);
    return NULL;
}

/* What is in the way at f->path, or NULL; sets f->place. */
static const char *find_place(struct output_file *f, struct stat *old)
{
    struct stat link;
    bool is_link = lstat(f->path, &link) == 0 && S_ISLNK(link.st_mode);
    f->replaces = stat(f->path, old) == 0;
    if (f->replaces && S_ISDIR(old->st_mode))
        return "is a folder";
    if (f->replaces && !S_ISREG(old->st_mode))
        return "is no regular file, so it cannot be replaced whole";
    if (f->replaces && !f->force)
        return "exists; --force replaces it";
    if (!is_link)
        f->place = check_memory(strdup(f->path));
    else
        f->place = f->replaces ? realpath(f->path, NULL) : follow(f->path);
    return f->place ? NULL : "is a symbolic link that leads to no file";
}

/* stdio keeps no errno of a write that failed earlier, so that "disk full" would be lost. */
static ssize_t write_through(void *context, const char *bytes, size_t n)
{
    struct output_file *f = context;
    ssize_t put;
    do
        put = write(f->descriptor, bytes, n);
    while (put < 0 && errno == EINTR);
    if (put < 0 && !f->error)
        f->error = errno;
    return put < 0 ? 0 : put;
}

bool output_begin(struct output_file *f, const char *path, bool force)
{
    *f = (struct output_file){.path = path, .force = force, .descriptor = -1};
    struct stat old;
    if (!strcmp(path, "-"))
        return refuse("what is written to a file appears when it is complete, and so does not go "
                      "to a stream; ./- is a file called -");
    const char *obstacle = find_place(f, &old);
    if (obstacle) {
        fail("%s %s", path, obstacle);
        output_abandon(f);
        return false;
    }
    interruption_watch();
    int fd = open_unnamed(f->place);
    if (fd < 0 && errno != EMFILE)
        fd = open_named(f);
    if (fd < 0)
        return report(f, errno);
    mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, f->replaces ? old.st_mode & 07777 : 0666 & ~mask);
    f->descriptor = fd;
    f->stream = check_memory(fopencookie(f, "wb", (cookie_io_functions_t){.write = write_through}));
    return true;
}

void output_abandon(struct output_file *f)
{
    /* One that is all zeros has no descriptor. */
    if (f->stream) {
        fclose(f->stream);
        close(f->descriptor);
    }
    if (f->temporary)
        unlink(f->temporary);
    forget_temporary(f);
    free(f->place);
    f->place = NULL;
    f->stream = NULL;
}

bool output_finish(struct output_file *f)
{
    errno = 0;
    if (ferror(f->stream) || fflush(f->stream))
        return report(f, f->error ? f->error : errno ? errno : EIO);
    return fsync(f->descriptor) == 0 || report(f, errno);
}

/* A rename reaches the disk with its folder. */
static void sync_folder(const char *path)
{
    OWNED char *copy = check_memory(strdup(path));
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* Gives a file that has no name yet one beside its place. */
static bool name_beside(struct output_file *f)
{
    char self[SELF];
    print_self(self, f->descriptor);
    f->temporary = check_memory(malloc(strlen(f->place) + 32));
    for (unsigned i = 0; i < 100; i++) {
        sprintf(f->temporary, "%s.%lx%x", f->place, (unsigned long)getpid(), i);
        if (linkat(AT_FDCWD, self, AT_FDCWD, f->temporary, AT_SYMLINK_FOLLOW) == 0) {
            interruption_add(f->temporary);
            return true;
        }
        if (errno != EEXIST)
            break;
    }
    int error = errno;
    forget_temporary(f);
    errno = error;
    return false;
}

/* Puts the file in the place of another. One of a set changes names with it where the file system
 * can, so that this can be undone. */
static bool take_over(struct output_file *f, bool of_set)
{
#ifdef RENAME_EXCHANGE
    if (of_set && renameat2(AT_FDCWD, f->temporary, AT_FDCWD, f->place, RENAME_EXCHANGE) == 0)
        return f->exchanged = true;
    if (of_set && errno != ENOENT && errno != EINVAL && errno != ENOSYS)
        return false;
#else
    (void)of_set;
#endif
    return rename(f->temporary, f->place) == 0;
}

/* link refuses where a file has come to stand in the meantime; rename replaces it. */
static bool put_in_place(struct output_file *f, bool of_set)
{
    char self[SELF];
    print_self(self, f->descriptor);
    if (!f->temporary && linkat(AT_FDCWD, self, AT_FDCWD, f->place, AT_SYMLINK_FOLLOW) == 0)
        return f->placed = true;
    if (!f->temporary && (!f->force || errno != EEXIST || !name_beside(f)))
        return false;
    f->placed = f->force ? take_over(f, of_set) : link(f->temporary, f->place) == 0;
    return f->placed;
}

/* Whether the place is as it was, or has been made so. */
static bool take_back(struct output_file *f)
{
    if (!f->placed)
        return true;
#ifdef RENAME_EXCHANGE
    if (f->exchanged)
        return renameat2(AT_FDCWD, f->temporary, AT_FDCWD, f->place, RENAME_EXCHANGE) == 0;
#endif
    return !f->replaces && unlink(f->place) == 0;
}

/* Says that FAILED could not be placed, and what has become of the others. */
static void undo(struct output_file *files, size_t count, const struct output_file *failed,
                 int error)
{
    for (size_t i = count; i-- > 0;)
        files[i].placed = !take_back(&files[i]);
    OWNED char *names = NULL;
    for (size_t i = 0; i < count; i++)
        if (files[i].placed)
            text_add(&names, "%s%s", names ? ", " : "", files[i].path);
    if (names)
        fail("%s: %s; of the set these files are new, and the others as before: %s", failed->path,
             strerror(error), names);
    else if (count > 1)
        fail("%s: %s; all files of the set are as before", failed->path, strerror(error));
    else
        say(failed, error);
}

/* In a set that may replace another, all files have names before the first replaces one; then
 * nothing but renames is left, one right after the other. */
static struct output_file *place_all(struct output_file *files, size_t count)
{
    for (size_t i = 0; count > 1 && i < count; i++)
        if (files[i].force && !files[i].temporary && !name_beside(&files[i]))
            return &files[i];
    for (size_t i = 0; i < count; i++)
        if (!put_in_place(&files[i], count > 1))
            return &files[i];
    return NULL;
}

bool output_place(struct output_file *files, size_t count)
{
    interruption_hold();
    struct output_file *failed = place_all(files, count);
    if (failed)
        undo(files, count, failed, errno);
    for (size_t i = 0; !failed && i < count; i++)
        sync_folder(files[i].place);
    for (size_t i = 0; i < count; i++)
        output_abandon(&files[i]);
    interruption_release();
    return !failed;
}

bool output_commit(struct output_file *f)
{
    return output_finish(f) && output_place(f, 1);
}

void output_whole(const char *path, bool force, void (*put)(FILE *, const void *), const void *what)
{
    struct output_file file;
    bool fine = output_begin(&file, path, force);
    if (fine) {
        put(file.stream, what);
        fine = output_commit(&file);
    }
    if (!fine)
        give_up();
}

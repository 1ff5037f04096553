/* Files that cannot be named, by functions of the system that fail when they are told to. */
#include "cli/output_file.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What fails, and the call from which on it does; 0: none. */
static struct failing {
    int error, from, calls;
} exchanges, renames, links, writes;

/* Comes with every rename; 0: none. */
static int signal_of_renames;

static bool fails(struct failing *f)
{
    bool now = f->from && ++f->calls >= f->from;
    if (now)
        errno = f->error;
    return now;
}

int renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
    if (signal_of_renames)
        raise(signal_of_renames);
    return fails(&exchanges) ? -1 : (int)syscall(SYS_renameat2, a, from, b, to, flags);
}

int rename(const char *from, const char *to)
{
    if (signal_of_renames)
        raise(signal_of_renames);
    return fails(&renames) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    return fails(&writes) ? -1 : (ssize_t)syscall(SYS_write, fd, bytes, n);
}

int linkat(int a, const char *from, int b, const char *to, int flags)
{
    return fails(&links) ? -1 : (int)syscall(SYS_linkat, a, from, b, to, flags);
}

static const char *const names[] = {"a", "b", "c"};
enum { FILES = sizeof names / sizeof *names };

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    cr_assert(f);
    fputs(text, f);
    fclose(f);
}

/* In a folder of its own, where the first OLD of the files are there. */
static void begin(struct output_file files[FILES], int old)
{
    char folder[] = "/tmp/test_output_file.XXXXXX";
    cr_assert(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    cr_redirect_stderr();
    for (int i = 0; i < old; i++)
        write_file(names[i], "old");
    for (int i = 0; i < FILES; i++) {
        cr_assert(output_begin(&files[i], names[i], true));
        fputs("new", files[i].stream);
        cr_assert(output_finish(&files[i]));
    }
}

/* EXPECTED: a letter a file, o for old, n for new, - where there is none. Removes them all. */
static void leaves(const char *expected)
{
    char folder[64] = "";
    for (int i = 0; i < FILES; i++) {
        char text[4] = "-";
        FILE *f = fopen(names[i], "r");
        if (f) {
            cr_assert(fgets(text, sizeof text, f));
            fclose(f);
            unlink(names[i]);
        }
        cr_expect_eq(text[0], expected[i], "%s is %s", names[i], text);
    }
    cr_assert(getcwd(folder, sizeof folder));
    cr_expect_eq(rmdir(folder), 0, "other files are left in %s", folder);
}

static void says(const char *text)
{
    fflush(stderr);
    cr_expect_stderr_eq_str(text);
}

Test(output_file, a_set_takes_the_place_of_another)
{
    struct output_file files[FILES];
    begin(files, 2);
    cr_assert(output_place(files, FILES));
    leaves("nnn");
}

Test(output_file, where_names_cannot_be_exchanged_files_are_renamed)
{
    struct output_file files[FILES];
    exchanges = (struct failing){EINVAL, 1, 0};
    begin(files, 2);
    cr_assert(output_place(files, FILES));
    leaves("nnn");
}

Test(output_file, files_that_cannot_all_be_named_are_put_back)
{
    struct output_file files[FILES];
    begin(files, 2);
    renames = (struct failing){EACCES, 1, 0}; /* of c, which is not there to be exchanged */
    cr_assert_not(output_place(files, FILES));
    says("halfulp: c: Permission denied; all files of the set are as before\n");
    leaves("oo-");
}

Test(output_file, files_that_cannot_be_put_back_are_named)
{
    struct output_file files[FILES];
    exchanges = (struct failing){EINVAL, 1, 0};
    renames = (struct failing){EACCES, 3, 0};
    begin(files, 3);
    cr_assert_not(output_place(files, FILES));
    says("halfulp: c: Permission denied; of the set these files are new, and the others as "
         "before: a, b\n");
    leaves("nno");
}

Test(output_file, a_folder_without_room_for_names_stays_as_it_was)
{
    struct output_file files[FILES];
    begin(files, 2);
    links = (struct failing){ENOSPC, 3, 0};
    bool named = files[0].temporary; /* where the file system has no files without a name */
    cr_assert_eq(output_place(files, FILES), named);
    leaves(named ? "nnn" : "oo-");
}

/* Signals that end a process, whatever their number, wait from naming to renaming. */
Test(output_file, a_signal_between_naming_and_renaming_leaves_no_name_behind)
{
    const int numbers[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,   SIGALRM, SIGUSR1,
                           SIGUSR2, SIGXCPU, SIGPROF, SIGVTALRM, SIGPWR,  SIGRTMIN};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int status;
        char folder[] = "/tmp/test_output_file.XXXXXX";
        cr_assert(mkdtemp(folder));
        cr_assert_eq(chdir(folder), 0);
        write_file("a", "old");
        pid_t child = fork();
        if (!child) {
            struct output_file f;
            const struct rlimit none = {0, 0};
            setrlimit(RLIMIT_CORE, &none);
            signal(numbers[i], SIG_DFL);
            signal_of_renames = numbers[i];
            bool ready =
                output_begin(&f, "a", true) && fputs("new", f.stream) >= 0 && output_finish(&f);
            if (ready)
                output_place(&f, 1);
            _exit(0);
        }
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i], "signal %d: status %x",
                  numbers[i], status);
        leaves("n--");
    }
}

/* stdio keeps no errno: what fails before the end is told all the same. */
Test(output_file, a_full_disk_is_told_as_such)
{
    static const struct {
        int error;
        const char *says;
    } rows[] = {{ENOSPC, "No space left on device"},
                {EDQUOT, "Disk quota exceeded"},
                {EFBIG, "File too large"},
                {EIO, "Input/output error"}};
    char text[4096], expected[2048] = "";
    memset(text, 'x', sizeof text);
    cr_redirect_stderr();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct output_file f;
        char folder[] = "/tmp/test_output_file.XXXXXX";
        cr_assert(mkdtemp(folder));
        cr_assert_eq(chdir(folder), 0);
        cr_assert(output_begin(&f, "a", false));
        writes = (struct failing){rows[i].error, 1, 0};
        for (int k = 0; k < 20; k++)
            fwrite(text, 1, sizeof text, f.stream);
        errno = 0;
        writes.from = 0;
        cr_assert_not(output_commit(&f));
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected),
                 "halfulp: a: %s\n", rows[i].says);
        leaves("---");
    }
    fflush(stderr);
    cr_expect_stderr_eq_str(expected);
}

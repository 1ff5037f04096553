#include "text_file.h"
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *read_open(int descriptor, size_t *n, const char **why)
{
    struct stat status;
    if (fstat(descriptor, &status)) {
        *why = strerror(errno);
        return NULL;
    }
    if (!S_ISREG(status.st_mode) || status.st_size > HU_TEXT_MAX) {
        *why = "is no regular file of at most 64 MiB";
        return NULL;
    }
    char *text = malloc((size_t)status.st_size + 1);
    if (!text) {
        *why = "out of memory";
        return NULL;
    }
    *n = (size_t)status.st_size;
    int error = hu_read_at(descriptor, text, *n, 0);
    if (!error)
        return text;
    *why = error < 0 ? "the file became shorter while it was read" : strerror(error);
    free(text);
    return NULL;
}

char *hu_text_read(const char *path, size_t *n, const char **why)
{
    /* Without O_NONBLOCK, opening a pipe waits for a writer. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        *why = strerror(errno);
        return NULL;
    }
    char *text = read_open(descriptor, n, why);
    close(descriptor);
    return text;
}

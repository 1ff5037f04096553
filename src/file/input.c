#include "input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int hu_read_at(int descriptor, void *bytes, size_t n, uint64_t offset)
{
    unsigned char *at = bytes;
    while (n) {
        ssize_t got = pread(descriptor, at, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (!got)
            return -1;
        at += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return 0;
}

int hu_input_read(const struct hu_input *in, void *bytes, size_t n, uint64_t offset)
{
    if (offset > in->size || n > in->size - offset)
        return -1;
    if (!in->memory)
        return hu_read_at(in->descriptor, bytes, n, offset);
    memcpy(bytes, in->memory + offset, n);
    return 0;
}

struct hu_file_state hu_file_state_of(const struct stat *status)
{
    return (struct hu_file_state){
        .device = (uint64_t)status->st_dev,
        .inode = (uint64_t)status->st_ino,
        .size = (uint64_t)status->st_size,
        .seconds = status->st_mtim.tv_sec,
        .nanoseconds = status->st_mtim.tv_nsec,
    };
}

bool hu_file_state_same(const struct hu_file_state *a, const struct hu_file_state *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

bool hu_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int hu_write_at(int descriptor, const void *bytes, size_t n, uint64_t offset)
{
    const unsigned char *from = bytes;
    while (n) {
        ssize_t put = pwrite(descriptor, from, n, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        from += put;
        offset += (uint64_t)put;
        n -= (size_t)put;
    }
    return 0;
}

void hu_little_write(void *bytes, uint64_t number, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        ((unsigned char *)bytes)[i] = (unsigned char)(number >> 8 * i);
}

void hu_turn_bytes(unsigned char *bytes, size_t n, unsigned size)
{
    for (size_t i = 0; i + size <= n; i += size)
        for (unsigned k = 0; k < size / 2; k++) {
            unsigned char byte = bytes[i + k];
            bytes[i + k] = bytes[i + size - 1 - k];
            bytes[i + size - 1 - k] = byte;
        }
}

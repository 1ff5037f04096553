#include "picture.h"
#include "allocate.h"

#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool refuse(char *message, size_t size, const char *path, const char *why)
{
    snprintf(message, size, "%.200s: %s", path, why);
    return false;
}

static void write_row(png_structp png, const uint32_t *pixels, int width, unsigned char *row)
{
    for (int x = 0; x < width; x++) {
        row[3 * x] = (unsigned char)(pixels[x] >> 16);
        row[3 * x + 1] = (unsigned char)(pixels[x] >> 8);
        row[3 * x + 2] = (unsigned char)pixels[x];
    }
    png_write_row(png, row);
}

/* False: libpng or the disk failed. */
static bool write_png(FILE *file, const struct canvas *c)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    unsigned char *volatile row = malloc((size_t)c->width * 3);
    volatile bool done = false;
    if (info && row && !setjmp(png_jmpbuf(png))) {
        png_init_io(png, file);
        png_set_IHDR(png, info, (png_uint_32)c->width, (png_uint_32)c->height, 8, PNG_COLOR_TYPE_RGB,
                     PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
        png_write_info(png, info);
        for (int y = 0; y < c->height; y++)
            write_row(png, c->pixels + (size_t)y * (size_t)c->stride, c->width, row);
        png_write_end(png, NULL);
        done = true;
    }
    png_destroy_write_struct(&png, &info);
    free(row);
    return done;
}

/* Puts the finished file in its place; without force never over another. */
static bool publish(const char *from, const char *to, bool force)
{
    if (force)
        return !rename(from, to);
    if (link(from, to))
        return false;
    unlink(from);
    return true;
}

bool picture_write(const struct canvas *c, const char *path, bool force, char *message, size_t size)
{
    if (!force && !access(path, F_OK))
        return refuse(message, size, path, "the file exists; --force replaces it");
    char *beside = text_of("%s.XXXXXX", path);
    int fd = mkstemp(beside);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    bool done = file && !fchmod(fd, 0644) && write_png(file, c) && !fflush(file) && !fsync(fd);
    int error = errno;
    if (file && fclose(file))
        done = false, error = errno;
    if (done && !publish(beside, path, force))
        done = false, error = errno;
    if (!done && fd >= 0)
        unlink(beside);
    free(beside);
    return done || refuse(message, size, path, strerror(error ? error : EIO));
}

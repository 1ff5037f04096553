#include "picture.h"

#include <png.h>
#include <stdlib.h>

static void write_row(png_structp png, const uint32_t *pixels, int width, unsigned char *row)
{
    for (int x = 0; x < width; x++) {
        row[3 * x] = (unsigned char)(pixels[x] >> 16);
        row[3 * x + 1] = (unsigned char)(pixels[x] >> 8);
        row[3 * x + 2] = (unsigned char)pixels[x];
    }
    png_write_row(png, row);
}

bool picture_write(const struct canvas *c, FILE *stream)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    unsigned char *volatile row = malloc((size_t)c->width * 3);
    volatile bool done = false;
    if (info && row && !setjmp(png_jmpbuf(png))) {
        png_init_io(png, stream);
        png_set_IHDR(png, info, (png_uint_32)c->width, (png_uint_32)c->height, 8,
                     PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                     PNG_FILTER_TYPE_DEFAULT);
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

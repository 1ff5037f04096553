/*
 * Bytes as text that a page may hold: 7 bits a character. Runs while the page is made.
 *
 * Four of the 128 would not come through HTML as they are or would break the line: each of them
 * shares a character of two bytes with the 8 bits that follow (unpack_text in start.js). As that is
 * half a bit a byte more than one byte holds, three more do so: 7 × 256 is what two bytes hold.
 */
#include <stdio.h>
#include <string.h>

enum { LESS_THAN = '<', FIRST = 0x80 /* of two bytes */ };

static const unsigned char barred[] = {0, '\n', '\r', LESS_THAN, 1, 2, 3};
static unsigned held, bits;

/* The next N bits; after the end, zeros. False: there are none. */
static int take(unsigned n, unsigned *group)
{
    int byte, some = bits > 0;
    while (bits < n) {
        byte = getchar();
        some |= byte != EOF;
        held = held << 8 | (byte == EOF ? 0u : (unsigned)byte);
        bits += 8;
        if (byte == EOF && !some)
            return 0;
    }
    *group = held >> (bits -= n);
    held &= (1u << bits) - 1;
    return 1;
}

int main(void)
{
    unsigned group, next = 0;
    while (!feof(stdin) && take(7, &group)) {
        const unsigned char *at = memchr(barred, (int)group, sizeof barred);
        if (!at) {
            putchar((int)group);
            continue;
        }
        take(8, &next);
        unsigned code = FIRST + ((unsigned)(at - barred) << 8 | next);
        printf("%c%c", 0xc0 | code >> 6, 0x80 | (code & 63));
    }
    return ferror(stdin) || fflush(stdout);
}

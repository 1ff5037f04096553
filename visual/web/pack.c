/*
 * Bytes as text that a page may hold: 7 bits a character. Runs while the page is made.
 *
 * Four of the 128 would not come through HTML as they are or would break the line: each of them
 * shares a character of two bytes with the 7 bits that follow (unpack in page.js).
 */
#include <stdio.h>
#include <string.h>

enum { LESS_THAN = '<' };

int main(void)
{
    static const unsigned char barred[] = {0, '\n', '\r', LESS_THAN};
    unsigned held = 0, bits = 0;
    int byte, waiting = -1;
    do {
        byte = getchar();
        held = held << 8 | (byte == EOF ? 0u : (unsigned)byte);
        bits += 8;
        while (bits >= 7) {
            unsigned group = held >> (bits -= 7) & 127;
            const unsigned char *at = memchr(barred, (int)group, sizeof barred);
            if (waiting >= 0) { /* U+0100 to U+02FF */
                unsigned code = 0x100 + ((unsigned)waiting << 7 | group);
                printf("%c%c", 0xc0 | code >> 6, 0x80 | (code & 63));
                waiting = -1;
            } else if (at) {
                waiting = (int)(at - barred);
            } else {
                putchar((int)group);
            }
            held &= (1u << bits) - 1;
        }
    } while (byte != EOF);
    if (waiting >= 0)
        printf("%c%c", 0xc0 | (0x100 + (waiting << 7)) >> 6, 0x80);
    return ferror(stdin) || fflush(stdout);
}

#include "keys.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

const struct key_line key_help[] = {
    {"Tab  Shift+Tab", "next and previous field, button or row of bits"},
    {"← →  Home End", "along a row of bits, or in a text"},
    {"↑ ↓", "to the row above or below; in a number field one ulp up or down"},
    {"Space", "toggle the bit, press the button"},
    {"0  1", "write the bit and go to the next"},
    {"Page Up  Page Down", "one ulp up or down in the selected row"},
    {"n", "negate (outside text fields)"},
    {"Ctrl+Z  Ctrl+Shift+Z", "undo, redo, without limit; Ctrl+Y redoes too"},
    {"Ctrl+C", "copy the value, or the selected part of a text"},
    {"Ctrl+Shift+C", "copy the encoding of the selected row"},
    {"Ctrl+Alt+C", "copy the halfulp show command line of what is shown"},
    {"Ctrl+V", "paste a value, or bytes in hexadecimal, little-endian"},
    {"Ctrl+Shift+V", "paste bytes in hexadecimal, big-endian"},
    {"Ctrl+1 … Ctrl+6", "the pages: bits, rounding, number line, memory, arithmetic, block"},
    {"Ctrl+T", "next theme"},
    {"Ctrl+Plus  Ctrl+Minus", "larger, smaller; Ctrl+0 as it was"},
    {"Enter  Escape", "leave a text field; Escape closes a menu"},
    {"number line", "← → pan, + - zoom, Home back to the source, End the whole range, l the axis"},
    {"F1", "show or leave this page"},
    {"Ctrl+Q", "quit"},
};
const int key_help_count = sizeof key_help / sizeof *key_help;

static const struct {
    const char *name;
    int key;
    unsigned mod; /* of what is held down with others */
} names[] = {
    {"Left", KEY_LEFT, 0},
    {"Right", KEY_RIGHT, 0},
    {"Up", KEY_UP, 0},
    {"Down", KEY_DOWN, 0},
    {"Home", KEY_HOME, 0},
    {"End", KEY_END, 0},
    {"PageUp", KEY_PAGE_UP, 0},
    {"PageDown", KEY_PAGE_DOWN, 0},
    {"Tab", KEY_TAB, 0},
    {"Return", KEY_RETURN, 0},
    {"Enter", KEY_RETURN, 0},
    {"Escape", KEY_ESCAPE, 0},
    {"Backspace", KEY_BACKSPACE, 0},
    {"Delete", KEY_DELETE, 0},
    {"F1", KEY_F1, 0},
    {"Space", ' ', 0},
    {"Plus", '+', 0},
    {"Minus", '-', 0},
    {"Ctrl", KEY_NONE, MOD_CTRL},
    {"Shift", KEY_NONE, MOD_SHIFT},
    {"Alt", KEY_NONE, MOD_ALT},
};

bool chord_read(const char *text, struct chord *chord)
{
    *chord = (struct chord){0};
    for (const char *plus; (plus = strchr(text, '+')) && plus[1] && plus > text; text = plus + 1) {
        unsigned mod = 0;
        for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
            if (strlen(names[i].name) == (size_t)(plus - text) &&
                !strncasecmp(text, names[i].name, (size_t)(plus - text)))
                mod = names[i].mod;
        if (!mod)
            return false;
        chord->mods |= mod;
    }
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcasecmp(text, names[i].name))
            chord->key = names[i].key;
    if (!chord->key && text[0] && !text[1] && isprint((unsigned char)text[0]))
        chord->key = tolower((unsigned char)text[0]);
    return chord->key;
}

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
} names[] = {
    {"Left", KEY_LEFT},
    {"Right", KEY_RIGHT},
    {"Up", KEY_UP},
    {"Down", KEY_DOWN},
    {"Home", KEY_HOME},
    {"End", KEY_END},
    {"PageUp", KEY_PAGE_UP},
    {"PageDown", KEY_PAGE_DOWN},
    {"Tab", KEY_TAB},
    {"Return", KEY_RETURN},
    {"Enter", KEY_RETURN},
    {"Escape", KEY_ESCAPE},
    {"Backspace", KEY_BACKSPACE},
    {"Delete", KEY_DELETE},
    {"F1", KEY_F1},
    {"Space", ' '},
    {"Plus", '+'},
    {"Minus", '-'},
};

static bool mod_read(const char *text, size_t length, unsigned *mods)
{
    static const struct {
        const char *name;
        unsigned mod;
    } all[] = {{"Ctrl", MOD_CTRL}, {"Shift", MOD_SHIFT}, {"Alt", MOD_ALT}};
    for (int i = 0; i < 3; i++)
        if (strlen(all[i].name) == length && !strncasecmp(text, all[i].name, length)) {
            *mods |= all[i].mod;
            return true;
        }
    return false;
}

bool chord_read(const char *text, struct chord *chord)
{
    *chord = (struct chord){0};
    for (const char *plus; (plus = strchr(text, '+')) && plus[1] && plus > text; text = plus + 1)
        if (!mod_read(text, (size_t)(plus - text), &chord->mods))
            return false;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcasecmp(text, names[i].name))
            chord->key = names[i].key;
    if (!chord->key && text[0] && !text[1] && isprint((unsigned char)text[0]))
        chord->key = tolower((unsigned char)text[0]);
    return chord->key;
}

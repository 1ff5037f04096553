/* Keys by name, and what each does. */
#pragma once

#include <stdbool.h>

enum key {
    KEY_NONE = 0, /* below 128: the character that the key types, a letter in lower case */
    KEY_LEFT = 128,
    KEY_RIGHT,
    KEY_UP,
    KEY_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_TAB,
    KEY_RETURN,
    KEY_ESCAPE,
    KEY_BACKSPACE,
    KEY_DELETE,
    KEY_F1
};

enum { MOD_CTRL = 1, MOD_SHIFT = 2, MOD_ALT = 4 };

struct chord {
    int key;
    unsigned mods;
};

/* "Ctrl+Shift+V", "PageUp", "0", "Ctrl+Plus". False: no such key. */
bool chord_read(const char *text, struct chord *chord);

struct key_line {
    const char *keys, *words;
};
extern const struct key_line key_help[];
extern const int key_help_count;

/* Plays a script of events. One a line, words separated by spaces, # begins a comment:
 *   click NAME, drag NAME NAME, wheel NAME NOTCHES, hover NAME, key CHORD, type TEXT,
 *   clipboard TEXT, resize W H
 */
#pragma once

#include "control.h"

enum { SCRIPT_MESSAGE = 256 };

/* One line, without its newline. False: message says why, and nothing was done. */
bool script_line(struct session *c, const char *line, char message[SCRIPT_MESSAGE]);

/* The script's own clipboard, which the desktop's is not. */
struct script_clipboard {
    char *text;
};
struct clipboard script_clipboard(struct script_clipboard *s);

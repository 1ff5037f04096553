/* What can be done to a session, whether by a press, a key or a script. */
#pragma once

#include "session.h"

/* As if the button, tab, check box or option NAME had been pressed. */
void session_activate(struct session *s, const char *name);
/* As if numberline.WHAT had: linear, log, in, out, home or all. */
void session_activate_line(struct session *s, const char *what);
void session_close_popup(struct session *s);
/* To a page; to that of the keys a second time: back to where it was. */
void session_go_to(struct session *s, enum page page);
/* One step of text size up (1), down (-1) or to the usual one (0). */
void session_zoom(struct session *s, int step);

/* The clipboard. Into a field text goes where the caret is; elsewhere it is a value, or an encoding
 * whose most significant byte comes first where BIG_ENDIAN. */
void session_copy(struct session *s, enum copy_form form);
void session_paste(struct session *s, bool big_endian);
void session_cut(struct session *s);

/* What can be done to a session, whether by a press, a key or a script. */
#ifndef VISUAL_ACTIONS_H
#define VISUAL_ACTIONS_H

#include "session.h"

/* As if the button, tab, check box or option NAME had been pressed. */
void activate(struct session *s, const char *name);
/* As if numberline.WHAT had: linear, log, in, out, home or all. */
void activate_line(struct session *s, const char *what);
void close_popup(struct session *s);
/* To a page; to that of the keys a second time: back to where it was. */
void go_to(struct session *s, enum page page);
/* One step of text size up (1), down (-1) or to the usual one (0). */
void zoom(struct session *s, int step);

/* The clipboard. Into a field text goes where the caret is; elsewhere it is a value, or an encoding
 * whose most significant byte comes first where BIG_ENDIAN. */
void copy(struct session *s, enum copy_form form);
void paste(struct session *s, bool big_endian);
void cut(struct session *s);

#endif

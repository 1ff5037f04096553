/* What pressing an item does, and each key. */
#ifndef VISUAL_ACTIONS_H
#define VISUAL_ACTIONS_H

#include "control.h"

/* As if the button, tab, check box or option NAME had been pressed. */
void activate(struct control *c, const char *name);
void close_popup(struct control *c);

#endif

/* From pointer and keys to actions on a session. No SDL. */
#pragma once

#include "keys.h"
#include "session.h"

void control_move(struct session *s, int x, int y);
void control_leave(struct session *s);
void control_press(struct session *s, int x, int y, bool extend);
void control_release(struct session *s, int x, int y);
/* Notches of the wheel, upwards positive. */
void control_wheel(struct session *s, double notches);
void control_key(struct session *s, struct chord chord);
void control_text(struct session *s, const char *text);

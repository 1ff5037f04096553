/*
 * What a signal that ends the process must not leave behind: half-written files, a line of
 * progress on the terminal. The process then dies of the signal, so
 * that a shell sees 128 + its number. Signals that were ignored stay so.
 */
#pragma once

#include <stdbool.h>

/* From here on. May be called again. */
void interruption_watch(void);

/* PATH is to be unlinked, at an exit too; it stays the caller's and readable until it is forgotten.
 */
void interruption_add(const char *path);
void interruption_forget(const char *path);

/* Between the two, signals wait. Once interruption_watch was called; only while no other thread
 * could take them. */
void interruption_hold(void);
void interruption_release(void);

/* About each change of a line of progress at the end of stderr. False: a signal is ending the
 * process, and nothing may be drawn any more. shown: whether there is a line to clear then. */
bool interruption_begin_drawing(void);
void interruption_end_drawing(bool shown);

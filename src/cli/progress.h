/* How far long work has come, on stderr where that is a terminal: share done, rate, time left. */
#pragma once

#include <stdint.h>

/* Starts it; one at a time in a process. label: what is under way, shown at the left, which must
 * last. unit: what is counted, "inputs"; total: how many there will be, 0 where that is unknown.
 * Nothing shows in the first half second. */
void progress_begin(const char *label, const char *unit, uint64_t total);

/* So many more are done. Thread-safe, and cheap: it draws ten times a second at most. */
void progress_add(uint64_t done);

/* What is known of the total has changed. */
void progress_total(uint64_t total);

/* Takes the line away, so that other lines can be printed; the next progress_add brings it back. */
void progress_hide(void);

/* Takes the line away for good. */
void progress_end(void);

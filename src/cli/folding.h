/* Lines that fit the terminal, whoever prints them. */
#pragma once

/* From now on a line of stdout that is wider than the terminal goes on below, from a space on and
 * indented by four more. For text: a document's lines are not to be broken, and a table should fit
 * by itself. Does nothing where the width is not known, or the C library's stdout cannot be
 * replaced. */
void folding_begin(void);

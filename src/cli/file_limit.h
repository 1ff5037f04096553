/* How many files this process may have open: a set's are open all at once. */
#pragma once

enum { FILE_LIMIT_TEXT = 160 };

/* As many as the hard limit allows. */
void file_limit_raise(void);

/* What errno ERROR means for opening a file: strerror, or where too many are open how many may be
 * and what sets that, in OUT. */
const char *file_limit_reason(int error, char out[FILE_LIMIT_TEXT]);

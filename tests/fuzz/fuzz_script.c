/*
 * The script player, and by it the text fields, the keys, the pointer and every page: whatever a
 * script says, the state stays one that can be laid out, described and undone.
 */
#include "../../visual/core/describe.h"
#include "../../visual/core/script.h"
#include "../view_metrics.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_MOST = 24 };

/* Files are the memory room's fuzzers' affair; here no name on the disk is tried. */
static bool opens_files(const char *line)
{
    return strstr(line, "memory.model");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct session c;
    struct script_clipboard board = {NULL};
    char message[SCRIPT_MESSAGE], *text = malloc(size + 1), *rest = NULL;
    int lines = 0;
    memcpy(text, data, size);
    text[size] = 0;
    session_init(&c, 800, 600, 1, plain_metrics, NULL);
    c.clipboard = script_clipboard(&board);
    for (char *line = strtok_r(text, "\n", &rest); line && lines++ < LINES_MOST;
         line = strtok_r(NULL, "\n", &rest))
        if (!opens_files(line))
            script_line(&c, line, message);
    json_t *document = describe(&c, board.text);
    if (!document)
        abort();
    json_decref(document);
    while (model_undo(&c.model))
        ;
    free(board.text);
    session_clear(&c);
    free(text);
    return 0;
}

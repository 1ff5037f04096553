/* Command lines, an argument a line. Only commands that end soon and touch no files by themselves.
 */
#include "cli/cli.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGUMENTS = 16, BYTES = 512 };

static int is_tried(int argc, char **argv)
{
    static const char *const tried[] = {"show",    "convert", "limits",
                                        "formats", "help",    "completion"};
    for (int i = 1; i < argc; i++)
        if (strstr(argv[i], "--sv")) /* --svg writes files */
            return 0;
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++)
        if (!strcmp(argv[1], tried[i]))
            return 1;
    return 0;
}

/* Input and output go nowhere; standard error is the sanitizers', so it only has to be silent. */
static void close_streams(void)
{
    static int done;
    if (done++)
        return;
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[] = "halfulp", text[BYTES], *argv[ARGUMENTS + 2] = {name, text};
    int argc = 2;
    if (size >= BYTES)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    for (char *at = text; *at; at++)
        if (*at == '\n') {
            *at = 0;
            if (argc > ARGUMENTS)
                return 0;
            argv[argc++] = at + 1;
        }
    argv[argc] = NULL;
    if (!is_tried(argc, argv))
        return 0;
    close_streams();
    int status = cli_run(argc, argv);
    if (status < 0 || status > 2)
        abort();
    return 0;
}

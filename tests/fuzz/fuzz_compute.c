/* Any text: reading an expression neither crashes nor fails without a message, and what reads is
 * worked out. */
#include "compute/steps.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void work_out(const struct compute_expression *e, const struct hu_format *f,
                     enum hu_direction direction)
{
    struct compute c;
    struct compute_formats formats = {f, f, f, f};
    struct hu_operation_options o = {.rounding = {.direction = direction}};
    char *remarks[COMPUTE_REMARKS + 1];
    compute_run(&c, e, &formats, &o);
    compute_remarks(&c, remarks);
    for (char **r = remarks; *r; r++)
        free(*r);
    compute_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"fp64", "fp16",        "fp8_e4m3",
                                        "e8m0", "binary8p3ue", "e15m48"};
    char message[HU_MESSAGE] = "";
    struct compute_expression e;
    if (size < 1)
        return 0;
    if (compute_read(&e, (const char *)data + 1, size - 1, message))
        work_out(&e, hu_format_find(names[data[0] % 6]), (enum hu_direction)(data[0] / 6 % 6));
    else if (!*message || strlen(message) >= HU_MESSAGE)
        abort();
    compute_clear(&e);
    return 0;
}

/* Any text as recorded results: read to its end or refused with a line and a reason. */
#include "verify/recorded.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"fp64", "fp32", "tf32", "fp16", "fp8_e4m3", "e8m0"};
    enum { NAMES = sizeof names / sizeof *names };
    if (size < 3)
        return 0;
    struct hu_promise promise = {.options.direction = (enum hu_direction)(data[1] % 6),
                                 .flush = data[1] >> 3 & 3,
                                 .ignore = data[1] >> 5 & 7,
                                 .any_nan = data[1] & 32,
                                 .no_flags = data[1] & 64};
    FILE *stream = fmemopen((void *)(data + 2), size - 2, "r");
    if (!stream)
        return 0;
    struct hu_recorded r;
    struct hu_recorded_options options = {.progress = NULL};
    struct hu_question question =
        hu_question_of_conversion(hu_format_find(names[data[0] % NAMES]),
                                  hu_format_find(names[data[0] / NAMES % NAMES]), &promise);
    hu_recorded_check(&r, stream, &question, &options);
    fclose(stream);
    if (r.bad && strncmp(r.message, "line ", 5) != 0)
        abort();
    if (r.mismatches > r.lines || r.faults.count > r.mismatches)
        abort();
    hu_faults_free(&r.faults);
    return 0;
}

/* Recorded results on trial. */
#include "progress.h"
#include "report.h"
#include "verify.h"
#include "verify/recorded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Standard input is read more than once, so its lines are kept in a file that has no name. */
static FILE *spooled(FILE *stream)
{
    char buffer[1 << 16];
    size_t n;
    FILE *file = tmpfile();
    while (file && (n = fread(buffer, 1, sizeof buffer, stream)) > 0)
        if (fwrite(buffer, 1, n, file) != n)
            break;
    if (!file || ferror(file) || ferror(stream)) {
        if (file)
            fclose(file);
        return NULL;
    }
    rewind(file);
    return file;
}

/* Whether all lines keep PROMISE. */
static bool lines_pass(const struct verify_request *q, FILE *stream,
                       const struct hu_promise *promise)
{
    struct hu_recorded again;
    struct hu_recorded_options options = {.progress = verify_progress,
                                          .cancel = verify_interrupted()};
    if (fseek(stream, 0, SEEK_SET))
        return false;
    hu_recorded_check(&again, stream, q->to.at[0], q->from.at[0], promise, &options);
    bool pass = !again.bad && !again.mismatches && !atomic_load(verify_interrupted());
    hu_faults_free(&again.faults);
    return pass;
}

static void explain_lines(const struct verify_request *q, FILE *stream,
                          const struct hu_promise *promise, const struct hu_sample *sample,
                          struct verify_row *row)
{
    struct hu_convention found[HU_CONVENTIONS_PROVED];
    size_t n = hu_conventions_find(sample, promise, found, HU_CONVENTIONS_PROVED);
    row->explained = true;
    for (size_t i = 0; i < n; i++)
        if (lines_pass(q, stream, &found[i].promise)) {
            row->explanation = found[i];
            return;
        }
}

static int check_lines(const struct verify_request *q, struct verify_tally *tally, FILE *stream,
                       const char *name)
{
    struct hu_promise promise = q->promise;
    promise.options.direction = q->direction.direction[0];
    struct hu_sample sample = {.to = q->to.at[0], .from = q->from.at[0]};
    sample.flags = check_memory(malloc(sizeof *sample.flags));
    struct hu_recorded_options options = {
        .progress = verify_progress, .sample = &sample, .cancel = verify_interrupted()};
    struct hu_recorded recorded;
    progress_begin("verify", "lines", 0);
    double began = verify_now();
    hu_recorded_check(&recorded, stream, sample.to, sample.from, &promise, &options);
    struct verify_row row = {.to = hu_promised_format(sample.to, &promise),
                             .result = sample.to,
                             .from = sample.from,
                             .direction = promise.options.direction,
                             .subject = q->vectors,
                             .covers = "lines",
                             .shown = q->shown,
                             .seconds = verify_now() - began};
    row.verdict.inputs = recorded.lines;
    row.verdict.mismatches = recorded.mismatches;
    row.verdict.faults = recorded.faults;
    row.verdict.partial = atomic_load(verify_interrupted());
    if (recorded.mismatches && !recorded.bad)
        explain_lines(q, stream, &promise, &sample, &row);
    hu_sample_free(&sample);
    if (!recorded.bad && recorded.lines) {
        verify_take_row(q, tally, &row, false);
        return EXIT_DONE;
    }
    verify_row_free(&row);
    progress_end();
    return fail(q->command, "%s: %s", name,
                recorded.bad ? recorded.message : "there is no vector in it");
}

const char *verify_vectors_name(const struct verify_request *q)
{
    return strcmp(q->vectors, "-") ? q->vectors : "standard input";
}

FILE *verify_open_vectors(const struct verify_request *q)
{
    FILE *stream = strcmp(q->vectors, "-") ? fopen(q->vectors, "r") : spooled(stdin);
    if (!stream)
        fail(q->command, "%s: %s", verify_vectors_name(q), strerror(errno));
    return stream;
}

int verify_vectors(struct verify_request *q, struct verify_tally *tally)
{
    FILE *stream = verify_open_vectors(q);
    if (!stream)
        return EXIT_BAD;
    int status = check_lines(q, tally, stream, verify_vectors_name(q));
    fclose(stream);
    return status;
}

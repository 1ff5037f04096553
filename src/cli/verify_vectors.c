/* Recorded results on trial. */
#include "progress.h"
#include "report.h"
#include "verify.h"

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

static bool lines_pass(FILE *stream, const struct hu_question *question)
{
    OWNED struct hu_recorded *again = check_memory(malloc(sizeof *again));
    struct hu_recorded_options options = {.progress = progress_add, .cancel = verify_interrupted()};
    bool pass = !fseek(stream, 0, SEEK_SET);
    if (pass) {
        hu_recorded_check(again, stream, question, &options);
        pass = !again->bad && !again->mismatches && !atomic_load(verify_interrupted());
        hu_faults_free(&again->faults);
    }
    return pass;
}

/* EXPLANATION := the first convention near QUESTION that SAMPLE does not contradict and that all
 * lines keep, if there is one. */
static void explain(FILE *stream, const struct hu_question *question,
                    const struct hu_sample *sample, struct hu_convention *explanation)
{
    struct hu_convention found[HU_CONVENTIONS_PROVED];
    size_t n = hu_conventions_find(sample, question, found, HU_CONVENTIONS_PROVED);
    for (size_t i = 0; i < n && !explanation->options; i++)
        if (lines_pass(stream, &found[i].question))
            *explanation = found[i];
}

const char *verify_vectors_name(const struct verify_request *q)
{
    return strcmp(q->vectors, "-") ? q->vectors : "standard input";
}

FILE *verify_open_vectors(const struct verify_request *q)
{
    FILE *stream = strcmp(q->vectors, "-") ? fopen(q->vectors, "r") : spooled(stdin);
    if (!stream)
        fail("%s: %s", verify_vectors_name(q), strerror(errno));
    return stream;
}

struct verify_lines *verify_check_lines(const struct verify_request *q,
                                        const struct hu_question *question)
{
    FILE *stream = verify_open_vectors(q);
    if (!stream)
        return NULL;
    struct verify_lines *lines = check_memory(calloc(1, sizeof *lines));
    struct hu_recorded *recorded = &lines->recorded;
    struct hu_sample sample = {0};
    struct hu_recorded_options options = {.progress = progress_add,
                                          .sample = &sample,
                                          .cancel = verify_interrupted(),
                                          .stop_after = q->stop_after};
    double began = verify_now();
    progress_begin("verify", "lines", 0);
    hu_recorded_check(recorded, stream, question, &options);
    lines->seconds = verify_now() - began;
    lines->partial = atomic_load(verify_interrupted()) ||
                     (q->stop_after && recorded->mismatches >= q->stop_after);
    lines->explained = recorded->mismatches && !recorded->bad && !lines->partial;
    if (lines->explained)
        explain(stream, question, &sample, &lines->explanation);
    hu_sample_free(&sample);
    fclose(stream);
    if (!recorded->bad && recorded->lines)
        return lines;
    progress_end();
    fail("%s: %s", verify_vectors_name(q),
         recorded->bad ? recorded->message : "there is no vector in it");
    hu_faults_free(&recorded->faults);
    free(lines);
    return NULL;
}

int verify_vectors(struct verify_request *q, struct verify_tally *tally)
{
    struct hu_promise promise = q->promise;
    promise.options.direction = q->direction.direction[0];
    struct hu_question question = hu_question_of_conversion(q->to.at[0], q->from.at[0], &promise);
    OWNED struct verify_lines *lines = verify_check_lines(q, &question);
    if (!lines)
        return EXIT_BAD;
    struct verify_row row = {.to = hu_promised_format(question.to, &promise),
                             .result = question.to,
                             .from = question.from[0],
                             .direction = promise.options.direction,
                             .subject = q->vectors,
                             .covers = "lines",
                             .shown = q->shown,
                             .seconds = lines->seconds,
                             .explained = lines->explained,
                             .explanation = lines->explanation};
    row.verdict.inputs = lines->recorded.lines;
    row.verdict.mismatches = lines->recorded.mismatches;
    row.verdict.faults = lines->recorded.faults;
    row.verdict.partial = lines->partial;
    verify_take_row(q, tally, &row, false);
    return EXIT_DONE;
}

/* Operations on trial: ours, a library's, recorded ones. */
#include "room.h"
#include "progress.h"
#include "verify.h"
#include "verify/own.h"
#include "verify/trial_operation.h"

enum { OPERATION_COLUMN = 26, OPERANDS_TEXT = HU_OPERANDS * (HU_BITS_TEXT + 2) };

struct operation_row {
    const struct hu_question *q;
    const char *subject, *covers;
    struct hu_operation_verdict *verdict;
    double seconds;
    bool explained; /* explanation was sought; it has no options where there is none */
    struct hu_convention explanation;
    char *ending; /* how a foreign function ended; NULL: it did not */
};

static bool passed(const struct operation_row *row)
{
    return hu_operation_verdict_passed(row->verdict);
}

static const char *operands_text(char out[OPERANDS_TEXT], const struct hu_question *q,
                                 const uint64_t x[])
{
    char *at = out;
    for (int i = 0; i < q->operands; i++)
        at += sprintf(at, "%s%s", i ? " " : "", CODE_OF(q->from[i], x[i]));
    return out;
}

static void print_fault(const struct hu_question *q, const struct hu_operation_fault *f)
{
    char operands[OPERANDS_TEXT], due[HU_BITS_TEXT];
    hu_bits_print(due, q->result, f->expected);
    printf("    %s: ", operands_text(operands, q, f->x));
    if (f->line)
        printf("line %" PRIu64 ": ", f->line);
    if (f->flags)
        printf("%s, flags %s for %s\n", due, FLAGS_OF(f->got_flags), FLAGS_OF(f->expected_flags));
    else
        printf("%s%s for %s (%s)\n", CODE_OF(q->result, f->got & hu_width_mask(q->result)),
               f->got & ~hu_width_mask(q->result) ? " and stray bits" : "", due,
               hu_fault_class_name(f->class));
}

static void print_faults(const struct operation_row *row, uint64_t shown)
{
    const struct hu_operation_faults *faults = &row->verdict->faults;
    char operands[OPERANDS_TEXT];
    if (row->ending)
        printf("  %s in a call of %zu from %s on\n", row->ending, row->verdict->stopped_count,
               operands_text(operands, row->q, row->verdict->stopped_at));
    for (int i = 0; i < HU_FAULT_CLASSES; i++) {
        if (faults->inputs[i])
            printf("  %s: %s\n", hu_fault_class_name((enum hu_fault_class)i),
                   GROUPED(faults->inputs[i]));
    }
    for (size_t i = 0; i < faults->count && i < shown; i++)
        print_fault(row->q, &faults->at[i]);
}

static void print_calls(const struct operation_row *row)
{
    const struct hu_operation_verdict *v = row->verdict;
    const struct hu_question *q = row->q;
    char operands[OPERANDS_TEXT], due[HU_BITS_TEXT];
    if (v->calls)
        verify_print_calls_head(v->calls);
    for (uint64_t i = 0; i < v->calls && i < HU_SHOWN; i++) {
        const struct hu_length_fault *f = &v->call[i];
        if (!f->beyond) {
            hu_bits_print(due, q->result, f->expected);
            printf("    %s: %s for %s\n", operands_text(operands, q, f->x),
                   CODE_OF(q->result, f->got & hu_width_mask(q->result)), due);
        }
        verify_print_call_place(f->beyond, f->index, f->length, f->offset);
    }
}

static void print_row(const struct verify_request *q, struct verify_tally *tally,
                      const struct operation_row *row)
{
    progress_hide();
    if (!tally->headed)
        printf("%-*s ", OPERATION_COLUMN, "operation");
    verify_head(tally, row->subject);
    printf("%-*s ", OPERATION_COLUMN, hu_operation_row(row->q->operation)->name);
    verify_print_summary(row->q->from[0]->name, row->q->to->name,
                         hu_direction_name(row->q->promise.options.direction), row->subject,
                         row->covers, row->verdict->inputs,
                         row->ending ? "?" : GROUPED(row->verdict->mismatches), row->seconds);
    print_faults(row, q->shown);
    print_calls(row);
    if (row->explained)
        verify_print_explanation(&row->explanation, row->covers);
    fflush(stdout);
}

static json_t *fault_json(const struct hu_question *q, const struct hu_operation_fault *f)
{
    size_t operands = (size_t)q->operands;
    return JSON({"operands", JSON_LIST(i, i < operands, json_code(q->from[i], f->x[i]))},
                {"class", json_string(hu_fault_class_name(f->class))},
                {"got", json_code(q->result, f->got)},
                {"expected", json_code(q->result, f->expected)},
                {"got_flags", JSON_IF(f->flags, json_flags(f->got_flags))},
                {"expected_flags", json_flags(f->expected_flags)},
                {"line", JSON_IF(f->line, json_count(f->line))});
}

static json_t *call_json(const struct hu_question *q, const struct hu_length_fault *f)
{
    size_t operands = (size_t)q->operands;
    bool code = !f->beyond;
    return JSON(
        {"kind", json_string(code ? "code" : "bytes")},
        {"operands", JSON_IF(code, JSON_LIST(i, i < operands, json_code(q->from[i], f->x[i])))},
        {"index", json_count(f->index)}, {"length", json_count(f->length)},
        {"offset", json_count(f->offset)},
        {"expected", JSON_IF(code, json_code(q->result, f->expected))},
        {"got", JSON_IF(code, json_code(q->result, f->got))});
}

static json_t *row_json(const struct operation_row *row)
{
    const struct hu_operation_verdict *v = row->verdict;
    const struct hu_question *q = row->q;
    json_t *classes = check_memory(json_object());
    for (int i = 0; i < HU_FAULT_CLASSES; i++)
        json_put(classes, hu_fault_class_name((enum hu_fault_class)i),
                 json_count(v->faults.inputs[i]));
    return JSON({"operation", json_string(hu_operation_row(q->operation)->name)},
                {"from", json_string(q->from[0]->name)}, {"to", json_string(q->to->name)},
                {"round", json_string(hu_direction_name(q->promise.options.direction))},
                {"kernel", json_string(row->subject)}, {"covers", json_string(row->covers)},
                {"inputs", json_count(v->inputs)},
                {"mismatches", JSON_IF(!v->stopped, json_count(v->mismatches))},
                {"seconds", json_real(row->seconds)}, {"passed", json_boolean(passed(row))},
                {"crashed", json_boolean(v->stopped)}, {"classes", classes},
                {"faults", JSON_LIST(i, i < v->faults.count, fault_json(q, &v->faults.at[i]))},
                {"wrong_calls", json_count(v->calls)},
                {"calls", JSON_LIST(i, i < v->calls && i < HU_SHOWN, call_json(q, &v->call[i]))},
                {"explained_by", verify_explanation_json(row->explained, &row->explanation)},
                {"stopped", verify_ending_json(row->ending)});
}

static void take_row(const struct verify_request *q, struct verify_tally *tally,
                     struct operation_row *row)
{
    const struct hu_operation_verdict *v = row->verdict;
    verify_count(tally, v->inputs, v->mismatches, v->stopped, !passed(row));
    if (q->json)
        json_add(tally->rows, row_json(row));
    else
        print_row(q, tally, row);
    free(row->ending);
}

static void try_subject(struct verify_request *q, struct verify_tally *tally,
                        struct operation_row *row, const struct hu_subject *subject,
                        struct hu_foreign *foreign)
{
    struct hu_scan_options options = verify_scan_options(q, tally);
    double began = seconds_now();
    row->verdict = check_memory(malloc(sizeof *row->verdict));
    row->covers = hu_operation_is_exhaustive(row->q, &options) ? "all" : "directed";
    progress_begin("verify", "inputs", hu_operation_inputs(row->q, &options));
    hu_operation_trial(row->verdict, row->q, subject, &options);
    check_memory(row->verdict->failed ? NULL : row);
    row->seconds = seconds_now() - began;
    row->explained = row->verdict->mismatches && !row->verdict->stopped && !row->verdict->partial;
    if (row->explained && !hu_operation_explain(&row->explanation, row->q, subject, row->verdict,
                                                &options, verify_begin_proof))
        row->explanation.options = 0;
    if (row->verdict->stopped && foreign)
        row->ending = verify_ending(q, foreign);
    take_row(q, tally, row);
    free(row->verdict);
}

static void try_ours(struct verify_request *q, struct verify_tally *tally,
                     const struct hu_question *question)
{
    for (size_t i = 0; i < q->kernels && !atomic_load(verify_interrupted()); i++) {
        struct hu_own own = {q->kernel[i], *question};
        struct hu_subject subject = hu_own_subject(&own);
        struct operation_row row = {.q = question, .subject = hu_kernel_name(q->kernel[i])};
        try_subject(q, tally, &row, &subject, NULL);
    }
}

static void try_foreign(struct verify_request *q, struct verify_tally *tally,
                        const struct hu_question *question)
{
    OWNED char *library = NULL, *symbol = NULL;
    verify_split_against(q, &library, &symbol);
    struct hu_foreign *foreign = verify_open_foreign(
        q, &(struct hu_foreign_function){.path = library,
                                         .symbol = symbol,
                                         .to = question->result,
                                         .from = question->from,
                                         .sources = (unsigned)question->operands});
    struct hu_subject subject = hu_foreign_subject(foreign);
    struct operation_row row = {.q = question, .subject = q->against};
    try_subject(q, tally, &row, &subject, foreign);
    hu_foreign_close(foreign);
}

static void try_recorded(struct verify_request *q, struct verify_tally *tally,
                         const struct hu_question *question)
{
    OWNED struct verify_lines *lines = verify_check_lines(q, question);
    struct hu_operation_verdict v = {.inputs = lines->recorded.lines,
                                     .mismatches = lines->recorded.mismatches,
                                     .faults = lines->recorded.operation_faults,
                                     .partial = lines->partial};
    struct operation_row row = {.q = question,
                                .subject = q->vectors,
                                .covers = "lines",
                                .verdict = &v,
                                .seconds = lines->seconds,
                                .explained = lines->explained,
                                .explanation = lines->explanation};
    take_row(q, tally, &row);
    hu_faults_free(&lines->recorded.faults);
}

static void try_operation(struct verify_request *q, struct verify_tally *tally,
                          enum hu_operation operation, const struct hu_format *to,
                          const struct hu_format *from)
{
    for (size_t d = 0; d < q->direction.count && !atomic_load(verify_interrupted()); d++) {
        struct hu_promise promise = q->promise;
        promise.options.direction = q->direction.direction[d];
        struct hu_question question = hu_question_of(operation, to, from, &promise, q->nan_rule);
        question.via = q->via.count ? q->via.at[0] : NULL;
        question.unfused = q->unfused;
        (q->vectors ? try_recorded : q->against ? try_foreign : try_ours)(q, tally, &question);
    }
}

void verify_operations(struct verify_request *q, struct verify_tally *tally)
{
    for (size_t i = 0; i < q->operations.count; i++)
        for (size_t f = 0; f < q->from.count; f++)
            for (size_t t = 0; t < (q->to.count ? q->to.count : 1); t++)
                try_operation(q, tally, q->operations.at[i],
                              q->to.count ? q->to.at[t] : q->from.at[f], q->from.at[f]);
}

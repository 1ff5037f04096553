/* The project's own kernels on trial. */
#include "progress.h"
#include "report.h"
#include "verify.h"
#include "verify/own.h"

#include <stdio.h>

enum { STANDARD_WIDTH = 16 };

/* One conversion: a table that several kernels are tried by. */
struct combination {
    const struct hu_format *to, *from;
    enum hu_direction direction;
};

/* What takes some ten seconds on two processors and touches every kernel. */
static bool in_standard_set(const struct combination *c)
{
    static const char *const common[] = {"fp32", "tf32", "bf16", "fp16", "fp8_e5m2", "fp8_e4m3"};
    if (c->from->width <= STANDARD_WIDTH)
        return true;
    bool good = c->direction == HU_TIES_TO_EVEN && c->to->width < c->from->width, found = false;
    for (size_t i = 0; good && i < sizeof common / sizeof *common; i++)
        found |= c->to == hu_format_find(common[i]);
    return found;
}

static bool wanted(const struct verify_request *q, const struct combination *c)
{
    return !q->standard || in_standard_set(c);
}

/* What a scan will cover, before its table is there. */
static uint64_t guess_inputs(const struct verify_request *q, const struct combination *c)
{
    struct hu_scan_options options = {.boundaries = q->boundaries};
    if (hu_scans_all(c->from, &options))
        return hu_width_mask(c->from) + 1;
    bool many = c->to->width > HU_NARROW_WIDTH && c->to->width < c->from->width;
    return q->count + (many ? UINT64_C(4) << c->to->width : UINT64_C(1) << 20);
}

static bool kernel_has(const struct hu_kernel *kernel, const struct combination *c,
                       const struct hu_promise *promise)
{
    return hu_kernel_has(kernel, c->to, c->from, &promise->options, false) ||
           (!promise->no_flags && hu_kernel_has(kernel, c->to, c->from, &promise->options, true));
}

/* The kernel whose code KERNEL runs here. */
static const struct hu_kernel *runs_as(const struct hu_kernel *kernel, const struct combination *c,
                                       const struct hu_promise *promise)
{
    size_t i = 0;
    while (hu_kernel_at(i) != kernel)
        i++;
    while (i > 0 && !kernel_has(hu_kernel_at(i), c, promise))
        i--;
    return hu_kernel_at(i);
}

static size_t kernels_for(const struct verify_request *q, const struct combination *c)
{
    struct hu_promise promise = q->promise;
    promise.options.direction = c->direction;
    size_t n = 0;
    for (size_t i = 0; i < q->kernels; i++)
        n += !q->all_kernels || kernel_has(q->kernel[i], c, &promise);
    return n;
}

typedef bool visitor(struct verify_request *q, struct verify_tally *tally,
                     const struct combination *c);

/* Calls VISIT for each combination until it says false. */
static bool each_combination(struct verify_request *q, struct verify_tally *tally,
                             const struct hu_format *from, visitor *visit)
{
    for (size_t t = 0; t < q->to.count; t++)
        for (size_t d = 0; d < q->direction.count; d++) {
            struct combination c = {q->to.at[t], from, q->direction.direction[d]};
            if (wanted(q, &c) && !visit(q, tally, &c))
                return false;
        }
    return true;
}

static bool count_inputs(struct verify_request *q, struct verify_tally *tally,
                         const struct combination *c)
{
    tally->expected += guess_inputs(q, c) * kernels_for(q, c);
    return true;
}

static bool try_kernels(struct verify_request *q, struct verify_tally *tally,
                        const struct combination *c)
{
    double began = verify_now();
    if (atomic_load(verify_interrupted()))
        return false;
    if (!kernels_for(q, c))
        return true;
    struct hu_runs *runs = verify_runs(q, c->to, c->from, c->direction);
    const struct hu_promise *promise = &runs->promise;
    for (size_t i = 0; i < q->kernels; i++) {
        if (q->all_kernels && !kernel_has(q->kernel[i], c, promise))
            continue;
        struct hu_own own = {q->kernel[i], hu_question_of_conversion(c->to, c->from, promise)};
        struct hu_subject subject = hu_own_subject(&own);
        struct hu_scan_options options = verify_scan_options(q, tally);
        tally->expected += hu_scan_inputs(runs, &options) - guess_inputs(q, c);
        progress_total(tally->expected / options.shards);
        const char *name = hu_kernel_name(runs_as(q->kernel[i], c, promise));
        struct verify_row row = verify_row_of(q, runs, name);
        row.verdict = hu_scan(runs, &subject, &options);
        check_memory(row.verdict.failed ? NULL : &row);
        row.seconds = verify_now() - began;
        if (!verify_row_passed(&row))
            verify_explain(q, runs, &subject, &row);
        began = verify_now();
        verify_take_row(q, tally, &row, q->standard && c->from->width <= STANDARD_WIDTH);
    }
    hu_runs_free(runs);
    return true;
}

/* The standard set has over a thousand small combinations: a row for each of their sources. */
static void try_source(struct verify_request *q, struct verify_tally *tally,
                       const struct hu_format *from)
{
    struct verify_tally before = *tally;
    double began = verify_now();
    each_combination(q, tally, from, try_kernels);
    bool narrow = from->width <= STANDARD_WIDTH;
    if (!q->standard || q->json || !narrow || tally->failed != before.failed)
        return;
    char targets[24];
    snprintf(targets, sizeof targets, "all %zu", q->to.count);
    verify_head(tally, "");
    verify_print_summary(from->name, targets, "all 6", hu_kernel_name(hu_kernel_chosen()), "all",
                         tally->inputs - before.inputs, "0", verify_now() - began);
    fflush(stdout);
}

void verify_kernels(struct verify_request *q, struct verify_tally *tally)
{
    for (size_t f = 0; f < q->from.count; f++)
        each_combination(q, tally, q->from.at[f], count_inputs);
    progress_begin("verify", "inputs", tally->expected / (q->shards ? q->shards : 1));
    for (size_t f = 0; f < q->from.count && !atomic_load(verify_interrupted()); f++)
        try_source(q, tally, q->from.at[f]);
}

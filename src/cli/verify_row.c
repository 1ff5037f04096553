#include "room.h"
#include "verify.h"
#include "progress.h"
#include "mpz64.h"
#include "verify/layout.h"

bool verify_row_passed(const struct verify_row *row)
{
    return hu_verdict_passed(&row->verdict) && !row->refuted;
}

static void free_row(struct verify_row *row)
{
    hu_verdict_free(&row->verdict);
    free(row->ending);
    row->ending = NULL;
}

/* The subject's column is as wide as its name asks for. */
static int subject_columns = 10;

enum { CELLS = 9, NAMES = 5 };

/* Names on the left, then figures on the right. What the terminal has no room for goes on below,
 * in every line alike. */
static void print_line(const char *const text[NAMES], const char *inputs, const char *wrong,
                       const char *seconds, const char *rate)
{
    const char *const cells[CELLS] = {text[0], text[1], text[2], text[3], text[4],
                                      inputs,  wrong,   seconds, rate};
    const int widths[CELLS] = {16, 16, 5, subject_columns, 10, 20, 14, 9, 9};
    int columns = terminal_columns(stdout), at = 0;
    for (int i = 0; i < CELLS; i++) {
        int gap = !i ? 0 : i == 3 ? 2 : 1;
        int needs = text_columns(cells[i]);
        needs = needs > widths[i] ? needs : widths[i];
        if (at && columns && at + gap + needs > columns) {
            putchar('\n');
            gap = 4;
            at = 0;
        }
        printf("%*s", gap, "");
        (i < NAMES ? print_left : print_right)(cells[i], widths[i]);
        at += gap + needs;
    }
    putchar('\n');
}

/* 1.2e10 as "12.0 G". */
static const char *rate_text(char out[16], uint64_t inputs, double seconds)
{
    char prefix;
    int n = text_scaled(out, seconds > 0 ? (double)inputs / seconds : 0, &prefix);
    snprintf(out + n, (size_t)(16 - n), " %c", prefix);
    return out;
}

/* subject: the widest of its column. */
static void print_heading(const char *subject)
{
    static const char *const text[] = {"from", "to", "round", "kernel", "covers"};
    int columns = (int)strlen(subject);
    subject_columns = columns > 10 ? columns : 10;
    print_line(text, "inputs", "mismatches", "seconds", "inputs/s");
}

void verify_print_summary(const char *from, const char *to, const char *round, const char *subject,
                          const char *covers, uint64_t inputs, const char *wrong, double seconds)
{
    char rate[16], time[16];
    const char *const text[] = {from, to, round, subject, covers};
    snprintf(time, sizeof time, "%.2f", seconds);
    print_line(text, GROUPED(inputs), wrong, time, rate_text(rate, inputs, seconds));
}

static void print_trial(const struct verify_row *row)
{
    const struct hu_verdict *v = &row->verdict;
    verify_print_summary(row->from->name, row->to->name, hu_direction_name(row->direction),
                         row->subject, row->covers, v->inputs,
                         v->stopped ? "?" : GROUPED(v->mismatches), row->seconds);
}

/* ERROR := CODE of F minus SOURCE, exactly; ulps := the same in units of what is due there. False:
 * one of them is no number. */
static bool distance(mpq_t error, mpq_t ulps, const struct verify_row *row, uint64_t source,
                     uint64_t code, uint64_t expected)
{
    VALUE(x);
    hu_value_set_datum(&x, row->from, source);
    uint64_t clean = code & hu_width_mask(row->result);
    struct hu_datum due = hu_decode(row->result, expected);
    bool numbers = hu_is_finite(due) && hu_value_error(error, &x, row->result, clean);
    if (!numbers)
        return false;
    /* Wider data holds the target's codes, whose units count. */
    uint64_t in_target =
        row->to == row->result ? expected : hu_convert(row->to, row->result, expected, NULL, NULL);
    int unit = hu_ulp_exponent(row->to, in_target);
    hu_mpq_scale(ulps, error, -unit);
    return true;
}

enum { CODE_TEXT = HU_BITS_TEXT + HU_SHORTEST_TEXT + 24 };

static const char *code_text(char out[CODE_TEXT], const struct hu_format *f, uint64_t bits)
{
    uint64_t clean = bits & hu_width_mask(f);
    snprintf(out, CODE_TEXT, "%s %s%s", CODE_OF(f, clean), VALUE_OF(f, clean),
             bits == clean ? "" : " and stray bits");
    return out;
}

static void print_code(const char *label, const struct hu_format *f, uint64_t bits)
{
    char text[CODE_TEXT];
    printf("    %-9s %s\n", label, code_text(text, f, bits));
}

/* Exactly where that takes at most MOST characters. Freed by the caller. */
static char *short_text(const mpq_t ratio, size_t most)
{
    char *exact = hu_ratio_exact(ratio);
    if (strlen(exact) <= most)
        return exact;
    free(exact);
    return hu_ratio_scientific(ratio, 3, false);
}

/* Who is nearer, and by how much. */
static void print_distances(const struct verify_row *row, const struct hu_fault *f)
{
    RATIO(got);
    RATIO(expected);
    RATIO(got_ulps);
    RATIO(expected_ulps);
    char text[CODE_TEXT];
    printf("      %s", code_text(text, row->from, f->first));
    if (distance(got, got_ulps, row, f->first, f->got, f->expected) &&
        distance(expected, expected_ulps, row, f->first, f->expected, f->expected)) {
        mpq_abs(got, got);
        mpq_abs(expected, expected);
        mpq_abs(got_ulps, got_ulps);
        mpq_abs(expected_ulps, expected_ulps);
        enum { SHORT = 18, SHORT_ULPS = 9 };
        OWNED char *far = short_text(got, SHORT), *near = short_text(expected, SHORT);
        OWNED char *far_ulps = short_text(got_ulps, SHORT_ULPS);
        OWNED char *near_ulps = short_text(expected_ulps, SHORT_ULPS);
        int order = mpq_cmp(got, expected);
        printf(": got is %s off, %s ulp; due is %s off, %s ulp%s", far, far_ulps, near, near_ulps,
               order == 0  ? ": as near"
               : order < 0 ? ": got is nearer"
                           : "");
    }
    putchar('\n');
}

static void print_fault(const struct verify_row *row, const struct hu_fault *f)
{
    char got[CODE_TEXT], due[CODE_TEXT], range[2 * HU_BITS_TEXT + 4];
    snprintf(range, sizeof range, "%s%s%s", CODE_OF(row->from, f->first),
             f->first == f->last ? "" : "..",
             f->first == f->last ? "" : CODE_OF(row->from, f->last));
    printf("  %-*s %15s input%s  %-9s  ", row->from->width > 32 ? 38 : 22, range, GROUPED(f->count),
           f->count == 1 ? " " : "s", hu_fault_class_name(f->class));
    if (f->class == HU_FAULT_FLAGS) {
        printf("%s: flags %s for %s\n", code_text(due, row->result, f->expected),
               FLAGS_OF(f->got_flags), FLAGS_OF(f->expected_flags));
    } else {
        printf("%s for %s\n", code_text(got, row->result, f->got),
               code_text(due, row->result, f->expected));
    }
    if (f->line)
        printf("      line %" PRIu64 "\n", f->line);
    print_distances(row, f);
}

/* "rounding 12, nan 3". */
static void print_classes(const struct hu_faults *faults)
{
    const char *separator = "";
    for (int i = 0; i < HU_FAULT_CLASSES; i++) {
        if (!faults->inputs[i])
            continue;
        printf("%s%s %s in %s", separator, hu_fault_class_name((enum hu_fault_class)i),
               GROUPED(faults->inputs[i]), GROUPED(faults->classes[i]));
        separator = ", ";
    }
    putchar('\n');
}

static void print_runs(const struct verify_row *row)
{
    const struct hu_faults *faults = &row->verdict.faults;
    uint64_t count = faults->count + faults->dropped;
    uint64_t shown = row->shown < faults->count ? row->shown : faults->count;
    if (!count)
        return;
    printf("  %s run%s of inputs that go wrong in one way: ", GROUPED(count), plural(count));
    print_classes(faults);
    for (uint64_t i = 0; i < shown; i++)
        print_fault(row, &faults->at[i]);
    if (shown < count)
        printf("  … and %s smaller run%s%s\n", GROUPED(count - shown), plural(count - shown),
               faults->dropped ? "" : "; --show N shows more");
}

void verify_print_call_place(bool beyond, size_t index, size_t length, size_t offset)
{
    if (beyond)
        printf("    bytes beyond the last of %zu elements were written\n", length);
    else
        printf("    as element %zu of a call of %zu%s\n", index, length,
               offset ? ", off a 64-byte boundary; aligned it is right" : "");
}

void verify_print_calls_head(uint64_t calls)
{
    printf("  %s call%s wrong though the inputs are right in others; the first:\n", GROUPED(calls),
           calls == 1 ? " is" : "s are");
}

static void print_call(const struct verify_row *row, const struct hu_mismatch *m)
{
    char text[CODE_TEXT];
    if (m->kind == HU_WRONG_BYTES) {
        verify_print_call_place(true, 0, m->length, 0);
        return;
    }
    print_code("source", row->from, m->source);
    if (m->kind == HU_WRONG_FLAGS) {
        print_code("to", row->from, m->last);
        printf("    together in a call of %zu elements: flags %s for %s\n", m->length,
               FLAGS_OF(m->got_flags), FLAGS_OF(m->expected_flags));
        return;
    }
    print_code("expected", row->result, m->expected);
    printf("    %-9s %s", "got", code_text(text, row->result, m->got));
    if (m->length) {
        putchar('\n');
        verify_print_call_place(false, m->index, m->length, m->offset);
    } else
        puts(", but only in calls that want flags");
}

static void print_calls(const struct verify_row *row)
{
    const struct hu_verdict *v = &row->verdict;
    if (!v->calls)
        return;
    verify_print_calls_head(v->calls);
    for (unsigned i = 0; i < v->calls_shown; i++)
        print_call(row, &v->call[i]);
}

/* How arrays of F are called with, where that is easily taken for something else. */
static void print_layout(const char *label, const struct hu_format *f)
{
    if (f->storage_bits < 8)
        printf(
            "  %s: %s is packed, %d bits an element from the least significant bit of each byte; "
            "%s_unpacked is a byte each\n",
            label, f->name, f->storage_bits, f->name);
    else if (f->storage_shift)
        printf("  %s: %s lies at the top of words of %d bits\n", label, f->name, f->storage_bits);
}

static void print_layouts(const struct verify_row *row)
{
    const struct hu_verdict *v = &row->verdict;
    /* From here on it looks as if the arrays had been taken for other ones. */
    bool nonsense = v->inputs && v->mismatches >= v->inputs / 2;
    if (!v->stopped && !nonsense)
        return;
    print_layout("source", row->from);
    print_layout("result", row->result);
}

static void print_stop(const struct verify_row *row)
{
    const struct hu_verdict *v = &row->verdict;
    printf("  %s in a call of %s elements%s\n", row->ending ? row->ending : "gives up",
           GROUPED(v->stopped_count),
           row->blamed ? "; what does it is" : ", of which the first is");
    print_code("source", row->from, row->blamed ? row->blamed_source : v->stopped_at);
}

void verify_print_explanation(const struct hu_convention *explanation, const char *covers)
{
    if (!explanation->options) {
        puts("  no convention tried explains it: a defect");
        return;
    }
    fputs("  all of it passes with", stdout);
    for (size_t i = 0; i < explanation->options; i++)
        printf(" %s", explanation->option[i]);
    printf(", proved on %s\n", explanation->directed     ? "all directed operands"
                               : strcmp(covers, "lines") ? "all that is covered"
                                                         : "all lines");
}

/* What is wrong, run by run, and what explains it; nothing where all is well. */
static void print_faults(const struct verify_row *row)
{
    const struct hu_verdict *v = &row->verdict;
    if (verify_row_passed(row))
        return;
    printf("\n%s to %s, %s, %s: ", row->from->name, row->to->name,
           hu_direction_name(row->direction), row->subject);
    if (v->stopped)
        puts("it does not come to its end");
    else
        printf("%s input%s wrong%s\n", v->mismatches ? GROUPED(v->mismatches) : "no",
               v->mismatches < 2 ? " goes" : "s go",
               v->partial ? ", of those that were covered before the end" : "");
    if (row->refuted) {
        printf("  a fault of halfulp: MPFR contradicts the boundaries worked out, at %s\n",
               CODE_OF(row->from, row->refuted_at));
    }
    if (v->stopped)
        print_stop(row);
    print_runs(row);
    print_calls(row);
    print_layouts(row);
    if (row->explained)
        verify_print_explanation(&row->explanation, row->covers);
    putchar('\n');
}

static json_t *ulps_json(const struct verify_row *row, const struct hu_fault *f)
{
    RATIO(error);
    RATIO(ulps);
    return JSON_IF(distance(error, ulps, row, f->first, f->got, f->expected), json_ratio(ulps));
}

static json_t *fault_json(const struct verify_row *row, const struct hu_fault *f)
{
    json_t *object =
        JSON({"first", json_code(row->from, f->first)}, {"last", json_code(row->from, f->last)},
             {"count", json_count(f->count)}, {"class", json_string(hu_fault_class_name(f->class))},
             {"got", json_code(row->result, f->got)},
             {"expected", json_code(row->result, f->expected)}, {"error_ulp", ulps_json(row, f)});
    if (f->class == HU_FAULT_FLAGS)
        JSON_PUT(object, {"got_flags", json_flags(f->got_flags)},
                 {"expected_flags", json_flags(f->expected_flags)});
    if (f->line)
        json_put(object, "line", json_count(f->line));
    return object;
}

static json_t *call_json(const struct verify_row *row, const struct hu_mismatch *m)
{
    static const char *const kinds[] = {"code", "flags", "bytes"};
    json_t *object =
        JSON({"kind", json_string(kinds[m->kind])}, {"source", json_code(row->from, m->source)},
             {"last", json_code(row->from, m->last)}, {"index", json_count(m->index)},
             {"length", json_count(m->length)}, {"offset", json_count(m->offset)});
    if (m->kind == HU_WRONG_CODE)
        JSON_PUT(object, {"expected", json_code(row->result, m->expected)},
                 {"got", json_code(row->result, m->got)});
    else if (m->kind == HU_WRONG_FLAGS)
        JSON_PUT(object, {"expected_flags", json_flags(m->expected_flags)},
                 {"got_flags", json_flags(m->got_flags)});
    return object;
}

static json_t *stop_json(const struct verify_row *row)
{
    const struct hu_verdict *v = &row->verdict;
    return JSON({"how", json_string(row->ending ? row->ending : "gives up")},
                {"first_source", json_code(row->from, v->stopped_at)},
                {"elements", json_count(v->stopped_count)},
                {"source", JSON_IF(row->blamed, json_code(row->from, row->blamed_source))});
}

/* By class: inputs, and runs. */
static json_t *classes_json(const struct hu_faults *faults)
{
    json_t *object = check_memory(json_object());
    for (int i = 0; i < HU_FAULT_CLASSES; i++)
        if (faults->inputs[i])
            json_put(object, hu_fault_class_name((enum hu_fault_class)i),
                     JSON({"inputs", json_count(faults->inputs[i])},
                          {"runs", json_count(faults->classes[i])}));
    return object;
}

json_t *verify_explanation_json(bool sought, const struct hu_convention *explanation)
{
    return JSON_IF(sought,
                   JSON_LIST(i, i < explanation->options, json_string(explanation->option[i])));
}

json_t *verify_ending_json(const char *ending)
{
    return JSON_IF(ending, JSON({"how", json_string(ending)}));
}

/* The object of contract and manual. */
static json_t *trial_json(const struct verify_row *row)
{
    const struct hu_verdict *v = &row->verdict;
    double rate = row->seconds > 0 ? (double)v->inputs / row->seconds : 0;
    bool wider = row->result != row->to;
    return JSON({"from", json_string(row->from->name)}, {"to", json_string(row->to->name)},
                {"result_format", JSON_IF(wider, json_string(row->result->name))},
                {"round", json_string(hu_direction_name(row->direction))},
                {"kernel", json_text(row->subject)}, {"covers", json_string(row->covers)},
                {"inputs", json_count(v->inputs)},
                {"mismatches", JSON_IF(!v->stopped, json_count(v->mismatches))},
                {"seconds", json_real(row->seconds)}, {"inputs_per_second", json_real(rate)},
                {"passed", json_boolean(verify_row_passed(row))},
                {"crashed", json_boolean(v->stopped)}, {"partial", json_boolean(v->partial)},
                {"runs", JSON_LIST(i, i < v->faults.count, fault_json(row, &v->faults.at[i]))},
                {"classes", classes_json(&v->faults)},
                {"runs_left_out", json_count(v->faults.dropped)},
                {"wrong_calls", json_count(v->calls)},
                {"calls", JSON_LIST(i, i < v->calls_shown, call_json(row, &v->call[i]))},
                {"explained_by", verify_explanation_json(row->explained, &row->explanation)},
                {"stopped", JSON_IF(v->stopped, stop_json(row))});
}

void verify_head(struct verify_tally *tally, const char *subject)
{
    progress_hide();
    if (!tally->headed)
        print_heading(subject);
    tally->headed = true;
}

void verify_count(struct verify_tally *tally, uint64_t inputs, uint64_t mismatches, bool crashed,
                  bool failed)
{
    tally->combinations++;
    tally->inputs += inputs;
    tally->mismatches += mismatches;
    tally->crashed |= crashed;
    tally->failed += failed;
}

void verify_take_row(const struct verify_request *q, struct verify_tally *tally,
                     struct verify_row *row, bool quiet)
{
    bool passed = verify_row_passed(row);
    /* What Ctrl-C cut short is no proof, and no failure either. */
    bool cut = row->verdict.partial && !row->verdict.mismatches && !row->verdict.calls;
    tally->cut += cut;
    verify_count(tally, row->verdict.inputs, row->verdict.mismatches, row->verdict.stopped,
                 !passed && !cut);
    if (q->json)
        json_add(tally->rows, trial_json(row));
    else if (!(quiet && passed)) {
        verify_head(tally, row->subject);
        print_trial(row);
        print_faults(row);
        fflush(stdout);
    }
    free_row(row);
}

#include "verify_row.h"
#include "json.h"
#include "report.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool verify_row_passed(const struct verify_row *row)
{
    return !row->verdict.mismatches && !row->verdict.stopped && !row->refuted;
}

void verify_row_free(struct verify_row *row)
{
    hu_verdict_free(&row->verdict);
    free(row->ending);
    row->ending = NULL;
}

const char *grouped(char out[GROUPED_TEXT], uint64_t count)
{
    char digits[GROUPED_TEXT];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, count), at = 0;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = 0;
    return out;
}

/* The subject's column is as wide as its name asks for. */
static int subject_columns = 10;

static void print_line(const char *const text[5], const char *inputs, const char *wrong,
                       const char *seconds, const char *rate)
{
    printf("%-16s %-16s %-5s  %-*s %-10s %20s %14s %9s %9s\n", text[0], text[1], text[2],
           subject_columns, text[3], text[4], inputs, wrong, seconds, rate);
}

static const char *seconds_text(char out[16], double seconds)
{
    snprintf(out, 16, "%.2f", seconds);
    return out;
}

/* 1.2e10 as "12.0 G". */
static const char *rate_text(char out[16], uint64_t inputs, double seconds)
{
    static const char prefix[] = " kMGT";
    double rate = seconds > 0 ? (double)inputs / seconds : 0;
    int i = 0;
    for (; rate >= 999.5 && i < 4; i++)
        rate /= 1000;
    int places = rate < 9.995 ? 2 : rate < 99.95 ? 1 : 0;
    snprintf(out, 16, "%.*f %c", places, rate, prefix[i]);
    return out;
}

void verify_print_heading(const char *subject)
{
    static const char *const text[] = {"from", "to", "round", "kernel", "covers"};
    int columns = (int)strlen(subject);
    subject_columns = columns > 10 ? columns : 10;
    print_line(text, "inputs", "mismatches", "seconds", "inputs/s");
}

void verify_print_summary(const char *from, const char *to, const char *round, const char *subject,
                          const char *covers, uint64_t inputs, double seconds)
{
    char count[GROUPED_TEXT], rate[16], time[16];
    const char *const text[] = {from, to, round, subject, covers};
    print_line(text, grouped(count, inputs), "0", seconds_text(time, seconds),
               rate_text(rate, inputs, seconds));
}

void verify_print_row(const struct verify_row *row)
{
    char count[GROUPED_TEXT], wrong[GROUPED_TEXT], rate[16], time[16];
    const struct hu_verdict *v = &row->verdict;
    const char *const text[] = {row->from->name, row->to->name, hu_direction_name(row->direction),
                                row->subject, row->covers};
    print_line(text, grouped(count, v->inputs), grouped(wrong, v->mismatches),
               seconds_text(time, row->seconds), rate_text(rate, v->inputs, row->seconds));
}

static void print_code(const char *label, const struct hu_format *f, uint64_t bits)
{
    char code[HU_BITS_TEXT], value[HU_SHORTEST_TEXT];
    struct hu_fields_text fields;
    uint64_t clean = bits & hu_width_mask(f);
    hu_bits_print(code, f, clean);
    hu_fields_print(&fields, f, clean);
    hu_shown_print(value, f, clean);
    printf("    %-9s %-*s  %s%s%s%s%s  %s%s\n", label, HU_BITS_TEXT - 1, code, fields.sign,
           *fields.sign ? " " : "", fields.exponent, *fields.significand ? " " : "",
           fields.significand, value, bits == clean ? "" : "  (with bits outside its fields)");
}

static void print_flags(const char *label, unsigned flags)
{
    char text[HU_FLAGS_TEXT];
    hu_flags_print(text, flags);
    printf("    %-9s flags %s\n", label, text);
}

static void print_mismatch(const struct verify_row *row, unsigned i)
{
    const struct hu_mismatch *m = &row->verdict.first[i];
    if (row->lines)
        printf("  line %" PRIu64 "\n", row->lines[i]);
    if (m->kind == HU_WRONG_BYTES) {
        printf("  bytes beyond the last of %zu elements were written\n", m->length);
        return;
    }
    print_code("source", row->from, m->source);
    if (m->kind == HU_WRONG_FLAGS && m->last != m->source) {
        print_code("to", row->from, m->last);
        printf("    together in a call of %zu elements\n", m->length);
    }
    if (m->kind == HU_WRONG_CODE) {
        print_code("expected", row->to, m->expected);
        print_code("got", row->to, m->got);
    }
    if (m->kind == HU_WRONG_FLAGS || m->expected_flags != m->got_flags) {
        print_flags("expected", m->expected_flags);
        print_flags("got", m->got_flags);
    }
    if (m->kind == HU_WRONG_CODE && m->length)
        printf("    as element %zu of a call of %zu\n", m->index, m->length);
}

static void print_stop(const struct verify_row *row)
{
    char count[GROUPED_TEXT];
    const struct hu_verdict *v = &row->verdict;
    printf("\n%s %s in a call of %s elements%s\n", row->subject,
           row->ending ? row->ending : "gives up", grouped(count, v->stopped_count),
           row->blamed ? "; what does it is" : ", of which the first is");
    print_code("source", row->from, row->blamed ? row->blamed_source : v->stopped_at);
}

void verify_print_mismatches(const struct verify_row *row)
{
    char count[GROUPED_TEXT], code[HU_BITS_TEXT];
    if (row->refuted) {
        hu_bits_print(code, row->from, row->refuted_at);
        printf("  a fault of halfulp: MPFR contradicts the boundaries worked out, at %s\n", code);
    }
    if (row->verdict.stopped)
        print_stop(row);
    if (!row->verdict.mismatches)
        return;
    printf("\n%s to %s, %s, %s: %s mismatch%s; the first:\n", row->from->name, row->to->name,
           hu_direction_name(row->direction), row->subject, grouped(count, row->verdict.mismatches),
           row->verdict.mismatches == 1 ? "" : "es");
    for (unsigned i = 0; i < row->verdict.shown; i++) {
        print_mismatch(row, i);
        putchar('\n');
    }
}

static json_t *bits_json(const struct hu_format *f, uint64_t bits)
{
    char text[HU_BITS_TEXT];
    hu_bits_print(text, f, bits & hu_width_mask(f));
    return json_string(text);
}

static json_t *flags_json(unsigned flags)
{
    static const char *const names[] = {"invalid", "overflow", "underflow", "inexact"};
    json_t *list = check_memory(json_array());
    for (int i = 0; i < 4; i++)
        if (flags >> i & 1)
            json_array_append_new(list, json_string(names[i]));
    return list;
}

static json_t *mismatch_json(const struct verify_row *row, unsigned i)
{
    static const char *const kinds[] = {"code", "flags", "bytes"};
    const struct hu_mismatch *m = &row->verdict.first[i];
    json_t *object = check_memory(json_pack(
        "{s:s, s:o, s:o}", "kind", kinds[m->kind], "source", bits_json(row->from, m->source),
        "line", row->lines ? json_integer((json_int_t)row->lines[i]) : json_null()));
    if (m->kind == HU_WRONG_FLAGS)
        json_object_set_new(object, "last", bits_json(row->from, m->last));
    if (m->kind == HU_WRONG_CODE) {
        json_object_set_new(object, "expected", bits_json(row->to, m->expected));
        json_object_set_new(object, "got", bits_json(row->to, m->got));
    }
    if (m->kind == HU_WRONG_FLAGS || m->expected_flags != m->got_flags) {
        json_object_set_new(object, "expected_flags", flags_json(m->expected_flags));
        json_object_set_new(object, "got_flags", flags_json(m->got_flags));
    }
    json_object_set_new(object, "index", json_integer((json_int_t)m->index));
    json_object_set_new(object, "length", json_integer((json_int_t)m->length));
    return object;
}

static json_t *stop_json(const struct verify_row *row)
{
    const struct hu_verdict *v = &row->verdict;
    if (!v->stopped)
        return json_null();
    return json_pack("{s:s, s:o, s:I, s:o}", "how", row->ending ? row->ending : "gives up",
                     "first_source", bits_json(row->from, v->stopped_at), "elements",
                     (json_int_t)v->stopped_count, "source",
                     row->blamed ? bits_json(row->from, row->blamed_source) : json_null());
}

json_t *verify_row_json(const struct verify_row *row)
{
    json_t *list = check_memory(json_array());
    for (unsigned i = 0; i < row->verdict.shown; i++)
        json_array_append_new(list, mismatch_json(row, i));
    double rate = row->seconds > 0 ? (double)row->verdict.inputs / row->seconds : 0;
    return check_memory(json_pack(
        "{s:s, s:s, s:s, s:o, s:s, s:I, s:I, s:f, s:f, s:b, s:o, s:o}", "from", row->from->name,
        "to", row->to->name, "round", hu_direction_name(row->direction), "kernel",
        json_text(row->subject), "covers", row->covers, "inputs", (json_int_t)row->verdict.inputs,
        "mismatches", (json_int_t)row->verdict.mismatches, "seconds", row->seconds,
        "inputs_per_second", rate, "passed", verify_row_passed(row), "first_mismatches", list,
        "stopped", stop_json(row)));
}

/* What the viewer says of values is true. */
#include "../visual/core/microscope.h"
#include "../visual/core/model.h"
#include "../visual/core/words.h"
#include "operation.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A decimal as a rational; the viewer's minus signs and ellipses are no digits. */
static void read_decimal(mpq_t out, const char *text)
{
    struct hu_value v;
    char message[HU_MESSAGE];
    hu_value_init(&v);
    cr_assert(hu_value_read(&v, text, strlen(text), message), "%s: %s", text, message);
    mpq_set(out, v.ratio);
    if (v.sign)
        mpq_neg(out, out);
    hu_value_clear(&v);
}

/* (-1)^s * 2^e * significand = decimal, as the row shows it. */
static void check_equation(const struct row *r)
{
    mpq_t product, decimal;
    mpq_inits(product, decimal, NULL);
    read_decimal(decimal, r->decimal);
    bool cut = strstr(r->sum_significand, "…") != NULL;
    if (!cut) {
        read_decimal(product, r->sum_significand);
        int exponent = r->datum.quantum + r->format->trailing_bits;
        if (exponent >= 0)
            mpq_mul_2exp(product, product, (mp_bitcnt_t)exponent);
        else
            mpq_div_2exp(product, product, (mp_bitcnt_t)-exponent);
        if (r->datum.sign)
            mpq_neg(product, product);
    }
    bool equal = !cut && mpq_equal(product, decimal);
    cr_assert_eq(r->sum_is_exact, equal, "%s %s: %s x %s = %s", r->format->name, r->hex,
                 r->sum_exponent, r->sum_significand, r->decimal);
    mpq_clears(product, decimal, NULL);
}

Test(viewer_values, the_equation_of_a_row_is_true)
{
    static const char *const names[] = {"fp8_e4m3", "fp8_e5m2", "e8m0", "bf16", "fp16", "fp32"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        struct model m;
        model_init(&m);
        cr_assert(model_set_rows(&m, names[n]));
        const struct hu_format *f = m.rows[0].format;
        uint64_t step = f->width <= 8 ? 1 : f->width <= 16 ? 13 : 1234577;
        for (uint64_t bits = 0; bits <= hu_width_mask(f); bits += step) {
            model_set_bits(&m, 0, bits, STEP_SESSION);
            if (hu_is_finite(m.rows[0].datum))
                check_equation(&m.rows[0]);
        }
        model_clear(&m);
    }
}

/* -2^t where the sign bit is set, and what the other bits are: the value. */
Test(viewer_values, the_equation_of_an_integer_is_twos_complement)
{
    static const char *const names[] = {"int4", "int8", "uint8", "int16", "int64", "uint64"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        struct model m;
        model_init(&m);
        cr_assert(model_set_rows(&m, names[n]));
        const struct row *r = &m.rows[0];
        uint64_t most = hu_width_mask(r->format), step = most / 255 + 1;
        for (uint64_t i = 0, bits = 0; i <= most / step; i++, bits += step) {
            model_set_bits(&m, 0, bits, STEP_SESSION);
            bool is_signed = hu_is_signed(r->format);
            const char *sign = !is_signed ? "" : r->datum.sign ? "−1" : "0";
            cr_assert_str_eq(r->sum_sign, sign, "%s %s", names[n], r->hex);
            cr_assert_eq(*r->sum_exponent != 0, is_signed);
            uint64_t others = strtoull(r->sum_significand, NULL, 10);
            uint64_t worth = r->datum.sign ? UINT64_C(1) << r->format->trailing_bits : 0;
            uint64_t shown = *r->decimal == '-' ? -strtoull(r->decimal + 1, NULL, 10)
                                                : strtoull(r->decimal, NULL, 10);
            cr_assert_eq(others - worth, shown, "%s %s: %s", names[n], r->hex, r->decimal);
            cr_assert(r->sum_is_exact);
        }
        model_clear(&m);
    }
}

/* The neighbours that the microscope names, read back, are the neighbours. */
Test(viewer_values, the_microscope_names_true_neighbours)
{
    static const char *const names[] = {"fp8_e4m3", "fp16", "bf16", "fp32"};
    static const char *const values[] = {"44099", "449", "0.1", "1/3", "100.01", "-3.3e-5"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            struct model m;
            struct microscope s;
            model_init(&m);
            cr_assert(model_set_text(&m, values[v], 0));
            const struct hu_format *f = hu_format_find(names[n]);
            microscope_look(&s, model_now(&m), f);
            if (s.kind == SCOPE_BETWEEN && *s.lower_hex) {
                struct hu_options down = {.direction = HU_TOWARD_NEGATIVE, .saturate = true};
                uint64_t low = hu_value_round(&model_now(&m)->value, f, &down, NULL);
                char *shown = shown_value(f, low);
                cr_expect_str_eq(s.lower, shown, "%s %s", names[n], values[v]);
                free(shown);
            }
            model_clear(&m);
        }
    struct model m;
    struct microscope s;
    model_init(&m);
    cr_assert(model_set_text(&m, "44099", 0));
    microscope_look(&s, model_now(&m), hu_format_find("fp16"));
    cr_expect_str_eq(s.lower, "44096");
    cr_expect_str_eq(s.upper, "44128");
    cr_expect_str_eq(s.dropped, "000110000000"); /* 3 of 32 */
    cr_expect_str_eq(s.share, "0.09375");
    cr_expect_str_eq(s.worth, "3");
    model_clear(&m);
}

/* What is dropped, bit by bit and in all, is the source less what is kept. */
Test(viewer_values, what_is_dropped_and_what_is_kept_are_the_source)
{
    static const char *const values[] = {"0.1", "-0.7", "2049.25", "1/3", "65519", "1e-7", "3.999"};
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        struct model m;
        struct microscope s;
        model_init(&m);
        cr_assert(model_set_text(&m, values[v], 0));
        microscope_look(&s, model_now(&m), hu_format_find("fp16"));
        mpq_t sum, bit;
        mpq_inits(sum, bit, NULL);
        mpq_set_ui(bit, 1, 2);
        for (int i = 0; i < SCOPE_DROPPED; i++) {
            if (s.dropped[i] == '1')
                mpq_add(sum, sum, bit);
            mpq_div_2exp(bit, bit, 1);
        }
        /* share lies from the sum up to one more of the last bit */
        double share = strtod(s.share + (strncmp(s.share, "≈ ", 4) ? 0 : 4), NULL);
        cr_assert_null(strchr(s.share, 'e'), "%s", s.share);
        cr_expect(share >= mpq_get_d(sum) - 1e-4 && share <= mpq_get_d(sum) + 1.0 / 4096 + 1e-4,
                  "%s: %s, %g", values[v], s.share, mpq_get_d(sum));
        cr_expect_eq(s.guard, s.dropped[0]);
        cr_expect_eq(s.round, s.dropped[1]);
        bool rest = strchr(s.dropped + 2, '1') || s.more;
        cr_expect_eq(s.sticky, rest ? '1' : '0', "%s", values[v]);
        mpq_clears(sum, bit, NULL);
        model_clear(&m);
    }
}

static bool is_answered(struct model *m, const char *words)
{
    model_weigh(m);
    for (int i = 0; i < m->weights.answer.line_count; i++)
        if (strstr(m->weights.answer.lines[i], words))
            return true;
    return false;
}

Test(viewer_values, undo_and_redo_cover_what_is_asked_of_the_memory)
{
    struct model m;
    model_init(&m);
    cr_assert(model_ask(&m, MEMORY_DEVICE, "80GB", 0));
    cr_assert(model_ask(&m, MEMORY_TRAIN, "mixed", 0));
    cr_expect(is_answered(&m, "mixed"));
    cr_assert(model_undo(&m));
    cr_expect_str_eq(model_now(&m)->memory.text[MEMORY_TRAIN], "");
    cr_expect_str_eq(model_now(&m)->memory.text[MEMORY_DEVICE], "80GB");
    cr_expect_not(is_answered(&m, "mixed"));
    cr_expect(m.weights.answer.has_verdict && m.weights.answer.fits);
    cr_assert(model_redo(&m));
    cr_expect(is_answered(&m, "mixed"));
    cr_expect_not(m.weights.answer.fits, "16 bytes a parameter of 7B are 112 GB");
    cr_expect_not(model_ask(&m, MEMORY_BATCH, "-1", 0));
    cr_expect_not(model_ask(&m, MEMORY_KV, "fp7", 0));
    cr_expect_not(model_ask(&m, MEMORY_CONTEXT, "0", 0));
    cr_expect(model_ask(&m, MEMORY_CONTEXT, "", 0));
    model_clear(&m);
}

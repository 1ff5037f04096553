#include "codec.h"

#include <criterion/criterion.h>
#include <math.h>

static const char *const customs[] = {
    "e4m3ieee",    "e6m9fn",      "e3m4fnuz",    "e5m0",        "e5m0fn",        "e2m13",
    "binary3p2sf", "binary4p1ue", "binary5p5uf", "binary8p4se", "binary15p15ue", "int4",
    "uint4",       "int8",        "uint16",      "int16",       "e5m10finite"};

static const struct hu_format *narrow_at(size_t i)
{
    size_t named = hu_format_count();
    return i < named ? hu_format_at(i) : hu_format_find(customs[i - named]);
}

static size_t narrow_count(void)
{
    return hu_format_count() + sizeof customs / sizeof *customs;
}

Test(codec, encode_undoes_decode_on_every_code_up_to_19_bits)
{
    for (size_t i = 0; i < narrow_count(); i++) {
        const struct hu_format *f = narrow_at(i);
        for (uint64_t bits = 0; f->width <= 19 && bits <= hu_width_mask(f); bits++) {
            uint64_t again = hu_encode(f, hu_decode(f, bits));
            cr_assert_eq(again, bits, "%s 0x%llx came back as 0x%llx", f->name,
                         (unsigned long long)bits, (unsigned long long)again);
        }
    }
}

Test(codec, counts_of_codes_are_what_decode_finds)
{
    for (size_t i = 0; i < narrow_count(); i++) {
        const struct hu_format *f = narrow_at(i);
        uint64_t finite = 0, nan = 0;
        if (f->width > 19)
            continue;
        for (uint64_t bits = 0; bits <= hu_width_mask(f); bits++) {
            struct hu_datum d = hu_decode(f, bits);
            finite += hu_is_finite(d);
            nan += hu_is_nan(d);
        }
        cr_assert_eq(finite, hu_finite_codes(f), "%s", f->name);
        cr_assert_eq(nan, hu_nan_codes(f), "%s", f->name);
    }
}

/* C's float and double are fp32 and fp64: the compiler's own reading of their bits. */
Test(codec, fp32_and_fp64_decode_as_the_machine_does)
{
    const struct hu_format *fp32 = hu_format_find("fp32"), *fp64 = hu_format_find("fp64");
    for (uint64_t i = 0; i < 1 << 20; i++) {
        union {
            uint32_t bits;
            float value;
        } single = {(uint32_t)(i * 4099 + i)};
        union {
            uint64_t bits;
            double value;
        } twice = {i * UINT64_C(0x9e3779b97f4a7c15)};
        struct hu_datum a = hu_decode(fp32, single.bits), b = hu_decode(fp64, twice.bits);
        cr_assert_eq(hu_is_nan(a), isnan(single.value));
        cr_assert_eq(hu_is_nan(b), isnan(twice.value));
        if (hu_is_finite(a))
            cr_assert_eq(ldexp((double)a.significand, a.quantum), fabs((double)single.value));
        if (hu_is_finite(b))
            cr_assert_eq(ldexp((double)b.significand, b.quantum), fabs(twice.value));
    }
}

Test(codec, bits_above_the_width_are_ignored)
{
    const struct hu_format *f = hu_format_find("fp8_e4m3");
    cr_assert_eq(hu_encode(f, hu_decode(f, 0xabcdef7e)), 0x7e);
}

Test(codec, special_codes_are_those_of_the_standards)
{
    static const struct {
        const char *format;
        uint64_t bits;
        enum hu_class class;
    } rows[] = {
        {"fp16", 0x7c00, HU_INFINITE},
        {"fp16", 0x7c01, HU_SIGNALING_NAN},
        {"fp16", 0x7e00, HU_QUIET_NAN},
        {"fp16", 0x8000, HU_ZERO},
        {"fp16", 0x03ff, HU_SUBNORMAL},
        {"fp16", 0x0400, HU_NORMAL},
        {"fp8_e4m3", 0x7f, HU_QUIET_NAN},
        {"fp8_e4m3", 0x7e, HU_NORMAL},
        {"fp8_e4m3", 0x78, HU_NORMAL},
        {"fp8_e4m3", 0xff, HU_QUIET_NAN},
        {"fp8_e4m3fnuz", 0x80, HU_QUIET_NAN},
        {"fp8_e4m3fnuz", 0x7f, HU_NORMAL},
        {"fp8_e5m2", 0x7c, HU_INFINITE},
        {"fp8_e5m2", 0x7d, HU_SIGNALING_NAN},
        {"fp4_e2m1", 0x7, HU_NORMAL},
        {"fp4_e2m1", 0x8, HU_ZERO},
        {"e8m0", 0x00, HU_NORMAL},
        {"e8m0", 0xff, HU_QUIET_NAN},
        {"e5m0", 0x1f, HU_INFINITE},
        {"e4m3ieee", 0x78, HU_INFINITE},
        {"binary8p4se", 0x80, HU_QUIET_NAN},
        {"binary8p4se", 0x7f, HU_INFINITE},
        {"binary8p4se", 0xff, HU_INFINITE},
        {"binary8p4sf", 0x7f, HU_NORMAL},
        {"binary8p4ue", 0xff, HU_QUIET_NAN},
        {"binary8p4ue", 0xfe, HU_INFINITE},
        {"binary8p4uf", 0xfe, HU_NORMAL},
        {"binary8p4ue", 0x00, HU_ZERO},
        {"e5m10finite", 0x7fff, HU_NORMAL},
        {"int8", 0x80, HU_NORMAL},
        {"int8", 0x00, HU_ZERO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_assert_eq(hu_decode(hu_format_find(rows[i].format), rows[i].bits).class, rows[i].class,
                     "%s 0x%llx", rows[i].format, (unsigned long long)rows[i].bits);
}

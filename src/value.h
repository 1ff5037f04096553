/*
 * An exact real or a special: what text reads into, and what every linked row is rounded from.
 * Thread-safe as long as no two threads share a value. GMP allocates; out of memory ends the
 * process, as GMP does.
 */
#pragma once

#include "convert.h"

#include <gmp.h>

enum hu_value_kind { HU_VALUE_FINITE, HU_VALUE_INFINITE, HU_VALUE_NAN };

struct hu_value {
    enum hu_value_kind kind;
    bool sign;
    /* Finite: the magnitude is ratio * 10^power10 * 2^power2. The powers are 0 unless they lie so
     * far out that no format tells such magnitudes apart; ratio is canonical. */
    mpq_t ratio;
    mpz_t power10, power2;
    /* NaN: its payload as an integer, and whether it signals. */
    uint64_t payload;
    bool signaling;
    /* The datum that the value was given as; NULL: as text. */
    const struct hu_format *format;
    uint64_t bits;
    /* Text that might have been meant as an encoding: 0x10. */
    bool bare_hexadecimal;
};

void hu_value_init(struct hu_value *v); /* the value is +0 */
void hu_value_clear(struct hu_value *v);
void hu_value_reset(struct hu_value *v); /* to +0 */
void hu_value_copy(struct hu_value *to, const struct hu_value *from);

/* V becomes the datum that BITS encode in F. */
void hu_value_set_datum(struct hu_value *v, const struct hu_format *f, uint64_t bits);

/* Whether no format tells the magnitude from others as far out: powers are set. */
bool hu_value_is_remote(const struct hu_value *v);
bool hu_value_is_zero(const struct hu_value *v);

/* V rounded once into TO; options and flags may be NULL. A datum is converted as by hu_convert. */
uint64_t hu_value_round(const struct hu_value *v, const struct hu_format *to,
                        const struct hu_options *options, unsigned *flags);

/* The code that V has in TO when it is shown there: its own where V was given as a datum of TO,
 * otherwise hu_value_round's. */
uint64_t hu_value_bits_in(const struct hu_value *v, const struct hu_format *to,
                          const struct hu_options *options, unsigned *flags);

/* Whether V is a NaN whose payload is not all in the NaN that BITS of F are. */
bool hu_value_loses_payload(const struct hu_value *v, const struct hu_format *f, uint64_t bits);

/* ERROR := the datum BITS of F minus V, exactly. False: one of them is not finite, or V is remote
 * and the difference has too many digits to write. */
bool hu_value_error(mpq_t error, const struct hu_value *v, const struct hu_format *f,
                    uint64_t bits);

/* Finite V's ratio with its sign, without the powers; and a finite datum's exact value. */
void hu_value_ratio(mpq_t ratio, const struct hu_value *v);
void hu_datum_ratio(mpq_t ratio, const struct hu_format *f, uint64_t bits);

/*
 * What a call is to do, decided once: the road, its constants, its table. Three roads lead from
 * array to array:
 *
 *   table.h   sources of at most 8 bits: each code's word looked up
 *   lanes.h   what lies within FP32: loaded as FP32 words, rounded, stored, in lanes of 32 bits
 *   scalar.c  the truth, element by element, for all the rest
 *
 * Private to the array room.
 */
#pragma once

#include "array/array.h"

struct plan;

/* Converts N elements, the first of which is element FIRST of the array, and returns the raised
 * flags, or anything where plan.flags is clear. In place as hu_convert_array says. The
 * floating-point environment is the default but for the rounding direction (see dispatch.c). */
typedef unsigned row_function(const struct plan *p, void *dst, const void *src, size_t n,
                              uint64_t first);

/*
 * Lanes work in stages, of whole steps that a kernel knows the size of: one makes FP32 words of
 * elements, one codes of words; or one does both. A row gives them what they carry along.
 */
struct carried;
typedef void stage_function(const struct plan *p, struct carried *c, void *dst, const void *src,
                            size_t steps);

/* How elements become FP32 words: exactly; from FP64 rounded to odd, so that one more rounding to
 * at most 22 bits of precision is as one (Boldo and Melquiond, 2008). */
enum load {
    LOAD_FP32,
    LOAD_TF32,
    LOAD_TOP,   /* words of 16 bits or fewer that are the top of an FP32 one: bf16 */
    LOAD_FP16,  /* by the hardware, */
    LOAD_SHORT, /* and words that lack trailing bits of it */
    LOAD_HALF,  /* words of 9 to 16 bits of other formats within FP32's range */
    LOAD_FAR,   /* and of such as have exponents far beyond it: see struct far */
    LOAD_INT16, /* integers of 9 to 16 bits, */
    LOAD_INT8,  /* and of 8 or fewer where the target is FP32, or the top of it */
    LOAD_CODES, /* codes of at most 8 bits, by table */
    LOAD_INT32, /* to odd where more than FP32 holds */
    /* FP64, and integers of 32 bits by way of it: */
    LOAD_FP64,   /* to odd, */
    LOAD_NEAR,   /* in the direction of the environment: FP32 is the target, or rounding goes on so,
                  */
    LOAD_AWAY,   /* with ties away, */
    LOAD_RANDOM, /* at random to what the target has */
    LOAD_HALVES, /* of any of these, where no word is made: see struct halves */
};

/* How a target's codes come from FP32's. */
enum round {
    ROUND_NONE, /* they are FP32's values: FP32 and FP64 */
    /* FP32's own exponent field, IEEE specials: a code is the top of an FP32 one. */
    ROUND_TOP,
    /* Range within FP32's: the unit in the last place is aligned by adding a power of two. */
    ROUND_MAGIC,
    /* Range beyond FP32's on both sides: see narrow_far. */
    ROUND_FAR,
    /* e8m0: FP32's exponent field alone. */
    ROUND_SCALE,
    /* FP16, integers of at most 16 bits, and of 32 with sign, by the hardware; those and others
       without. */
    ROUND_FP16,
    ROUND_INTEGER,
    ROUND_INT32,
    ROUND_WHOLE,
};

/* What a code is stored in: words, the top of words, or 4 and 6 bits; FP32 words for a next stage.
 */
enum store {
    STORE_4,
    STORE_6,
    STORE_8,
    STORE_16,
    STORE_32,
    STORE_64,
    STORE_TOP16,
    STORE_TOP32,
    STORE_WORDS,
    STORE_ANY /* of a stage: plan.store says */
};

/* What is asked of ROUND: codes in a common direction, in another, or more; or at random. */
enum care { NEAREST, DIRECTED, WATCHING, AT_RANDOM };

/* What a stage is made for; CARE is the most that it heeds. STORE_8 stands for less, too. */
struct way {
    enum load load;
    enum round round;
    enum store store;
    enum care care;
};

struct stage {
    struct way way;
    stage_function *run;
};

/* The facts that loading works with. */
struct widen {
    uint32_t magnitude; /* a code's bits but for its sign, as a mask; of LOAD_TF32 with it */
    uint32_t shift;     /* from a code to an FP32 word */
    uint32_t sign;      /* a code's sign bit */
    uint32_t sign_shift;
    uint32_t rebias;   /* of the exponent, in its field */
    uint32_t special;  /* the least magnitude that is no number, shifted */
    uint32_t infinity; /* shifted; 0: none */
    uint32_t lone_nan; /* the code of a NaN that has the place of -0; 0: none */
    bool payloads;     /* specials are FP32's own with less payload */
    bool below_zero;   /* an integer with sign */
    bool integer;      /* LOAD_FP64 and its likes: of integers of 32 bits */
    bool rough;        /* LOAD_FP64: nobody asks what is below FP32's range, or signaling;
                          LOAD_INT32: nor which of those beyond 2^24 one is */
    bool quiet;        /* LOAD_FP64: FP32 is the target, */
    bool odd;          /* or not rough; and nobody asks for flags */
};

/*
 * Codes of at most 16 bits with exponents far beyond FP32's. Their magnitudes, not below LEAST nor
 * above MOST, less BASE, have FP32's exponent and FAR_LIFT more in their fields; what is subnormal
 * in FP32 is rounded there as ROUND_MAGIC's numbers are. What is above MOST becomes OVERFLOW: of
 * FP32 as it overflows, or its greatest number, which a target of less precision rounds as that.
 */
enum { FAR_LIFT = 64 };

struct far {
    uint32_t magnitude; /* a mask */
    uint32_t shift;     /* from a code to an FP32 word */
    uint32_t least, most, base;
    uint32_t overflow[2]; /* of what is above zero and below, without sign */
    uint32_t special;     /* the least magnitude that is no number, */
    uint32_t infinity;    /* and that of an infinity; 0: none */
    uint32_t sign, sign_shift;
    uint32_t lone_nan; /* as of struct widen */
    uint32_t last;     /* as of struct narrow, */
    uint32_t signs;    /* and of what FP32 has as subnormals */
    bool payloads, odd;
    bool raises; /* what overflows or is tiny and inexact does here, and not in the next stage */
};

/* The facts that rounding works with. Codes here are without sign, FP32 encodings too unless said.
 * [0] is for values above zero, [1] for those below. */
struct narrow {
    uint32_t drop; /* trailing bits that FP32 has more */
    uint32_t low;  /* as a mask */
    /* What a carry out of the bits of LOW makes a rounding to the code above them: where BIT, which
     * SHIFT makes the sign, is clear and where it is set. */
    uint32_t add[2], bit, bit_shift;
    uint32_t storage_shift; /* of the target */
    uint32_t least_normal;  /* the target's, in FP32 */
    uint32_t limit;         /* 2^(emax + 1) in FP32: it and all above overflow */
    uint32_t clamp;         /* the same, or of integers what does not fill more than their bits */
    uint32_t scale;         /* 2^(23 - t) */
    uint32_t max_code;
    uint32_t greatest;    /* what no sign's magnitudes overflow at */
    uint32_t rebias;      /* a normal number's FP32 magnitude without DROP bits, less its code */
    uint32_t far_rebias;  /* the same, modulo 2^32, of ROUND_FAR */
    uint32_t overflow[2]; /* the code that an overflow gives */
    uint32_t infinity[2]; /* codes with their sign */
    uint32_t nan[2];
    uint32_t payload; /* mask of a NaN code's trailing bits that come from the source */
    uint32_t tiny[2]; /* FP32 magnitudes below are tiny where inexact */
    uint32_t join, join_base, join_shift;                     /* see join_sums */
    uint32_t finer_scale, finer_base, finer_join, finer_most; /* see finer_sum */
    uint32_t digit, digits; /* FP32's leading one and those behind it */
    uint32_t special;       /* FP32's infinity */
    uint32_t unit;          /* its exponent field where the unit in the last place is 1 */
    uint32_t tiny_drop;  /* as drop, in the binade below emin with the exponent unbounded; 0: before
                            rounding all below emin are tiny */
    uint32_t sign_shift; /* FP32's sign bit to the code's */
    uint32_t sign;       /* the code's sign bit */
    uint32_t signs;      /* the sign bit that a directed rounding looks at, or 0 */
    uint32_t odd;        /* or-ed to what is inexact */
    uint32_t last;       /* or-ed to all, which makes ties away of ties to even */
    uint32_t mask;       /* a code's bits */
    bool wraps;          /* see join_wide_sums */
    bool sided;          /* overflow[] differ */
    bool plain_infinity; /* becomes what other overflows do */
    bool negative_zero;
    bool integer;
    bool saturate;
    bool fp16; /* the target is, and what overflows is infinite */
    unsigned overflow_flags;
    unsigned infinity_flags;
    unsigned nan_flags;
    uint32_t ends[2];   /* ROUND_INTEGER: the greatest and the least, FP32's */
    uint64_t limits[2]; /* ROUND_WHOLE: the greatest magnitudes */
};

/*
 * Stochastic rounding in FP64 itself, to values that the target has, or above its range; FP32 holds
 * them too.
 */
struct stochastic {
    uint32_t drop; /* trailing bits that FP64 has more */
    uint64_t low;  /* as a mask */
    uint64_t least_normal;
    uint64_t floor; /* what a scale has none for becomes this, without rounding, or 0 */
    bool tininess_before;
};

/*
 * Halves whose codes need no words. By the field of its exponent a half lies in one of a few
 * PIECES, counted downward from the least normal number of the target: within each, the code is its
 * magnitude and ADD, without the lower bits that COUNTS says. Magnitudes are shifted to the top of
 * 16 bits, less the sign.
 */
enum { HALF_PIECES = 16 };

struct halves {
    uint16_t add[HALF_PIECES];  /* with half of the unit where the nearest is asked for, */
    uint16_t rest[HALF_PIECES]; /* and without */
    uint16_t counts[HALF_PIECES], trailing; /* as shift_each_16 takes them */
    uint16_t shift, reach, last;
    uint16_t floor; /* lesser ones are taken for it, and the last piece goes on below; or 0 */
    uint16_t finite, common; /* the greatest number, and what is not special */
    uint16_t small, large;   /* as of struct seen */
    uint16_t less;           /* added for the lower of two neighbours: see halves_step */
    uint16_t flip, signs;    /* what goes up is above zero with these bits flipped, and kept */
    bool up, odd;
    /* Or of a target that has the source's exponents codes are the tops, of which narrow.add and
     * bit have 16 bits here. */
    bool tops;
    uint16_t drop, tops_add, tops_more, bit, bit_shift;
};

/*
 * Halves of 5 bits of exponent at random, by that field: a magnitude and REST, without the lower
 * bits that DEEP says, times FACTOR has the code in its upper half, and in the lower one what of a
 * unit is discarded; nothing of it is lost but by DEEP, if ANY_DEEP.
 */
enum { HALF_FIELDS = 32 };

struct fields {
    uint16_t rest[HALF_FIELDS], factor[HALF_FIELDS], deep[HALF_FIELDS];
    uint16_t shift, finite; /* as of struct halves */
    bool any_deep;
    /* Or of FP32's exponents, by shifts of each: from what has a leading one at the top of 16 bits
     * DROP bits and as many as its field is below LEAST, which is that of the target's least normal
     * number, in whose codes an exponent has UNIT; magnitudes are at most LIMIT. */
    bool shifts;
    uint16_t drop, least, unit, limit;
};

/*
 * Halves whose codes of at most 8 bits are found by bytes. Magnitudes, at the top of 16 bits less
 * the sign, lie in CELLS by their upper byte; a cell's code is BASE, and one more for each of ABOVE
 * that the lower byte is above. Where the target has few of the source's magnitudes, they are first
 * made fewer: from FIRST on, at most MOST more, times SCALE. Upward and downward codes are those
 * toward zero; where AWAY leads from it, that of what is less by 1, and one more, at most LIMIT.
 */
enum { CELLS = 128, CELL_STEPS = 3 };
enum { MARK_SPECIAL = 1, MARK_LARGE = 2, MARK_SMALL = 4 };

struct cells {
    unsigned char base[CELLS], above[CELL_STEPS][CELLS];
    unsigned char marks[CELLS]; /* by the upper byte of what was not made fewer */
    int steps;                  /* at most, in a cell */
    uint16_t shift, finite;     /* the greatest number */
    bool window, away;
    bool many;                     /* the first cell has more codes: of a scale, */
    unsigned char many_codes[256]; /* by the lower byte */
    uint16_t flip;                 /* what leads from zero is above it with these bits flipped */
    uint16_t limit;
    uint16_t first, most, scale;
    uint32_t odd; /* of sources that become FP16 first: see avx512vbmi_odd.c */
};

enum {
    TABLE_CODES = 256,
    TABLE_BLOCK = 16,
    TABLE_BLOCKS = TABLE_CODES / TABLE_BLOCK,
    TABLE_ALONE = 4
};

/* What is looked up of each code by bytes. */
enum plane {
    PLANE_LOW,
    PLANE_HIGH,
    PLANE_PARTS = PLANE_HIGH,
    PLANE_FLAGS,
    PLANE_UPPER,
    PLANE_FINER,
    PLANE_WORD, /* of what is drawn, where that is a number of words: its lower byte, and */
    PLANE_WORD_HIGH,
    PLANES
};

typedef unsigned char table_block[TABLE_BLOCK] __attribute__((aligned(TABLE_BLOCK)));

/* How the bytes of codes below zero come from those of their magnitudes. */
enum below {
    BELOW_SAME,
    BELOW_ADDS,    /* NEGATIVE is added, */
    BELOW_NONZERO, /* or or-ed to all but zeros */
    BELOW_NEGATED,
    BELOW_ALIKE, /* NEGATIVE for all */
    BELOW_WHOLE  /* negated, and those above zero at most NEGATIVE, at random */
};

/* What a magnitude has of itself; LESS: without some of its last bits. */
enum rise { RISE_NONE, RISE_LESS, RISE_SAME, RISE_TWICE };

/*
 * Bytes of one or two planes, found in blocks of 16 as sums. A code is looked up by its magnitude,
 * less FLOOR, below which nothing changes, and at most CAP: the sum of what HIGH has at the upper
 * four bits of that (or of the code), what CHANGE[0] has at its lower ones, and further changes
 * from where STARTS says. They look at what is less their start, and end 128 later: that is where a
 * byte's top bit makes look_up_block find nothing. So it does before a start, too, where what is
 * looked up is below 128; elsewhere nothing is less than zero, and a further change begins with 0.
 * A few codes that come out wrong stand ALONE, with what they lack.
 */
struct sums {
    table_block high[2], change[TABLE_BLOCKS][2], starts[TABLE_BLOCKS], ends;
    unsigned char fold; /* a magnitude's bits, where the sign is one more */
    unsigned char floor, cap;
    /* Codes are below zero where they and LIFT are less than LIMIT, all with sign; ALL: where their
     * top bit says so. */
    unsigned char lift, limit;
    bool all;
    unsigned char negative[2], alone[TABLE_ALONE], lacks[TABLE_ALONE][2];
    enum below below;
    bool absolute; /* of two's complement */
    bool wraps, any_high, high_of_codes;
    /* Of the first plane, instead of HIGH; then no sum is above MOST, to which ENDS are added from
     * END on, if any. */
    enum rise rise;
    unsigned char less, most, end, any_end;
    bool plain; /* HIGH is of codes, and there is neither floor, cap, absolute nor below */
    bool sides; /* bytes are rounded by sign: see round_sides */
    unsigned char turn;
    int changes, alones;
};

/* Codes whose lower bits, as FOLD says, are from LOW on, and at most SPAN more; if ANY. */
struct span {
    bool any;
    unsigned char fold, low, span;
};

/* What a target's elements are made of: the words of the planes as they are, or of FP32. */
enum last { LAST_NONE, LAST_INT32, LAST_FP64 };

/* Each code's word and flags. */
struct table {
    const struct hu_format *to; /* NULL: the road needs no table */
    bool full;
    uint64_t words[TABLE_CODES]; /* as TO stores them */
    unsigned char flags[TABLE_CODES];
    unsigned all_flags; /* or-ed */
    unsigned char planes[PLANES][TABLE_CODES] __attribute__((aligned(TABLE_BLOCK)));
    struct sums of_words, of_flags;
    enum last last;
    bool top;    /* words of 32 bits are zero in their lower half, and planes have the upper one */
    bool direct; /* looked up without sums */
    /* At random: words are the lower ones, UPPER the others, and CHANCES in 2^-32 what they are
     * taken by, whose upper bytes PLANE_PARTS has, and PLANE_FINER the next. */
    bool draws;
    struct span tied; /* where chances have more than that byte */
    bool steps;       /* the upper word is the next one, where there is a chance, */
    bool next;        /* or is before a sign is put to it */
    bool even;        /* chances, or where there are none flags, are those of magnitudes */
    uint32_t chances[TABLE_CODES];
    unsigned char upper[TABLE_CODES];
};

/*
 * The facts of the road in lanes of 64 bits, of the source and, from TO_SIGN on, of the target. An
 * integer's trailing bits are all that it has but for its sign.
 */
struct wide {
    uint64_t width, trailing; /* as masks */
    uint64_t sign;            /* its bit, or 0 */
    uint64_t max_finite;      /* magnitude */
    uint64_t nan;             /* a code that is one, whatever its magnitude, or no code */
    int trailing_bits, quantum_min;
    bool integer;
    uint64_t to_sign, to_width, to_max, to_normal; /* the least normal number's code */
    int to_trailing_bits, to_emin, to_emax;
    bool to_integer, to_negative_zero;
    bool to_even_codes;   /* see struct hu_target */
    uint64_t overflow[2]; /* codes above zero and below */
    unsigned overflow_flags;
};

struct plan {
    const struct hu_kernel *kernel;
    const struct hu_format *to;
    const struct hu_format *from;
    struct hu_options options;
    enum hu_direction wanted; /* options' but where it decides nothing: that is to nearest */
    bool flags;               /* whether anyone will look at what a row returns */
    row_function *row;
    row_function *few; /* as ROW, of at most FEW elements that raise nothing; or NULL */
    /* Whether the row heeds DIRECT: the source comes from memory, to be asked for ahead, and dst,
     * which starts a line, is to be written past the caches; if IN_TURN, several stretches by
     * turns.
     */
    bool streams, direct, in_turn;
    enum load load;
    enum round round;
    enum store store;
    bool hardware; /* the hardware raises the flags */
    enum care care;
    /* Of the environment while loading, and while rounding: what is asked for, unless elements are
     * rounded as they are loaded. */
    enum hu_direction load_in, round_in;
    bool environment;       /* the row needs one */
    size_t quick, few_most; /* fewer, and at most as many, are the row's, or FEW's, at once */
    stage_function *first, *second; /* second: NULL where the first does both */
    uint64_t harmless;              /* elements that raise nothing, as stored */
    struct widen w;
    struct far far;
    struct narrow k;
    struct halves halves;
    struct fields fields;
    struct cells cells;
    stage_function *careful[2]; /* as FIRST and SECOND, of steps that FIRST leaves */
    struct stochastic stochastic;
    struct wide wide;
    void (*settle)(struct plan *plan); /* takes its stage for a table, or NULL */
    struct table table;
};

struct hu_kernel {
    const char *name;
    bool (*runs)(void);
    /* Whether it has code of its own for this; then PLAN's row and constants are set. */
    bool (*can)(struct plan *plan);
};

/* Elements that are converted in one go. */
enum { FEW = 64 };

/* What an instruction set does: see hu_plan_lanes and hu_plan_table. */
struct abilities {
    row_function *row, *few; /* lanes.h's; or NULL */
    row_function *wide;      /* or NULL */
    stage_function *table;
    void (*settle)(struct plan *plan); /* or NULL: not by bytes */
    bool fp16;                         /* conversions to and from FP16 in hardware, */
    bool raises;                       /* which raise flags in the environment */
    bool rounds;                       /* conversions from FP64 with a rounding of their own */
    bool doubles;                      /* vectors of FP64, */
    bool int32;                        /* which become integers of 32 bits */
};

row_function hu_scalar_row;

enum { FP32_TRAILING = 23, FP32_BIAS = 127, FP32_EMIN = -126, EMAX_FP16 = 15 };
extern const struct hu_format hu_plan_fp32;

/* Whether the lanes have PLAN's conversion; then its constants are set. */
bool hu_plan_lanes(struct plan *plan, const struct abilities *a);
/* Whether the lanes of 64 bits have it, which is all but scales; then its constants are set. */
bool hu_plan_wide(struct plan *plan, const struct abilities *a);
/* Whether a format has exponents far beyond FP32's, as LOAD_FAR and ROUND_FAR take them. */
bool hu_is_far(const struct hu_format *f);
/* Whether what LOAD_FAR makes of the source is rounded as the source's own numbers; then PLAN's
 * constants for it are set. */
bool hu_plan_far(struct plan *plan);
/* Of 9 to 16 bits that are no integers. */
bool hu_loads_halves(const struct plan *plan);
/* Whether halves need not become words, of which MOST pieces may be; then PLAN's constants for them
 * are set. */
bool hu_plan_halves(struct plan *plan, uint32_t most);
/* Whether halves are drawn by fields; then PLAN's are filled. */
bool hu_plan_fields(struct plan *plan);
/* Whether halves become codes by cells; then PLAN's are filled. */
bool hu_plan_cells(struct plan *plan);
void hu_plan_harmless(struct plan *plan);
/* Every finite value of the source is one of the target. */
bool hu_plan_is_exact(const struct plan *plan);
/* Of a source of at most 8 bits: FP32 words on the way are faster than a table of the target's. */
bool hu_table_is_slower(const struct plan *plan);

static inline bool is_at_random(const struct plan *p)
{
    return p->options.direction == HU_STOCHASTIC;
}

/* Whether F is the IEEE-style format of those widths with the standard's bias. */
static inline bool is_ieee(const struct hu_format *f, int exponent_bits, int trailing_bits)
{
    return f->exponent_bits == exponent_bits && f->trailing_bits == trailing_bits &&
           f->specials == HU_SPECIALS_IEEE && f->bias == (1 << (exponent_bits - 1)) - 1;
}

static inline bool is_fp64(const struct hu_format *f)
{
    return is_ieee(f, 11, 52);
}

static inline bool is_fp32(const struct hu_format *f)
{
    return is_ieee(f, 8, 23);
}

static inline bool is_fp16(const struct hu_format *f)
{
    return is_ieee(f, 5, 10) && f->storage_bits == 16;
}

static inline bool is_bf16(const struct hu_format *f)
{
    return is_ieee(f, 8, 7);
}

extern const struct hu_kernel hu_kernel_scalar;
extern const struct hu_kernel hu_kernel_portable;
#if defined(__x86_64__)
extern const struct hu_kernel hu_kernel_avx2;
extern const struct hu_kernel hu_kernel_avx512;
extern const struct hu_kernel hu_kernel_avx512vbmi;
extern const struct hu_kernel hu_kernel_avx512bf16;
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HU_HAVE_NEON
extern const struct hu_kernel hu_kernel_neon;
#endif

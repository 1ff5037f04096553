/*
 * The loop of block_measure.h for one instruction set. The file that includes this defines NAME(x)
 * for what it makes, TARGET for the instruction set, LANE_BYTES for the size of its registers, and
 * may define GREATER, the first of two or, where it is not greater, the second, and WIDEN, fp32 as
 * fp64, which GCC takes apart otherwise; all end with this file. There are eight lanes in all,
 * whatever the registers hold.
 */

enum { NAME(WIDTH) = LANE_BYTES / 8, NAME(PARTS) = 64 / LANE_BYTES };
typedef double NAME(reals) __attribute__((vector_size(LANE_BYTES)));
typedef int64_t NAME(words) __attribute__((vector_size(LANE_BYTES)));
typedef float NAME(halves) __attribute__((vector_size(LANE_BYTES / 2)));

#define INLINE TARGET static inline __attribute__((always_inline))
#define REALS NAME(reals)
#define WORDS NAME(words)
#define EACH for (int p = 0; p < NAME(PARTS); p++)

/* Of one run; what is counted goes on over all runs. */
struct NAME(sums) {
    REALS noise[NAME(PARTS)], signal[NAME(PARTS)], most[NAME(PARTS)], max_error[NAME(PARTS)];
    WORDS inexact[NAME(PARTS)], zeros[NAME(PARTS)];
};

INLINE void NAME(load)(bool is_fp32, const void *at, size_t i, REALS *to)
{
    if (is_fp32) {
        NAME(halves) v;
        __builtin_memcpy(&v, (const float *)at + i, sizeof v);
#ifdef WIDEN
        *to = (REALS)WIDEN(v);
#else
        *to = __builtin_convertvector(v, REALS);
#endif
    } else {
        __builtin_memcpy(to, (const double *)at + i, sizeof *to);
    }
}

INLINE void NAME(keep_greater)(REALS *most, const REALS *other)
{
#ifdef GREATER
    *most = (REALS)GREATER(*other, *most);
#else
    WORDS more = *other > *most;
    *most = (REALS)(((WORDS)*other & more) | ((WORDS)*most & ~more));
#endif
}

/* Eight elements. */
INLINE void NAME(step)(bool is_fp32, struct NAME(sums) * s, const void *x, const void *result,
                       size_t i)
{
    const WORDS magnitude = (WORDS){0} + INT64_MAX;
    UNROLLED EACH
    {
        REALS a, b;
        NAME(load)(is_fp32, x, i + (size_t)p * NAME(WIDTH), &a);
        NAME(load)(is_fp32, result, i + (size_t)p * NAME(WIDTH), &b);
        REALS error = b - a, size = (REALS)((WORDS)a & magnitude);
        s->noise[p] += error * error;
        WORDS differ = b != a;
        s->inexact[p] -= differ;
        s->zeros[p] -= differ & (b == 0);
        s->signal[p] += a * a;
        error = (REALS)((WORDS)error & magnitude);
        NAME(keep_greater)(&s->most[p], &size);
        NAME(keep_greater)(&s->max_error[p], &error);
    }
}

INLINE double NAME(total)(const REALS *of)
{
    double a[8];
    memcpy(a, of, sizeof a);
    return ((a[0] + a[4]) + (a[1] + a[5])) + ((a[2] + a[6]) + (a[3] + a[7]));
}

INLINE double NAME(greatest)(const REALS *of)
{
    double a[NAME(WIDTH)], most = 0;
    REALS all = of[0];
    for (int p = 1; p < NAME(PARTS); p++)
        NAME(keep_greater)(&all, &of[p]);
    memcpy(a, &all, sizeof a);
    for (int i = 0; i < NAME(WIDTH); i++)
        most = a[i] > most ? a[i] : most;
    return most;
}

INLINE uint64_t NAME(count)(const WORDS *of)
{
    uint64_t a[8], all = 0;
    memcpy(a, of, sizeof a);
    for (int i = 0; i < 8; i++)
        all += a[i];
    return all;
}

/* The last elements of a run, with zeros behind them. */
INLINE void NAME(step_rest)(bool is_fp32, struct NAME(sums) * s, const char *x, const char *result,
                            size_t i, size_t n)
{
    double a[8] = {0}, b[8] = {0};
    size_t size = is_fp32 ? 4 : 8;
    memcpy(a, x + i * size, (n - i) * size);
    memcpy(b, result + i * size, (n - i) * size);
    NAME(step)(is_fp32, s, a, b, 0);
}

INLINE void NAME(runs)(bool is_fp32, const char *x, const char *result, size_t n, size_t count,
                       struct hu_measured *runs, struct hu_measured_all *all)
{
    struct NAME(sums) s;
    memset(&s, 0, sizeof s);
    const size_t bytes = n * (is_fp32 ? 4 : 8);
    for (size_t i = 0; i < count; i++, x += bytes, result += bytes) {
        UNROLLED EACH s.noise[p] = s.signal[p] = s.most[p] = (REALS){0};
        size_t k = 0;
        for (; k + 8 <= n; k += 8)
            NAME(step)(is_fp32, &s, x, result, k);
        if (k < n)
            NAME(step_rest)(is_fp32, &s, x, result, k, n);
        runs[i].noise += NAME(total)(s.noise);
        double most = NAME(greatest)(s.most);
        runs[i].signal += NAME(total)(s.signal);
        runs[i].greatest = most > runs[i].greatest ? most : runs[i].greatest;
    }
    double error = NAME(greatest)(s.max_error);
    all->max_error = error > all->max_error ? error : all->max_error;
    all->inexact += NAME(count)(s.inexact);
    all->zeros += NAME(count)(s.zeros);
}

/* The lengths that are most frequent are constants. */
TARGET static void NAME(measure)(bool is_fp32, const void *x, const void *result, size_t n,
                                 size_t count, struct hu_measured *runs,
                                 struct hu_measured_all *all)
{
    if (is_fp32 && n == 32)
        NAME(runs)(true, x, result, 32, count, runs, all);
    else if (is_fp32 && n == 16)
        NAME(runs)(true, x, result, 16, count, runs, all);
    else if (is_fp32)
        NAME(runs)(true, x, result, n, count, runs, all);
    else
        NAME(runs)(false, x, result, n, count, runs, all);
}

#undef INLINE
#undef REALS
#undef WORDS
#undef EACH
#undef NAME
#undef TARGET
#undef GREATER
#undef WIDEN
#undef LANE_BYTES

/*
 * What compilers say differently of vectors and of loops over them. No arithmetic.
 */
#pragma once

/* Before a loop of a few turns. */
#ifdef __clang__
#define UNROLLED _Pragma("unroll")
#define UNROLLED_16 UNROLLED
#define UNROLLED_IF_KNOWN /* it is, and what is not known is told of */
#else
#define UNROLLED _Pragma("GCC unroll 8")
#define UNROLLED_16 _Pragma("GCC unroll 16")
#define UNROLLED_IF_KNOWN UNROLLED /* how often */
#endif

/* Elements of two vectors of one type by their numbers, A's first: a vector of as many as there are
 * numbers. GCC has it as an operation from 12 on; before, they go one by one. */
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLED(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLED(a, b, ...)                                                                        \
    __extension__({                                                                                \
        const int numbers_[] = {__VA_ARGS__};                                                      \
        enum { COUNT_ = sizeof numbers_ / sizeof(int), EACH_ = sizeof(a) / sizeof((a)[0]) };       \
        typedef __typeof__((a)[0]) chosen_ __attribute__((vector_size(COUNT_ * sizeof((a)[0]))));  \
        const __typeof__(a) first_ = (a), last_ = (b);                                             \
        chosen_ all_ = {0};                                                                        \
        _Pragma("GCC unroll 32") for (int i_ = 0; i_ < COUNT_; i_++) all_[i_] =                    \
            numbers_[i_] < EACH_ ? first_[numbers_[i_]] : last_[numbers_[i_] - EACH_];             \
        all_;                                                                                      \
    })
#endif

/*
 * The floating-point environment that kernels run in: no traps, subnormals kept, and the rounding
 * direction their additions need. What the caller had, sticky exceptions included, comes back.
 */
#pragma once

#include "halfulp.h"

#if defined(__SSE2__)

#include <xmmintrin.h>

typedef unsigned environment;

/* Intel SDM volume 1, section 10.2.3: all exceptions masked, and the field RC. */
static inline unsigned environment_word(enum hu_direction direction)
{
    static const unsigned rounding[] = {
        [HU_TIES_TO_EVEN] = 0,    [HU_TIES_TO_AWAY] = 0, [HU_TOWARD_ZERO] = 3,
        [HU_TOWARD_POSITIVE] = 2, [HU_TO_ODD] = 3,       [HU_STOCHASTIC] = 3,
        [HU_TOWARD_NEGATIVE] = 1,
    };
    return 0x1f80u | rounding[direction] << 13;
}

/* With all exceptions raised: to raise one that is not yet costs Intel's processors 20 ns. */
static inline void environment_turn(enum hu_direction direction)
{
    _mm_setcsr(environment_word(direction) | 0x3f);
}

static inline environment environment_enter(enum hu_direction direction)
{
    environment saved = _mm_getcsr();
    environment_turn(direction);
    return saved;
}

/* To read what is raised first takes longer than a write does. */
static inline void environment_leave(environment saved)
{
    _mm_setcsr(saved);
}

/* What conversions have raised since environment_clear; underflow as after rounding (Intel SDM
 * volume 1, section 4.9.1.5). */
enum { ENVIRONMENT_RAISES = true };

static inline void environment_clear(void)
{
    _mm_setcsr(_mm_getcsr() & ~0x3fu);
}

static inline unsigned environment_raised(void)
{
    unsigned raised = _mm_getcsr();
    return (raised & 0x01 ? HU_INVALID : 0u) | (raised & 0x08 ? HU_OVERFLOW | HU_INEXACT : 0u) |
           (raised & 0x10 ? HU_UNDERFLOW : 0u) | (raised & 0x20 ? HU_INEXACT : 0u);
}

#elif defined(__aarch64__)

typedef struct {
    uint64_t control, status;
} environment;

/* Arm ARM, FPCR: RMode in bits 23:22; flush-to-zero, default NaN and traps clear. */
static inline void environment_turn(enum hu_direction direction)
{
    static const uint64_t rounding[] = {
        [HU_TIES_TO_EVEN] = 0,    [HU_TIES_TO_AWAY] = 0, [HU_TOWARD_ZERO] = 3,
        [HU_TOWARD_POSITIVE] = 1, [HU_TO_ODD] = 3,       [HU_STOCHASTIC] = 3,
        [HU_TOWARD_NEGATIVE] = 2,
    };
    __asm__ volatile("msr fpcr, %0" : : "r"(rounding[direction] << 22) : "memory");
}

static inline environment environment_enter(enum hu_direction direction)
{
    environment saved;
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved.control));
    __asm__ volatile("mrs %0, fpsr" : "=r"(saved.status));
    environment_turn(direction);
    return saved;
}

static inline void environment_leave(environment saved)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(saved.control) : "memory");
    __asm__ volatile("msr fpsr, %0" : : "r"(saved.status) : "memory");
}

#else

#include <fenv.h>

typedef fenv_t environment;

static inline void environment_turn(enum hu_direction direction)
{
    switch (direction) {
    case HU_TOWARD_POSITIVE:
        fesetround(FE_UPWARD);
        break;
    case HU_TOWARD_NEGATIVE:
        fesetround(FE_DOWNWARD);
        break;
    case HU_TIES_TO_EVEN:
    case HU_TIES_TO_AWAY:
        fesetround(FE_TONEAREST);
        break;
    default:
        fesetround(FE_TOWARDZERO);
    }
}

static inline environment environment_enter(enum hu_direction direction)
{
    environment saved;
    feholdexcept(&saved);
    environment_turn(direction);
    return saved;
}

static inline void environment_leave(environment saved)
{
    fesetenv(&saved);
}

#endif

#if !defined(__SSE2__)

/* Elsewhere the lanes look for flags themselves. */
enum { ENVIRONMENT_RAISES = false };

static inline void environment_clear(void)
{
}

static inline unsigned environment_raised(void)
{
    return 0;
}

#endif

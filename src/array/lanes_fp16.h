/* FP32 to FP16 by the hardware, which raises the flags too where ENVIRONMENT_RAISES and keeps NaNs'
 * payloads; included by lanes.h. */

#ifdef LANES_FP16

/* vcvtps2ph's immediate: its own rounding direction, not MXCSR's. NEON's fcvtn takes the
 * environment's, which is the same or, ties away and to odd, the one that these start from. */
#define FP16_NEAREST 0
#define FP16_DOWN 1
#define FP16_UP 2
#define FP16_ZERO 3

/* Ties away are ties to even after setting the last bit, which moves a tie up and nothing else; to
 * odd is toward zero, the last bit then set where the way back differs. */
INLINE fp16s fp16_of(vec x, enum hu_direction direction)
{
    switch (direction) {
    case HU_TIES_TO_AWAY:
        return cvt_fp16(x | keep(unequal(x & splat(~SIGN), splat(INFINITE)), splat(1)),
                        FP16_NEAREST);
    case HU_TOWARD_ZERO:
        return cvt_fp16(x, FP16_ZERO);
    case HU_TOWARD_POSITIVE:
        return cvt_fp16(x, FP16_UP);
    case HU_TOWARD_NEGATIVE:
        return cvt_fp16(x, FP16_DOWN);
    case HU_TO_ODD:
        return fp16_to_odd(x, cvt_fp16(x, FP16_ZERO));
    default:
        return cvt_fp16(x, FP16_NEAREST);
    }
}

#endif

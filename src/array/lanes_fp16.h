/* FP32 to FP16 by the hardware, which raises the flags too where ENVIRONMENT_RAISES and keeps NaNs'
 * payloads; included by the parts. */

#ifdef LANES_FP16

/* Ties away are ties to even after setting the last bit, which moves a tie up and nothing else, but
 * if FINITE is clear makes a NaN of infinity; to odd is one of two neighbours or, where what is
 * raised is to be right, toward zero, the last bit then set where the way back differs. */
INLINE fp16s fp16_of(vec x, enum hu_direction direction, bool raises, bool finite)
{
    if (direction == HU_TIES_TO_AWAY)
        x |= finite ? splat(1) : keep(unequal(x & splat(~SIGN), splat(INFINITE)), splat(1));
#ifdef FP16_NEAREST
    if (direction == HU_TO_ODD && !raises)
        return odd_of_fp16(cvt_fp16(x, FP16_DOWN), cvt_fp16(x, FP16_UP));
#else
    (void)raises;
#endif
    fp16s codes = cvt_fp16(x, FP16_AROUND);
    return direction == HU_TO_ODD ? fp16_to_odd(x, codes) : codes;
}

#endif

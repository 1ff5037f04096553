/* FP32 to FP16 by the hardware, which raises the flags too where ENVIRONMENT_RAISES and keeps NaNs'
 * payloads; included by the parts. */

#ifdef LANES_FP16

/* Ties away are ties to even after setting the last bit, which moves a tie up and nothing else; to
 * odd is toward zero, the last bit then set where the way back differs. */
INLINE fp16s fp16_of(vec x, enum hu_direction direction)
{
    if (direction == HU_TIES_TO_AWAY)
        x |= keep(unequal(x & splat(~SIGN), splat(INFINITE)), splat(1));
    fp16s codes = cvt_fp16(x, FP16_AROUND);
    return direction == HU_TO_ODD ? fp16_to_odd(x, codes) : codes;
}

#endif

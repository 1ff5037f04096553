/* pass_words.h for bf16. */
#define NAME(x) bf16_##x
#define WORD uint16_t
#define FIELD_SHIFT 7
#define LEAST_NORMAL_EXPONENT (-126)
#include "pass_words.h"

const struct hu_passes PASSES = {
    .range = NAME(range), .find = NAME(find), .count = COUNT, .size = sizeof(WORD)};

#undef NAME
#undef WORD
#undef FIELD_SHIFT
#undef LEAST_NORMAL_EXPONENT
#undef FIELD
#undef BIAS
#undef TOP
#undef COUNT
#undef PASSES
#undef HAS_BYTES

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include "array/lanes_portable.h"
#include "array/part_far.h"
#endif

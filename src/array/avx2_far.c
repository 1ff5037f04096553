#include "array/lanes_avx2.h"
#include "array/part_far.h"

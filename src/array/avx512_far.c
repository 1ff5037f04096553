#include "array/lanes_avx512.h"
#include "array/part_far.h"

#include "array/lanes_neon.h"
#include "array/part_far.h"

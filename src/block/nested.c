#include "nested.h"

#include <pthread.h>

static float map[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/*
 * The values that lie in the middle of each step when [0.1, 1] falls into equal parts: 2^i of them
 * times 10^(i − 6) for i from 0 to 6, and their negatives; beside them 0 and 1 (bitsandbytes,
 * functional.py, create_dynamic_map; Dettmers 2016). All in fp32, as PyTorch's linspace goes: from
 * both ends toward the middle.
 */
static void fill(void)
{
    static const double tens[] = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1};
    int n = 0;
    float positive[127];
    for (int i = 0; i < 7; i++) {
        int parts = 1 << i;
        float step = (1.0f - 0.1f) / (float)parts, edges[65];
        for (int k = 0; k <= parts; k++)
            edges[k] =
                k < (parts + 1) / 2 ? 0.1f + step * (float)k : 1.0f - step * (float)(parts - k);
        for (int k = 0; k < parts; k++)
            positive[n++] = (float)tens[i] * ((edges[k] + edges[k + 1]) / 2.0f);
    }
    for (int i = 0; i < n; i++) {
        map[126 - i] = -positive[i];
        map[128 + i] = positive[i];
    }
    map[127] = 0;
    map[255] = 1;
}

const float *hu_block_nested_map(void)
{
    pthread_once(&once, fill);
    return map;
}

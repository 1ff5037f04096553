#include "device.h"
#include "word_list.h"

#include <ctype.h>
#include <string.h>

#define MIB(n) ((uint64_t)(n) << 20)

/*
 * What nvidia-smi prints as the total, and rocm-smi as "VRAM Total Memory". Where it says survey:
 * thundergolfer.com/blog/nvidia-gpu-memory-capacity (2025), a table of what NVML reports; the
 * others stand so in many public listings of the two tools.
 */
static const struct hu_device devices[] = {
    {"H100-80GB", "h100", MIB(81559), "nvidia-smi (survey)"},
    {"H200-141GB", "h200", MIB(143771), "nvidia-smi (survey)"},
    {"B200-180GB", "b200", MIB(183359), "nvidia-smi"},
    {"A100-80GB", "", MIB(81920), "nvidia-smi (survey)"},
    {"A100-40GB", "", MIB(40960), "nvidia-smi (survey)"},
    {"A10-24GB", "a10", MIB(23028), "nvidia-smi (survey)"},
    {"A30-24GB", "a30", MIB(24576), "nvidia-smi"},
    {"L4-24GB", "l4", MIB(23034), "nvidia-smi (survey)"},
    {"L40S-48GB", "l40s", MIB(46068), "nvidia-smi (survey)"},
    {"T4-16GB", "t4", MIB(15360), "nvidia-smi (survey)"},
    {"V100-32GB", "v100", MIB(32768), "nvidia-smi"},
    {"RTX-A6000-48GB", "rtxa6000 a6000", MIB(49140), "nvidia-smi"},
    {"RTX-5090-32GB", "rtx5090 5090", MIB(32607), "nvidia-smi"},
    {"RTX-4090-24GB", "rtx4090 4090", MIB(24564), "nvidia-smi"},
    {"RTX-4080-16GB", "rtx4080 4080", MIB(16376), "nvidia-smi"},
    {"RTX-3090-24GB", "rtx3090 3090", MIB(24576), "nvidia-smi"},
    {"RTX-3060-12GB", "rtx3060 3060", MIB(12288), "nvidia-smi"},
    {"MI300X-192GB", "mi300x", UINT64_C(206141652992), "rocm-smi"},
};

static void squeeze(const char *name, char key[32])
{
    size_t n = 0;
    for (; *name && n < 31; name++)
        if (!strchr("-_ ", *name))
            key[n++] = (char)tolower((unsigned char)*name);
    key[n] = 0;
}

const struct hu_device *hu_device_at(size_t index)
{
    return index < sizeof devices / sizeof *devices ? &devices[index] : NULL;
}

bool hu_device_is_kind(const struct hu_device *device, const char *name)
{
    char key[32], own[32];
    squeeze(name, key);
    squeeze(device->name, own);
    size_t n = strlen(key);
    /* What is left is the memory: "80gb". */
    return n && !strncmp(own, key, n) && strspn(own + n, "0123456789") == strlen(own + n) - 2;
}

const struct hu_device *hu_device_find(const char *name)
{
    char key[32], own[32];
    squeeze(name, key);
    for (size_t i = 0; hu_device_at(i); i++) {
        squeeze(devices[i].name, own);
        if (*key && (!strcmp(own, key) || hu_has_word(devices[i].aliases, key)))
            return &devices[i];
    }
    return NULL;
}

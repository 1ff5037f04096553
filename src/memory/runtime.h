/*
 * The programs that run models, as far as they lay caches out in ways of their own and take memory
 * besides. What they do was read off figures that they printed in public; tests compare.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hu_model;

enum hu_engine { HU_ENGINE_NONE, HU_ENGINE_TRANSFORMERS, HU_ENGINE_LLAMA_CPP, HU_ENGINE_VLLM };

/* An engine and what it was started with; 0: as it does by itself. */
struct hu_runtime {
    enum hu_engine engine;
    uint64_t ubatch;     /* llama.cpp: tokens of a physical batch, 512 by itself */
    uint64_t parallel;   /* llama.cpp: sequences; the batch where it is 0 */
    uint64_t draft;      /* llama.cpp: tokens of speculation, which have states of their own */
    bool unified;        /* llama.cpp: one cache that all sequences share, of the context's cells */
    bool swa_full;       /* llama.cpp: layers with a window keep everything */
    bool no_flash;       /* llama.cpp: a layer's scores are whole matrices */
    uint64_t block;      /* vLLM: tokens of a block */
    uint64_t available;  /* vLLM: bytes that it found for the cache on a device */
    bool prefix_caching; /* vLLM: which doubles the pages of states */
};

enum { HU_RUNTIME_ERROR = 256 };

/* Reads NAME[,SETTING…] such as "llama.cpp,ubatch=1024,unified". False: error says why. */
bool hu_runtime_read(const char *text, struct hu_runtime *runtime, char error[HU_RUNTIME_ERROR]);

/* "llama.cpp"; "a runtime" for none. */
const char *hu_engine_name(enum hu_engine engine);

/* Bytes that it takes on each device beside weights and cache: the device's context, workspaces,
 * and what is computed in; at least, and at most. */
struct hu_overhead {
    uint64_t low, high;
    uint64_t
        compute; /* what this model is computed in, where that is known, else 0: of both in
                    llama.cpp; of the second in transformers, for a prompt of the whole context */
};
struct hu_overhead hu_runtime_overhead(const struct hu_runtime *runtime,
                                       const struct hu_model *model, uint64_t context,
                                       uint64_t batch);

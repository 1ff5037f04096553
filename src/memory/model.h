/*
 * What a model is made of, as far as its memory goes: its tensors, what each layer keeps for a
 * request, and the sizes that activations depend on. All counts are checked for overflow.
 */
#pragma once

#include "tensors.h"

#include <jansson.h>

struct hu_quantization;

enum { HU_NOTES_MAX = 8, HU_NOTE_SIZE = 192, HU_LAYERS_MAX = 16384, HU_MODEL_ERROR = 1200 };

struct hu_model {
    char architecture[64];
    char dtype[24];            /* of the weights, as the config names it; empty: it does not */
    bool modelled;             /* its architecture is not known: it is sized as the usual decoder */
    struct hu_tensors tensors; /* no rows: its tensors are not known; kept may be all the same */
    struct hu_quantization *quantization; /* that the config declares; NULL: none */
    char unknown_quantization[256];       /* what it declares and is not known; empty: nothing */
    const char *no_kv; /* why there is no KV cache, or none known; NULL: tensors.kept says it */
    /* For activations; 0: not known. */
    uint64_t layers, hidden, heads, vocabulary;
    uint64_t trained_context; /* tokens that the model was made for; 0: not known */
    uint64_t parameters, active_parameters, mtp_parameters;
    bool has_active; /* active_parameters is known */
    bool has_stored; /* the next two are known */
    uint64_t stored_elements, stored_bytes;
    char notes[HU_NOTES_MAX][HU_NOTE_SIZE]; /* what the reader should know of the count */
    size_t note_count;
    char error[HU_MODEL_ERROR]; /* why it could not be read; empty: it was */
    bool unknown;               /* then: its architecture is not known, and a count would do */
};

/* Releases what MODEL owns, not MODEL itself. */
void hu_model_free(struct hu_model *model);

void hu_model_note(struct hu_model *model, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Sets the error, if it is the first; false. */
bool hu_model_fail(struct hu_model *model, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A layer more that keeps KEPT. False: out of memory or too many. */
bool hu_model_keep(struct hu_model *model, const struct hu_kept *kept);

/* Sums the tensors into parameters, active_parameters and mtp_parameters. False: over 64 bits. */
bool hu_model_count(struct hu_model *model);
/* Elements of the model's tensors of ROLE (or of the tower that ROLE is), active ones or all. Call
 * after hu_model_count. */
uint64_t hu_model_elements(const struct hu_model *model, enum hu_role role, bool active);
/* Whether a layer keeps something for a request. */
bool hu_model_keeps(const struct hu_model *model);
/* Elements of all heads' queries of a token, by what a layer keeps of its keys; 0: not known. */
uint64_t hu_model_query_width(const struct hu_model *model);
/* Whether a layer has scores of tokens: a model that keeps nothing is an encoder, and has. */
bool hu_model_attends(const struct hu_model *model);

enum { HU_CONFIG_ERROR = 768 };
/*
 * From a config.json of Hugging Face's transformers or diffusers: makes *model of its N bytes of
 * JSON. False: model->error says why: no JSON (line, column and byte), an architecture that is not
 * known, keys that are missing or wrong. The model is counted; hu_model_free releases it either
 * way.
 */
bool hu_model_read_config(const char *json, size_t n, struct hu_model *model);
/* The same with what a file of its own says of quantized weights, as a "quantization_config" would,
 * where the config does not; NULL: there is none. */
bool hu_model_read_config_beside(const char *json, size_t n, json_t *quantization,
                                 struct hu_model *model);

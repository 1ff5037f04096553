/* What a config declares of quantized weights, as it is read: by its method, and by rules of
 * modules' names. What of it returns false has said why in the error. */
#pragma once

#include "quantization.h"

struct declared {
    json_t *config; /* the object that declares it */
    json_t *root;   /* the model's, which that is in */
    struct hu_quantization *q;
    struct hu_formula f; /* what it declares of all modules, or of those it is about */
    char *error;
    const char *dtype; /* what the config calls the model's own; "": it does not say */
};

/* Says in the error that WHAT is not known of VALUE, or of "none" where that is NULL. Returns
 * false. */
bool declared_unknown(struct declared *d, const char *what, const char *value);

/* A whole number of OBJECT, from 1 to 2^20; OTHERWISE where it is absent; −1 and null are 0. */
uint64_t config_number(json_t *object, const char *key, uint64_t otherwise);
/* A text of OBJECT, or "". */
const char *config_text(json_t *object, const char *key);
bool config_is(json_t *object, const char *key, const char *value);
bool config_true(json_t *object, const char *key);
bool declared_one_of(const char *words, const char *word);

/* The width and the group, where OBJECT says them under these keys. */
void declared_widths(struct declared *d, json_t *object, const char *bits, const char *group);

bool formula_alike(const struct hu_formula *a, const struct hu_formula *b);
/* Adds formula F for the modules of LIST, for all others where it is empty. */
bool declared_add(struct declared *d, const struct hu_formula *f, json_t *list);
/* As declared_add, for the modules of one NAME: a piece, or an expression ("re:"); F NULL: they are
 * left out. */
bool declared_add_named(struct declared *d, const struct hu_formula *f, bool regex,
                        const char *name);
/* Rules by modules' names: other BITS and group_size, or none of them, for modules that are left as
 * they are. A rule's key may begin with "-:" (GPTQModel) where its modules are left. */
bool declared_rules(struct declared *d, json_t *rules);
/* A formula for each of LAYERS' names, by what READ makes of its value; of no bits: none. */
bool declared_layers(struct declared *d, json_t *layers,
                     bool (*read)(struct declared *d, json_t *layer));
/* NVIDIA's ModelOpt: one algorithm, or one a layer's name. */
bool declared_modelopt(struct declared *d);

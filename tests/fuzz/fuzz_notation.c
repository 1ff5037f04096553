/*
 * A family's text, up to a line "---", over a config, what follows it, or over one that has the
 * keys of most: whatever is written, it is listed or refused with a reason, within bounds.
 */
#include "memory/families.h"
#include "memory/listing.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char usual[] =
    "{\"vocab_size\":96,\"hidden_size\":64,\"num_hidden_layers\":3,\"num_attention_heads\":4,"
    "\"intermediate_size\":128,\"num_key_value_heads\":2,\"n\":2,\"k\":null,\"f\":2.5,\"s\":\"ab\","
    "\"list\":[1,2,3],\"text_config\":{\"model_type\":\"llama\",\"hidden_size\":8},"
    "\"vision_config\":{\"hidden_size\":16,\"num_hidden_layers\":2}}";

/* A list of sense: sums within 64 bits, names that end, shapes without 0. */
static void check(const struct hu_model *r)
{
    char name[64];
    for (size_t i = 0; i < r->tensors.count; i++) {
        const struct hu_tensor_row *row = &r->tensors.rows[i];
        uint64_t all;
        if (row->rank > HU_RANK_MAX || row->experts_used > row->experts ||
            __builtin_mul_overflow(row->elements, row->copies, &all))
            abort();
        hu_row_name(row, row->copies - 1, name, sizeof name);
    }
}

static void run(const char *text, size_t n, const char *json, size_t length)
{
    const struct hu_family_text family = {
        .names = "fuzz", .classes = "", .gguf = "", .text = text, .length = n};
    json_t *config = json_loadb(json, length, 0, NULL);
    static struct hu_model model;
    struct listing_result result;
    model = (struct hu_model){0};
    if (json_is_object(config)) {
        if (listing_make(&family, config, &model, &result))
            check(&model);
        else if (!*model.error)
            abort(); /* refused without a reason */
        hu_tensors_free(&model.tensors);
    }
    json_decref(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *mark = memmem(data, size, "\n---\n", 5);
    size_t n = mark ? (size_t)(mark - text) + 1 : size;
    run(text, n, usual, sizeof usual - 1);
    if (mark)
        run(text, n, mark + 5, size - n - 4);
    return 0;
}

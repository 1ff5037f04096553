#include "logical_parts.h"
#include "printable.h"
#include "word_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of activations: they stay, whatever becomes of the weights. */
static const char *const of_activations[] = {
    ".input_scale",          "_input_scale",          ".k_scale",   ".v_scale",
    ".input_global_scale",   "activation_scale",      "qscale_act", "_act_quant_scale",
    "_act_quant_zero_point", "_act_per_tensor_scale",
};

static bool is_of_activations(const char *name)
{
    for (size_t i = 0; i < sizeof of_activations / sizeof *of_activations; i++)
        if (hu_ends_with(name, of_activations[i]))
            return true;
    return false;
}

/* A GGUF type's blocks hold their scales. NVFP4 of ggml has none over the tensor: llama.cpp
 * (convert_hf_to_gguf.py, _repack_nvfp4; its loader's pass of ".scale" tensors) has an fp32 beside
 * it, of experts one for each. */
static enum logical_found gguf(struct logical_reader *r)
{
    struct hu_logical *l = &r->draft.l;
    const struct hu_tensor *codes = l->codes, *scale = NULL;
    const struct hu_block *b = codes->dtype.block;
    uint64_t matrices = 1;
    if (!b || b->layout != HU_BLOCK_WHOLE || r->set->files[codes->file].kind != HU_FILE_GGUF)
        return LOGICAL_NONE;
    for (unsigned i = 0; i + 2 < codes->rank; i++) /* no more than elements, which are counted */
        matrices *= codes->shape[i];
    l->layout = "gguf";
    l->block = b;
    if (b->ggml_type == HU_GGML_NVFP4)
        scale = hu_logical_part(r, hu_ends_with(codes->name, ".weight") ? strlen(".weight") : 0,
                                ".scale");
    if (scale && !hu_logical_is_fp32(scale, matrices))
        return hu_logical_misfit(r, scale, "a scale over a matrix is one fp32");
    if (scale) {
        l->own = *b;
        l->own.over = HU_OVER_TENSOR;
        l->block = NULL;
        l->more = scale;
    }
    return hu_logical_make(r, 0, "", codes->shape, codes->rank,
                           codes->rank ? codes->shape[codes->rank - 1] : 1);
}

/* Whether the config has what L's parts are: ModelOpt's algorithms, or one of the config_groups. */
static bool check_scheme(struct logical_reader *r, const struct hu_logical *l)
{
    const struct hu_block *b = l->block;
    bool integer = b->codes != HU_CODES_FORMAT;
    if (hu_has_word("modelopt mx", l->layout))
        return hu_logical_modelopt_has(r, l);
    if (!r->config.scheme_count || strcmp(l->layout, "compressed-tensors") != 0)
        return true;
    uint64_t scales = hu_logical_scales(b, l->rows, l->columns);
    if (hu_logical_scheme(&r->config, integer, b->code_bits, l->more != NULL, l->rows, l->columns,
                          scales))
        return true;
    hu_logical_wrong(
        r, l->codes,
        "is of %u-bit %s with %llu scale%s%s, and none of the config's config_groups is",
        b->code_bits, integer ? "integers" : "floats", (unsigned long long)scales,
        scales == 1 ? "" : "s",
        !integer  ? ""
        : l->more ? " and zero points"
                  : " and no zero points");
    return false;
}

static bool keep(struct logical_reader *r)
{
    struct hu_logical *l = r->to->at[r->to->count - 1];
    if (!check_scheme(r, l))
        return false;
    for (size_t i = 0; i < l->part_count; i++) {
        struct hu_tensor *t = (struct hu_tensor *)l->parts[i];
        if (t->part_of) {
            hu_logical_refuse(r, "'%s' is a part of '%s' and of '%s'", PRINTABLE(t->name, 100),
                              t->part_of->name, PRINTABLE(l->name, 100));
            return false;
        }
        t->part_of = l;
    }
    const struct hu_tensor *same = hu_tensor_set_find(r->set, l->name);
    if (same && same->part_of != l) {
        hu_logical_refuse(r, "'%s' is there, and is what '%s' and its scales stand for, too",
                          PRINTABLE(l->name, 100), PRINTABLE(l->codes->name, 100));
        return false;
    }
    return true;
}

/* Parts are read as a whole, and whoever repeats elements may have any number of them. */
static bool check_once(struct logical_reader *r)
{
    const struct hu_logical *l = &r->draft.l;
    for (size_t i = 0; i < l->part_count; i++)
        if (l->parts[i]->repeated) {
            hu_logical_wrong(r, l->parts[i], "repeats elements of its storage, as no part does");
            return false;
        }
    return true;
}

static bool find_all(struct logical_reader *r)
{
    static logical_layout *const layouts[] = {
        gguf,
        hu_logical_bnb,
        hu_logical_bitnet,
        hu_logical_quanto,
        hu_logical_hqq,
        hu_logical_kernels,
        hu_logical_words,
        hu_logical_packed_words,
        hu_logical_torchao,
        hu_logical_comfy,
        hu_logical_mlx,
        hu_logical_scaled,
        hu_logical_gpt_oss,
    };
    for (size_t i = 0; i < r->set->tensor_count; i++)
        for (size_t k = 0; k < sizeof layouts / sizeof *layouts; k++) {
            r->draft = (struct logical_draft){.l = {.codes = r->set->tensors[i]}};
            hu_logical_add(&r->draft.l, r->set->tensors[i]);
            enum logical_found found = layouts[k](r);
            if (found == LOGICAL_ERROR || (found == LOGICAL_FOUND && !(check_once(r) && keep(r))))
                return false;
            if (found == LOGICAL_FOUND)
                break;
        }
    return true;
}

static bool may_be_codes(const struct hu_tensor *t)
{
    return !hu_logical_is_aside(t->name) &&
           ((t->dtype.integer && t->dtype.integer->storage_bits >= 8) ||
            (t->dtype.format && t->dtype.format->storage_bits <= 8));
}

/* Whether tensor INDEX of the set has one beside it, of the same module, that may be its codes. */
static bool has_codes(const struct hu_tensor_set *set, size_t index)
{
    const char *name = set->tensors[index]->name, *dot = strrchr(name, '.');
    size_t n = dot ? (size_t)(dot - name) + 1 : 0, first = index;
    while (first && !strncmp(set->tensors[first - 1]->name, name, n))
        first--;
    for (; first < set->tensor_count && !strncmp(set->tensors[first]->name, name, n); first++)
        if (may_be_codes(set->tensors[first]) && !strchr(set->tensors[first]->name + n, '.'))
            return true;
    return false;
}

/* Ends of parts' names that others' methods write, whose weights nobody here reads, and why not;
 * the dtype of such a part, and those of what has the other end BESIDE it. NULL: any, or none. */
#define INTEGERS "int8 uint8 int16 uint16 int32 uint32 int64 uint64"
static const struct foreign {
    const char *end, *dtype, *beside, *dtypes, *whose, *why;
} foreigners[] = {
    {".codebooks", NULL, ".codes", INTEGERS, "AQLM", "weights are sums of vectors of codebooks"},
    {".centroids.weight", NULL, ".indices", INTEGERS, "VPTQ",
     "weights are vectors of codebooks, in another order"},
    {".dense_weights", NULL, ".row_offsets", INTEGERS, "SpQR",
     "scales are quantized too, and outliers lie apart"},
    {".tables2", NULL, ".tables", NULL, "HIGGS",
     "codes lie as FLUTE's kernels have them, of weights that are turned"},
    {".backward_hadamard_matrix", NULL, ".qweight", NULL, "FP-Quant",
     "what is quantized is the weights, turned by it"},
    {".weight_scales", "fp16", ".weight", "int8", "EETQ",
     "codes lie as one GPU's kernels have them"},
    {".wscales", NULL, ".qweight", "int8", "Nunchaku",
     "codes lie as a GPU's kernels have them, and a product of two is added"},
    {".scale_packed", NULL, ".weight_packed", NULL, "Marlin of 2:4",
     "codes lie as a GPU's kernels have them"},
    {".bitmask", NULL, ".compressed", NULL, "compressed-tensors",
     "weights that are zero are left out"},
};

static bool is_foreign(const struct logical_reader *r, const struct hu_tensor *t,
                       const struct foreign *f)
{
    if (!hu_ends_with(t->name, f->end) || (f->dtype && !hu_logical_is_of(t, f->dtype)))
        return false;
    const struct hu_tensor *other = hu_tensor_set_beside(r->set, t, strlen(f->end), f->beside);
    return other && (!f->dtypes || hu_has_word(f->dtypes, hu_dtype_name(other->dtype)));
}

static bool check_foreigners(struct logical_reader *r)
{
    for (size_t i = 0; i < r->set->tensor_count; i++)
        for (size_t k = 0; k < sizeof foreigners / sizeof *foreigners; k++) {
            const struct foreign *f = &foreigners[k];
            if (!is_foreign(r, r->set->tensors[i], f))
                continue;
            hu_logical_wrong(
                r, r->set->tensors[i],
                "is %s's by its name, which is not read: %s (their own library decodes "
                "them; --parts takes the parts as they are)",
                f->whose, f->why);
            return false;
        }
    return true;
}

/* Whose a part is that is read elsewhere, with others that it has not. */
static const char *others_name(const struct hu_tensor *t)
{
    return hu_ends_with(t->name, ".W_q")     ? "HQQ"
           : hu_ends_with(t->name, "._data") ? "quanto"
           : hu_ends_with(t->name, ":_data") ? "torchao"
                                             : NULL;
}

/* What a config that says of quantized weights cannot mean by plain numbers: tables of integers, as
 * those that send tokens to experts, are no weights by their names. */
static bool is_codes(const struct hu_tensor *t)
{
    static const char *const ends[] = {"weight", "_blocks", ".B"};
    bool named = false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        named |= hu_ends_with(t->name, ends[i]);
    return t->rank > 1 &&
           ((named && (hu_logical_is_integer(t, 8) || hu_logical_is_integer(t, 32))) ||
            (t->dtype.format && t->dtype.format->storage_bits <= 8));
}

/* Whether T, which is an aside by its name, is one of codes that are not there by the config. Plain
 * numbers are called scales elsewhere, too. */
static bool is_left(const struct logical_reader *r, const struct hu_tensor *t)
{
    return r->config.there && (t->dtype.integer || !hu_ends_with(t->name, "scales"));
}

/* Scales of codes, and codes, that no layout knows. */
static bool check_rest(struct logical_reader *r)
{
    for (size_t i = 0; i < r->set->tensor_count; i++) {
        const struct hu_tensor *t = r->set->tensors[i];
        enum hu_file_kind kind = r->set->files[t->file].kind;
        if (t->part_of || (kind != HU_FILE_SAFETENSORS && kind != HU_FILE_TORCH) ||
            is_of_activations(t->name))
            continue;
        bool aside = hu_logical_is_aside(t->name);
        const char *whose = others_name(t);
        if (whose)
            hu_logical_wrong(r, t, "is %s's by its name, whose layouts are not read", whose);
        else if (aside && (is_left(r, t) || has_codes(r->set, i)))
            hu_logical_wrong(r, t,
                             "belongs to quantized weights by its name, and no layout that is "
                             "known has it with what stands beside it");
        else if (r->config.there && is_codes(t))
            hu_logical_wrong(r, t,
                             "is of quantized weights by its dtype and the config beside it "
                             "(%s), and no layout that is known has it with what stands beside it",
                             *r->config.method ? r->config.method : "no quant_method");
        else
            continue;
        return false;
    }
    return true;
}

/* Whether there are weights of which a config beside them says more. */
static bool any_beside_config(const struct hu_logicals *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->at[i]->part_count > 1)
            return true;
    return false;
}

bool hu_logicals_read(struct hu_tensor_set *set, const char *path, struct hu_logicals *logicals,
                      char error[HU_LOGICAL_ERROR])
{
    char no_config[HU_LOGICAL_ERROR];
    struct logical_reader r = {.set = set, .to = logicals, .error = error};
    *logicals = (struct hu_logicals){.count = 0};
    bool config = hu_logical_config_read(path, &r.config, no_config);
    bool fine = check_foreigners(&r) && find_all(&r) && check_rest(&r);
    hu_logical_config_clear(&r.config);
    free(r.said);
    if (!fine)
        return false;
    if (config || !any_beside_config(logicals))
        return true;
    snprintf(error, HU_LOGICAL_ERROR, "%s", no_config);
    return false;
}

void hu_logicals_clear(struct hu_logicals *logicals)
{
    free(logicals->at);
    arena_free(&logicals->arena);
    *logicals = (struct hu_logicals){0};
}

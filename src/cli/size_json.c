#include "json.h"
#include "memory/quantization.h"
#include "report.h"
#include "size.h"

/* jansson's integers are signed; a count beyond them becomes a string rather than wrong. */
static json_t *count(uint64_t n)
{
    if (n <= INT64_MAX)
        return check_memory(json_integer((json_int_t)n));
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)n);
    return check_memory(json_string(text));
}

static json_t *count_if(bool known, uint64_t n)
{
    return known ? count(n) : json_null();
}

/* Takes VALUE. */
static void put(json_t *object, const char *key, json_t *value)
{
    check_memory(object);
    json_object_set_new(object, key, value);
}

static json_t *model_object(const struct size_result *r)
{
    const struct hu_model *m = &r->model;
    json_t *o = json_object();
    put(o, "source", json_text(r->source));
    put(o, "architecture", *m->architecture ? json_text(m->architecture) : json_null());
    put(o, "parameters", count(m->parameters));
    put(o, "active_parameters", count_if(m->has_active, m->active_parameters));
    put(o, "stored_elements", count_if(m->has_stored, m->stored_elements));
    uint64_t stored = m->stored_bytes;
    struct hu_dtype dtype;
    bool known = m->has_stored || ((m->quantization || hu_dtype_find(m->dtype, &dtype)) &&
                                   hu_weights_stored(m, &stored));
    put(o, "stored_bytes", count_if(known && !*m->unknown_quantization, stored));
    put(o, "quantization", m->quantization ? json_text(m->quantization->method) : json_null());
    put(o, "modelled", json_boolean(m->modelled));
    put(o, "tensors", count_if(m->tensors.count, size_tensor_count(m)));
    put(o, "trained_context", count_if(m->trained_context, m->trained_context));
    put(o, "mtp_parameters", count_if(m->mtp_parameters, m->mtp_parameters));
    json_t *notes = json_array();
    for (size_t i = 0; i < m->note_count; i++)
        json_array_append_new(notes, json_text(m->notes[i]));
    put(o, "notes", notes);
    return o;
}

static json_t *weights_array(const struct hu_sizing *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->weight_count; i++) {
        const struct hu_sizing_weights *w = &s->weights[i];
        json_t *o = json_object();
        put(o, "dtype", json_text(w->name));
        double bits = w->bits;
        put(o, "bits_per_parameter", bits == (int)bits ? json_integer((int)bits) : json_real(bits));
        put(o, "bytes", count(w->bytes));
        put(o, "gb", json_real((double)w->bytes / 1e9));
        put(o, "gib", json_real((double)w->bytes / 1073741824.0));
        put(o, "kept_in_16_bits", count(w->rest));
        put(o, "own", json_boolean(w->own));
        put(o, "inference_bytes", count(w->inference_bytes));
        put(o, "adam_bytes", count_if(w->trains, w->adam_bytes));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *kv_object(const struct size_options *options, const struct hu_sizing *s)
{
    const struct hu_sizing_request *r = &options->request;
    if (!s->has_kv)
        return json_null();
    json_t *o = json_object();
    bool same = !r->kv_dtype_v.format && !r->kv_dtype_v.integer && !r->kv_dtype_v.block;
    put(o, "dtype", json_text(hu_dtype_name(r->kv_dtype)));
    put(o, "dtype_v", json_text(hu_dtype_name(same ? r->kv_dtype : r->kv_dtype_v)));
    put(o, "bytes_per_token", count(s->kv.bytes_per_token));
    put(o, "bytes", count_if(r->context, s->kv.bytes));
    put(o, "capacity_bytes", count_if(r->context, s->kv.capacity));
    put(o, "context", count_if(r->context, r->context));
    put(o, "batch", count(r->batch));
    put(o, "window_layers", count(s->kv.window_layers));
    put(o, "state_bytes", count(s->kv.state_bytes));
    put(o, "window_bytes", count_if(r->context, s->kv.window_bytes));
    put(o, "cross_bytes", count_if(r->context, s->kv.cross_bytes));
    put(o, "runtime",
        r->runtime.engine ? json_text(hu_engine_name(r->runtime.engine)) : json_null());
    put(o, "page_bytes", count_if(s->kv.page_bytes, s->kv.page_bytes));
    put(o, "page_tokens", count_if(s->kv.page_bytes, s->kv.page_tokens));
    put(o, "tokens", count_if(s->kv.has_tokens, s->kv.tokens));
    return o;
}

static json_t *training_object(const struct size_options *options, const struct hu_sizing *s)
{
    const struct hu_training *t = &s->training;
    const struct hu_sizing_request *r = &options->request;
    if (!s->has_training)
        return json_null();
    bool activations = r->plan.has_activations || (r->sequence && r->micro_batch);
    json_t *o = json_object();
    put(o, "recipe", json_text(r->plan.recipe->name));
    put(o, "optimizer_name", json_text(r->plan.optimizer->name));
    put(o, "trainable_parameters", count(t->trainable));
    put(o, "weights", count(t->weights));
    put(o, "gradients", count(t->gradients));
    put(o, "master_weights", count(t->master_weights));
    put(o, "optimizer", count(t->optimizer));
    put(o, "activations", count_if(activations, t->activations));
    put(o, "buffers", count(t->buffers));
    put(o, "gathered", count(t->gathered));
    put(o, "total", count(t->total));
    put(o, "per_device", count(t->per_device));
    if (t->one_micro_batch)
        put(o, "one_micro_batch", count(t->one_micro_batch));
    return o;
}

static json_t *headroom(const struct hu_fit *f)
{
    uint64_t most = INT64_MAX, n = f->headroom < most ? f->headroom : most;
    return check_memory(json_integer(f->negative ? -(json_int_t)n : (json_int_t)n));
}

static json_t *fit_object(const struct size_options *options, const struct hu_sizing *s)
{
    const struct hu_fit *f = &s->fit;
    if (!s->has_fit)
        return json_null();
    json_t *o = json_object();
    put(o, "memory", count(f->memory));
    put(o, "fits", json_boolean(f->fits));
    put(o, "headroom", headroom(f));
    put(o, "max_context", count_if(f->has_context, f->max_context));
    put(o, "max_batch", count_if(f->has_batch, f->max_batch));
    put(o, "widest_dtype", f->has_dtype ? json_text(f->widest_name) : json_null());
    put(o, "needed", count(f->needed));
    put(o, "devices", count_if(f->devices, f->devices));
    put(o, "devices_context", count_if(f->devices_context, f->devices_context));
    put(o, "device", options->device ? json_text(options->device->name) : json_null());
    put(o, "weights", options->request.train ? json_null() : json_text(s->fit_dtype));
    put(o, "runtime_overhead",
        json_pack("{s:o, s:o}", "low", count(s->overhead.low), "high", count(s->overhead.high)));
    return o;
}

static json_t *terms_array(const struct hu_figures *terms)
{
    json_t *list = json_array();
    for (size_t i = 0; i < terms->count; i++) {
        const struct hu_figure *t = &terms->rows[i];
        json_t *o = json_object();
        put(o, "name", json_text(t->name));
        put(o, "bytes", count_if(t->basis != HU_UNKNOWN, t->bytes));
        put(o, "basis", json_text(hu_basis_name(t->basis)));
        put(o, "formula", json_text(t->formula));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *result_object(const struct size_options *options, const struct size_result *r)
{
    json_t *o = json_object();
    put(o, "model", model_object(r));
    put(o, "weights", weights_array(&r->sizing));
    put(o, "kv_cache", kv_object(options, &r->sizing));
    put(o, "training", training_object(options, &r->sizing));
    put(o, "fit", fit_object(options, &r->sizing));
    put(o, "terms", terms_array(&r->sizing.terms));
    return o;
}

int size_print_json(const struct size_options *options, const struct size_result *results, size_t n)
{
    if (n == 1)
        return json_print(result_object(options, results));
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, result_object(options, &results[i]));
    return json_print(json_pack("{s:o}", "models", list));
}

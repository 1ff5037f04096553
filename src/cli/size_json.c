#include "json.h"
#include "memory/quantization.h"
#include "report.h"
#include "size.h"

static json_t *model_object(const struct size_result *r)
{
    const struct hu_model *m = &r->model;
    json_t *o = check_memory(json_object());
    json_put(o, "source", json_text(r->source));
    json_put(o, "architecture", *m->architecture ? json_text(m->architecture) : json_null());
    json_put(o, "parameters", json_count(m->parameters));
    json_put(o, "active_parameters", json_count_if(m->has_active, m->active_parameters));
    json_put(o, "stored_elements", json_count_if(m->has_stored, m->stored_elements));
    uint64_t stored = m->stored_bytes;
    struct hu_dtype dtype;
    bool known = m->has_stored || ((m->quantization || hu_dtype_find(m->dtype, &dtype)) &&
                                   hu_weights_stored(m, &stored));
    json_put(o, "stored_bytes", json_count_if(known && !*m->unknown_quantization, stored));
    json_put(o, "quantization", m->quantization ? json_text(m->quantization->method) : json_null());
    json_put(o, "modelled", json_boolean(m->modelled));
    json_put(o, "tensors", json_count_if(m->tensors.count, size_tensor_count(m)));
    json_put(o, "trained_context", json_count_if(m->trained_context, m->trained_context));
    json_put(o, "mtp_parameters", json_count_if(m->mtp_parameters, m->mtp_parameters));
    json_t *notes = check_memory(json_array());
    for (size_t i = 0; i < m->note_count; i++)
        json_add(notes, json_text(m->notes[i]));
    json_put(o, "notes", notes);
    return o;
}

static json_t *weights_array(const struct hu_sizing *s)
{
    json_t *list = check_memory(json_array());
    for (size_t i = 0; i < s->weight_count; i++) {
        const struct hu_sizing_weights *w = &s->weights[i];
        json_t *o = check_memory(json_object());
        json_put(o, "dtype", json_text(w->name));
        double bits = w->bits;
        json_put(o, "bits_per_parameter",
                 bits == (int)bits ? json_integer((int)bits) : json_real(bits));
        json_put(o, "bytes", json_count(w->bytes));
        json_put(o, "gb", json_real((double)w->bytes / 1e9));
        json_put(o, "gib", json_real((double)w->bytes / 1073741824.0));
        json_put(o, "kept_in_16_bits", json_count(w->rest));
        json_put(o, "own", json_boolean(w->own));
        json_put(o, "inference_bytes", json_count(w->inference_bytes));
        json_put(o, "adam_bytes", json_count_if(w->trains, w->adam_bytes));
        json_add(list, o);
    }
    return list;
}

static json_t *kv_object(const struct size_options *options, const struct hu_sizing *s)
{
    const struct hu_sizing_request *r = &options->request;
    if (!s->has_kv)
        return json_null();
    json_t *o = check_memory(json_object());
    bool same = !r->kv_dtype_v.format && !r->kv_dtype_v.integer && !r->kv_dtype_v.block;
    json_put(o, "dtype", json_text(hu_dtype_name(r->kv_dtype)));
    json_put(o, "dtype_v", json_text(hu_dtype_name(same ? r->kv_dtype : r->kv_dtype_v)));
    json_put(o, "bytes_per_token", json_count(s->kv.bytes_per_token));
    json_put(o, "bytes", json_count_if(r->context, s->kv.bytes));
    json_put(o, "capacity_bytes", json_count_if(r->context, s->kv.capacity));
    json_put(o, "context", json_count_if(r->context, r->context));
    json_put(o, "batch", json_count(r->batch));
    json_put(o, "window_layers", json_count(s->kv.window_layers));
    json_put(o, "state_bytes", json_count(s->kv.state_bytes));
    json_put(o, "window_bytes", json_count_if(r->context, s->kv.window_bytes));
    json_put(o, "cross_bytes", json_count_if(r->context, s->kv.cross_bytes));
    json_put(o, "runtime",
             r->runtime.engine ? json_text(hu_engine_name(r->runtime.engine)) : json_null());
    json_put(o, "page_bytes", json_count_if(s->kv.page_bytes, s->kv.page_bytes));
    json_put(o, "page_tokens", json_count_if(s->kv.page_bytes, s->kv.page_tokens));
    json_put(o, "tokens", json_count_if(s->kv.has_tokens, s->kv.tokens));
    return o;
}

static json_t *training_object(const struct size_options *options, const struct hu_sizing *s)
{
    const struct hu_training *t = &s->training;
    const struct hu_sizing_request *r = &options->request;
    if (!s->has_training)
        return json_null();
    bool activations = r->plan.has_activations || (r->sequence && r->micro_batch);
    json_t *o = check_memory(json_object());
    json_put(o, "recipe", json_text(r->plan.recipe->name));
    json_put(o, "optimizer_name", json_text(r->plan.optimizer->name));
    json_put(o, "trainable_parameters", json_count(t->trainable));
    json_put(o, "weights", json_count(t->weights));
    json_put(o, "gradients", json_count(t->gradients));
    json_put(o, "master_weights", json_count(t->master_weights));
    json_put(o, "optimizer", json_count(t->optimizer));
    json_put(o, "activations", json_count_if(activations, t->activations));
    json_put(o, "buffers", json_count(t->buffers));
    json_put(o, "gathered", json_count(t->gathered));
    json_put(o, "total", json_count(t->total));
    json_put(o, "per_device", json_count(t->per_device));
    if (t->one_micro_batch)
        json_put(o, "one_micro_batch", json_count(t->one_micro_batch));
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
    json_t *o = check_memory(json_object());
    json_put(o, "memory", json_count(f->memory));
    json_put(o, "fits", json_boolean(f->fits));
    json_put(o, "headroom", headroom(f));
    json_put(o, "max_context", json_count_if(f->has_context, f->max_context));
    json_put(o, "max_batch", json_count_if(f->has_batch, f->max_batch));
    json_put(o, "widest_dtype", f->has_dtype ? json_text(f->widest_name) : json_null());
    json_put(o, "needed", json_count(f->needed));
    json_put(o, "devices", json_count_if(f->devices, f->devices));
    json_put(o, "devices_context", json_count_if(f->devices_context, f->devices_context));
    json_put(o, "device", options->device ? json_text(options->device->name) : json_null());
    json_put(o, "weights", options->request.train ? json_null() : json_text(s->fit_dtype));
    json_put(o, "runtime_overhead",
             json_pack("{s:o, s:o}", "low", json_count(s->overhead.low), "high",
                       json_count(s->overhead.high)));
    return o;
}

static json_t *terms_array(const struct hu_figures *terms)
{
    json_t *list = check_memory(json_array());
    for (size_t i = 0; i < terms->count; i++) {
        const struct hu_figure *t = &terms->rows[i];
        json_t *o = check_memory(json_object());
        json_put(o, "name", json_text(t->name));
        json_put(o, "bytes", json_count_if(t->basis != HU_UNKNOWN, t->bytes));
        json_put(o, "basis", json_text(hu_basis_name(t->basis)));
        json_put(o, "formula", json_text(t->formula));
        json_add(list, o);
    }
    return list;
}

static json_t *result_object(const struct size_options *options, const struct size_result *r)
{
    json_t *o = check_memory(json_object());
    json_put(o, "model", model_object(r));
    json_put(o, "weights", weights_array(&r->sizing));
    json_put(o, "kv_cache", kv_object(options, &r->sizing));
    json_put(o, "training", training_object(options, &r->sizing));
    json_put(o, "fit", fit_object(options, &r->sizing));
    json_put(o, "terms", terms_array(&r->sizing.terms));
    return o;
}

int size_print_json(const struct size_options *options, const struct size_result *results, size_t n)
{
    if (n == 1)
        return json_print(result_object(options, results));
    json_t *list = check_memory(json_array());
    for (size_t i = 0; i < n; i++)
        json_add(list, result_object(options, &results[i]));
    return json_print(json_pack("{s:o}", "models", list));
}

#include "json.h"
#include "memory/quantization.h"
#include "report.h"
#include "size.h"

static json_t *model_object(const struct size_result *r)
{
    const struct hu_model *m = &r->model;
    json_t *o =
        JSON({"source", json_text(r->source)},
             {"architecture", JSON_IF(*m->architecture, json_text(m->architecture))},
             {"parameters", json_count(m->parameters)},
             {"active_parameters", JSON_IF(m->has_active, json_count(m->active_parameters))},
             {"stored_elements", JSON_IF(m->has_stored, json_count(m->stored_elements))});
    uint64_t stored = m->stored_bytes;
    struct hu_dtype dtype;
    bool known = m->has_stored || ((m->quantization || hu_dtype_find(m->dtype, &dtype)) &&
                                   hu_weights_stored(m, &stored));
    JSON_PUT(o, {"stored_bytes", JSON_IF(known && !*m->unknown_quantization, json_count(stored))},
             {"quantization", JSON_IF(m->quantization, json_text(m->quantization->method))},
             {"modelled", json_boolean(m->modelled)},
             {"tensors", JSON_IF(m->tensors.count, json_count(size_tensor_count(m)))},
             {"trained_context", JSON_IF(m->trained_context, json_count(m->trained_context))},
             {"mtp_parameters", JSON_IF(m->mtp_parameters, json_count(m->mtp_parameters))});
    json_t *notes = JSON_LIST(i, i < m->note_count, json_text(m->notes[i]));
    json_put(o, "notes", notes);
    return o;
}

static json_t *weights_array(const struct hu_sizing *s)
{
    json_t *list = json_list();
    for (size_t i = 0; i < s->weight_count; i++) {
        const struct hu_sizing_weights *w = &s->weights[i];
        json_t *o = JSON({"dtype", json_text(w->name)});
        double bits = w->bits;
        JSON_PUT(
            o,
            {"bits_per_parameter", bits == (int)bits ? json_integer((int)bits) : json_real(bits)},
            {"bytes", json_count(w->bytes)}, {"gb", json_real((double)w->bytes / 1e9)},
            {"gib", json_real((double)w->bytes / 1073741824.0)},
            {"kept_in_16_bits", json_count(w->rest)}, {"own", json_boolean(w->own)},
            {"inference_bytes", json_count(w->inference_bytes)},
            {"adam_bytes", JSON_IF(w->trains, json_count(w->adam_bytes))});
        json_add(list, o);
    }
    return list;
}

static json_t *kv_object(const struct size_options *options, const struct hu_sizing *s)
{
    const struct hu_sizing_request *r = &options->request;
    if (!s->has_kv)
        return json_null();
    bool same = !r->kv_dtype_v.format && !r->kv_dtype_v.integer && !r->kv_dtype_v.block;
    return JSON(
        {"dtype", json_text(hu_dtype_name(r->kv_dtype))},
        {"dtype_v", json_text(hu_dtype_name(same ? r->kv_dtype : r->kv_dtype_v))},
        {"bytes_per_token", json_count(s->kv.bytes_per_token)},
        {"bytes", JSON_IF(r->context, json_count(s->kv.bytes))},
        {"capacity_bytes", JSON_IF(r->context, json_count(s->kv.capacity))},
        {"context", JSON_IF(r->context, json_count(r->context))}, {"batch", json_count(r->batch)},
        {"window_layers", json_count(s->kv.window_layers)},
        {"state_bytes", json_count(s->kv.state_bytes)},
        {"window_bytes", JSON_IF(r->context, json_count(s->kv.window_bytes))},
        {"cross_bytes", JSON_IF(r->context, json_count(s->kv.cross_bytes))},
        {"runtime", JSON_IF(r->runtime.engine, json_text(hu_engine_name(r->runtime.engine)))},
        {"page_bytes", JSON_IF(s->kv.page_bytes, json_count(s->kv.page_bytes))},
        {"page_tokens", JSON_IF(s->kv.page_bytes, json_count(s->kv.page_tokens))},
        {"tokens", JSON_IF(s->kv.has_tokens, json_count(s->kv.tokens))});
}

static json_t *training_object(const struct size_options *options, const struct hu_sizing *s)
{
    const struct hu_training *t = &s->training;
    const struct hu_sizing_request *r = &options->request;
    if (!s->has_training)
        return json_null();
    bool activations = r->plan.has_activations || (r->sequence && r->micro_batch);
    json_t *o = JSON({"recipe", json_text(r->plan.recipe->name)},
                     {"optimizer_name", json_text(r->plan.optimizer->name)},
                     {"trainable_parameters", json_count(t->trainable)},
                     {"weights", json_count(t->weights)}, {"gradients", json_count(t->gradients)},
                     {"master_weights", json_count(t->master_weights)},
                     {"optimizer", json_count(t->optimizer)},
                     {"activations", JSON_IF(activations, json_count(t->activations))},
                     {"buffers", json_count(t->buffers)}, {"gathered", json_count(t->gathered)},
                     {"total", json_count(t->total)}, {"per_device", json_count(t->per_device)});
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
    return JSON({"memory", json_count(f->memory)}, {"fits", json_boolean(f->fits)},
                {"headroom", headroom(f)},
                {"max_context", JSON_IF(f->has_context, json_count(f->max_context))},
                {"max_batch", JSON_IF(f->has_batch, json_count(f->max_batch))},
                {"widest_dtype", JSON_IF(f->has_dtype, json_text(f->widest_name))},
                {"needed", json_count(f->needed)},
                {"devices", JSON_IF(f->devices, json_count(f->devices))},
                {"devices_context", JSON_IF(f->devices_context, json_count(f->devices_context))},
                {"device", JSON_IF(options->device, json_text(options->device->name))},
                {"weights", options->request.train ? json_null() : json_text(s->fit_dtype)},
                {"runtime_overhead", json_pack("{s:o, s:o}", "low", json_count(s->overhead.low),
                                               "high", json_count(s->overhead.high))});
}

static json_t *terms_array(const struct hu_figures *terms)
{
    json_t *list = json_list();
    for (size_t i = 0; i < terms->count; i++) {
        const struct hu_figure *t = &terms->rows[i];
        json_t *o =
            JSON({"name", json_text(t->name)},
                 {"bytes", JSON_IF(t->basis != HU_UNKNOWN, json_count(t->bytes))},
                 {"basis", json_text(hu_basis_name(t->basis))}, {"formula", json_text(t->formula)});
        json_add(list, o);
    }
    return list;
}

static json_t *result_object(const struct size_options *options, const struct size_result *r)
{
    return JSON({"model", model_object(r)}, {"weights", weights_array(&r->sizing)},
                {"kv_cache", kv_object(options, &r->sizing)},
                {"training", training_object(options, &r->sizing)},
                {"fit", fit_object(options, &r->sizing)}, {"terms", terms_array(&r->sizing.terms)});
}

int size_print_json(const struct size_options *options, const struct size_result *results, size_t n)
{
    if (n == 1)
        return json_print(result_object(options, results));
    json_t *list = JSON_LIST(i, i < n, result_object(options, &results[i]));
    return json_print(JSON({"models", list}));
}

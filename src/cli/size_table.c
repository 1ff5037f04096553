#include "size.h"

#include <stdio.h>
#include <string.h>

static char *scaled(uint64_t bytes, double unit, char *out)
{
    double value = (double)bytes / unit;
    if (bytes && value < 0.005)
        strcpy(out, "<0.01");
    else
        snprintf(out, 24, "%.2f", value);
    return out;
}

char *size_gib(uint64_t bytes, char *out)
{
    return scaled(bytes, 1073741824.0, out);
}

char *size_gb(uint64_t bytes, char *out)
{
    return scaled(bytes, 1e9, out);
}

/* TEXT in COLUMNS columns, whatever its bytes. */
static void left(const char *text, int columns)
{
    printf("%s%*s", text, columns > text_columns(text) ? columns - text_columns(text) : 0, "");
}

static void right(const char *text, int columns)
{
    printf("%*s%s", columns > text_columns(text) ? columns - text_columns(text) : 0, "", text);
}

static void print_head(const struct size_result *r)
{
    char n[27];
    const struct hu_model *m = &r->model;
    printf("%s parameters", hu_grouped(m->parameters, n));
    if (m->has_active && m->active_parameters != m->parameters)
        printf(", %s active for a token", hu_grouped(m->active_parameters, n));
    if (*m->architecture)
        printf("  (%s)", m->architecture);
    putchar('\n');
    if (m->has_stored) {
        printf("%s elements stored in ", hu_grouped(m->stored_elements, n));
        printf("%s bytes, ", hu_grouped(m->stored_bytes, n));
        printf("%s GiB, ", size_gib(m->stored_bytes, n));
        printf("%s GB\n", size_gb(m->stored_bytes, n));
    }
    if (m->mtp_parameters)
        printf("and a multi-token prediction module of %s\n", hu_grouped(m->mtp_parameters, n));
    for (size_t i = 0; i < m->note_count; i++)
        printf("note: %s\n", m->notes[i]);
}

static void print_weights(const struct size_options *options, const struct hu_sizing *s,
                          const struct palette *p)
{
    char head[32], text[27];
    bool tf32 = false;
    int widest = 9;
    if (!s->weight_count)
        return;
    for (size_t i = 0; i < s->weight_count; i++)
        if (text_columns(hu_dtype_name(s->weights[i].dtype)) > widest)
            widest = text_columns(hu_dtype_name(s->weights[i].dtype));
    snprintf(head, sizeof head, "×%g, GiB", options->request.overhead);
    printf("%s", p->dim);
    left("  dtype", widest + 4);
    right("bits", 7);
    right("weights, bytes", 20);
    right("GiB", 10);
    right("GB", 10);
    right(head, 11);
    right("4·N·D, GiB", 12);
    printf("%s\n", p->off);
    for (size_t i = 0; i < s->weight_count; i++) {
        const struct hu_sizing_weights *w = &s->weights[i];
        printf("  ");
        left(hu_dtype_name(w->dtype), widest + 2);
        snprintf(text, sizeof text, "%.4g", hu_dtype_bits(w->dtype));
        right(text, 7);
        right(hu_grouped(w->bytes, text), 20);
        right(size_gib(w->bytes, text), 10);
        right(size_gb(w->bytes, text), 10);
        printf("%s", p->dim);
        right(size_gib(w->inference_bytes, text), 11);
        right(w->trains ? size_gib(w->adam_bytes, text) : "–", 12);
        printf("%s\n", p->off);
        tf32 |= w->dtype.format && w->dtype.format->storage_shift;
    }
    printf("%s  Rules of thumb: ×%g is inference in all; 4·N·D is training with Adam, all in that "
           "dtype,\n  activations and buffers besides (mixed precision: --train).%s%s\n",
           p->dim, options->request.overhead,
           tf32 ? "\n  tf32 uses 19 of the 32 bits it is stored in." : "", p->off);
}

enum { BAR = 30, BAR_EIGHTHS = BAR * 8 };

/* PART of WHOLE as a bar: eighths of a column, at least one where there is anything. */
static void print_bar(uint64_t part, uint64_t whole, const char *color, const struct palette *p)
{
    static const char *const ends[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    double share = whole ? (double)part / (double)whole : 0;
    int eighths = (int)(share * BAR_EIGHTHS + 0.5);
    if (part && !eighths)
        eighths = 1;
    if (eighths > BAR_EIGHTHS)
        eighths = BAR_EIGHTHS;
    printf("  %s", color);
    for (int i = 0; i < eighths / 8; i++)
        printf("█");
    printf("%s%s", ends[eighths % 8], p->off);
}

/* A line "name  bytes  GiB  GB", with a bar where WHOLE is not 0. */
static void print_amount(const char *name, uint64_t bytes, uint64_t whole, const char *color,
                         const struct palette *p)
{
    char text[27];
    printf("  ");
    left(name, 24);
    right(hu_grouped(bytes, text), 22);
    right(size_gib(bytes, text), 10);
    printf(" GiB");
    right(size_gb(bytes, text), 10);
    printf(" GB");
    if (whole)
        print_bar(bytes, whole, color, p);
    putchar('\n');
}

static void print_unknown(const char *name, const struct hu_terms *terms, const struct palette *p)
{
    for (size_t i = 0; i < terms->count; i++)
        if (!strcmp(terms->rows[i].name, name) && terms->rows[i].basis == HU_UNKNOWN)
            printf("  %s%s: %s%s\n", p->dim, name, terms->rows[i].formula, p->off);
}

static void print_token(uint64_t bytes)
{
    char text[27];
    printf("  ");
    left("a token", 24);
    right(hu_grouped(bytes, text), 22);
    printf("%10.2f KiB%10.2f kB\n", (double)bytes / 1024, (double)bytes / 1000);
}

static void print_kv(const struct size_options *options, const struct hu_sizing *s,
                     const struct palette *p)
{
    const struct hu_sizing_request *r = &options->request;
    char context[27], batch[27];
    if (!s->has_kv) {
        if (r->context)
            print_unknown("KV cache", &s->terms, p);
        return;
    }
    printf("\n%sKV cache in %s", p->bold, hu_dtype_name(r->kv_dtype));
    if (r->context)
        printf(", context %s, batch %s", hu_grouped(r->context, context),
               hu_grouped(r->batch, batch));
    printf("%s\n", p->off);
    print_token(s->kv.bytes_per_token);
    if (!r->context)
        return;
    print_amount(s->kv.window_layers ? "with the windows" : "in all", s->kv.bytes, 0, "", p);
    if (s->kv.capacity != s->kv.bytes)
        print_amount("no window used", s->kv.capacity, 0, "", p);
}

static void print_training(const struct size_options *options, const struct hu_sizing *s,
                           const struct palette *p)
{
    const struct hu_training_plan *plan = &options->request.plan;
    const struct hu_training *t = &s->training;
    if (!s->has_training)
        return;
    printf("\n%sTraining: %s, %s%s%s (%s)\n", p->bold, plan->recipe->name, plan->optimizer->name,
           plan->qlora       ? ", QLoRA"
           : plan->lora_rank ? ", LoRA"
                             : "",
           p->off, plan->recipe->summary);
    print_amount("weights", t->weights, t->total, p->exponent, p);
    print_amount("gradients", t->gradients, t->total, p->exponent, p);
    if (t->master_weights)
        print_amount("master weights", t->master_weights, t->total, p->exponent, p);
    print_amount("optimizer state", t->optimizer, t->total, p->exponent, p);
    if (plan->has_activations || t->activations)
        print_amount("activations", t->activations, t->total, p->significand, p);
    else
        print_unknown("activations", &s->terms, p);
    if (t->buffers)
        print_amount("buffers", t->buffers, t->total, p->significand, p);
    print_amount("total", t->total, 0, "", p);
    print_amount("per device", t->per_device, 0, "", p);
    if (plan->recipe->master && plan->optimizer->slots && !plan->optimizer->eight_bit)
        printf("  %smixed precision does not halve the optimizer's state: it stays fp32, and so do "
               "the master weights%s\n",
               p->dim, p->off);
}

static void print_context(const struct hu_fit *f, uint64_t batch, uint64_t trained)
{
    char text[27];
    if (f->endless_context)
        puts("  longest context         any: every layer has a window");
    if (!f->has_context)
        return;
    printf("  longest context         %s tokens", hu_grouped(f->max_context, text));
    printf(" at batch %s", hu_grouped(batch, text));
    if (trained && f->max_context > trained)
        printf(" (the model was made for %s)", hu_grouped(trained, text));
    putchar('\n');
}

static void print_solutions(const struct size_options *options, const struct size_result *result)
{
    const struct hu_fit *f = &result->sizing.fit;
    const struct hu_sizing_request *r = &options->request;
    char text[27], context[27];
    print_context(f, r->batch, result->model.trained_context);
    if (f->has_batch)
        printf("  largest batch           %s at context %s\n", hu_grouped(f->max_batch, text),
               hu_grouped(r->context, context));
    if (!r->train)
        printf("  widest dtype            %s\n",
               f->has_dtype ? hu_dtype_name(f->widest) : "none of those above");
    printf("  devices                 %s%s\n", hu_grouped(f->devices, text),
           f->devices > 1 ? ", if it is split evenly" : "");
}

static void print_fit(const struct size_options *options, const struct size_result *result,
                      const struct palette *p)
{
    const struct hu_sizing *s = &result->sizing;
    const struct hu_fit *f = &s->fit;
    const struct hu_sizing_request *r = &options->request;
    char text[27];
    if (!s->has_fit)
        return;
    uint64_t whole = f->fits ? r->memory : f->needed;
    printf("\n%s%s%s in ", f->fits ? p->good : p->warn, p->bold, f->fits ? "Fits" : "Does not fit");
    if (options->device)
        printf("%s%s: %s GiB", options->device->name, p->off, size_gib(r->memory, text));
    else
        printf("%s GiB%s", size_gib(r->memory, text), p->off);
    printf(", %s bytes%s%s\n", hu_grouped(r->memory, text), options->device ? " by " : "",
           options->device ? options->device->source : "");
    if (r->train) {
        print_amount("training, per device", f->needed, whole, p->exponent, p);
    } else {
        char name[64];
        snprintf(name, sizeof name, "weights %s", s->fit_dtype);
        print_amount(name, s->fit_weights, whole, p->exponent, p);
        if (r->context && s->has_kv)
            print_amount("KV cache", s->kv.bytes, whole, p->significand, p);
    }
    print_amount(f->fits ? "headroom" : "lacking", f->headroom, whole, p->dim, p);
    print_solutions(options, result);
    bool tight = f->fits && f->headroom < hu_runtime_high;
    printf("  %sThe runtime takes 0.5 to 1.5 GiB a device besides (rule of thumb)%s%s\n",
           tight ? p->warn : p->dim, tight ? ": this is tight" : "", p->off);
}

static void print_terms(const struct hu_terms *terms, const struct palette *p)
{
    char text[27];
    printf("\n%sEach term%s\n", p->bold, p->off);
    for (size_t i = 0; i < terms->count; i++) {
        const struct hu_term *t = &terms->rows[i];
        printf("  ");
        left(t->name, 26);
        right(t->basis == HU_UNKNOWN ? "–" : hu_grouped(t->bytes, text), 22);
        printf("  ");
        left(hu_basis_name(t->basis), 14);
        printf("%s\n", t->formula);
    }
}

static void print_one(const struct size_options *options, const struct size_result *r,
                      const struct palette *p)
{
    print_head(r);
    print_weights(options, &r->sizing, p);
    print_kv(options, &r->sizing, p);
    print_training(options, &r->sizing, p);
    print_fit(options, r, p);
    if (options->explain)
        print_terms(&r->sizing.terms, p);
}

enum { LABEL = 22, CELL = 20 };

/* The end of a path that is too long says more than its beginning. */
static void print_source(const char *source)
{
    int columns = text_columns(source);
    if (columns < CELL) {
        right(source, CELL);
        return;
    }
    const char *at = source;
    for (; columns > CELL - 2; columns--)
        do
            at++;
        while ((*at & 0xc0) == 0x80);
    printf(" …%s", at);
}

/* One row: a label and VALUE of each model. KNOWN false prints a dash. */
static void compare_row(const char *label, const struct size_result *results, size_t count,
                        void (*value)(const struct size_result *, size_t, char *), size_t index)
{
    char text[64];
    printf("  ");
    left(label, LABEL);
    for (size_t i = 0; i < count; i++) {
        value(&results[i], index, text);
        right(text, CELL);
    }
    putchar('\n');
}

static void parameters_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    hu_grouped(r->model.parameters, out);
}

static void active_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    if (r->model.has_active)
        hu_grouped(r->model.active_parameters, out);
    else
        strcpy(out, "–");
}

static void gib_cell(bool known, uint64_t bytes, char *out)
{
    char text[27];
    if (known)
        sprintf(out, "%s GiB", size_gib(bytes, text));
    else
        strcpy(out, "–");
}

static void weights_cell(const struct size_result *r, size_t i, char *out)
{
    gib_cell(true, r->sizing.weights[i].bytes, out);
}

static void token_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    char text[27];
    if (r->sizing.has_kv)
        sprintf(out, "%s B", hu_grouped(r->sizing.kv.bytes_per_token, text));
    else
        strcpy(out, "–");
}

static void kv_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    gib_cell(r->sizing.has_kv, r->sizing.kv.bytes, out);
}

static void training_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    gib_cell(r->sizing.has_training, r->sizing.training.per_device, out);
}

static void needed_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    gib_cell(true, r->sizing.fit.needed, out);
}

static void fits_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    strcpy(out, r->sizing.fit.fits ? "yes" : "no");
}

static void compare(const struct size_options *options, const struct size_result *results,
                    size_t count, const struct palette *p)
{
    const struct hu_sizing *first = &results[0].sizing;
    printf("  %*s%s", LABEL, "", p->bold);
    for (size_t i = 0; i < count; i++)
        print_source(results[i].source);
    printf("%s\n", p->off);
    compare_row("parameters", results, count, parameters_cell, 0);
    compare_row("active", results, count, active_cell, 0);
    for (size_t i = 0; i < first->weight_count; i++)
        compare_row(hu_dtype_name(first->weights[i].dtype), results, count, weights_cell, i);
    compare_row("KV cache, a token", results, count, token_cell, 0);
    if (options->request.context)
        compare_row("KV cache", results, count, kv_cell, 0);
    if (options->request.train)
        compare_row("training, per device", results, count, training_cell, 0);
    if (options->request.fit) {
        compare_row("needed", results, count, needed_cell, 0);
        compare_row("fits", results, count, fits_cell, 0);
    }
}

void size_print_table(const struct size_options *options, const struct size_result *results,
                      size_t count)
{
    const struct palette *p = palette_for(color_wanted(options->color, stdout));
    if (count == 1) {
        print_one(options, results, p);
        return;
    }
    compare(options, results, count, p);
    for (size_t i = 0; options->explain && i < count; i++) {
        printf("\n%s%s%s\n", p->bold, results[i].source, p->off);
        print_terms(&results[i].sizing.terms, p);
    }
}

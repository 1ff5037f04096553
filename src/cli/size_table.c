#include "columns.h"
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
        if (text_columns(s->weights[i].name) > widest)
            widest = text_columns(s->weights[i].name);
    double factor = (double)options->request.overhead / HU_MILLION;
    snprintf(head, sizeof head, "×%g, GiB", factor);
    printf("%s", p->dim);
    print_left("  dtype", widest + 4);
    print_right("bits", 7);
    print_right("weights, bytes", 20);
    print_right("GiB", 10);
    print_right("GB", 10);
    print_right(head, 11);
    print_right("4·N·D, GiB", 12);
    printf("%s\n", p->off);
    for (size_t i = 0; i < s->weight_count; i++) {
        const struct hu_sizing_weights *w = &s->weights[i];
        printf("  ");
        print_left(w->name, widest + 2);
        snprintf(text, sizeof text, "%.4g", w->bits);
        print_right(text, 7);
        print_right(hu_grouped(w->bytes, text), 20);
        print_right(size_gib(w->bytes, text), 10);
        print_right(size_gb(w->bytes, text), 10);
        printf("%s", p->dim);
        print_right(size_gib(w->inference_bytes, text), 11);
        print_right(w->trains ? size_gib(w->adam_bytes, text) : "–", 12);
        printf("%s\n", p->off);
        tf32 |= w->dtype.format && w->dtype.format->storage_shift;
    }
    char rules[320];
    snprintf(rules, sizeof rules,
             "Rules of thumb: ×%g is inference in all; 4·N·D is training with Adam, all in that "
             "dtype, activations and buffers besides (mixed precision: --train).%s",
             factor, tf32 ? " tf32 uses 19 of the 32 bits it is stored in." : "");
    printf("%s", p->dim);
    print_wrapped(rules, 2, 80);
    printf("%s", p->off);
}

/* Where the bars begin, and how long they may be. */
enum { BAR_COLUMN = 71, BAR_MOST = 30, BAR_LEAST = 6 };

static int bar_columns(void)
{
    int columns = terminal_columns(stdout);
    int room = columns ? columns - BAR_COLUMN - 1 : BAR_MOST;
    return room < BAR_LEAST ? 0 : room < BAR_MOST ? room : BAR_MOST;
}

/* PART of WHOLE as a bar: eighths of a column, at least one where there is anything. */
static void print_bar(uint64_t part, uint64_t whole, const char *color, const struct palette *p)
{
    static const char *const ends[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int most = 8 * bar_columns();
    double share = (double)part / (double)whole;
    int eighths = (int)(share * most + 0.5);
    if (part && !eighths)
        eighths = most > 0;
    if (eighths > most)
        eighths = most;
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
    print_left(name, 22);
    print_right(hu_grouped(bytes, text), 20);
    print_right(size_gib(bytes, text), 10);
    printf(" GiB");
    print_right(size_gb(bytes, text), 9);
    printf(" GB");
    if (whole && bar_columns())
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
    print_left("a token", 22);
    print_right(hu_grouped(bytes, text), 20);
    printf("%10.2f KiB%9.2f kB\n", (double)bytes / 1024, (double)bytes / 1000);
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
    char text[27];
    if (!s->has_training)
        return;
    printf("\n%sTraining: %s, %s%s", p->bold, plan->recipe->name, plan->optimizer->name, p->off);
    if (plan->lora_rank)
        printf(": %s parameters in adapters of rank %llu, over weights frozen in %s\n",
               hu_grouped(t->trainable, text), (unsigned long long)plan->lora_rank,
               plan->qlora ? "nf4, double-quantized" : plan->recipe->frozen);
    else
        printf(" (%s)\n", plan->recipe->summary);
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
        puts("  longest context       any: every layer has a window");
    if (!f->has_context)
        return;
    if (!f->max_context) {
        puts("  longest context       none: the weights alone take more");
        return;
    }
    printf("  longest context       %s tokens", hu_grouped(f->max_context, text));
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
    if (f->has_batch && !f->max_batch)
        printf("  largest batch         none at context %s\n", hu_grouped(r->context, context));
    else if (f->has_batch)
        printf("  largest batch         %s at context %s\n", hu_grouped(f->max_batch, text),
               hu_grouped(r->context, context));
    if (!r->train)
        printf("  widest dtype          %s\n",
               f->has_dtype ? hu_dtype_name(f->widest) : "none of those above");
    printf("  devices               %s%s\n", hu_grouped(f->devices, text),
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

/* Lines of prose end here, or at the terminal's edge. */
static int text_width(void)
{
    int columns = terminal_columns(stdout);
    return columns && columns < 100 ? columns : 100;
}

static void print_terms(const struct hu_terms *terms, const struct palette *p)
{
    char text[27];
    printf("\n%sEach term%s\n", p->bold, p->off);
    for (size_t i = 0; i < terms->count; i++) {
        const struct hu_term *t = &terms->rows[i];
        printf("  ");
        print_left(t->name, 28);
        print_right(t->basis == HU_UNKNOWN ? "–" : hu_grouped(t->bytes, text), 20);
        printf("  %s\n%s", hu_basis_name(t->basis), p->dim);
        print_wrapped(t->formula, 6, text_width());
        printf("%s", p->off);
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

void size_print_table(const struct size_options *options, const struct size_result *results,
                      size_t count)
{
    const struct palette *p = palette_for(color_wanted(options->color, stdout));
    if (count == 1) {
        print_one(options, results, p);
        return;
    }
    size_compare(options, results, count, p);
    for (size_t i = 0; options->explain && i < count; i++) {
        printf("\n%s%s%s\n", p->bold, results[i].source, p->off);
        print_terms(&results[i].sizing.terms, p);
    }
}

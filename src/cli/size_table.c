#include "room.h"
#include "grid.h"
#include "size.h"

char *size_in(uint64_t bytes, double unit, char *out)
{
    double value = (double)bytes / unit;
    snprintf(out, 24, bytes && value < 0.005 ? "<0.01" : "%.2f", value);
    return out;
}

/* Lines of prose end here, or at the terminal's edge. */
static int text_width(void)
{
    return terminal_is_below(100) ? terminal_columns(stdout) : 100;
}

static void print_head(const struct size_result *r)
{
    const struct hu_model *m = &r->model;
    printf("%s%s parameters%s", ink->bold, GROUPED(m->parameters), ink->off);
    if (m->has_active && m->active_parameters != m->parameters)
        printf(", %s active for a token", GROUPED(m->active_parameters));
    if (*m->architecture)
        printf("  %s", m->architecture);
    if (m->layers)
        printf("%s%llu layer%s", *m->architecture ? ", " : "  ", (unsigned long long)m->layers,
               plural(m->layers));
    if (m->tensors.count)
        printf("  %s: %s tensors", m->modelled ? "modelled" : "exact",
               GROUPED(size_tensor_count(m)));
    putchar('\n');
    if (m->has_stored) {
        printf("%s elements stored in ", GROUPED(m->stored_elements));
        printf("%s bytes\n", GROUPED(m->stored_bytes));
    }
    if (m->mtp_parameters)
        printf("and a multi-token prediction module of %s\n", GROUPED(m->mtp_parameters));
    if (*m->unknown_quantization)
        printf("note: %s: left aside\n", m->unknown_quantization);
    for (size_t i = 0; i < m->note_count; i++)
        printf("note: %s\n", m->notes[i]);
}

/* Of a row in the dtype that the file has: some of its tensors may be in another one there. */
static const char *remark_of_own(const struct size_result *r, const struct hu_weights_row *w)
{
    if (r->model.has_stored)
        return "what the files hold";
    struct hu_weights_size stored =
        hu_weights_size(&r->model, (struct hu_dtype){.format = NULL}, NULL);
    return stored.bytes == w->bytes ? "as the file has it" : "as the file has most of it";
}

/* What a row of weights should be read with. */
static const char *remark_of(const struct size_result *r, const struct hu_weights_row *w)
{
    if (w->own)
        return remark_of_own(r, w);
    if (w->rest)
        return "embeddings, head and norms in 16 bits";
    if (!hu_dtype_is_set(w->dtype))
        return w->towerless ? "llama.cpp's mixture, without the towers" : "llama.cpp's mixture";
    if (hu_dtype_bits(w->dtype) < 16 && !r->model.tensors.count)
        return "rule of thumb: N × bits, nothing left in 16";
    return w->dtype.format && w->dtype.format->storage_shift ? "19 of its 32 bits used" : "";
}

/* What a row of weights takes behind its name. */
enum { WEIGHTS_COLUMNS = 63 };

/* Behind the row where it ends at AT and there is room, else below it. */
static void print_remark(const char *remark, bool behind, int at)
{
    if (!*remark)
        return;
    bool fits = behind && !terminal_is_below(at + 2 + text_columns(remark));
    printf("%s%s%s%s", fits ? "  " : "\n      ", ink->dim, remark, ink->off);
}

static void print_weights(const struct size_result *r)
{
    const struct hu_sizing *s = &r->sizing;
    char text[HU_GROUPED_TEXT];
    int widest = 9;
    for (size_t i = 0; i < s->weight_count; i++)
        widen(&widest, text_columns(s->weights[i].name));
    bool narrow = terminal_is_below(widest + WEIGHTS_COLUMNS);
    for (size_t i = 0; i < s->weight_count; i++) {
        const struct hu_weights_row *w = &s->weights[i];
        printf("  ");
        print_left(w->name, widest);
        print_right(GIB(w->bytes), 9);
        printf(" GiB");
        print_right(GB(w->bytes), 9);
        printf(" GB");
        if (narrow)
            printf("\n    ");
        print_right(GROUPED(w->bytes), 18);
        snprintf(text, sizeof text, "%.4g", w->bits);
        printf(" bytes%s", ink->dim);
        print_right(text, 7);
        printf(" bits%s", ink->off);
        print_remark(remark_of(r, w), !narrow, widest + WEIGHTS_COLUMNS);
        putchar('\n');
    }
}

/* What a factor says, where no sum is asked for. */
static void print_rules(const struct size_options *options, const struct hu_sizing *s)
{
    const struct hu_sizing_request *r = &options->request;
    char text[200];
    if (!s->weight_count || r->context || r->fit || r->train)
        return;
    const struct hu_weights_row *w = &s->weights[0];
    int n = snprintf(text, sizeof text, "Rules of thumb, for %s: ×%g, %s GiB, to run it", w->name,
                     (double)r->overhead / HU_MILLION, GIB(w->inference_bytes));
    if (w->trains)
        snprintf(text + n, sizeof text - (size_t)n, "; 4·N·D, %s GiB, to train it with Adam",
                 GIB(w->adam_bytes));
    strcat(text, " (--context, --train: the sum)");
    printf("%s", ink->dim);
    print_wrapped(text, 2, text_width());
    printf("%s", ink->off);
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
static void print_share(uint64_t part, uint64_t whole, const char *color)
{
    int most = 8 * bar_columns(), eighths = (int)((double)part / (double)whole * most + 0.5);
    if (part && !eighths)
        eighths = most > 0;
    printf("  %s", color);
    print_bar(eighths > most ? most : eighths);
    fputs(ink->off, stdout);
}

/* What such a line takes; on a narrower terminal it goes without GB. */
enum { AMOUNT_COLUMNS = 70 };

/* A line "name  bytes  GiB  GB", with a bar where WHOLE is not 0. */
static void print_amount(const char *name, uint64_t bytes, uint64_t whole, const char *color)
{
    bool narrow = terminal_is_below(AMOUNT_COLUMNS);
    printf("  ");
    print_left(name, narrow ? 16 : 22);
    print_right(GROUPED(bytes), narrow ? 19 : 20);
    print_right(GIB(bytes), narrow ? 9 : 10);
    printf(" GiB");
    if (!narrow) {
        print_right(GB(bytes), 9);
        printf(" GB");
    }
    if (whole && bar_columns())
        print_share(bytes, whole, color);
    putchar('\n');
}

static void print_unknown(const char *name, const struct hu_figures *terms)
{
    for (size_t i = 0; i < terms->count; i++)
        if (!strcmp(terms->rows[i].name, name) && terms->rows[i].basis == HU_UNKNOWN)
            printf("  %s%s: %s%s\n", ink->dim, name, terms->rows[i].formula, ink->off);
}

static void print_line(const char *text, const char *color)
{
    printf("%s%s", color, ink->bold);
    print_wrapped(text, 0, text_width());
    printf("%s", ink->off);
}

static const char *values_in(const struct hu_sizing_request *r, char out[64])
{
    bool two = hu_dtype_is_set(r->kv_dtype_v);
    snprintf(out, 64, "%s%s%s", hu_dtype_name(r->kv_dtype), two ? ", " : "",
             two ? hu_dtype_name(r->kv_dtype_v) : "");
    return out;
}

/* Without a context: what a token takes. */
static void print_token(const struct size_options *options, const struct hu_sizing *s)
{
    char dtype[64];
    if (!s->has_kv || options->request.context || options->request.train)
        return;
    printf("KV cache  %s bytes a token in %s", GROUPED(s->kv.bytes_per_token),
           values_in(&options->request, dtype));
    if (s->kv.state_bytes)
        printf(", and states of %s bytes", GROUPED(s->kv.state_bytes));
    puts(" (--context: the sum)");
}

/* " + cache 4.00 (32,768 tokens × 131,072 B) + states 0.07" */
static void add_cache(char **line, const struct hu_sizing_request *r, const struct hu_sizing *s)
{
    char batch[32] = "";
    if (r->batch > 1)
        snprintf(batch, sizeof batch, "%s × ", GROUPED(r->batch));
    text_add(line, " + cache %s (%s", GIB(s->kv.bytes), batch);
    text_add(line, "%s tokens", GROUPED(r->context));
    text_add(line, " × %s B", GROUPED(s->kv.bytes_per_token));
    if (s->kv.capacity > s->kv.bytes)
        text_add(line, " but for the windows: %s without them", GIB(s->kv.capacity));
    text_add(line, ")");
    if (s->kv.state_bytes)
        text_add(line, " + states %s", GIB(s->kv.state_bytes));
}

/* What the sum's weights are in. */
static const char *sum_name(const struct hu_sizing *s)
{
    return s->chosen.name ? s->chosen.name : "stored";
}

/* Weights + cache + runtime, in GiB. */
static void print_sum(const struct size_options *options, const struct size_result *result)
{
    const struct hu_sizing *s = &result->sizing;
    const struct hu_sizing_request *r = &options->request;
    OWNED char *line = NULL;
    if (r->train || (!r->context && !s->has_fit))
        return;
    text_add(&line, "%s weights %s", sum_name(s), GIB(s->load.weights));
    if (r->context && s->has_kv)
        add_cache(&line, r, s);
    const double gibibyte = 1073741824;
    text_add(&line, " + %s %.1f–%.1f = %s–%s GiB%s",
             r->runtime.engine ? hu_engine_name(r->runtime.engine) : "runtime",
             (double)s->overhead.low / gibibyte, (double)s->overhead.high / gibibyte,
             GIB(s->load.sum + s->overhead.low), GIB(s->load.sum + s->overhead.high),
             s->spread ? " on each device" : "");
    print_line(line, "");
    if (r->context && !s->has_kv)
        print_unknown("KV cache", &s->terms);
}

static void print_training(const struct size_options *options, const struct hu_sizing *s)
{
    const struct hu_training_plan *plan = &options->request.plan;
    const struct hu_training *t = &s->training;
    if (!s->has_training)
        return;
    printf("\n%sTraining: %s, %s%s", ink->bold, plan->recipe->name, plan->optimizer->name,
           ink->off);
    if (plan->lora_rank)
        printf(": %s parameters in adapters of rank %llu, over weights frozen in %s\n",
               GROUPED(t->trainable), (unsigned long long)plan->lora_rank,
               plan->qlora ? "nf4, double-quantized" : plan->recipe->frozen);
    else
        printf(" (%s)\n", plan->recipe->summary);
    const struct {
        const char *name;
        bool known;
        uint64_t bytes;
        const char *color;
    } rows[] = {{"weights", true, t->weights, ink->exponent},
                {"gradients", true, t->gradients, ink->exponent},
                {"master weights", false, t->master_weights, ink->exponent},
                {"optimizer state", true, t->optimizer, ink->exponent},
                {"activations", plan->has_activations, t->activations, ink->significand},
                {"activations of towers", false, 0, ""},
                {"buffers", false, t->buffers, ink->significand},
                {"gathered weights", false, t->gathered, ink->significand}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].known || rows[i].bytes)
            print_amount(rows[i].name, rows[i].bytes, t->total, rows[i].color);
        else
            print_unknown(rows[i].name, &s->terms);
    print_amount("total", t->total, 0, "");
    print_amount("per device", t->per_device, 0, "");
    if (t->one_micro_batch)
        print_amount("one micro-batch a step", t->one_micro_batch, 0, "");
    if (plan->recipe->master && plan->optimizer->slots && !plan->optimizer->eight_bit)
        printf("  %smixed precision does not halve the optimizer's state: it stays fp32, and so do "
               "the master weights%s\n",
               ink->dim, ink->off);
}

/* The longest context and the largest batch that there is room for. */
static void add_room(char **line, const struct size_result *result)
{
    const struct hu_fit *f = &result->sizing.fit;
    uint64_t trained = result->model.trained_context;
    if (f->endless_context)
        text_add(line, ", any context (every layer has a window)");
    else if (f->has_context && f->max_context)
        text_add(line, ", at most %s tokens", GROUPED(f->max_context));
    if (f->has_context && trained && f->max_context > trained)
        text_add(line, " (it was made for %s)", GROUPED(trained));
    if (f->has_batch && f->max_batch)
        text_add(line, ", or a batch of %s", GROUPED(f->max_batch));
}

/* How many devices do, and what context they leave. */
static void add_devices(char **line, const struct size_result *result)
{
    const struct hu_fit *f = &result->sizing.fit;
    bool even = result->sizing.has_training || !result->model.tensors.count;
    if (!f->devices) {
        text_add(line, "; no number of such devices up to 1,024 does");
        return;
    }
    text_add(line, "; %s such devices do%s", GROUPED(f->devices),
             even ? ", if it is split evenly" : "");
    if (f->devices_context)
        text_add(line, ", and leave %s tokens", GROUPED(f->devices_context));
}

/* "fits 2 × H100-80GB (79.65 GiB): …", the last line. */
static void print_fit(const struct size_options *options, const struct size_result *result)
{
    const struct hu_sizing *s = &result->sizing;
    const struct hu_fit *f = &s->fit;
    const struct hu_sizing_request *r = &options->request;
    OWNED char *line = NULL;
    if (!s->has_fit)
        return;
    text_add(&line, "%s ", f->fits ? "fits" : "does not fit");
    if (r->devices > 1)
        text_add(&line, "%s × ", GROUPED(r->devices));
    if (options->device)
        text_add(&line, "%s (%s GiB): ", options->device->name, GIB(r->memory));
    else
        text_add(&line, "%s GiB: ", GIB(r->memory));
    text_add(&line, "%s GiB %s", GIB(f->headroom), f->fits ? "to spare" : "lacking");
    bool tight = f->fits && !r->train && f->headroom < s->overhead.high * r->devices;
    if (tight)
        text_add(&line, ", which the runtime may need");
    if (f->fits)
        add_room(&line, result);
    else
        add_devices(&line, result);
    if (!r->train)
        text_add(&line, "; widest dtype %s", f->has_dtype ? f->widest_name : "none of these");
    print_line(line, f->fits && !tight ? ink->good : ink->warn);
}

/* Whether T explains what was asked: training alone, or the sum in its dtype, or the rows. */
static bool was_asked(const struct size_options *options, const struct hu_sizing *s,
                      const struct hu_figure *t)
{
    const struct hu_sizing_request *r = &options->request;
    bool sum = r->context || r->fit;
    const char *dtype = strstr(t->name, " in ");
    switch (t->topic) {
    case HU_ABOUT_WEIGHTS:
        if (r->train)
            return false;
        return !sum || r->dtypes_given || !dtype || !strcmp(dtype + 4, sum_name(s));
    case HU_ABOUT_CACHE:
        return !r->train && (r->context || t->basis != HU_UNKNOWN);
    default:
        return true;
    }
}

/* A term's line with the longest of hu_basis_name's behind its bytes. */
enum { TERM_COLUMNS = 2 + 28 + 20 + 2 + 13 };

void size_print_terms(const struct size_options *options, const struct size_result *r)
{
    const struct hu_figures *terms = &r->sizing.terms;
    bool narrow = terminal_is_below(TERM_COLUMNS);
    printf("%sEach term%s\n", ink->bold, ink->off);
    for (size_t i = 0; i < terms->count; i++) {
        const struct hu_figure *t = &terms->rows[i];
        if (!was_asked(options, &r->sizing, t))
            continue;
        printf("  ");
        print_left(t->name, 28);
        print_right(t->basis == HU_UNKNOWN ? "–" : GROUPED(t->bytes), 20);
        printf("%s%s\n%s", narrow ? "\n      " : "  ", hu_basis_name(t->basis), ink->dim);
        print_wrapped(t->formula, 6, text_width());
        printf("%s", ink->off);
    }
}

void size_print_table(const struct size_options *options, const struct size_result *r)
{
    print_head(r);
    if (!options->request.train)
        print_weights(r);
    print_rules(options, &r->sizing);
    print_token(options, &r->sizing);
    print_training(options, &r->sizing);
    if (options->explain)
        size_print_terms(options, r);
    print_sum(options, r);
    print_fit(options, r);
}

enum { LABEL = 22, CELL = 19, SOURCE_TEXT = 5 * CELL };

/* The end of a path that is too long says more than its beginning. */
static const char *source_text(const char *source, char out[SOURCE_TEXT])
{
    int columns = text_columns(source);
    const char *at = source;
    if (columns <= CELL) {
        snprintf(out, SOURCE_TEXT, "%s", source);
        return out;
    }
    for (; columns > CELL - 1; columns--)
        do
            at++;
        while ((*at & 0xc0) == 0x80);
    snprintf(out, SOURCE_TEXT, "…%s", at);
    return out;
}

/* Rows of the table, those of the weights' dtypes behind the last. */
enum row { PARAMETERS, ACTIVE, TOKEN, CACHE, TRAINING, NEEDED, WEIGHTS };

/* A label, and the row of each model: counts of UNIT, or bytes in GiB where it is NULL. */
static void compare_row(struct grid *g, const char *label, const struct size_result *results,
                        size_t count, size_t row, const char *unit)
{
    grid_cell(g, label, "");
    for (const struct size_result *r = results; r < results + count; r++) {
        const struct hu_sizing *s = &r->sizing;
        const struct {
            bool known;
            uint64_t n;
        } cells[] = {[PARAMETERS] = {true, r->model.parameters},
                     [ACTIVE] = {r->model.has_active, r->model.active_parameters},
                     [TOKEN] = {s->has_kv, s->kv.bytes_per_token},
                     [CACHE] = {s->has_kv, s->kv.bytes},
                     [TRAINING] = {s->has_training, s->training.per_device},
                     [NEEDED] = {true, s->fit.needed},
                     [WEIGHTS] = {true, s->weights[row < WEIGHTS ? 0 : row - WEIGHTS].bytes}},
          cell = cells[row < WEIGHTS ? row : WEIGHTS];
        if (!cell.known)
            grid_cell(g, "–", "");
        else
            grid_format(g, "", "%s%s", unit ? GROUPED(cell.n) : GIB(cell.n), unit ? unit : " GiB");
    }
}

/* The first COUNT models, of which a grid holds so many. */
static void compare(const struct size_options *options, const struct size_result *results,
                    size_t count)
{
    const struct hu_sizing *first = &results[0].sizing;
    char sources[GRID_COLUMNS_MAX][SOURCE_TEXT];
    struct grid g = GRID({"", LABEL, true});
    for (size_t i = 0; i < count; i++)
        grid_column(&g, source_text(results[i].source, sources[i]), CELL, false);
    compare_row(&g, "parameters", results, count, PARAMETERS, "");
    compare_row(&g, "active", results, count, ACTIVE, "");
    for (size_t i = 0; i < first->weight_count; i++)
        compare_row(&g, first->weights[i].name, results, count, WEIGHTS + i, NULL);
    compare_row(&g, "KV cache, a token", results, count, TOKEN, " B");
    if (options->request.context)
        compare_row(&g, "KV cache", results, count, CACHE, NULL);
    if (options->request.train)
        compare_row(&g, "training, per device", results, count, TRAINING, NULL);
    if (options->request.fit) {
        compare_row(&g, "needed", results, count, NEEDED, NULL);
        grid_cell(&g, "fits", "");
        for (size_t i = 0; i < count; i++)
            grid_cell(&g, results[i].sizing.fit.fits ? "yes" : "no", "");
    }
    grid_end(&g);
}

void size_compare(const struct size_options *options, const struct size_result *results,
                  size_t count)
{
    enum { MOST = GRID_COLUMNS_MAX - 1 };
    for (size_t done = 0; done < count; done += MOST) {
        if (done)
            putchar('\n');
        compare(options, results + done, count - done < MOST ? count - done : MOST);
    }
}

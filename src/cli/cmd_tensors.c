#include "room.h"
#include "folding.h"
#include "grid.h"
#include "option_values.h"
#include "tensor_source.h"
#include "file/safetensors.h"

struct request {
    bool json, parts;
    bool list; /* a list of documents, and not one */
    size_t printed;
};

#define REQUEST struct request
static const struct command_option rows[] = {
    {"parts", 0, NULL, "list codes and scales of quantized weights as they are", NULL, FLAG(parts)},
    OPTION_JSON(json),
    OPTION_HELP,
    OPTION_END,
};

struct total {
    struct hu_dtype dtype;
    uint64_t tensors, elements, bytes;
};

enum { TOTALS_MAX = 128 };

/* A quantized tensor may have a block of its own under a name that others have. */
static bool same(struct hu_dtype a, struct hu_dtype b)
{
    return !strcmp(hu_dtype_name(a), hu_dtype_name(b));
}

static int by_bytes(const void *a, const void *b)
{
    const struct total *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return strcmp(hu_dtype_name(x->dtype), hu_dtype_name(y->dtype));
}

/* Totals per dtype, the most bytes first. Returns their number. */
static size_t sum_dtypes(const struct hu_tensor_set *set, struct total totals[TOTALS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < set->tensor_count; i++) {
        const struct hu_tensor *t = set->tensors[i];
        size_t k = 0;
        while (k < n && !same(totals[k].dtype, t->dtype))
            k++;
        if (k == n) {
            /* There are fewer dtypes in both formats together. */
            if (n == TOTALS_MAX)
                continue;
            totals[n++] = (struct total){.dtype = t->dtype};
        }
        totals[k].tensors++;
        struct hu_counted counted = hu_tensor_counted(t);
        totals[k].elements += counted.elements;
        totals[k].bytes += counted.bytes;
    }
    qsort(totals, n, sizeof *totals, by_bytes);
    return n;
}

/* What the file's own format calls DTYPE: F32, BF16, Q4_K. New memory. */
static char *dtype_name(struct hu_dtype dtype)
{
    const char *name = hu_dtype_name(dtype);
    const char *known = !strcmp(name, "nvfp4_ggml")   ? "NVFP4"
                        : !strcmp(name, "mxfp4_ggml") ? "MXFP4"
                        : strcmp(name, "tf32")        ? hu_safetensors_name(dtype)
                                                      : NULL;
    if (known)
        return check_memory(strdup(known));
    /* The rest are ours in capitals, but for a lone float's p: fp8_e4m3 is F8_E4M3. */
    bool lone = !dtype.block && !strncmp(name, "fp", 2);
    char *text = check_memory(strdup(lone ? name + 1 : name));
    if (lone)
        text[0] = 'F';
    for (char *c = text; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return text;
}

struct widths {
    int names, dtypes, shapes, counts;
    bool folded, twice;
};

static void measure_tensor(struct widths *w, const struct hu_tensor *t, int indent)
{
    char text[512];
    OWNED char *dtype = dtype_name(t->dtype);
    widen(&w->names, indent + text_columns(hu_printable(t->name, text, sizeof text)));
    widen(&w->dtypes, text_columns(dtype));
    text_shape(text, sizeof text, t->shape, t->rank, ", ");
    widen(&w->shapes, text_columns(text));
}

/* The columns that names, types and shapes take, within reason: a longer one sticks out. */
static void measure(const struct hu_tensor_set *set, struct widths *w)
{
    *w = (struct widths){.names = 6, .dtypes = 9, .shapes = 5};
    for (size_t i = 0; i < set->tensor_count; i++) {
        const struct hu_logical *l = set->tensors[i]->part_of;
        measure_tensor(w, set->tensors[i], 0);
        for (size_t k = 0; l && k < l->part_count; k++)
            measure_tensor(w, l->parts[k], 2);
    }
    w->names = w->names < 64 ? w->names : 64;
    w->dtypes = w->dtypes < 18 ? w->dtypes : 18;
    w->shapes = w->shapes < 28 ? w->shapes : 28;
}

/* Where a line has no room, what belongs to a name stands below it. */
static void end_line(bool folded)
{
    if (folded)
        printf("\n    ");
}

static void print_tensor(const struct widths *w, const struct hu_tensor *t, const char *before)
{
    char text[512];
    OWNED char *dtype = dtype_name(t->dtype);
    fputs(before, stdout);
    print_left(hu_printable(t->name, text, sizeof text),
               w->folded ? 0 : w->names + 4 - (int)strlen(before));
    end_line(w->folded);
    printf("%-*s ", w->dtypes, dtype);
    text_shape(text, sizeof text, t->shape, t->rank, ", ");
    print_left(text, w->shapes);
    end_line(w->twice);
    printf(" %*s", w->counts, GROUPED(t->elements));
    printf(" %*s\n", w->counts + 1, GROUPED(hu_tensor_bytes_once(t)));
}

static void print_tensors(const struct hu_tensor_set *set)
{
    int columns = terminal_columns(stdout);
    struct widths w;
    measure(set, &w);
    w.folded = columns && columns < 2 + w.names + 2 + w.dtypes + 1 + w.shapes + 18 + 19;
    /* 15 columns hold up to 999 G. */
    w.counts = w.folded ? 15 : 17;
    w.twice = w.folded && columns < 4 + w.dtypes + 1 + w.shapes + 16 + 17;
    printf("  ");
    print_left("tensor", w.folded ? 6 : w.names + 2);
    end_line(w.folded);
    printf("%-*s ", w.dtypes, "dtype");
    print_left("shape", w.shapes);
    end_line(w.twice);
    printf(" %*s %*s\n", w.counts, "elements", w.counts + 1, "bytes");
    for (size_t i = 0; i < set->tensor_count; i++) {
        const struct hu_tensor *t = hu_tensor_set_at(set, i);
        print_tensor(&w, t, "  ");
        for (size_t k = 0; t->part_of && k < t->part_of->part_count; k++)
            print_tensor(&w, t->part_of->parts[k], "    ");
    }
}

static void add_total(struct grid *g, const char *name, const struct total *t)
{
    grid_format(g, "", "%s\t%s\t%s\t%s", name, GROUPED(t->tensors), GROUPED(t->elements),
                GROUPED(t->bytes));
}

static void print_totals(const struct hu_tensor_set *set)
{
    struct total totals[TOTALS_MAX];
    size_t count = sum_dtypes(set, totals);
    struct grid g = GRID({"dtype", 12, true}, {"tensors", 9, false}, {"elements", 20, false},
                         {"bytes", 20, false});
    for (size_t i = 0; i < count; i++) {
        OWNED char *dtype = dtype_name(totals[i].dtype);
        add_total(&g, dtype, &totals[i]);
    }
    add_total(&g, "in all",
              &(struct total){
                  .tensors = set->tensor_count, .elements = set->elements, .bytes = set->bytes});
    grid_end(&g);
}

static void print_table(const char *path, const struct hu_tensor_set *set, bool again)
{
    OWNED char *file = text_printable(path);
    printf("%s%s\n", again ? "\n" : "", file);
    print_tensors(set);
    putchar('\n');
    print_totals(set);
}

static json_t *tensor_json(const struct hu_tensor *t)
{
    return JSON({"name", json_text(t->name)}, {"dtype", json_take(dtype_name(t->dtype))},
                {"shape", json_shape(t->shape, t->rank)}, {"elements", json_count(t->elements)},
                {"bytes", json_count(hu_tensor_bytes_once(t))}, {"offset", json_count(t->offset)});
}

/* hu_tensor_set's tensor INDEX; json_rows.row. */
static json_t *tensor_row(const void *context, size_t index)
{
    const struct hu_tensor_set *set = context;
    const struct hu_tensor *t = hu_tensor_set_at(set, index);
    const struct hu_logical *l = t->part_of;
    json_t *row = tensor_json(t);
    if (l)
        JSON_PUT(row, {"layout", json_string(l->layout)},
                 {"parts", JSON_LIST(i, i < l->part_count, tensor_json(l->parts[i]))});
    if (t->shared)
        json_put(row, "shared", json_true());
    if (t->repeated)
        json_put(row, "repeated", json_count(t->repeated));
    if (set->count > 1)
        json_put(row, "file", json_text(set->paths[t->file]));
    return row;
}

/* The document but for its "tensors". */
static json_t *document(const char *path, const struct hu_tensor_set *set)
{
    struct total totals[TOTALS_MAX];
    json_t *dtypes = check_memory(json_object());
    size_t count = sum_dtypes(set, totals);
    for (size_t i = 0; i < count; i++) {
        OWNED char *dtype = dtype_name(totals[i].dtype);
        json_put(dtypes, dtype,
                 JSON({"tensors", json_count(totals[i].tensors)},
                      {"elements", json_count(totals[i].elements)},
                      {"bytes", json_count(totals[i].bytes)}));
    }
    return JSON({"file", json_text(path)}, {"tensors", json_null()}, {"dtypes", dtypes},
                {"elements", json_count(set->elements)}, {"bytes", json_count(set->bytes)});
}

/* A strict checker: what the index states must be so. */
static int check_total(const char *path, const struct hu_tensor_set *set)
{
    if (!set->has_total_size || set->total_size == set->bytes)
        return EXIT_DONE;
    return fail("%s: the index states a total_size of %llu bytes, and the shards hold %llu", path,
                (unsigned long long)set->total_size, (unsigned long long)set->bytes);
}

static void print(struct request *r, const char *path, const struct hu_tensor_set *set)
{
    const struct json_rows all = {"tensors", set->tensor_count, tensor_row, set};
    bool first = !r->printed++;
    if (!r->json) {
        print_table(path, set, !first);
    } else if (!r->list) {
        json_print_with(document(path, set), &all);
    } else {
        if (first)
            json_list_begin("files");
        json_list_add(document(path, set), &all, first);
    }
}

/* Where parts do not fit each other all tensors are listed as they are. */
static void print_logical(struct request *r, const char *path, struct hu_tensor_set *set)
{
    char error[HU_LOGICAL_ERROR];
    struct hu_logicals logicals = {0};
    bool fine = !r->parts && hu_logicals_read(set, path, &logicals, error);
    if (!r->parts && !fine)
        note("%s: %s", path, error);
    if (fine && logicals.note)
        note("%s: %s", path, logicals.note);
    if (fine && logicals.count) {
        struct hu_tensor_set view = logical_view(set);
        print(r, path, &view);
        logical_view_clear(&view);
    } else {
        /* What was found before the trouble is forgotten. */
        for (size_t i = 0; i < set->tensor_count; i++)
            set->tensors[i]->part_of = NULL;
        print(r, path, set);
    }
    hu_logicals_clear(&logicals);
}

/* Goes on past a file that is refused. */
static int run(const struct options *o, void *request)
{
    struct request *r = request;
    int status = EXIT_DONE;
    if (!o->argc)
        return fail("which file? .safetensors, its .safetensors.index.json, .gguf, "
                    ".npy, .npz, or PyTorch's .pt, .pth or .bin");
    r->list = o->argc > 1;
    if (!r->json)
        folding_begin();
    for (int i = 0; i < o->argc; i++) {
        const char *path = o->argv[i];
        struct hu_tensor_set set;
        char error[HU_SET_ERROR];
        if (!hu_tensor_set_open(path, &set, error)) {
            status = fail("%s", error);
            continue;
        }
        tensor_source_notes(&set);
        if (check_total(path, &set) != EXIT_DONE)
            status = EXIT_BAD;
        else
            print_logical(r, path, &set);
        hu_tensor_set_close(&set);
    }
    if (r->json && r->list && r->printed)
        json_list_end();
    return status;
}

const struct command cmd_tensors = {
    .name = "tensors",
    .usage = "FILE… [--parts] [--json]",
    .summary = "the tensors in a file of safetensors, GGUF, NumPy or PyTorch, checked strictly",
    .details =
        "Reads the header alone, whatever the file's size. FILE is .safetensors, .gguf, .npy, "
        ".npz\n"
        "or PyTorch's .pt, .pth or .bin, of whose pickle nothing is run. It may be an index: its\n"
        "shards are read too, and must hold what it says. A malformed header is refused with the\n"
        "byte and the reason. A quantized weight is one tensor with its parts below it.",
    .options = rows,
    .request = sizeof(REQUEST),
    .run = run,
};

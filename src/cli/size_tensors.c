/* `size --tensors`, `--against`, `--families`: the list itself. */
#include "room.h"
#include "memory/checkpoint.h"
#include "memory/families.h"
#include "word_list.h"
#include "size.h"

enum { NAME_SIZE = 640, SHAPE_SIZE = 192, LISTED_MAX = 1 << 22, SHOWN = 20 };

static const char *role_of(const struct hu_tensor_row *row)
{
    return hu_role_name(row->tower ? row->tower : row->role);
}

/* The dtype that the checkpoint keeps the tensor in, as far as the config says it. */
static const char *dtype_of(const struct hu_model *m, const struct hu_tensor_row *row)
{
    struct hu_dtype dtype = row->dtype;
    if (hu_dtype_is_set(dtype) || hu_dtype_find(m->dtype, &dtype))
        return hu_dtype_name(dtype);
    return "–";
}

/* Tensors in a checkpoint of the model, copies counted. */
uint64_t size_tensor_count(const struct hu_model *m)
{
    uint64_t n = 0;
    for (size_t i = 0; i < m->tensors.count; i++)
        if (hu_row_is_stored(&m->tensors.rows[i]))
            n += m->tensors.rows[i].copies;
    return n;
}

/* With the longest of roles and splits. */
enum { LIST_COLUMNS = 60 + 1 + 18 + 1 + 9 + 1 + 17 };

static void print_list(const struct hu_model *m)
{
    char name[NAME_SIZE], shape[SHAPE_SIZE];
    bool narrow = terminal_is_below(LIST_COLUMNS);
    for (size_t i = 0; i < m->tensors.count; i++) {
        const struct hu_tensor_row *row = &m->tensors.rows[i];
        for (uint64_t k = 0; hu_row_is_stored(row) && k < row->copies; k++) {
            print_left(hu_row_name(row, k, name, sizeof name), narrow ? 0 : 60);
            printf(narrow ? "\n    " : " ");
            print_left(text_shape(shape, SHAPE_SIZE, row->shape, row->rank, ","), 18);
            printf(" %-9s %s", dtype_of(m, row), role_of(row));
            printf("%s%s\n", row->split ? " " : "", hu_split_name(row->split));
        }
    }
}

static json_t *row_object(const struct hu_model *m, const struct hu_tensor_row *row, uint64_t copy)
{
    char name[NAME_SIZE];
    const char *dtype = dtype_of(m, row);
    return JSON({"name", json_string(hu_row_name(row, copy, name, sizeof name))},
                {"shape", json_shape(row->shape, row->rank)},
                {"dtype", JSON_IF(strcmp(dtype, "–"), json_string(dtype))},
                {"elements", json_count(row->elements)}, {"role", json_string(role_of(row))},
                {"split", JSON_IF(row->split, json_string(hu_split_name(row->split)))},
                {"experts", json_boolean(row->experts > 1)});
}

struct rows {
    const struct hu_model *model;
    size_t row;
    uint64_t copy;
};

/* They are asked for in order, each once. */
static json_t *next_row(const void *context, size_t index)
{
    struct rows *r = (struct rows *)(uintptr_t)context;
    const struct hu_tensors *t = &r->model->tensors;
    (void)index;
    while (!hu_row_is_stored(&t->rows[r->row]) || r->copy == t->rows[r->row].copies) {
        r->row++;
        r->copy = 0;
    }
    return row_object(r->model, &t->rows[r->row], r->copy++);
}

static void print_list_json(const struct size_result *r)
{
    struct rows rows = {.model = &r->model};
    const struct json_rows all = {.key = "tensors",
                                  .count = (size_t)size_tensor_count(&r->model),
                                  .row = next_row,
                                  .context = &rows};
    json_print_with(JSON({"source", json_text(r->source)},
                         {"architecture", json_text(r->model.architecture)},
                         {"parameters", json_integer((json_int_t)r->model.parameters)},
                         {"tensors", json_array()}),
                    &all);
}

/* The list: what follows from the config, or what the file holds, with OWN to be released. */
static void check_listed(struct size_result *r, struct hu_checkpoint *own)
{
    bool fits = true;
    *own = (struct hu_checkpoint){0};
    if (!r->model.tensors.count) {
        if (!r->model.has_stored)
            die("%s: its tensors' names do not follow from it: give a config.json", r->source);
        if (!hu_checkpoint_read(r->source, own))
            die("%s", own->error);
        fits = hu_checkpoint_list(own, &r->model);
    }
    if (!fits || size_tensor_count(&r->model) > LISTED_MAX)
        die("%s: it has more than %d tensors", r->source, LISTED_MAX);
}

void size_print_tensors(const struct size_options *options, struct size_result *results,
                        size_t count)
{
    struct hu_checkpoint own;
    if (count != 1)
        die("--tensors lists one model's");
    check_listed(results, &own);
    if (options->json)
        print_list_json(results);
    else
        print_list(&results->model);
    hu_checkpoint_free(&own);
}

static const char *const difference_names[HU_DIFFERENCES] = {"missing", "extra", "shape"};

/* The shapes of D's two, or NULL. */
struct shapes {
    char text[2][SHAPE_SIZE];
    const char *ours, *theirs;
};

static void shapes_of(const struct hu_difference *d, struct shapes *s)
{
    s->ours = s->theirs = NULL;
    if (d->row)
        s->ours = text_shape(s->text[0], SHAPE_SIZE, d->row->shape, d->row->rank, ",");
    if (d->tensor && d->tensor->has_shape)
        s->theirs = text_shape(s->text[1], SHAPE_SIZE, d->tensor->shape, d->tensor->rank, ",");
}

static void print_comparison(const struct size_options *options, const struct hu_comparison *c)
{
    size_t counts[HU_DIFFERENCES] = {0};
    struct shapes s;
    for (const struct hu_difference *d = c->differences; d < c->differences + c->count; d++) {
        if (counts[d->kind]++ >= SHOWN)
            continue;
        shapes_of(d, &s);
        printf("%-8s %s", difference_names[d->kind], PRINTABLE(d->name, NAME_SIZE));
        if (s.ours)
            printf("  %s", s.ours);
        if (s.theirs)
            printf("%s%s", s.ours ? ", and there " : "  ", s.theirs);
        putchar('\n');
    }
    for (int k = 0; k < HU_DIFFERENCES; k++)
        if (counts[k] > SHOWN)
            printf("%-8s … and %zu more (all in --json)\n", difference_names[k], counts[k] - SHOWN);
    printf("%llu tensors compared with %s: %zu missing, %zu extra, %zu of another shape",
           (unsigned long long)c->compared, options->against, counts[HU_MISSING], counts[HU_EXTRA],
           counts[HU_SHAPE]);
    if (c->shapeless)
        printf("; of %llu it has the names alone", (unsigned long long)c->shapeless);
    if (c->buffers)
        printf("; %llu buffers left aside", (unsigned long long)c->buffers);
    putchar('\n');
}

static json_t *difference_json(const struct hu_difference *d)
{
    struct shapes s;
    shapes_of(d, &s);
    json_t *o = JSON({"name", json_text(d->name)});
    if (s.ours)
        json_put(o, "expected", json_string(s.ours));
    if (s.theirs)
        json_put(o, "found", json_string(s.theirs));
    return o;
}

static void print_comparison_json(const struct size_options *options, const struct size_result *r,
                                  const struct hu_comparison *c)
{
    json_t *o = JSON({"source", json_text(r->source)}, {"against", json_text(options->against)},
                     {"compared", json_integer((json_int_t)c->compared)},
                     {"without_shape", json_integer((json_int_t)c->shapeless)},
                     {"buffers", json_integer((json_int_t)c->buffers)});
    for (int k = 0; k < HU_DIFFERENCES; k++)
        json_put(o, difference_names[k], json_list());
    for (const struct hu_difference *d = c->differences; d < c->differences + c->count; d++)
        json_add(json_object_get(o, difference_names[d->kind]), difference_json(d));
    json_print(o);
}

int size_against(const struct size_options *options, struct size_result *results, size_t count)
{
    struct hu_checkpoint checkpoint, own;
    struct hu_comparison c;
    if (count != 1)
        die("--against compares one model");
    check_listed(results, &own);
    if (!hu_checkpoint_read(options->against, &checkpoint))
        die("%s", checkpoint.error);
    if (checkpoint.ggml != own.ggml)
        die("%s: llama.cpp's converter gives tensors names of its own: a .gguf file can be "
            "compared with another",
            own.ggml ? results->source : options->against);
    if (!hu_checkpoint_compare(&results->model, &checkpoint, &c))
        die("%s: it has too many tensors to compare", results->source);
    if (options->json)
        print_comparison_json(options, results, &c);
    else
        print_comparison(options, &c);
    int status = c.count ? EXIT_NO : EXIT_DONE;
    free(c.differences);
    hu_checkpoint_free(&checkpoint);
    hu_checkpoint_free(&own);
    return status;
}

static void print_family(const struct hu_family_text *f)
{
    struct fold line = fold_begin(4);
    fold_words(&line, 0, "", f->names);
    if (f->source)
        fold_words(&line, line.at < 32 ? 34 - line.at : 2, "", f->source);
    fold_end(&line);
}

static json_t *family_json(const struct hu_family_text *f)
{
    json_t *names = json_list();
    char name[128];
    for (const char *at = f->names; hu_next_word(&at, ' ', name, sizeof name);)
        json_add(names, json_string(name));
    return JSON({"names", names}, {"source", json_text(f->source)});
}

int size_list_families(bool json)
{
    char error[HU_FAMILIES_ERROR];
    const struct hu_family_text *f;
    json_t *list = json_list();
    for (size_t i = 0; (f = hu_family_text_at(i)); i++) {
        if (!hu_family_check(f, error))
            die("%s", error);
        if (json)
            json_add(list, family_json(f));
        else
            print_family(f);
    }
    if (json)
        json_print(JSON({"families", json_incref(list)}));
    json_decref(list);
    return EXIT_DONE;
}

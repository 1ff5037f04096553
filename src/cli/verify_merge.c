#include "room.h"
#include "verify.h"
#include "file/json_text.h"
#include "verify/fault.h"

/* How a value of a row becomes that of all shards; what is not named must be the same in all. */
enum way { SUM, ALL, ANY, FIRST, LIST, RUNS, OPTIONS, LEFT };

static const struct {
    const char *key;
    enum way way;
} ways[] = {
    {"inputs", SUM},
    {"blocks", SUM},
    {"mismatches", SUM},
    {"seconds", SUM},
    {"classes", SUM},
    {"runs_left_out", SUM},
    {"wrong_calls", SUM},
    {"passed", ALL},
    {"partial", ANY},
    {"crashed", ANY},
    {"stopped", FIRST},
    {"first", FIRST},
    {"explained_by", OPTIONS},
    {"faults", LIST},
    {"calls", LIST},
    {"runs", RUNS},
    {"inputs_per_second", LEFT},
};

/* -1: none. */
static int way_of(const char *key)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (!strcmp(ways[i].key, key))
            return (int)ways[i].way;
    return -1;
}

/* A number, or an object of such; what is not known of one is not known of all. */
static json_t *sum(json_t *a, json_t *b)
{
    if (json_is_object(a) && json_is_object(b)) {
        const char *key;
        json_t *value, *all = check_memory(json_copy(a));
        json_object_foreach(b, key, value)
        {
            json_t *other = json_object_get(a, key);
            json_put(all, key, other ? sum(other, value) : json_incref(value));
        }
        return all;
    }
    if (json_is_integer(a) && json_is_integer(b))
        return json_integer(json_integer_value(a) + json_integer_value(b));
    if (json_is_number(a) && json_is_number(b))
        return json_real(json_number_value(a) + json_number_value(b));
    return json_null();
}

static json_t *list(json_t *a, json_t *b)
{
    json_t *all = check_memory(json_is_array(a) ? json_copy(a) : json_array());
    if (json_is_array(b))
        json_array_extend(all, b);
    return all;
}

/* False and null say that there is nothing. */
static bool is_empty(const json_t *a)
{
    return !a || json_is_null(a) || json_is_false(a);
}

static bool has(const json_t *list, const json_t *item)
{
    bool there = false;
    for (size_t i = 0; i < json_array_size(list); i++)
        there |= json_equal(json_array_get(list, i), item);
    return there;
}

/* Options under which either passes: together, unless one has none. */
static json_t *options(json_t *a, json_t *b)
{
    if (!json_is_array(a) || !json_is_array(b))
        return json_null();
    json_t *all = check_memory(json_copy(a));
    for (size_t i = 0; i < json_array_size(b); i++)
        if (!has(a, json_array_get(b, i)))
            json_array_append(all, json_array_get(b, i));
    return all;
}

static json_t *put_together(enum way way, json_t *a, json_t *b)
{
    switch (way) {
    case SUM:
        return sum(a, b);
    case ALL:
        return json_incref(is_empty(a) ? a : b);
    case ANY:
    case FIRST:
        return json_incref(is_empty(a) ? b : a);
    case OPTIONS:
        return options(a, b);
    default:
        return list(a, b);
    }
}

static uint64_t code(const json_t *run, const char *key)
{
    const char *text = json_string_value(json_object_get(run, key));
    return text ? strtoull(text, NULL, 16) : 0;
}

/* A run as it was printed, and as it was found. */
struct run {
    json_t *object;
    struct hu_fault fault;
};

static struct run run_of(json_t *object, const struct hu_format *to, const struct hu_format *from)
{
    const char *class = json_string_value(json_object_get(object, "class"));
    struct run run = {object,
                      {.first = code(object, "first"),
                       .last = code(object, "last"),
                       .count = (uint64_t)json_integer_value(json_object_get(object, "count")),
                       .expected = code(object, "expected"),
                       .got = code(object, "got")}};
    bool of_flags = class && !strcmp(class, hu_fault_class_name(HU_FAULT_FLAGS));
    run.fault.class = of_flags ? HU_FAULT_FLAGS : HU_FAULT_NAN;
    hu_fault_judge(to, from, &run.fault);
    run.fault.ties = class && !strcmp(class, hu_fault_class_name(HU_FAULT_TIE));
    return run;
}

static const char *class_of(const struct run *run)
{
    return hu_fault_class_name(run->fault.ties ? HU_FAULT_TIE : run->fault.class);
}

static int by_place(const void *a, const void *b)
{
    uint64_t x = ((const struct run *)a)->fault.first, y = ((const struct run *)b)->fault.first;
    return (x > y) - (x < y);
}

static int by_count(const void *a, const void *b)
{
    uint64_t x = ((const struct run *)a)->fault.count, y = ((const struct run *)b)->fault.count;
    return x != y ? (x < y) - (x > y) : by_place(a, b);
}

static bool equal_in(const char *key, const struct run *a, const struct run *b)
{
    return json_equal(json_object_get(a->object, key), json_object_get(b->object, key));
}

static bool goes_on(const struct run *before, const struct run *run)
{
    return before->fault.last + 1 == run->fault.first &&
           hu_fault_same_way(&before->fault, &run->fault) &&
           (run->fault.class != HU_FAULT_FLAGS ||
            (equal_in("got_flags", before, run) && equal_in("expected_flags", before, run)));
}

/* Takes RUN into the sums by class, or out of them. */
static void count_class(json_t *classes, const struct run *run, int sign)
{
    json_t *of = json_object_get(classes, class_of(run));
    json_int_t inputs = json_integer_value(json_object_get(of, "inputs"));
    json_int_t runs = json_integer_value(json_object_get(of, "runs")) + sign;
    inputs += sign * (json_int_t)run->fault.count;
    if (inputs)
        json_put(classes, class_of(run), json_pack("{s:I, s:I}", "inputs", inputs, "runs", runs));
    else
        json_object_del(classes, class_of(run));
}

static void join(struct run *before, const struct run *run, json_t *classes)
{
    struct run old = *before;
    before->fault.last = run->fault.last;
    before->fault.count += run->fault.count;
    before->fault.ties &= run->fault.ties;
    json_object_set(before->object, "last", json_object_get(run->object, "last"));
    json_put(before->object, "count", json_integer((json_int_t)before->fault.count));
    json_put(before->object, "class", json_string(class_of(before)));
    count_class(classes, before, 1);
    count_class(classes, &old, -1);
    count_class(classes, run, -1);
}

/* Runs of a row that were cut where one shard's share ends are one again; the longest come first.
 */
static void settle_runs(json_t *row, json_t *runs, const struct hu_format *to,
                        const struct hu_format *from)
{
    size_t n = json_array_size(runs), kept = 0;
    OWNED struct run *rows = check_memory(calloc(n + 1, sizeof *rows));
    json_t *all = json_list();
    for (size_t i = 0; i < n; i++)
        rows[i] = run_of(json_array_get(runs, i), to, from);
    qsort(rows, n, sizeof *rows, by_place);
    for (size_t i = 0; i < n; i++)
        if (kept && goes_on(&rows[kept - 1], &rows[i]))
            join(&rows[kept - 1], &rows[i], json_object_get(row, "classes"));
        else
            rows[kept++] = rows[i];
    qsort(rows, kept, sizeof *rows, by_count);
    for (size_t i = 0; i < kept; i++)
        json_array_append(all, rows[i].object);
    json_put(row, "runs", all);
}

/* Adds FROM to INTO, where both are of one combination. */
static bool add_row(json_t *into, json_t *from)
{
    const char *key;
    json_t *value;
    void *next;
    if (!json_is_object(into) || !json_is_object(from) ||
        json_object_size(into) != json_object_size(from))
        return false;
    json_object_foreach_safe(into, next, key, value)
    {
        json_t *other = json_object_get(from, key);
        int way = way_of(key);
        if (!other || (way < 0 && !json_equal(value, other)))
            return false;
        if (way >= 0 && way != LEFT)
            json_put(into, key, put_together((enum way)way, value, other));
    }
    return true;
}

/* NULL: none. */
static const struct hu_format *format_in(const json_t *row, const char *key)
{
    const char *name = json_string_value(json_object_get(row, key));
    return name ? hu_format_find(name) : NULL;
}

static void settle_row(json_t *row)
{
    json_t *runs = json_object_get(row, "runs");
    const struct hu_format *from = format_in(row, "from"),
                           *result = format_in(row, "result_format");
    const struct hu_format *to = result ? result : format_in(row, "to");
    double seconds = json_number_value(json_object_get(row, "seconds"));
    if (json_is_array(runs) && from && to)
        settle_runs(row, runs, to, from);
    if (json_object_get(row, "inputs_per_second"))
        json_put(row, "inputs_per_second",
                 json_real(seconds > 0 ? json_number_value(json_object_get(row, "inputs")) / seconds
                                       : 0));
}

static json_t *read_document(const char *path)
{
    char why[HU_JSON_ERROR];
    json_t *root = hu_json_read(path, 64, why);
    if (!json_is_array(json_object_get(root, "combinations")) ||
        !json_is_integer(json_object_get(root, "shard")) ||
        !json_is_integer(json_object_get(root, "shards")))
        die("%s: %s; wanted is what 'halfulp verify --shard K/N --json' prints", path,
            root ? "is something else" : why);
    return root;
}

static json_int_t number(const json_t *root, const char *key)
{
    return json_integer_value(json_object_get(root, key));
}

/* Each of N shards once. */
static void check_shards(char **paths, json_t *const *roots, int n)
{
    long long shards = number(roots[0], "shards");
    for (int i = 0; i < n; i++) {
        if (number(roots[i], "shards") != shards)
            die("%s and %s are of runs in different numbers of shards", paths[0], paths[i]);
        for (int k = 0; k < i; k++)
            if (number(roots[k], "shard") == number(roots[i], "shard"))
                die("shard %lld of %lld is in %s and in %s", (long long)number(roots[i], "shard"),
                    shards, paths[k], paths[i]);
    }
    for (long long s = 1; s <= shards; s++) {
        bool there = false;
        for (int i = 0; i < n; i++)
            there |= number(roots[i], "shard") == s;
        if (!there)
            die("shard %lld of %lld is missing", s, shards);
    }
}

/* Adds the document FROM to ALL. False: they are of different combinations. */
static bool add_document(json_t *all, json_t *from)
{
    json_t *rows = json_object_get(all, "combinations");
    json_t *others = json_object_get(from, "combinations");
    bool fine = json_array_size(rows) == json_array_size(others);
    for (size_t i = 0; fine && i < json_array_size(rows); i++)
        fine = add_row(json_array_get(rows, i), json_array_get(others, i));
    static const char *const keys[] = {"inputs", "mismatches", "seconds", "passed"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        json_put(all, keys[i],
                 put_together((enum way)way_of(keys[i]), json_object_get(all, keys[i]),
                              json_object_get(from, keys[i])));
    return fine;
}

static void print_summary(const json_t *all, json_int_t shards)
{
    json_t *rows = json_object_get(all, "combinations"), *mismatches;
    size_t failed = 0;
    for (size_t i = 0; i < json_array_size(rows); i++)
        failed += !json_is_true(json_object_get(json_array_get(rows, i), "passed"));
    mismatches = json_object_get(all, "mismatches");
    printf("%zu combination%s, %zu failed, %s inputs, %s mismatches, in %lld shards\n",
           json_array_size(rows), plural(json_array_size(rows)), failed,
           GROUPED((uint64_t)number(all, "inputs")),
           json_is_null(mismatches) ? "?" : GROUPED((uint64_t)json_integer_value(mismatches)),
           (long long)shards);
}

static int report(json_t *all, bool json)
{
    json_t *rows = json_object_get(all, "combinations");
    json_int_t shards = number(all, "shards");
    bool passed = json_is_true(json_object_get(all, "passed"));
    for (size_t i = 0; i < json_array_size(rows); i++)
        settle_row(json_array_get(rows, i));
    JSON_PUT(all, {"shard", json_null()}, {"shards", json_null()});
    if (json)
        json_print(json_incref(all));
    else
        print_summary(all, shards);
    return passed ? EXIT_DONE : EXIT_NO;
}

int verify_merge(char **paths, int count, bool json)
{
    OWNED json_t **roots = check_memory(calloc((size_t)count + 1, sizeof *roots));
    for (int i = 0; i < count; i++)
        roots[i] = read_document(paths[i]);
    check_shards(paths, roots, count);
    for (int i = 1; i < count; i++)
        if (!add_document(roots[0], roots[i]))
            die("%s and %s are of runs with different options", paths[0], paths[i]);
    int status = report(roots[0], json);
    for (int i = 0; i < count; i++)
        json_decref(roots[i]);
    return status;
}

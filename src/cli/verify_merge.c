#include "room.h"
#include "verify.h"
#include "file/json_text.h"

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

static int by_place(const void *a, const void *b)
{
    uint64_t x = code(*(json_t *const *)a, "first"), y = code(*(json_t *const *)b, "first");
    return (x > y) - (x < y);
}

static int by_count(const void *a, const void *b)
{
    json_int_t x = json_integer_value(json_object_get(*(json_t *const *)a, "count"));
    json_int_t y = json_integer_value(json_object_get(*(json_t *const *)b, "count"));
    return x != y ? (x < y) - (x > y) : by_place(a, b);
}

static bool goes_on(const json_t *before, const json_t *run)
{
    return json_equal(json_object_get(before, "class"), json_object_get(run, "class")) &&
           code(before, "last") + 1 == code(run, "first");
}

/* Runs that were cut where one shard's share ends are one again; the longest come first. */
static json_t *settle_runs(json_t *runs)
{
    size_t n = json_array_size(runs), kept = 0;
    json_t **rows = check_memory(calloc(n + 1, sizeof *rows)), *all = json_list();
    for (size_t i = 0; i < n; i++)
        rows[i] = json_array_get(runs, i);
    qsort(rows, n, sizeof *rows, by_place);
    for (size_t i = 0; i < n; i++) {
        json_t *before = kept ? rows[kept - 1] : NULL;
        if (!before || !goes_on(before, rows[i])) {
            rows[kept++] = rows[i];
            continue;
        }
        json_object_set(before, "last", json_object_get(rows[i], "last"));
        json_put(before, "count",
                 sum(json_object_get(before, "count"), json_object_get(rows[i], "count")));
    }
    qsort(rows, kept, sizeof *rows, by_count);
    for (size_t i = 0; i < kept; i++)
        json_array_append(all, rows[i]);
    free(rows);
    return all;
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

static void settle_row(json_t *row)
{
    json_t *runs = json_object_get(row, "runs");
    double seconds = json_number_value(json_object_get(row, "seconds"));
    if (json_is_array(runs))
        json_put(row, "runs", settle_runs(runs));
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
    static const char *const keys[] = {"inputs", "mismatches", "seconds"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        json_put(all, keys[i], sum(json_object_get(all, keys[i]), json_object_get(from, keys[i])));
    json_put(all, "passed",
             put_together(ALL, json_object_get(all, "passed"), json_object_get(from, "passed")));
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

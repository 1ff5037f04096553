/* The notation of families: what can be said, what is refused, and what holds of every family. */
#include "memory/checkpoint.h"
#include "memory/families.h"
#include "memory/listing.h"
#include "memory/model.h"
#include "memory/source.h"
#include "memory/weights.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hu_model made;
static struct listing_result list;

/* Lists what a text says over a config; the test's business is with `list`. */
static bool make(const char *text, const char *config)
{
    json_t *root = json_loads(config, 0, NULL);
    cr_assert(root, "%s", config);
    const struct hu_family_text row = {
        .names = "test", .classes = "", .gguf = "", .text = text, .length = strlen(text)};
    made = (struct hu_model){0};
    bool fine = listing_make(&row, root, &made, &list);
    json_decref(root);
    return fine;
}

/* The list as text: NAME[SIZES]×COPIES, by blanks. */
static const char *listed(const char *text, const char *config)
{
    static char out[4096];
    size_t n = 0;
    *out = 0;
    if (!make(text, config))
        snprintf(out, sizeof out, "refused: %s", made.error);
    else if (*list.missing)
        snprintf(out, sizeof out, "lacks %s", list.missing);
    for (size_t i = 0; !*out + n && i < made.tensors.count; i++) {
        const struct hu_tensor_row *row = &made.tensors.rows[i];
        char name[256];
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s[", n ? " " : "",
                              hu_row_name(row, row->copies - 1, name, sizeof name));
        for (unsigned k = 0; k < row->rank; k++)
            n += (size_t)snprintf(out + n, sizeof out - n, "%s%llu", k ? "," : "",
                                  (unsigned long long)row->shape[k]);
        n += (size_t)snprintf(out + n, sizeof out - n, "]");
        if (row->copies > 1)
            n +=
                (size_t)snprintf(out + n, sizeof out - n, "x%llu", (unsigned long long)row->copies);
    }
    hu_tensors_free(&made.tensors);
    return out;
}

static void lists(const char *lines, const char *config, const char *expected)
{
    char text[2048];
    snprintf(text, sizeof text, "family test\n%s", lines);
    cr_assert_str_eq(listed(text, config), expected, "%s over %s: %s", lines, config,
                     listed(text, config));
}

Test(notation, paths_have_loops_values_and_exact_names)
{
    lists("a [2]\n", "{}", "a.weight[2]");
    lists("a! [2 3]\n", "{}", "a[2,3]");
    lists("s! []\n", "{}", "s[]");
    lists("l.{i: n}.w [i + 1]\n", "{\"n\":2}", "l.0.w.weight[1] l.1.w.weight[2]");
    lists("l.{i: 2 .. 4}.w [1]\n", "{}", "l.2.w.weight[1] l.3.w.weight[1]");
    lists("e.{j: 3}.w [5]\n", "{}", "e.2.w.weight[5]x3");
    lists("e.{j: 2}.w [j + 1]\n", "{}", "e.0.w.weight[1] e.1.w.weight[2]");
    lists("b{n - 1}.w [1]\n", "{\"n\":3}", "b2.w.weight[1]");
    lists("{name}.w [1]\n", "{\"name\":\"x\"}", "x.w.weight[1]");
    lists("{name}.w [1]\n", "{\"name\":\"\\u0001\"}", "\1.w.weight[1]");
    lists("a.{j: 2}.b.{k: 3}.w [1]\n", "{}", "a.1.b.2.w.weight[1]x6");
}

Test(notation, words_give_biases_groups_parts_and_conditions)
{
    lists("a [2 3] bias 1\n", "{}", "a.weight[2,3] a.bias[2]");
    lists("a [2 3] bias 1 [3]\n", "{}", "a.weight[2,3] a.bias[3]");
    lists("a [2] bias b\nb = key ? 0\n", "{}", "a.weight[2]");
    lists("m\n    a [1]\n    n\n        b [2]\n    c [3]\nz [4]\n", "{}",
          "m.a.weight[1] m.n.b.weight[2] m.c.weight[3] z.weight[4]");
    lists("part p w\n    a [w]\n    b [2*w]\nx: p 3\ny: p n + 1\n", "{\"n\":4}",
          "x.a.weight[3] x.b.weight[6] y.a.weight[5] y.b.weight[10]");
    lists("part p\n    a [1]\n.: p\n", "{}", "a.weight[1]");
    lists("a [1] if x\nb [2] unless x\n", "{\"x\":true}", "a.weight[1]");
    lists("a [1] if x\nb [2] unless x\n", "{\"x\":null}", "b.weight[2]");
    lists("l.{i: 3}: p if i % 2\npart p\n    a [1]\n", "{}", "l.1.a.weight[1]");
    lists("part v in vision\n    a [h]\n    b [root.h]\nv: v\nh2 = h\n",
          "{\"h\":1,\"vision\":{\"h\":2}}", "v.a.weight[2] v.b.weight[1]");
    lists("default vision.h 7\npart v in vision\n    a [h]\nv: v\n", "{\"h\":1,\"vision\":{}}",
          "v.a.weight[7]");
}

Test(notation, heads_stand_by_the_class)
{
    static const char lines[] =
        "class FooForCausalLM\nmodel.e [9 4] embedding\nlm_head [9 4] head\n"
        "pooler [3] head for Model\n";
    lists(lines, "{}", "model.e.weight[9,4] lm_head.weight[9,4]");
    lists(lines, "{\"architectures\":[\"FooModel\"]}", "e.weight[9,4]");
    lists(lines, "{\"architectures\":[\"FooForSequenceClassification\"],\"num_labels\":5}",
          "model.e.weight[9,4] score.weight[5,4]");
    lists("base -\nlm_head [9 4] head\n", "{\"architectures\":[\"MarianMTModel\"]}",
          "lm_head.weight[9,4]");
}

static void is(const char *expression, const char *config, const char *expected)
{
    char lines[512], name[64];
    snprintf(lines, sizeof lines, "x{%s}! [1]\n", expression);
    snprintf(name, sizeof name, "x%s[1]", expected);
    lists(lines, config, name);
}

Test(notation, expressions_mean_what_python_means)
{
    static const char config[] =
        "{\"h\":10,\"n\":3,\"z\":null,\"f\":2.5,\"t\":true,\"s\":\"abc\","
        "\"l\":[4,5,6],\"o\":{\"k\":8,\"z\":null},\"deep\":{\"er\":{\"x\":1}}}";
    static const char *const rows[][2] = {
        {"1 + 2*3", "7"},
        {"(1 + 2)*3", "9"},
        {"7 - 2 - 1", "4"},
        {"12 / 4", "3"},
        {"7 // 2", "3"},
        {"-7 // 2 + 10", "6"},
        {"-7 % 4", "1"},
        {"2 < 3 and 3 <= 3", "1"},
        {"not h", "0"},
        {"z ? 5", "5"},
        {"nothing ? 5", "5"},
        {"nothing ? z ? 6", "6"},
        {"h ? 5", "10"},
        {"o.k", "8"},
        {"o.z ? 2", "2"},
        {"o.nothing ? 3", "3"},
        {"nothing.at.all ? 4", "4"},
        {"deep.er.x", "1"},
        {"l[1]", "5"},
        {"l[n - 1]", "6"},
        {"h[2] ? h", "10"},
        {"s[1] == \"b\"", "1"},
        {"\"bc\" in s", "1"},
        {"5 in l", "1"},
        {"7 in l", "0"},
        {"h in [10, 20]", "1"},
        {"s in [\"x\", \"abc\"]", "1"},
        {"len(l) + len(s)", "6"},
        {"sum(l)", "15"},
        {"min(3, h, 2) + max(1, n)", "5"},
        {"int(f * 3)", "7"},
        {"ceil(f)", "3"},
        {"round(f)", "2"},
        {"int(h * 8 / 3.0)", "26"},
        {"pick(t, 1, 1 / 0)", "1"},
        {"pick(n == 4, 1, 2)", "2"},
        {"round_up(100, 64)", "128"},
        {"count(l, 5)", "1"},
        {"count(s, \"a\")", "1"},
        {"starts(s, \"ab\")", "1"},
        {"s + \"d\"", "abcd"},
        {"t + 1", "2"},
        {"z == null", "1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is(rows[i][0], config, rows[i][1]);
}

/* LINES over CONFIG are refused, and why. */
static void refuses(const char *lines, const char *config, const char *why)
{
    char text[4096];
    snprintf(text, sizeof text, "family test\n%s", lines);
    const char *said = listed(text, config);
    cr_assert(!strncmp(said, "refused: ", 9) || !strncmp(said, "lacks", 5), "%s: %s", lines, said);
    cr_assert(strstr(said, why), "%s: '%s'", lines, said);
}

Test(notation, what_cannot_be_read_names_its_line)
{
    static const char *const rows[][2] = {
        {"\na [1\n", "line 3: an expression is missing"},
        {"a [(1]\n", "line 2: a '(' is not closed"},
        {"a [1] wrong\n", "a word is no role"},
        {"a [1] norm mlp\n", "two roles"},
        {"x: nothing\n", "no part of that name"},
        {"part p w\n    a [w]\nx: p\n", "another number of arguments"},
        {"a [1]\n    b [1]\n", "below one that is no group"},
        {"m\n      a [1]\n   b [1]\n", "indentation"},
        {"b = 1 2\n", "follows the definition"},
        {"a [f(1)]\n", "no function"},
        {"a [min()]\n", "too few or too many"},
        {"like nobody\n", "not known"},
        {"like llama\ndrop model.norm!\n", "no line is inherited that has the path"},
        {"cache wrong [1]\n", "a cache is full"},
        {"default x\n", "a value is missing"},
        {"a [1 2 3 4 5 6 7]\n", "too many sizes"},
        {"note \"x\n", "no closing quote"},
        {"x: family .\n", "needs '? NAME'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuses(rows[i][0], "{}", rows[i][1]);
}

Test(notation, hostile_configs_are_refused_in_words)
{
    static const char *const rows[][3] = {
        {"a [h]\n", "{\"h\":0}", "\"h\" must not be 0"},
        {"a [h]\n", "{\"h\":-4}", "\"h\" must be a whole number"},
        {"a [h]\n", "{\"h\":1.5}", "\"h\" must be a whole number"},
        {"a [h]\n", "{\"h\":\"x\"}", "\"h\" must be a whole number"},
        {"a [h]\n", "{\"h\":2199023255552}", "\"h\" must be a whole number"},
        {"a [h h]\n", "{\"h\":1099511627776}", "more parameters than 64 bits"},
        {"a [h*h*h]\n", "{\"h\":1099511627776}", "more parameters than 64 bits"},
        {"a [h / n]\n", "{\"h\":7,\"n\":2}", "\"h\" 7 is no multiple of \"n\" 2"},
        {"a [h / n]\n", "{\"h\":7,\"n\":0}", "\"n\" is 0"},
        {"l.{i: n}.a [1]\n", "{\"n\":1000000}", "\"n\" is over 16384"},
        {"l.{i: n}.{j: 99}.a [j]\n", "{\"n\":16384}", "must not be 0"},
        {"l.{i: n}.{j: 99}.a [j + 1]\n", "{\"n\":16384}", "more than 262144 tensors"},
        {"e.{j: n of k}.a [1]\n", "{\"n\":2,\"k\":3}", "more experts are used"},
        {"a [l[5]]\n", "{\"l\":[1]}", "\"l\" has no entry 5"},
        {"a [l]\n", "{\"l\":[1]}", "\"l\" must be a whole number"},
        {"a [1]\nrefuse \"no {n}\" if n > 2\n", "{\"n\":3}", "no 3"},
        {"a [1]\nrefuse \"\"\n", "{}", "does not say why"},
        {"a [1]\nrefuse \"{t}\"\n", "{\"t\":\"\"}", "does not say why"},
        {"a [b]\nb [c]\n", "{\"b\":1}", "lacks c"},
        {"a [x y]\n", "{}", "lacks x, y"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuses(rows[i][0], rows[i][1], rows[i][2]);
    /* Doubling forty times over. */
    char lines[4096] = "part z\n    a [1]\n.: z\n";
    size_t n = strlen(lines);
    for (int i = 0; i < 40; i++)
        n +=
            (size_t)snprintf(lines + n, sizeof lines - n, "d%d = d%d + d%d + i\n", i, i + 1, i + 1);
    snprintf(lines + n, sizeof lines - n, "l.{i: 2}.b [d0 + 1]\nd40 = 0\n");
    refuses(lines, "{}", "too large a list");
    /* Deep brackets, and a part within itself. */
    char deep[256] = "a [";
    for (int i = 0; i < 80; i++)
        strcat(deep, "(");
    refuses(deep, "{}", "nested too deep");
    refuses("part p\n    x: p\nx: p\n", "{}", "nested too deep");
    refuses("x: family . ? usual_decoder\n", "{}", "lacks vocab_size");
    refuses("a [n]\nn = m\nm = n\n", "{}", "lacks");
}

Test(notation, kin_replace_add_and_drop)
{
    static const char config[] = "{\"vocab_size\":8,\"hidden_size\":4,\"num_hidden_layers\":1,"
                                 "\"num_attention_heads\":1,\"intermediate_size\":6}";
    lists("like llama\ndrop model.embed_tokens model.norm lm_head\npart layer\n    x [h]\n", config,
          "model.layers.0.x.weight[4]");
    lists("like llama\ndrop model.embed_tokens model.norm lm_head model.layers.{i: L}\n"
          "part attention +\n    q_proj [7 7]\n    extra [1]\na: attention\n",
          config,
          "a.k_proj.weight[4,4] a.v_proj.weight[4,4] a.o_proj.weight[4,4] a.q_proj.weight[7,7] "
          "a.extra.weight[1]");
    /* A class's sizes are its own. */
    refuses("like llama\n", "{\"hidden_size\":4}", "lacks vocab_size");
}

Test(notation, a_nested_family_has_its_own_names)
{
    static const char config[] =
        "{\"text_config\":{\"model_type\":\"llama\",\"vocab_size\":8,\"hidden_size\":4,"
        "\"num_hidden_layers\":1,\"num_attention_heads\":1,\"intermediate_size\":6,"
        "\"tie_word_embeddings\":true}}";
    const char *plain = listed("family test\nllm: family text_config\n", config);
    cr_assert_str_eq(strtok(strdup(plain), " "), "llm.model.embed_tokens.weight[8,4]");
    const char *renamed = listed("family test\nmodel.language: family text_config as model with "
                                 "tie_word_embeddings false\n",
                                 config);
    cr_assert(strstr(renamed, "model.language.embed_tokens.weight[8,4] "), "%s", renamed);
    cr_assert(strstr(renamed, " lm_head.weight[8,4]"), "%s", renamed);
    /* `ties`: the whole's class stands behind what the nested config says. */
    const char *tied = listed("family test\ndefault tie_word_embeddings false\n"
                              "model.language: family text_config as model ties\n",
                              config);
    cr_assert(!strstr(tied, "lm_head.weight[8,4] "), "%s", tied);
}

/* A text that can be read, and its parts are there, or the build would have failed. */
Test(notation, every_family_is_read_and_found_by_its_names)
{
    char error[HU_FAMILIES_ERROR], name[64];
    const struct hu_family_text *f;
    size_t names = 0;
    for (size_t i = 0; (f = hu_family_text_at(i)); i++) {
        cr_assert(hu_family_check(f, error), "%s", error);
        cr_assert(*f->source, "family %s has no source", f->names);
        for (const char *at = f->names; *at; at += strspn(at, " ")) {
            size_t n = strcspn(at, " ");
            snprintf(name, sizeof name, "%.*s", (int)n, at);
            cr_assert_eq(hu_family_text_find(name, HU_FAMILY_BY_NAME), f, "%s is two families'",
                         name);
            at += n;
            names++;
        }
    }
    cr_assert_geq(names, 120, "%zu", names);
}

/* Calls WITH for each config of the fixtures that can be sized. */
static size_t each_config(void (*with)(const char *name, struct hu_model *model))
{
    char path[512];
    struct dirent *entry;
    size_t count = 0;
    DIR *folder = opendir(FIXTURES "/configs");
    cr_assert(folder);
    while ((entry = readdir(folder))) {
        struct hu_model model;
        size_t n = strlen(entry->d_name);
        if (n < 6 || strcmp(entry->d_name + n - 5, ".json"))
            continue;
        snprintf(path, sizeof path, "%s/configs/%s", FIXTURES, entry->d_name);
        cr_assert(hu_model_open(path, &model), "%s", model.error);
        with(entry->d_name, &model);
        hu_model_free(&model);
        count++;
    }
    closedir(folder);
    return count;
}

/* What the devices have together is the whole, but for heads that are fewer and parts that do not
 * come out even: then it is more, and never less. */
static void shares_add_up(const char *name, struct hu_model *m)
{
    static const uint64_t devices[] = {1, 2, 4, 8, 16};
    for (size_t k = 0; k < sizeof devices / sizeof *devices; k++)
        for (size_t i = 0; i < m->tensors.count; i++) {
            const struct hu_tensor_row *row = &m->tensors.rows[i];
            uint64_t shape[HU_RANK_MAX], t = devices[k], share = hu_row_share(row, t, shape);
            cr_assert_geq(share * t, row->elements, "%s: %s over %llu", name, row->name,
                          (unsigned long long)t);
            bool even = row->split && row->rank == 2 && !row->stacked &&
                        row->shape[row->split == HU_SPLIT_COLUMNS] % t == 0 &&
                        (!row->heads || row->heads % t == 0);
            if (even)
                cr_assert_eq(share * t, row->elements, "%s: %s over %llu", name, row->name,
                             (unsigned long long)t);
            if (!row->split)
                cr_assert_eq(share, row->elements, "%s: %s is whole", name, row->name);
        }
}

static void stages_add_up(const char *name, struct hu_model *m)
{
    struct hu_dtype bf16;
    struct hu_weights_size part;
    hu_dtype_find("bf16", &bf16);
    struct hu_weights_size whole = hu_weights_size(m, bf16, NULL);
    cr_assert_neq(whole.bytes, UINT64_MAX);
    for (uint64_t n = 1; n <= 8; n *= 2) {
        struct hu_spread stages = {1, n, 1}, experts = {1, 1, n};
        part = hu_weights_size(m, bf16, &stages);
        cr_assert_geq(part.bytes * n, whole.bytes, "%s: %llu stages", name, (unsigned long long)n);
        cr_assert_leq(part.bytes, whole.bytes, "%s", name);
        part = hu_weights_size(m, bf16, &experts);
        cr_assert_geq(part.bytes * n, whole.bytes, "%s: experts over %llu", name,
                      (unsigned long long)n);
        cr_assert_leq(part.bytes, whole.bytes, "%s", name);
    }
}

Test(notation, shares_of_devices_add_up_to_the_whole)
{
    cr_assert_geq(each_config(shares_add_up), 56);
    cr_assert_geq(each_config(stages_add_up), 56);
}

/* A count is the sum of the listed tensors, one by one, and no two have one name. */
static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_differ(const char *name, struct hu_model *m)
{
    size_t count = 0, n = 0;
    uint64_t sum = 0;
    char text[640];
    for (size_t i = 0; i < m->tensors.count; i++)
        count += m->tensors.rows[i].copies;
    char **names = calloc(count, sizeof *names);
    for (size_t i = 0; i < m->tensors.count; i++) {
        const struct hu_tensor_row *row = &m->tensors.rows[i];
        for (uint64_t k = 0; k < row->copies; k++) {
            names[n++] = strdup(hu_row_name(row, k, text, sizeof text));
            sum += hu_row_counts(row) ? row->elements : 0;
        }
    }
    cr_assert_eq(sum, m->parameters, "%s", name);
    qsort(names, n, sizeof *names, by_text);
    for (size_t i = 1; i < n; i++)
        cr_assert(strcmp(names[i], names[i - 1]), "%s: two tensors are called %s", name, names[i]);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

Test(notation, a_count_is_the_sum_of_tensors_that_have_names_of_their_own)
{
    cr_assert_geq(each_config(names_differ), 56);
}

/* The config of a list: "# config: NAME", or the list's own name. */
static void config_of(const char *path, const char *file, char out[512])
{
    char line[512], name[256] = "";
    FILE *in = fopen(path, "r");
    cr_assert(in, "%s", path);
    while (!*name && fgets(line, sizeof line, in) && *line == '#')
        if (sscanf(line, "# config: %255s", name) != 1)
            *name = 0;
    fclose(in);
    if (!*name)
        snprintf(name, sizeof name, "%.*s", (int)(strlen(file) - 4), file);
    snprintf(out, 512, "%s/configs/%s.json", FIXTURES, name);
}

/* Bytes of TENSOR, which has ELEMENTS, in the dtype that ROW always has, or its own. */
static uint64_t bytes_of(const struct hu_checkpoint_tensor *tensor, const struct hu_tensor_row *row,
                         uint64_t elements)
{
    uint64_t bytes;
    bool always = row && (row->dtype.format || row->dtype.integer);
    cr_assert(hu_dtype_size(always ? row->dtype : tensor->dtype, elements, &bytes), "%s",
              tensor->name);
    return bytes;
}

/* The checkpoint's bytes: what it shares with MODEL's list by that list's shapes, the rest
 * (buffers) by its own. LACKED: tensors that no shape is known of. */
static uint64_t bytes_stored(const struct hu_model *model, struct hu_checkpoint *c, size_t *lacked)
{
    uint64_t sum = 0;
    char name[640];
    *lacked = 0;
    for (size_t i = 0; i < c->count; i++)
        c->tensors[i].met = false;
    for (size_t i = 0; i < model->tensors.count; i++) {
        const struct hu_tensor_row *row = &model->tensors.rows[i];
        for (uint64_t k = 0; k < row->copies; k++) {
            size_t low = 0, high = c->count;
            hu_row_name(row, k, name, sizeof name);
            while (low < high) {
                size_t middle = (low + high) / 2;
                int order = strcmp(name, c->tensors[middle].name);
                if (order > 0)
                    low = middle + 1;
                else
                    high = middle;
            }
            if (low == c->count || strcmp(name, c->tensors[low].name))
                continue;
            c->tensors[low].met = true;
            sum += bytes_of(&c->tensors[low], row, row->elements);
        }
    }
    for (size_t i = 0; i < c->count; i++) {
        uint64_t elements = 1;
        for (unsigned k = 0; k < c->tensors[i].rank; k++)
            elements *= c->tensors[i].shape[k];
        if (!c->tensors[i].met && c->tensors[i].has_shape)
            sum += bytes_of(&c->tensors[i], NULL, elements);
        *lacked += !c->tensors[i].met && !c->tensors[i].has_shape;
    }
    return sum;
}

/* Lists whose total_size counts one tensor under two names once, or a boolean as an eighth. */
static uint64_t counted_otherwise(const char *file)
{
    static const struct {
        const char *file;
        uint64_t more;
    } rows[] = {
        {"chatglm2-6b.txt", UINT64_C(2) * 65024 * 4096},          /* lm_head */
        {"layoutlm-wikipedia-ja.txt", UINT64_C(2) * 32768 * 768}, /* the decoder */
        /* The masks, and rotary tables of 64 in 16 bits. */
        {"redpajama-incite-7b.txt", UINT64_C(32) * (2048 * 2048 * 7 / 8 + 2 * 64)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].file, file))
            return rows[i].more;
    return 0;
}

static size_t totals_met;

/* The list's bytes are the index's metadata.total_size. */
static void compare_total(const struct hu_model *model, struct hu_checkpoint *c, const char *file)
{
    size_t lacked;
    uint64_t sum = bytes_stored(model, c, &lacked);
    if (!c->has_total_size || lacked)
        return;
    cr_assert_eq(sum - counted_otherwise(file), c->total_size, "%s: %llu, not %llu", file,
                 (unsigned long long)sum, (unsigned long long)c->total_size);
    totals_met++;
}

/* Every name of the list, and its shape where that is known. */
static void compare_list(const char *path, const char *file)
{
    char config[512];
    struct hu_model model;
    struct hu_checkpoint checkpoint;
    struct hu_comparison c;
    static const char *const words[] = {"missing", "extra", "of another shape"};
    config_of(path, file, config);
    cr_assert(hu_model_open(config, &model), "%s: %s", file, model.error);
    cr_assert(hu_checkpoint_read(path, &checkpoint), "%s", checkpoint.error);
    cr_assert(hu_checkpoint_compare(&model, &checkpoint, &c));
    cr_assert_eq(c.count, 0, "%s: %s is %s", file, c.count ? c.differences->name : "",
                 words[c.count ? c.differences->kind : HU_MISSING]);
    cr_assert_geq(c.compared, 10, "%s", file);
    compare_total(&model, &checkpoint, file);
    hu_checkpoint_free(&checkpoint);
    hu_model_free(&model);
}

/* Names, and shapes where they are known, of published checkpoints (fixtures/tensor-lists). */
Test(notation, lists_are_those_of_published_checkpoints)
{
    char path[512];
    struct dirent *entry;
    size_t count = 0;
    DIR *folder = opendir(FIXTURES "/tensor-lists");
    cr_assert(folder);
    while ((entry = readdir(folder))) {
        size_t n = strlen(entry->d_name);
        if (n < 5 || strcmp(entry->d_name + n - 4, ".txt"))
            continue;
        snprintf(path, sizeof path, "%s/tensor-lists/%s", FIXTURES, entry->d_name);
        compare_list(path, entry->d_name);
        count++;
    }
    closedir(folder);
    cr_assert_geq(count, 55, "%zu lists", count);
    cr_assert_geq(totals_met, 50, "%zu totals", totals_met);
}

/* Pipelines of diffusers: fixtures/configs/pipelines.tsv has their counts and sources. */
Test(notation, a_pipeline_is_the_sum_of_its_components)
{
    char row[1024], name[64], path[512];
    size_t count = 0;
    FILE *in = fopen(FIXTURES "/configs/pipelines.tsv", "r");
    cr_assert(in);
    while (fgets(row, sizeof row, in)) {
        unsigned long long parameters;
        struct hu_model model;
        if (*row == '#')
            continue;
        cr_assert_eq(sscanf(row, "%63s %llu", name, &parameters), 2, "%s", row);
        snprintf(path, sizeof path, "%s/configs/%s", FIXTURES, name);
        cr_assert(hu_model_open(path, &model), "%s", model.error);
        cr_assert_eq(model.parameters, parameters, "%s: %llu", name,
                     (unsigned long long)model.parameters);
        hu_model_free(&model);
        count++;
    }
    fclose(in);
    cr_assert_geq(count, 5);
}

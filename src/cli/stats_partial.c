#include "room.h"
#include "stats_partial.h"
#include "options.h"
#include "file/input.h"

bool read_stats_shard(const struct options *o, void *at)
{
    struct shard *shard = at;
    char *end;
    shard->number = strtoull(o->value, &end, 10);
    bool fine =
        *o->value >= '0' && *o->value <= '9' && *end == '/' && end[1] >= '0' && end[1] <= '9';
    shard->count = fine ? strtoull(end + 1, &end, 10) : 0;
    if (fine && !*end && shard->number && shard->number <= shard->count &&
        shard->count <= SHARDS_MAX)
        return true;
    return refuse("--shard is K/N, K from 1 to N, and N at most %d, not \"%s\"", SHARDS_MAX,
                  o->value);
}

void partial_done(void *context, size_t index, struct hu_gathered *g)
{
    struct partial_run *run = context;
    const struct hu_stream *s = run->stream;
    const struct hu_stream_tensor *t = &s->tensors[index];
    hu_put_number(&run->entries, index);
    hu_put_number(&run->entries,
                  t->sharded ? t->end_piece - t->first_piece : hu_stream_pieces(s, index));
    hu_put_gathered(&run->entries, &s->plan, g, hu_stream_is_whole(s, index));
    run->entry_count++;
}

static void hash(uint64_t *h, const void *bytes, size_t n)
{
    *h = partial_hash(*h, bytes, n);
}

static void hash_number(uint64_t *h, uint64_t number)
{
    unsigned char bytes[8];
    hu_little_write(bytes, number, sizeof bytes);
    hash(h, bytes, sizeof bytes);
}

/* Some bytes at OFFSET: the same names and shapes may hold other data. */
static void hash_sample(uint64_t *h, int descriptor, uint64_t offset, uint64_t bytes)
{
    unsigned char sample[64];
    size_t n = bytes < sizeof sample ? (size_t)bytes : sizeof sample;
    if (n && !hu_read_at(descriptor, sample, n, offset))
        hash(h, sample, n);
    if (n && !hu_read_at(descriptor, sample, n, offset + bytes - n))
        hash(h, sample, n);
}

/* What tensors are recognised by. */
static uint64_t fingerprint(const struct partial_run *run)
{
    uint64_t h = PARTIAL_HASH_START;
    for (size_t i = 0; i < run->stats->count; i++) {
        const struct hu_tensor *t = run->stats->tensors[i].tensor;
        const struct hu_stream_tensor *data = &run->stream->tensors[i];
        hash(&h, t->name, strlen(t->name) + 1);
        for (unsigned k = 0; k < t->rank; k++)
            hash_number(&h, t->shape[k]);
        hash_number(&h, t->bytes);
        if (data->decoded)
            hash_sample(&h, data->decoded->codes.descriptor, data->decoded->codes.offset, 64);
        else
            hash_sample(&h, data->input, data->offset, data->strides ? 64 : data->bytes);
    }
    return h;
}

void partial_write(struct partial_run *run, const char *path, bool force)
{
    const struct stats *s = run->stats;
    struct partial_head head = {
        .file = (char *)s->file,
        .options = {s->targets, s->scaling, s->rule, s->options.direction, s->options.saturate},
        .fingerprint = fingerprint(run),
        .skipped = s->skipped,
        .shards = run->shard.count ? run->shard.count : 1,
        .held = &(uint64_t){run->shard.count ? run->shard.number : 1},
        .held_count = 1,
        .tensor_count = s->count,
    };
    OWNED struct partial_tensor *rows = check_memory(calloc(s->count + 1, sizeof *rows));
    for (size_t i = 0; i < s->count; i++)
        rows[i] = (struct partial_tensor){
            (char *)s->tensors[i].tensor->name, s->tensors[i].tensor->dtype,
            s->tensors[i].tensor->elements, hu_stream_pieces(run->stream, i)};
    head.tensors = rows;
    partial_file_write(&head, &run->entries, run->entry_count, path, force);
}

struct entry {
    size_t tensor;
    uint64_t pieces;
    bool finished;
    const struct partial_file *file;
    struct hu_bytes_in bytes; /* what was gathered begins here */
};

static const struct partial_head *head_of(const struct partial_merge *m)
{
    return &m->files[0].head;
}

/* What its elements are analysed as. */
static const struct hu_format *format_of(const struct partial_tensor *t)
{
    return t->dtype.format ? t->dtype.format : hu_format_find("fp64");
}

static struct hu_statistics_plan plan_of(const struct partial_merge *m)
{
    const struct partial_options *o = &head_of(m)->options;
    return (struct hu_statistics_plan){m->targets, o->targets.count, o->scaling};
}

static bool same_options(const struct partial_options *a, const struct partial_options *b)
{
    bool same = a->targets.count == b->targets.count && a->scaling == b->scaling &&
                a->rule == b->rule && a->direction == b->direction && a->saturate == b->saturate;
    for (size_t i = 0; same && i < a->targets.count; i++)
        same = a->targets.at[i].format == b->targets.at[i].format &&
               a->targets.at[i].block == b->targets.at[i].block;
    return same;
}

static bool same_tensors(const struct partial_head *a, const struct partial_head *b)
{
    bool same = a->fingerprint == b->fingerprint && a->tensor_count == b->tensor_count &&
                a->skipped == b->skipped;
    for (size_t i = 0; same && i < a->tensor_count; i++)
        same = !strcmp(a->tensors[i].name, b->tensors[i].name) &&
               a->tensors[i].elements == b->tensors[i].elements &&
               a->tensors[i].pieces == b->tensors[i].pieces &&
               hu_dtype_same(a->tensors[i].dtype, b->tensors[i].dtype);
    return same;
}

static bool refuse_file(const struct partial_merge *m, size_t file, const char *why)
{
    return refuse("%s and %s %s", m->paths[0], m->paths[file], why);
}

/* Whether file INDEX belongs with the first. */
static bool check_head(const struct partial_merge *m, size_t index)
{
    const struct partial_head *a = head_of(m), *b = &m->files[index].head;
    if (!same_options(&a->options, &b->options))
        return refuse_file(m, index, "are of runs with different options");
    if (a->joined != b->joined && !m->joins)
        return refuse_file(m, index, "are of an array's parts and of a file's shards");
    if (m->joins)
        return true;
    if (!same_tensors(a, b))
        return refuse_file(m, index, "are of different files or tensors");
    return a->shards == b->shards ||
           refuse_file(m, index, "are of runs in different numbers of shards");
}

/* Parts of an array are whole files of one tensor, and no scale stands over all of it. */
static bool check_joined(const struct partial_merge *m, size_t index)
{
    const struct partial_head *h = &m->files[index].head, *a = head_of(m);
    const struct partial_options *o = &h->options;
    if (h->tensor_count != 1 || h->held_count != h->shards)
        return refuse("%s is not of one whole array: --join adds those", m->paths[index]);
    if (h->tensors[0].dtype.format != a->tensors[0].dtype.format || !a->tensors[0].dtype.format)
        return refuse_file(m, index, "are of arrays of different formats");
    bool over = o->scaling == HU_SCALE_TENSOR;
    for (size_t i = 0; i < o->targets.count; i++)
        over |= o->targets.at[i].block && hu_block_needs_amax(o->targets.at[i].block);
    return !over ||
           refuse("%s has a scale that stands over the whole array: its parts do not add up",
                  m->paths[index]);
}

/* Every shard once. */
static bool check_shards(const struct partial_merge *m, bool for_report)
{
    uint64_t shards = head_of(m)->shards;
    OWNED size_t *holder = check_memory(calloc((size_t)shards + 1, sizeof *holder));
    for (size_t i = 0; i < m->count; i++)
        for (size_t k = 0; k < m->files[i].head.held_count; k++) {
            uint64_t number = m->files[i].head.held[k];
            if (holder[number])
                return refuse("shard %llu of %llu is in %s and in %s", (unsigned long long)number,
                              (unsigned long long)shards, m->paths[holder[number] - 1],
                              m->paths[i]);
            holder[number] = i + 1;
        }
    for (uint64_t k = 1; for_report && k <= shards; k++)
        if (!holder[k])
            return refuse("shard %llu of %llu is missing", (unsigned long long)k,
                          (unsigned long long)shards);
    return true;
}

static bool check_all(const struct partial_merge *m, bool for_report)
{
    for (size_t i = 0; i < m->count; i++)
        if (!check_head(m, i) || (m->joins && !check_joined(m, i)))
            return false;
    return m->joins || check_shards(m, for_report);
}

static bool read_all(struct partial_merge *m)
{
    m->files = check_memory(calloc(m->count + 1, sizeof *m->files));
    for (size_t i = 0; i < m->count; i++)
        if (!partial_file_read(&m->files[i], m->paths[i]))
            return false;
    return true;
}

static struct hu_gathered *parse(const struct partial_merge *m, const struct partial_tensor *t,
                                 struct hu_bytes_in *in, bool finished)
{
    struct hu_statistics_plan plan = plan_of(m);
    struct hu_gathered *g = check_memory(hu_gathered_new(&plan, format_of(t)));
    hu_get_gathered(in, &plan, g, finished);
    return g;
}

/* The file's entries behind *ENTRIES. False: reported. */
static bool find_entries(const struct partial_merge *m, const struct partial_file *f,
                         struct entry **entries, size_t *count)
{
    struct hu_bytes_in in = f->entries;
    *entries = check_memory(realloc(*entries, (*count + f->entry_count + 1) * sizeof **entries));
    for (size_t i = 0; !in.failed && i < f->entry_count; i++) {
        struct entry *e = *entries + *count;
        *e = (struct entry){.file = f};
        in.failed |= !f->head.tensor_count;
        e->tensor = (size_t)hu_get_number_below(&in, f->head.tensor_count - 1);
        e->pieces = hu_get_number(&in);
        if (in.failed)
            break;
        const struct partial_tensor *t = &f->head.tensors[e->tensor];
        in.failed |= !e->pieces || e->pieces > t->pieces;
        e->finished = e->pieces == t->pieces;
        e->bytes = in;
        hu_gathered_free(parse(m, t, &in, e->finished));
        *count += !in.failed;
    }
    if (!in.failed && in.at == in.end)
        return true;
    return refuse("%s is malformed, though its checksum is right", f->path);
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return (x->tensor > y->tensor) - (x->tensor < y->tensor);
}

/* What all of N entries of one tensor have gathered; NULL: they have more pieces than there are. */
static struct hu_gathered *sum(const struct partial_merge *m, const struct entry *entries, size_t n,
                               uint64_t *pieces)
{
    struct hu_gathered *all = NULL;
    *pieces = 0;
    for (size_t i = 0; i < n; i++) {
        const struct partial_tensor *t = &entries[i].file->head.tensors[entries[i].tensor];
        struct hu_bytes_in in = entries[i].bytes;
        struct hu_gathered *one = parse(m, t, &in, entries[i].finished);
        *pieces += entries[i].pieces;
        if (all) {
            hu_gathered_merge(all, one);
            hu_gathered_free(one);
        }
        all = all ? all : one;
    }
    return all;
}

/* Adds tensor INDEX, of which G is what N entries have; PIECES of its pieces. */
static void add_tensor(struct partial_merge *m, struct stats *s, struct hu_scratch *scratch,
                       size_t index, struct hu_gathered *g, uint64_t pieces, bool finished)
{
    struct hu_statistics_plan plan = plan_of(m);
    const struct partial_tensor *t = &head_of(m)->tensors[index];
    bool whole = pieces == t->pieces;
    if (whole && !finished)
        hu_gathered_finish(scratch, &plan, format_of(t), g);
    if (pieces) {
        hu_put_number(&m->entries, index);
        hu_put_number(&m->entries, pieces);
        hu_put_gathered(&m->entries, &plan, g, whole);
        m->entry_count++;
    }
    if (whole)
        stats_done(s, index, g);
}

static bool add_all(struct partial_merge *m, struct stats *s, const struct entry *entries,
                    size_t count)
{
    struct partial_head *h = &m->files[0].head;
    struct hu_statistics_plan plan = plan_of(m);
    struct hu_scratch *scratch = check_memory(hu_scratch_new());
    bool fine = true;
    for (size_t i = 0, first = 0, n; fine && i < h->tensor_count; i++, first += n) {
        for (n = 0; first + n < count && entries[first + n].tensor == i;)
            n++;
        uint64_t pieces = 0;
        struct hu_gathered *g =
            n ? sum(m, entries + first, n, &pieces) : check_memory(hu_gathered_new(&plan, NULL));
        /* Parts of one array are finished each, and are one now. */
        if (m->joins)
            h->tensors[i].pieces = pieces;
        fine = pieces <= h->tensors[i].pieces;
        if (fine)
            add_tensor(m, s, scratch, i, g, pieces,
                       m->joins || (n == 1 && entries[first].finished));
        else
            fail("pieces of tensor '%s' are in several of the files", h->tensors[i].name);
        hu_gathered_free(g);
    }
    hu_scratch_free(scratch);
    return fine;
}

/* The first file's head becomes that of the sum. */
static void add_heads(struct partial_merge *m)
{
    struct partial_head *h = &m->files[0].head;
    size_t n = 0;
    if (m->joins) {
        h->joined = true;
        for (size_t i = 1; i < m->count; i++) {
            h->fingerprint += m->files[i].head.fingerprint;
            h->tensors[0].elements += m->files[i].head.tensors[0].elements;
        }
        return;
    }
    for (size_t i = 0; i < m->count; i++)
        n += m->files[i].head.held_count;
    OWNED bool *has = check_memory(calloc((size_t)h->shards + 1, sizeof *has));
    for (size_t i = 0; i < m->count; i++)
        for (size_t k = 0; k < m->files[i].head.held_count; k++)
            has[m->files[i].head.held[k]] = true;
    h->held = check_memory(realloc(h->held, (n + 1) * sizeof *h->held));
    h->held_count = 0;
    for (uint64_t k = 1; k <= h->shards; k++)
        if (has[k])
            h->held[h->held_count++] = k;
}

static void set_statistics(struct partial_merge *m, struct stats *s)
{
    const struct partial_head *h = head_of(m);
    s->file = h->file;
    s->targets = h->options.targets;
    s->scaling = h->options.scaling;
    s->rule = h->options.rule;
    s->options.direction = h->options.direction;
    s->options.saturate = h->options.saturate;
    s->skipped = (size_t)h->skipped;
    m->targets = stats_targets(s);
    struct hu_statistics_plan plan = plan_of(m);
    s->total = check_memory(hu_gathered_new(&plan, NULL));
    m->tensors = check_memory(calloc(h->tensor_count + 1, sizeof *m->tensors));
    s->tensors = check_memory(calloc(h->tensor_count + 1, sizeof *s->tensors));
    for (size_t i = 0; i < h->tensor_count; i++) {
        m->tensors[i] = (struct hu_tensor){.name = h->tensors[i].name,
                                           .dtype = h->tensors[i].dtype,
                                           .elements = h->tensors[i].elements};
        stats_add(s, &m->tensors[i]);
    }
}

bool partial_merge(struct partial_merge *m, struct stats *s, bool for_report)
{
    OWNED struct entry *entries = NULL;
    size_t count = 0;
    if (!read_all(m) || !check_all(m, for_report))
        return false;
    bool fine = true;
    add_heads(m);
    set_statistics(m, s);
    for (size_t i = 0; fine && i < m->count; i++)
        fine = find_entries(m, &m->files[i], &entries, &count);
    if (fine && count)
        qsort(entries, count, sizeof *entries, compare_entries);
    return fine && add_all(m, s, entries, count);
}

void partial_merge_write(const struct partial_merge *m, const char *path, bool force)
{
    partial_file_write(head_of(m), &m->entries, m->entry_count, path, force);
}

void partial_merge_clear(struct partial_merge *m)
{
    for (size_t i = 0; m->files && i < m->count; i++)
        partial_file_clear(&m->files[i]);
    free(m->files);
    free(m->tensors);
    free(m->targets);
    free(m->entries.at);
}

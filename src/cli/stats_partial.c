#include "stats_partial.h"
#include "options.h"
#include "report.h"
#include "file/input.h"

#include <stdlib.h>
#include <string.h>

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

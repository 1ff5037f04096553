#include "room.h"
#include "partial_file.h"
#include "output_file.h"
#include "file/input.h"

static const char magic[] = "HUSTATS";
enum { FILE_VERSION = '1', MAGIC = 7, BEFORE = MAGIC + 1 + 8, AFTER = 8 };

uint64_t partial_hash(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void put_options(struct hu_bytes_out *out, const struct partial_options *o)
{
    hu_put_number(out, o->targets.count);
    for (size_t i = 0; i < o->targets.count; i++)
        hu_put_text(out, o->targets.at[i].name);
    hu_put_number(out, o->scaling);
    hu_put_number(out, o->rule);
    hu_put_number(out, o->direction);
    hu_put_number(out, o->saturate);
}

static void put_head(struct hu_bytes_out *out, const struct partial_head *h, size_t entries)
{
    hu_put_text(out, h->file);
    put_options(out, &h->options);
    hu_put_number(out, h->joined);
    hu_put_number(out, h->fingerprint);
    hu_put_number(out, h->skipped);
    hu_put_number(out, h->shards);
    hu_put_number(out, h->held_count);
    for (size_t i = 0; i < h->held_count; i++)
        hu_put_number(out, h->held[i]);
    hu_put_number(out, h->tensor_count);
    for (size_t i = 0; i < h->tensor_count; i++) {
        hu_put_text(out, h->tensors[i].name);
        hu_put_text(out, hu_dtype_name(h->tensors[i].dtype));
        hu_put_number(out, h->tensors[i].elements);
        hu_put_number(out, h->tensors[i].pieces);
    }
    hu_put_number(out, entries);
}

struct written {
    struct hu_bytes_out head;
    const struct hu_bytes_out *entries;
};

static void put_file(FILE *stream, const void *what)
{
    const struct written *w = what;
    unsigned char before[BEFORE], after[AFTER];
    memcpy(before, magic, MAGIC);
    before[MAGIC] = FILE_VERSION;
    hu_little_write(before + MAGIC + 1, w->head.count + w->entries->count, 8);
    uint64_t hash = partial_hash(PARTIAL_HASH_START, before, BEFORE);
    hash = partial_hash(hash, w->head.at, w->head.count);
    hu_little_write(after, partial_hash(hash, w->entries->at, w->entries->count), 8);
    fwrite(before, 1, BEFORE, stream);
    fwrite(w->head.at, 1, w->head.count, stream);
    if (w->entries->count)
        fwrite(w->entries->at, 1, w->entries->count, stream);
    fwrite(after, 1, AFTER, stream);
}

void partial_file_write(const struct partial_head *head, const struct hu_bytes_out *entries,
                        size_t count, const char *path, bool force)
{
    struct written w = {.head.failed = entries->failed, .entries = entries};
    put_head(&w.head, head, count);
    if (w.head.failed)
        die("out of memory");
    output_whole(path, force, put_file, &w);
    free(w.head.at);
}

static bool get_target(struct hu_bytes_in *in, struct stats_target *t)
{
    OWNED char *name = hu_get_text(in);
    const struct hu_format *f = name ? hu_format_find(name) : NULL;
    const struct hu_block *b = name && !f ? hu_block_find(name) : NULL;
    bool fine = f || (b && hu_block_encodes(b));
    if (fine)
        *t = (struct stats_target){f ? f->name : b->name, f, b};
    return fine;
}

static void get_options(struct hu_bytes_in *in, struct partial_options *o)
{
    size_t n = (size_t)hu_get_number_below(in, HU_TARGETS_MAX);
    in->failed |= !n;
    for (size_t i = 0; !in->failed && i < n; i++)
        in->failed |= !get_target(in, &o->targets.at[o->targets.count++]);
    o->scaling = (enum hu_scaling)hu_get_number_below(in, HU_SCALE_BLOCK);
    o->rule = (enum hu_scale_rule)hu_get_number_below(in, HU_SCALE_EVEN);
    o->direction = (enum hu_direction)hu_get_number_below(in, HU_STOCHASTIC);
    o->saturate = hu_get_number_below(in, 1);
}

/* How many rows there are, of each of which the file has LEAST bytes. */
static size_t get_count(struct hu_bytes_in *in, size_t least)
{
    return (size_t)hu_get_number_below(in, (uint64_t)(in->end - in->at) / least);
}

static void get_held(struct hu_bytes_in *in, struct partial_head *h)
{
    h->shards = hu_get_number_below(in, SHARDS_MAX);
    size_t n = get_count(in, 1);
    in->failed |= !n;
    h->held = check_memory(calloc(n + 1, sizeof *h->held));
    for (size_t i = 0; !in->failed && i < n; i++) {
        uint64_t number = hu_get_number_below(in, h->shards);
        in->failed |= !number || (i && number <= h->held[i - 1]);
        h->held[h->held_count++] = number;
    }
}

static void get_tensors(struct hu_bytes_in *in, struct partial_head *h)
{
    size_t n = get_count(in, 4);
    h->tensors = check_memory(calloc(n + 1, sizeof *h->tensors));
    for (size_t i = 0; !in->failed && i < n; i++) {
        struct partial_tensor *t = &h->tensors[h->tensor_count++];
        t->name = hu_get_text(in);
        OWNED char *dtype = hu_get_text(in);
        in->failed |= !dtype || !hu_dtype_find(dtype, &t->dtype) || t->dtype.integer;
        t->elements = hu_get_number(in);
        t->pieces = hu_get_number(in);
        in->failed |= (t->elements > 0) != (t->pieces > 0) || t->pieces > t->elements;
    }
}

static bool say(char error[PARTIAL_ERROR], const char *why)
{
    snprintf(error, PARTIAL_ERROR, "%s", why);
    return false;
}

bool partial_file_parse(struct partial_file *f, const unsigned char *bytes, size_t n,
                        char error[PARTIAL_ERROR])
{
    struct partial_head *h = &f->head;
    if (n < MAGIC || memcmp(bytes, magic, MAGIC))
        return say(error, "is no part of statistics that 'halfulp stats --partial' has written");
    if (n > MAGIC && bytes[MAGIC] != FILE_VERSION)
        return say(error, "is a part of statistics of another version of halfulp");
    if (n < BEFORE + AFTER || hu_little_read(bytes + MAGIC + 1, 8) != n - BEFORE - AFTER) {
        snprintf(error, PARTIAL_ERROR, "has %zu bytes, and not as many as it says: it is cut short",
                 n);
        return false;
    }
    if (partial_hash(PARTIAL_HASH_START, bytes, n - AFTER) != hu_little_read(bytes + n - AFTER, 8))
        return say(error, "is damaged: its checksum is another");
    struct hu_bytes_in in = {.at = bytes + BEFORE, .end = bytes + n - AFTER};
    h->file = hu_get_text(&in);
    get_options(&in, &h->options);
    h->joined = hu_get_number_below(&in, 1);
    h->fingerprint = hu_get_number(&in);
    h->skipped = hu_get_number(&in);
    get_held(&in, h);
    get_tensors(&in, h);
    f->entry_count = get_count(&in, 8);
    f->entries = in;
    return !in.failed || say(error, "is malformed, though its checksum is right");
}

bool partial_file_read(struct partial_file *f, const char *path)
{
    char error[PARTIAL_ERROR];
    size_t n = 0, room = 0;
    *f = (struct partial_file){.path = path};
    FILE *file = fopen(path, "rb");
    errno = file ? 0 : errno;
    for (size_t got = 1; file && got; n += got) {
        if (n == room)
            f->bytes = check_memory(realloc(f->bytes, room = room * 2 + 65536));
        got = fread(f->bytes + n, 1, room - n, file);
    }
    bool unread = !file || ferror(file);
    if (unread)
        fail("%s: %s", path, strerror(errno));
    if (file)
        fclose(file);
    return !unread && (partial_file_parse(f, f->bytes, n, error) || refuse("%s %s", path, error));
}

void partial_file_clear(struct partial_file *f)
{
    for (size_t i = 0; i < f->head.tensor_count; i++)
        free(f->head.tensors[i].name);
    free(f->head.tensors);
    free(f->head.held);
    free(f->head.file);
    free(f->bytes);
}

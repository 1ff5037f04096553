#include "window.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What is shorter is cheaper to read than to map. */
enum { MAPPED_LEAST = 64 * 1024 };

static uint64_t page_size(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Bytes from a tensor's first element to its last. */
static uint64_t reach(const struct hu_stream_tensor *t)
{
    return t->strides ? t->span * t->unit : t->bytes;
}

/* Where it can be mapped. Addresses are all that this takes. */
void hu_mapped_open(struct hu_mapped *m, const struct hu_stream_tensor *t)
{
    uint64_t first = t->offset / page_size() * page_size(), length = t->offset - first + reach(t);
    *m = (struct hu_mapped){0};
    if (t->decoded || reach(t) < MAPPED_LEAST || length > SIZE_MAX)
        return;
    void *at = mmap(NULL, (size_t)length, PROT_READ, MAP_SHARED, t->input, (off_t)first);
    if (at != MAP_FAILED)
        *m = (struct hu_mapped){at, (size_t)length, first};
}

void hu_mapped_close(struct hu_mapped *m)
{
    if (m->at)
        munmap(m->at, m->length);
    m->at = NULL;
}

/* The pages of N bytes at OFFSET, brought in all at once. What lies about it is not needed: where
 * this fails, or a kernel before Linux 5.14 does not know it, they come one after the other. */
static unsigned char *look(struct hu_window *w, const struct hu_mapped *m, uint64_t offset,
                           size_t n)
{
    uint64_t first = offset / page_size() * page_size();
    w->pages = m->at + (first - m->first_page);
    w->length = (size_t)(offset - first) + n;
#ifdef MADV_POPULATE_READ
    madvise(w->pages, w->length, MADV_POPULATE_READ);
#endif
    return m->at + (offset - m->first_page);
}

void hu_window_close(struct hu_window *w)
{
    if (w->pages && !w->stays)
        madvise(w->pages, w->length, MADV_DONTNEED);
    w->pages = NULL;
}

/* N elements of UNIT bytes that lie STRIDE bytes apart. */
static void copy_run(unsigned char *out, const unsigned char *in, uint64_t stride, size_t n,
                     unsigned unit)
{
    for (size_t i = 0; i < n; i++, out += unit, in += stride)
        switch (unit) {
        case 1:
            *out = *in;
            break;
        case 2:
            memcpy(out, in, 2);
            break;
        case 4:
            memcpy(out, in, 4);
            break;
        default:
            memcpy(out, in, unit);
        }
}

/* COUNT elements from FIRST on, each from its place. IN: the tensor's first element. */
static void gather(const struct hu_stream_tensor *t, const unsigned char *in, uint64_t first,
                   uint64_t count, unsigned char *out)
{
    uint64_t index[HU_STREAM_RANK_MAX], at = 0;
    unsigned last = t->rank - 1;
    for (unsigned i = t->rank; i-- > 0; first /= t->shape[i]) {
        index[i] = first % t->shape[i];
        at += index[i] * t->strides[i];
        if (!i)
            break;
    }
    while (count) {
        uint64_t run = t->shape[last] - index[last];
        run = run < count ? run : count;
        copy_run(out, in + at * t->unit, t->strides[last] * t->unit, (size_t)run, t->unit);
        out += run * t->unit;
        count -= run;
        index[last] += run;
        at += run * t->strides[last];
        for (unsigned i = last; i && index[i] == t->shape[i]; i--) {
            at = at - t->shape[i] * t->strides[i] + t->strides[i - 1];
            index[i] = 0;
            index[i - 1]++;
        }
    }
}

static int open_strided(struct hu_window *w, const struct hu_mapped *m,
                        const struct hu_stream_tensor *t, uint64_t begin, size_t n,
                        unsigned char *buffer, unsigned char *spare)
{
    const unsigned char *in = spare;
    uint64_t length = reach(t);
    if (m->at) {
        /* All of it: an element's neighbours may be anywhere. */
        w->pages = m->at;
        w->length = m->length;
        in = m->at + (t->offset - m->first_page);
    } else if (length > HU_PIECE) {
        return ENOMEM;
    } else {
        int why = hu_read_at(t->input, spare, (size_t)length, t->offset);
        if (why)
            return why;
    }
    gather(t, in, begin / t->unit, n / t->unit, buffer);
    hu_window_close(w);
    return 0;
}

int hu_window_open(struct hu_window *w, const struct hu_mapped *m, const struct hu_stream_tensor *t,
                   uint64_t begin, size_t n, unsigned char *buffer, unsigned char *spare)
{
    int why = 0;
    w->pages = NULL;
    w->stays = false;
    w->bytes = buffer;
    if (t->decoded)
        return hu_recode_elements(t->decoded, begin / sizeof(double), n / sizeof(double), buffer);
    if (t->strides) {
        why = open_strided(w, m, t, begin, n, buffer, spare);
    } else if (m->at && !t->swap) {
        w->bytes = look(w, m, t->offset + begin, n);
        return 0;
    } else {
        why = hu_read_at(t->input, buffer, n, t->offset + begin);
    }
    if (!why && t->swap)
        hu_turn_bytes(buffer, n, t->swap);
    return why;
}

int hu_window_trouble(const struct hu_stream_tensor *t, uint64_t begin, size_t n,
                      unsigned char *buffer)
{
    uint64_t end = t->offset + (t->strides ? reach(t) : begin + n);
    /* Of elements that lie apart the last one will do. */
    size_t length = t->strides ? 1 : n;
    int why = hu_read_at(t->input, buffer, length, end - length);
    return why < 0 ? 0 : why;
}

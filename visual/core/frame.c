#include "frame.h"
#include "allocate.h"

#include <string.h>

/* FNV-1a (Fowler, Noll and Vo), 64 bits. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    while (n--)
        hash = (hash ^ *at++) * UINT64_C(0x100000001b3);
    return hash;
}

static const uint64_t basis = UINT64_C(0xcbf29ce484222325);

static uint64_t hash_item(const struct item *i)
{
    const int numbers[] = {(int)i->role,  i->rect.x, i->rect.y,    i->rect.w,         i->rect.h,
                           i->clip.y,     i->clip.h, (int)i->face, (int)i->align,     (int)i->tint,
                           (int)i->state, i->layer,  i->caption,   i->caption_height, i->first,
                           i->caret,      i->anchor};
    uint64_t hash = hash_bytes(basis, numbers, sizeof numbers);
    return hash_bytes(hash, i->text, strlen(i->text));
}

static uint64_t hash_mark(const struct mark *m)
{
    const int numbers[] = {(int)m->kind, m->rect.x, m->rect.y,    m->rect.w, m->rect.h,
                           m->clip.y,    m->clip.h, (int)m->tint, m->alpha};
    return hash_bytes(basis, numbers, sizeof numbers);
}

static struct rect unite(struct rect a, struct rect b)
{
    int x = a.x < b.x ? a.x : b.x, y = a.y < b.y ? a.y : b.y;
    int right = a.x + a.w > b.x + b.w ? a.x + a.w : b.x + b.w;
    int bottom = a.y + a.h > b.y + b.h ? a.y + a.h : b.y + b.h;
    return box(x, y, right - x, bottom - y);
}

/* Parts that meet become one; where there are too many, the newest grows. */
static void add_part(struct frame *f, struct rect r)
{
    for (int i = 0; i < f->part_count;) {
        if (rects_meet(f->parts[i], r)) {
            r = unite(f->parts[i], r);
            f->parts[i] = f->parts[--f->part_count];
            i = 0;
        } else {
            i++;
        }
    }
    if (f->part_count < FRAME_PARTS)
        f->parts[f->part_count++] = r;
    else
        add_part(f, unite(f->parts[--f->part_count], r));
}

/* Rings and shades reach this far beyond an item. */
static struct rect reach(const struct layout *l, struct rect r)
{
    int out = (int)(6 * l->view.scale) + 2;
    return rect_cut(rect_grown(r, out), box(0, 0, l->view.width, l->view.height));
}

static void note(struct frame *f, const struct layout *l, size_t n, uint64_t hash, struct rect r,
                 bool compare)
{
    if (compare && f->hashes[n] != hash) {
        struct rect part = reach(l, unite(f->rects[n], r));
        if (part.w && part.h)
            add_part(f, part);
    }
    f->hashes[n] = hash;
    f->rects[n] = r;
}

void frame_next(struct frame *f, const struct layout *l)
{
    size_t count = l->count + l->mark_count;
    bool same = f->count == count && f->width == l->view.width && f->height == l->view.height &&
                f->theme == (int)l->model->theme && count;
    f->part_count = 0;
    if (count > f->room) {
        f->room = 2 * count;
        f->hashes = need(realloc(f->hashes, f->room * sizeof *f->hashes));
        f->rects = need(realloc(f->rects, f->room * sizeof *f->rects));
    }
    for (size_t i = 0; i < l->count; i++)
        note(f, l, i, hash_item(&l->items[i]), rect_cut(l->items[i].rect, l->items[i].clip), same);
    for (size_t i = 0; i < l->mark_count; i++)
        note(f, l, l->count + i, hash_mark(&l->marks[i]),
             rect_cut(l->marks[i].rect, l->marks[i].clip), same);
    if (!same) {
        f->parts[0] = box(0, 0, l->view.width, l->view.height);
        f->part_count = 1;
    }
    f->count = count;
    f->width = l->view.width;
    f->height = l->view.height;
    f->theme = (int)l->model->theme;
}

void frame_clear(struct frame *f)
{
    free(f->hashes);
    free(f->rects);
    memset(f, 0, sizeof *f);
}

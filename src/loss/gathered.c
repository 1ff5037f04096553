#include "scratch.h"
#include "array/layout.h"

#include <stdlib.h>
#include <string.h>

/* Tables that are counted in by turns, so that equal neighbours do not wait for each other. */
enum { TABLES = 2 };

/* Codes. */

/* Formats of this many bits and no more are counted by code: what each target does to a code is
 * worked out once. */
enum { CODE_BITS = 16 };

bool hu_plan_is_of_blocks(const struct hu_statistics_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (!plan->targets[i].block.block)
            return false;
    return plan->count;
}

bool hu_counts_codes(const struct hu_statistics_plan *plan, const struct hu_format *f)
{
    bool drawn = hu_plan_direction(plan) == HU_STOCHASTIC;
    return !hu_plan_is_of_blocks(plan) && plan->scaling != HU_SCALE_BLOCK && !drawn &&
           f->width <= CODE_BITS && (f->storage_bits == 8 || f->storage_bits == 16) &&
           !f->storage_shift;
}

static void settle_group(struct hu_gathered *g, size_t first)
{
    for (size_t table = 0; table < TABLES; table++) {
        uint32_t *recent = g->recent + table * g->code_count + first, any = 0;
        for (size_t i = 0; i < GROUP; i++)
            any |= recent[i];
        if (!any)
            continue;
        for (size_t i = 0; i < GROUP; i++)
            g->codes[first + i] += recent[i];
        memset(recent, 0, GROUP * sizeof *recent);
    }
}

void hu_gathered_settle(struct hu_gathered *g)
{
    for (size_t c = 0; g->recent_elements && c < g->code_count; c += GROUP)
        if (g->met[c / GROUP])
            settle_group(g, c);
    g->recent_elements = 0;
}

void hu_gathered_meet(struct hu_gathered *g)
{
    if (g->met)
        memset(g->met, 1, g->code_count / GROUP);
}

/* How far ahead of what is counted memory is asked for, in bytes: a page, at which processors stop
 * doing so by themselves. */
enum { AHEAD = 4096 };

/* Of few elements, so that what they leave of the tables need not be looked at. */
static void meet_codes(struct hu_gathered *g, const struct hu_format *f, const unsigned char *bytes,
                       size_t n)
{
    enum { FEW = 1 << 13 };
    uint64_t mask = g->code_count - 1;
    if (n > FEW)
        memset(g->met, 1, g->code_count / GROUP);
    for (size_t i = 0; n <= FEW && i < n; i++) {
        uint64_t code = f->storage_bits == 8 ? bytes[i] : layout_word(bytes + i * 2, 16);
        g->met[(code & mask) / GROUP] = 1;
    }
}

bool hu_gathered_count(struct hu_gathered *g, const struct hu_format *f, const unsigned char *bytes,
                       size_t n)
{
    if (!g->recent)
        g->recent = calloc(TABLES * g->code_count, sizeof *g->recent);
    if (!g->recent)
        return false;
    if (g->recent_elements + n > UINT32_MAX)
        hu_gathered_settle(g);
    g->recent_elements += n;
    meet_codes(g, f, bytes, n);
    uint32_t *even = g->recent, *odd = even + g->code_count;
    uint64_t mask = g->code_count - 1;
    size_t i = 0;
    if (f->storage_bits == 8) {
        for (; i + 2 <= n; i += 2) {
            even[bytes[i] & mask]++;
            odd[bytes[i + 1] & mask]++;
        }
        if (i < n)
            even[bytes[i] & mask]++;
        return true;
    }
    for (; i + 16 <= n; i += 16) {
        __builtin_prefetch(bytes + i * 2 + AHEAD);
        for (size_t k = i; k < i + 16; k += 2) {
            even[layout_word(bytes + k * 2, 16) & mask]++;
            odd[layout_word(bytes + k * 2 + 2, 16) & mask]++;
        }
    }
    for (; i + 2 <= n; i += 2) {
        even[layout_word(bytes + i * 2, 16) & mask]++;
        odd[layout_word(bytes + i * 2 + 2, 16) & mask]++;
    }
    if (i < n)
        even[layout_word(bytes + i * 2, 16) & mask]++;
    return true;
}

static void spread_merge(struct hu_spread *s, const struct hu_spread *other)
{
    s->finite += other->finite;
    s->zeros += other->zeros;
    s->nans += other->nans;
    s->infinities += other->infinities;
    if (other->greatest > s->greatest)
        s->greatest = other->greatest;
    if (other->least > 0 && (s->least == 0 || other->least < s->least))
        s->least = other->least;
    for (size_t i = 0; i < HU_BINADES; i++)
        s->binades[i] += other->binades[i];
}

static bool any_block(const struct hu_statistics_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->targets[i].block.block)
            return true;
    return false;
}

struct hu_gathered *hu_gathered_new(const struct hu_statistics_plan *plan,
                                    const struct hu_format *source)
{
    struct hu_gathered *g = calloc(1, sizeof *g + plan->count * sizeof *g->losses);
    if (!g)
        return NULL;
    g->count = plan->count;
    bool fine = true;
    if (source && hu_counts_codes(plan, source)) {
        g->code_count = (size_t)1 << (source->width < 5 ? 5 : source->width);
        g->codes = calloc(g->code_count, sizeof *g->codes);
        g->met = calloc(g->code_count / GROUP, 1);
        fine = g->codes && g->met;
    }
    if (any_block(plan)) {
        g->blocks = calloc(plan->count, sizeof *g->blocks);
        fine = fine && g->blocks;
    }
    if (fine)
        return g;
    hu_gathered_free(g);
    return NULL;
}

void hu_gathered_clear(struct hu_gathered *g)
{
    memset(&g->spread, 0, sizeof g->spread);
    memset(g->losses, 0, g->count * sizeof *g->losses);
    if (g->blocks)
        memset(g->blocks, 0, g->count * sizeof *g->blocks);
    hu_gathered_settle(g);
    for (size_t c = 0; c < g->code_count; c += GROUP) {
        if (g->met[c / GROUP])
            memset(g->codes + c, 0, GROUP * sizeof *g->codes);
        g->met[c / GROUP] = 0;
    }
}

void hu_gathered_merge(struct hu_gathered *g, struct hu_gathered *other)
{
    hu_gathered_settle(other);
    spread_merge(&g->spread, &other->spread);
    for (size_t i = 0; i < g->count; i++)
        hu_loss_merge(&g->losses[i], &other->losses[i]);
    for (size_t i = 0; g->blocks && other->blocks && i < g->count; i++)
        hu_block_loss_merge(&g->blocks[i], &other->blocks[i]);
    if (!g->codes || !other->codes)
        return;
    for (size_t c = 0; c < g->code_count; c++) {
        if (!other->met[c / GROUP])
            continue;
        g->met[c / GROUP] = 1;
        g->codes[c] += other->codes[c];
    }
}

void hu_gathered_free(struct hu_gathered *g)
{
    if (g) {
        free(g->blocks);
        free(g->codes);
        free(g->met);
        free(g->recent);
    }
    free(g);
}

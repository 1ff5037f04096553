#include "stats.h"
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct hu_statistics_target *stats_targets(const struct stats *s)
{
    struct hu_statistics_target *targets = check_memory(calloc(s->targets.count, sizeof *targets));
    for (size_t i = 0; i < s->targets.count; i++)
        targets[i] = hu_statistics_target_of(s->targets.at[i], &s->options, s->scaling);
    return targets;
}

void stats_done(void *context, size_t index, struct hu_gathered *g)
{
    struct stats *s = context;
    struct stats_tensor *t = &s->tensors[index];
    t->finite = g->spread.finite;
    t->zeros = g->spread.zeros;
    t->nans = g->spread.nans;
    t->infinities = g->spread.infinities;
    t->greatest = g->spread.greatest;
    t->least = g->spread.least;
    for (size_t i = 0; i < s->targets.count; i++)
        t->figures[i] = hu_loss_figures(&g->losses[i]);
    hu_gathered_merge(s->total, g);
}

void stats_clear(struct stats *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->tensors[i].figures);
    free(s->tensors);
    hu_gathered_free(s->total);
}

bool stats_is_safe(const struct stats *s, const struct hu_loss_figures *f, uint64_t finite)
{
    const struct stats_limits *l = &s->limits;
    double most = l->is_share ? l->max_overflow * (double)finite : l->max_overflow;
    bool fits = l->any_overflow || (double)(f->overflow + f->invalid) <= most;
    bool lost = finite && !f->measured; /* no result is a number to compare */
    return fits && !lost && f->sqnr >= l->min_sqnr;
}

/* Whether A is to be preferred to B: narrower, or as wide and nearer to the data in all. */
static bool is_better(const struct stats *s, int a, int b)
{
    if (b < 0)
        return true;
    int wa = s->targets.at[a]->width, wb = s->targets.at[b]->width;
    if (wa != wb)
        return wa < wb;
    return hu_loss_figures(&s->total->losses[a]).sqnr > hu_loss_figures(&s->total->losses[b]).sqnr;
}

int stats_narrowest(const struct stats *s, const struct stats_tensor *t)
{
    int best = -1;
    for (int i = 0; i < (int)s->targets.count; i++)
        if (stats_is_safe(s, &t->figures[i], t->finite) && is_better(s, i, best))
            best = i;
    return best;
}

static bool is_safe_for_all(const struct stats *s, size_t target)
{
    struct hu_loss_figures f = hu_loss_figures(&s->total->losses[target]);
    bool safe = stats_is_safe(s, &f, s->total->spread.finite);
    for (size_t i = 0; safe && i < s->count; i++)
        safe = stats_is_safe(s, &s->tensors[i].figures[target], s->tensors[i].finite);
    return safe;
}

int stats_narrowest_of_all(const struct stats *s)
{
    int best = -1;
    for (int i = 0; i < (int)s->targets.count; i++)
        if (is_safe_for_all(s, (size_t)i) && is_better(s, i, best))
            best = i;
    return best;
}

const char *stats_scaling_name(enum hu_scaling scaling)
{
    static const char *const names[] = {"none", "tensor", "block"};
    return names[scaling];
}

const char *stats_decibels(char out[STATS_DECIBELS], const struct hu_loss_figures *f, double limit)
{
    int decimals = 2;
    if (!f->measured)
        return "nothing measured";
    if (!isfinite(f->sqnr))
        return f->sqnr > 0 ? "no error" : "no signal";
    do
        snprintf(out, STATS_DECIBELS, "%.*f", decimals, f->sqnr);
    while ((strtod(out, NULL) >= limit) != (f->sqnr >= limit) && ++decimals < 17);
    return strcat(out, " dB");
}

size_t stats_binades(const struct hu_spread *spread, int empty_least,
                     struct stats_binade binades[HU_BINADES])
{
    size_t n = 0;
    int empty = 0;
    for (int i = 0; i < HU_BINADES; i++) {
        int exponent = i + HU_BINADE_LEAST;
        if (!spread->binades[i]) {
            empty++;
            continue;
        }
        if (n && empty >= empty_least)
            binades[n++] = (struct stats_binade){.exponent = exponent - empty, .empty = empty};
        for (int k = empty; n && empty < empty_least && k > 0; k--)
            binades[n++] = (struct stats_binade){.exponent = exponent - k};
        binades[n++] = (struct stats_binade){.exponent = exponent, .count = spread->binades[i]};
        empty = 0;
    }
    return n;
}

enum stats_reach stats_reach(const struct hu_format *f, int exponent)
{
    if (exponent > hu_emax(f))
        return STATS_OVERFLOWS;
    if (exponent >= hu_emin(f))
        return STATS_NORMAL;
    /* What lies in the binade below the least subnormal rounds up to it, but for its edge. */
    return exponent >= hu_quantum_min(f) - 1 && hu_has_subnormals(f) ? STATS_SUBNORMAL : STATS_ZERO;
}

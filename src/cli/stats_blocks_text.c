#include "shown.h"
#include "grid.h"
#include "stats.h"
#include "file/printable.h"

#include <math.h>
#include <stdio.h>

enum { COUNT = 40, WORST = 3 };

static const char *share(char out[COUNT], uint64_t part, uint64_t all)
{
    if (!part || !all)
        return "0";
    snprintf(out, COUNT, "%.3g %%", 100 * (double)part / (double)all);
    return out;
}

static bool any_nan(const struct stats *s)
{
    for (size_t i = 0; i < s->targets.count; i++)
        if (s->targets.at[i].block && s->total->blocks[i].nan)
            return true;
    return false;
}

static void blocks_row(struct grid *g, const struct stats *s, size_t index)
{
    const struct stats_target *t = &s->targets.at[index];
    struct stats_blocks b = stats_blocks_in_all(s, index);
    char text[COUNT];
    grid_format(g, "", "%s\t%.4g", t->name, stats_target_bits(t));
    grid_cell(g, GROUPED(b.blocks), "");
    grid_cell(g, share(text, b.saturated, b.blocks), "");
    grid_cell(g, share(text, b.lost, s->total->losses[index].measured), "");
    if (any_nan(s))
        grid_cell(g, GROUPED(b.nan), b.nan ? ink->warn : "");
    for (int i = 0; i < HU_SCALE_RULES; i++)
        grid_cell(g, hu_block_has_rules(t->block) ? stats_sqnr(text, b.sqnr_by_rule[i]) : "–", "");
}

static bool any_with_rules(const struct stats *s)
{
    for (size_t i = 0; i < s->targets.count; i++)
        if (s->targets.at[i].block && hu_block_has_rules(s->targets.at[i].block))
            return true;
    return false;
}

static void print_table(const struct stats *s)
{
    struct grid g = GRID({"block format", 18, true}, {"bits", 7, false}, {"blocks", 15, false},
                         {"saturated", 11, false}, {"lost", 10, false});
    if (any_nan(s))
        grid_column(&g, "NaN", 10, false);
    for (int i = 0; i < HU_SCALE_RULES; i++)
        grid_column(&g, hu_scale_rule_name((enum hu_scale_rule)(HU_SCALE_FLOOR + i)), 11, false);
    for (size_t i = 0; i < s->targets.count; i++)
        if (s->targets.at[i].block)
            blocks_row(&g, s, i);
    putchar('\n');
    grid_end(&g);
}

static void print_worst(const struct stats *s)
{
    struct grid g = GRID({"worst blocks", 18, true}, {"SQNR", 12, false}, {"largest", 13, false},
                         {"block", 15, false}, {"tensor", 0, true});
    size_t rows = 0;
    for (size_t i = 0; i < s->targets.count; i++) {
        if (!s->targets.at[i].block)
            continue;
        struct stats_blocks b = stats_blocks_in_all(s, i);
        for (size_t k = 0; k < b.worst_count && k < WORST; k++, rows++) {
            char text[COUNT], name[512];
            grid_cell(&g, k ? "" : s->targets.at[i].name, "");
            grid_cell(&g, stats_sqnr(text, hu_worst_block_sqnr(&b.worst[k])), "");
            grid_format(&g, "", "%.6g", b.worst[k].greatest);
            grid_cell(&g, GROUPED(b.worst[k].index), "");
            grid_cell(&g,
                      hu_printable(s->tensors[b.worst[k].tensor].tensor->name, name, sizeof name),
                      "");
        }
    }
    if (rows) {
        putchar('\n');
        grid_print(&g);
    }
    grid_clear(&g);
}

static void print_unfit(const struct stats *s)
{
    for (size_t i = 0; i < s->targets.count; i++) {
        if (!s->targets.at[i].block)
            continue;
        struct stats_blocks b = stats_blocks_in_all(s, i);
        if (b.unfit)
            printf("  %s: %s element%s in rows that its blocks do not divide are left out, as a "
                   "cast leaves them\n",
                   s->targets.at[i].name, GROUPED(b.unfit), plural(b.unfit));
    }
}

void stats_blocks_text(const struct stats *s)
{
    if (!stats_any_block(s))
        return;
    print_table(s);
    printf("  %slost: elements that their block's outlier pushes to zero%s%s\n", ink->dim,
           any_with_rules(s) ? "; ratios: what each rule for the scale keeps" : "", ink->off);
    print_worst(s);
    print_unfit(s);
}

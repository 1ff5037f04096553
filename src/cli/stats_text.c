#include "room.h"
#include "grid.h"
#include "stats.h"

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
            char text[COUNT];
            grid_cell(&g, k ? "" : s->targets.at[i].name, "");
            grid_cell(&g, stats_sqnr(text, hu_worst_block_sqnr(&b.worst[k])), "");
            grid_format(&g, "", "%.6g", b.worst[k].greatest);
            grid_cell(&g, GROUPED(b.worst[k].index), "");
            grid_cell(&g, PRINTABLE(s->tensors[b.worst[k].tensor].tensor->name, 512), "");
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

static void stats_blocks_text(const struct stats *s)
{
    if (!stats_any_block(s))
        return;
    print_table(s);
    printf("  %slost: elements that their block's outlier pushes to zero%s%s\n", ink->dim,
           any_with_rules(s) ? "; ratios: what each rule for the scale keeps" : "", ink->off);
    print_worst(s);
    print_unfit(s);
}

/* Rows of the histogram, and what lies below is one more; empty binades in a row that become one;
 * columns of a bar and of what stands before it. */
enum {
    ROWS_MAX = 40,
    EMPTY_LEAST = 3,
    BAR = 24,
    BAR_LEAST = 8,
    BEFORE_BAR = 27,
};

static bool any_invalid(const struct stats *s)
{
    for (size_t i = 0; i < s->targets.count; i++)
        if (s->total->losses[i].invalid)
            return true;
    return false;
}

static void count_row(struct grid *g, const struct stats *s, size_t index, bool invalid,
                      bool verdicts)
{
    struct hu_loss_figures f = hu_loss_figures(&s->total->losses[index]);
    /* What becomes NaN comes after what overflows, where anything does. */
    uint64_t counts[] = {f.overflow, f.invalid, f.underflow, f.subnormal, f.exact};
    grid_cell(g, s->targets.at[index].name, "");
    /* A block's step differs from the next one's: nothing is subnormal in all of them. */
    bool block = s->targets.at[index].block;
    for (int k = 0; k < 5; k++)
        if (k != 1 || invalid)
            grid_cell(g, block && k == 3 ? "–" : GROUPED(counts[k]),
                      k < 2 && counts[k] ? ink->warn : "");
    grid_cell(g, DECIBELS(&f, s->limits.min_sqnr), "");
    bool safe = stats_is_safe(s, index, &f, s->total->spread.finite);
    if (verdicts)
        grid_cell(g, safe ? "safe" : "not safe", safe ? ink->good : ink->warn);
}

static void print_counts(const struct stats *s, bool verdicts)
{
    static const char *const heads[] = {"overflow", "to NaN", "to zero", "subnormal", "exact"};
    struct grid g = GRID({"target", 18, true});
    bool invalid = any_invalid(s);
    for (int k = 0; k < 5; k++)
        if (k != 1 || invalid)
            grid_column(&g, heads[k], 15, false);
    grid_column(&g, "SQNR", 12, false);
    if (verdicts)
        grid_column(&g, "", 0, true);
    for (size_t i = 0; i < s->targets.count; i++)
        count_row(&g, s, i, invalid, verdicts);
    grid_end(&g);
}

static void print_errors(const struct stats *s)
{
    struct grid g =
        GRID({"target", 18, true}, {"max error", 13, false}, {"rms error", 13, false},
             {"max relative", 13, false}, {"rms relative", 13, false}, {"max ulp", 13, false});
    for (size_t i = 0; i < s->targets.count; i++) {
        struct hu_loss_figures f = hu_loss_figures(&s->total->losses[i]);
        double errors[] = {f.max_error, f.rms_error, f.max_relative, f.rms_relative, f.max_ulps};
        grid_cell(&g, s->targets.at[i].name, "");
        for (int k = 0; k < 5; k++) {
            char text[32];
            snprintf(text, sizeof text, k < 4 ? "%.4e" : "%.4g", errors[k]);
            grid_cell(&g, f.measured && (k < 2 || !s->targets.at[i].block) ? text : "–", "");
        }
    }
    putchar('\n');
    grid_end(&g);
}

/* How the histogram lies in the terminal's columns: the bars give way first, then targets. */
struct histogram {
    const struct stats *stats;
    int bar;
    const struct hu_format *ranges[HU_TARGETS_MAX];
    size_t targets, all; /* of ranges: those that have room, and all of them */
    uint64_t most;
};

static int reach_width(const struct hu_format *f)
{
    int n = text_columns(f->name);
    return n < 4 ? 4 : n;
}

static struct histogram lay_out_histogram(const struct stats *s)
{
    struct histogram h = {.stats = s, .bar = BAR};
    h.targets = h.all = stats_ranges(s, h.ranges);
    int columns = terminal_columns(stdout), used = BEFORE_BAR;
    for (size_t i = 0; i < h.targets; i++)
        used += 2 + reach_width(h.ranges[i]);
    if (columns && used + BAR > columns)
        h.bar = columns - used > BAR_LEAST ? columns - used : BAR_LEAST;
    while (columns && h.targets > 1 && used + h.bar > columns)
        used -= 2 + reach_width(h.ranges[--h.targets]);
    if (columns && used + h.bar > columns)
        h.bar = columns - used > 1 ? columns - used : 1;
    const struct hu_spread *spread = &s->total->spread;
    for (int i = 0; i < HU_BINADES; i++)
        h.most = spread->binades[i] > h.most ? spread->binades[i] : h.most;
    return h;
}

static void print_reach(const struct histogram *h, int exponent)
{
    for (size_t i = 0; i < h->targets; i++) {
        enum stats_reach reach = stats_reach(h->ranges[i], exponent);
        static const char *const marks[] = {"over", "█", "░", "0"};
        const char *color = reach == STATS_OVERFLOWS ? ink->warn
                            : reach == STATS_ZERO    ? ink->dim
                                                     : "";
        printf("  %s", color);
        print_right(marks[reach], reach_width(h->ranges[i]));
        fputs(*color ? ink->off : "", stdout);
    }
}

/* exponent: NULL where the row is none of one binade. */
static void print_histogram_row(const struct histogram *h, const char *label, uint64_t count,
                                const int *exponent)
{
    double all = (double)h->stats->total->spread.finite;
    uint64_t most = count > h->most ? count : h->most;
    print_left(label, 14);
    printf(" %8.4f %%  ", 100 * (double)count / all);
    int eighths = (int)ceil(most ? (double)count / (double)most * h->bar * 8 : 0);
    print_bar(eighths);
    printf("%*s", h->bar - (eighths + 7) / 8, "");
    if (exponent)
        print_reach(h, *exponent);
    putchar('\n');
}

static void print_histogram_head(const struct histogram *h)
{
    printf("\n  %s%-12s %10s  %*s", ink->bold, "binade", "share", h->bar, "");
    for (size_t i = 0; i < h->targets; i++) {
        fputs("  ", stdout);
        print_right(h->ranges[i]->name, 4);
    }
    printf("%s\n", ink->off);
}

static void print_binades(const struct histogram *h)
{
    static struct stats_binade binades[HU_BINADES];
    size_t n = stats_binades(&h->stats->total->spread, EMPTY_LEAST, binades);
    uint64_t below = 0;
    char label[32];
    for (size_t i = n; i-- > 0;) {
        const struct stats_binade *b = &binades[i];
        snprintf(label, sizeof label, "  2^%d", b->exponent);
        if (n - i > ROWS_MAX)
            below += b->count;
        else if (b->empty)
            printf("  %s… %d empty binades%s\n", ink->dim, b->empty, ink->off);
        else
            print_histogram_row(h, label, b->count, &b->exponent);
    }
    if (below)
        print_histogram_row(h, "  below these", below, NULL);
}

static void print_histogram(const struct stats *s)
{
    struct histogram h = lay_out_histogram(s);
    print_histogram_head(&h);
    print_binades(&h);
    if (s->total->spread.zeros)
        print_histogram_row(&h, "  zero", s->total->spread.zeros, NULL);
    int columns = terminal_columns(stdout);
    if (h.targets) {
        fputs(ink->dim, stdout);
        print_wrapped("█ normal  ░ subnormal  0 rounds to zero  over: beyond the largest", 2,
                      columns ? columns : 80);
        fputs(ink->off, stdout);
    }
    if (h.targets && h.targets < h.all)
        printf("  %s%zu more targets have no room here%s\n", ink->dim, h.all - h.targets, ink->off);
}

/* MAGNITUDE as a datum of F, or of fp64 where the elements are no floats. */
static void print_magnitude(char out[HU_SHORTEST_TEXT], const struct hu_format *f, double magnitude)
{
    f = f && magnitude > 0 ? f : hu_format_find("fp64");
    hu_shown_print(out, f, hu_from_double(f, magnitude, NULL));
}

/* The float format of all elements; NULL: they are of several, or no floats. */
static const struct hu_format *common_format(const struct stats *s)
{
    for (size_t i = 1; i < s->count; i++)
        if (s->tensors[i].tensor->dtype.format != s->tensors[0].tensor->dtype.format)
            return NULL;
    return s->count ? s->tensors[0].tensor->dtype.format : NULL;
}

static void tensor_row(struct grid *g, const struct stats *s, const struct stats_tensor *t)
{
    char text[64];
    grid_cell(g, PRINTABLE(t->tensor->name, 512), "");
    grid_cell(g, GROUPED(t->tensor->elements), "");
    print_magnitude(text, t->tensor->dtype.format, t->greatest);
    grid_cell(g, text, "");
    for (size_t k = 0; k < s->targets.count; k++) {
        bool clamps = s->targets.at[k].block;
        bool over = (clamps ? 0 : t->figures[k].overflow) + t->figures[k].invalid;
        const char *ratio = DECIBELS(&t->figures[k], s->limits.min_sqnr);
        grid_format(g, over ? ink->warn : "", "%s%s", t->figures[k].measured ? ratio : "–",
                    over ? "!" : " ");
    }
    int narrowest = stats_narrowest(s, t);
    grid_cell(g, narrowest < 0 ? "none" : s->targets.at[narrowest].name, "");
}

/* What the marks in the table of tensors mean, where there are any. */
static void explain_marks(const struct stats *s)
{
    bool over = false, unmeasured = false;
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < s->targets.count; k++) {
            const struct hu_loss_figures *f = &s->tensors[i].figures[k];
            over |= (f->overflow && !s->targets.at[k].block) || f->invalid;
            unmeasured |= !f->measured;
        }
    if (over)
        puts("  ! some elements overflow or become NaN; they are left out of the ratio unless the "
             "target saturates");
    if (unmeasured)
        puts("  – nothing measured: no element, or none with a finite result");
}

/* A line a tensor: its ratio in each target, marked where it overflows. */
static void print_tensors(const struct stats *s)
{
    struct grid g = GRID({"tensor", 0, true}, {"elements", 15, false}, {"largest", 10, false});
    for (size_t i = 0; i < s->targets.count; i++)
        grid_column(&g, s->targets.at[i].name, 12, false);
    grid_column(&g, "narrowest safe", 0, true);
    for (size_t i = 0; i < s->count; i++)
        tensor_row(&g, s, &s->tensors[i]);
    putchar('\n');
    grid_end(&g);
    explain_marks(s);
}

static void print_head(const struct stats *s)
{
    const struct hu_spread *spread = &s->total->spread;
    uint64_t all = spread->finite + spread->nans + spread->infinities;
    OWNED char *file = text_printable(s->file);
    printf("%s: %zu tensor%s, %s element%s", file, s->count, plural(s->count), GROUPED(all),
           plural(all));
    if (spread->nans || spread->infinities)
        printf(", of them %s NaN and %s infinite, which are left out", GROUPED(spread->nans),
               GROUPED(spread->infinities));
    if (s->skipped)
        printf("; %zu tensor%s of other dtypes left out", s->skipped, plural(s->skipped));
    if (spread->greatest > 0) {
        char least[HU_SHORTEST_TEXT], greatest[HU_SHORTEST_TEXT];
        print_magnitude(least, common_format(s), spread->least);
        print_magnitude(greatest, common_format(s), spread->greatest);
        printf("\nmagnitudes from %s to %s", least, greatest);
    } else {
        printf("\n%s", spread->finite ? "all are zero" : "no finite value");
    }
    if (s->scaling == HU_SCALE_TENSOR)
        printf("; each tensor scaled so that its largest is the target's");
    if (s->scaling == HU_SCALE_BLOCK)
        printf("; each %d in a row scaled by a power of two (OCP MX)", HU_SCALE_ELEMENTS);
    printf("\n\n");
}

/* NaNs and infinities of the data are no part of the verdict, and a cast may lose them. */
static void note_specials(const struct stats *s)
{
    const struct hu_spread *spread = &s->total->spread;
    for (size_t i = 0; i < s->targets.count; i++) {
        const struct hu_format *f = s->targets.at[i].format;
        struct hu_loss_figures figures = hu_loss_figures(&s->total->losses[i]);
        if (!f || !stats_is_safe(s, i, &figures, spread->finite))
            continue;
        const char *fate = stats_fate_of_infinity(f, s->options.saturate);
        if (spread->nans && !hu_has_nan(f))
            printf("  but %s has no NaN: a cast would make %s NaN%s of the data %s\n", f->name,
                   GROUPED(spread->nans), plural(spread->nans), stats_fate_of_nan(f));
        if (spread->infinities && fate)
            printf("  but %s %s: a cast would make %s infinit%s of the data %s\n", f->name,
                   s->options.saturate ? "saturates" : "has no infinity",
                   GROUPED(spread->infinities), spread->infinities == 1 ? "y" : "ies", fate);
    }
}

static void print_verdict(const struct stats *s)
{
    int narrowest = stats_narrowest_of_all(s);
    char most[48];
    if (s->limits.any_overflow)
        snprintf(most, sizeof most, "any overflow");
    else if (s->limits.is_share)
        snprintf(most, sizeof most, "overflow of at most %g %%", s->limits.max_overflow * 100);
    else
        snprintf(most, sizeof most, "overflow of at most %.0f", s->limits.max_overflow);
    printf("\nnarrowest safe: %s%s%s (%s and at least %g dB, in every tensor and in all)\n",
           ink->bold, narrowest < 0 ? "none of these" : s->targets.at[narrowest].name, ink->off,
           most, s->limits.min_sqnr);
    note_specials(s);
}

void stats_cast_sizes(size_t copied, uint64_t before, uint64_t after)
{
    if (copied)
        printf(", %zu copied as %s", copied, copied == 1 ? "it is" : "they are");
    printf("; %s byte%s, before %s\n", GROUPED(after), plural(after), GROUPED(before));
}

void stats_cast_text(const struct stats *s, const char *output, size_t decoded, uint64_t before,
                     uint64_t after)
{
    const struct hu_spread *spread = &s->total->spread;
    uint64_t all = spread->finite + spread->nans + spread->infinities;
    OWNED char *file = text_printable(output);
    bool measured = s->count || !decoded;
    printf("%s: ", file);
    if (measured)
        printf("%zu tensor%s, %s element%s%s", s->count, plural(s->count), GROUPED(all),
               plural(all), decoded ? " and " : "");
    if (decoded)
        printf("%zu quantized tensor%s", decoded, plural(decoded));
    printf(" to %s", s->targets.at[0].name);
    stats_cast_sizes(s->skipped, before, after);
    if (!measured)
        return;
    putchar('\n');
    print_counts(s, false);
    print_errors(s);
}

void stats_text(const struct stats *s)
{
    print_head(s);
    print_counts(s, true);
    print_errors(s);
    stats_blocks_text(s);
    if (s->total->spread.finite)
        print_histogram(s);
    if (s->count > 1)
        print_tensors(s);
    print_verdict(s);
}

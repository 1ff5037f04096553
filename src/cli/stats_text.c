#include "stats.h"
#include "memory/term.h"
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the histogram; what lies below is one more. */
enum { ROWS_MAX = 36, BAR = 24, NAME_MAX_COLUMNS = 48, COUNT = 27 };

static void pad(const char *text, int columns)
{
    int used = text_columns(text);
    printf("%s%*s", text, columns > used ? columns - used : 0, "");
}

static void print_decibels(char out[16], double sqnr)
{
    if (isfinite(sqnr))
        snprintf(out, 16, "%.2f dB", sqnr);
    else
        snprintf(out, 16, "%s", sqnr > 0 ? "no error" : "no signal");
}

static void print_counts(const struct stats *s, const struct palette *p, bool verdicts)
{
    static const char *const heads[] = {"overflow", "to zero", "subnormal", "exact"};
    printf("  %s%-18s", p->bold, "target");
    for (int i = 0; i < 4; i++)
        printf(" %15s", heads[i]);
    printf(" %12s%s\n", "SQNR", p->off);
    for (size_t i = 0; i < s->targets.count; i++) {
        struct hu_loss_figures f = hu_loss_figures(&s->total->losses[i]);
        uint64_t counts[] = {f.overflow, f.underflow, f.subnormal, f.exact};
        char text[COUNT], decibels[16];
        printf("  %-18s", s->targets.at[i]->name);
        for (int k = 0; k < 4; k++) {
            bool bad = k == 0 && counts[k];
            printf(" %s%15s%s", bad ? p->warn : "", hu_grouped(counts[k], text), bad ? p->off : "");
        }
        print_decibels(decibels, f.sqnr);
        printf(" %12s", decibels);
        bool safe = stats_is_safe(s, &f, s->total->spread.finite);
        if (verdicts)
            printf("  %s%s%s", safe ? p->good : p->warn, safe ? "safe" : "not safe", p->off);
        putchar('\n');
    }
}

static void print_errors(const struct stats *s, const struct palette *p)
{
    static const char *const heads[] = {"max error", "rms error", "max relative", "rms relative",
                                        "max ulp"};
    printf("\n  %s%-18s", p->bold, "target");
    for (int i = 0; i < 5; i++)
        printf(" %13s", heads[i]);
    printf("%s\n", p->off);
    for (size_t i = 0; i < s->targets.count; i++) {
        struct hu_loss_figures f = hu_loss_figures(&s->total->losses[i]);
        printf("  %-18s %13.4e %13.4e %13.4e %13.4e %13.4g\n", s->targets.at[i]->name, f.max_error,
               f.rms_error, f.max_relative, f.rms_relative, f.max_ulps);
    }
}

/* A bar in eighths of a column. */
static void print_bar(double share)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int n = (int)ceil(share * BAR * 8), used = n / 8 + (n % 8 > 0);
    for (int i = 0; i < n / 8; i++)
        fputs("█", stdout);
    printf("%s%*s", eighths[n % 8], BAR - used, "");
}

static void print_reach(const struct stats *s, const struct palette *p, int exponent)
{
    for (size_t i = 0; i < s->targets.count; i++) {
        const char *name = s->targets.at[i]->name;
        enum stats_reach reach = stats_reach(s->targets.at[i], exponent);
        static const char *const marks[] = {"over", "█", "░", "0"};
        const char *color = reach == STATS_OVERFLOWS ? p->warn : reach == STATS_ZERO ? p->dim : "";
        int width = text_columns(name) < 4 ? 4 : text_columns(name);
        printf("  %s%*s%s", color, width - text_columns(marks[reach]) + (int)strlen(marks[reach]),
               marks[reach], *color ? p->off : "");
    }
}

static void print_histogram_row(const struct stats *s, const struct palette *p, const char *label,
                                uint64_t count, uint64_t most, bool reach, int exponent)
{
    double all = (double)s->total->spread.finite;
    pad(label, 14);
    printf(" %8.4f %%  ", 100 * (double)count / all);
    print_bar(most ? (double)count / (double)most : 0);
    if (reach)
        print_reach(s, p, exponent);
    putchar('\n');
}

static void print_histogram_head(const struct stats *s, const struct palette *p, bool reach)
{
    printf("\n  %s%-12s %10s  %-*s", p->bold, "binade", "share", BAR, "");
    for (size_t i = 0; reach && i < s->targets.count; i++)
        printf("  %4s", s->targets.at[i]->name);
    printf("%s\n", p->off);
}

static void print_histogram(const struct stats *s, const struct palette *p)
{
    const struct hu_spread *spread = &s->total->spread;
    bool reach = s->scaling == HU_SCALE_NONE;
    uint64_t most = 0, below = 0;
    int rows = 0;
    for (int i = 0; i < HU_BINADES; i++)
        most = spread->binades[i] > most ? spread->binades[i] : most;
    print_histogram_head(s, p, reach);
    int top = HU_BINADES - 1;
    while (top >= 0 && !spread->binades[top])
        top--;
    int bottom = 0;
    while (bottom < top && !spread->binades[bottom])
        bottom++;
    char label[32];
    for (int i = top; i >= bottom && top >= 0; i--) {
        if (++rows > ROWS_MAX) {
            below += spread->binades[i];
            continue;
        }
        snprintf(label, sizeof label, "  2^%d", i + HU_BINADE_LEAST);
        print_histogram_row(s, p, label, spread->binades[i], most, reach, i + HU_BINADE_LEAST);
    }
    if (rows > ROWS_MAX)
        print_histogram_row(s, p, "  below these", below, below > most ? below : most, false, 0);
    if (spread->zeros)
        print_histogram_row(s, p, "  zero", spread->zeros,
                            spread->zeros > most ? spread->zeros : most, false, 0);
    if (reach)
        printf("  %s█ normal  ░ subnormal  0 rounds to zero  over: beyond the largest%s\n", p->dim,
               p->off);
}

/* A line a tensor: its ratio in each target, marked where it overflows. */
static void print_tensors(const struct stats *s, const struct palette *p)
{
    char name[512], text[COUNT];
    int widest = 6;
    bool any = false;
    for (size_t i = 0; i < s->count; i++) {
        int n = text_columns(hu_printable(s->tensors[i].tensor->name, name, sizeof name));
        widest = n > widest ? n : widest;
    }
    widest = widest > NAME_MAX_COLUMNS ? NAME_MAX_COLUMNS : widest;
    printf("\n  %s", p->bold);
    pad("tensor", widest);
    printf(" %15s %10s", "elements", "largest");
    for (size_t i = 0; i < s->targets.count; i++)
        printf(" %12s", s->targets.at[i]->name);
    printf("  narrowest safe%s\n", p->off);
    for (size_t i = 0; i < s->count; i++) {
        const struct stats_tensor *t = &s->tensors[i];
        printf("  ");
        pad(hu_printable(t->tensor->name, name, sizeof name), widest);
        printf(" %15s %10.3g", hu_grouped(t->tensor->elements, text), t->greatest);
        for (size_t k = 0; k < s->targets.count; k++) {
            char decibels[16];
            print_decibels(decibels, t->figures[k].sqnr);
            bool over = t->figures[k].overflow + t->figures[k].invalid;
            any |= over;
            printf(" %s%11s%s%s", over ? p->warn : "", decibels, over ? "!" : " ",
                   over ? p->off : "");
        }
        int narrowest = stats_narrowest(s, t);
        printf("  %s\n", narrowest < 0 ? "none" : s->targets.at[narrowest]->name);
    }
    if (any)
        puts("  ! some elements overflow; they are left out of the ratio unless the target "
             "saturates");
}

static void print_head(const struct stats *s)
{
    const struct hu_spread *spread = &s->total->spread;
    char elements[COUNT], nans[COUNT], infinities[COUNT];
    uint64_t all = spread->finite + spread->nans + spread->infinities;
    printf("%s: %zu tensor%s, %s elements", s->file, s->count, s->count == 1 ? "" : "s",
           hu_grouped(all, elements));
    if (spread->nans || spread->infinities)
        printf(", of them %s NaN and %s infinite, which are left out",
               hu_grouped(spread->nans, nans), hu_grouped(spread->infinities, infinities));
    if (s->skipped)
        printf("; %zu tensor%s of other dtypes left out", s->skipped, s->skipped == 1 ? "" : "s");
    if (spread->greatest > 0)
        printf("\nmagnitudes from %.6g to %.6g", spread->least, spread->greatest);
    else
        printf("\n%s", spread->finite ? "all are zero" : "no finite value");
    if (s->scaling == HU_SCALE_TENSOR)
        printf("; each tensor scaled so that its largest is the target's");
    if (s->scaling == HU_SCALE_BLOCK)
        printf("; each %d in a row scaled by a power of two (OCP MX)", HU_SCALE_ELEMENTS);
    printf("\n\n");
}

static void print_verdict(const struct stats *s, const struct palette *p)
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
           p->bold, narrowest < 0 ? "none of these" : s->targets.at[narrowest]->name, p->off, most,
           s->limits.min_sqnr);
}

void stats_cast_text(const struct stats *s, const struct palette *p, const char *output,
                     uint64_t before, uint64_t after)
{
    const struct hu_spread *spread = &s->total->spread;
    char elements[COUNT], a[COUNT], b[COUNT];
    uint64_t all = spread->finite + spread->nans + spread->infinities;
    printf("%s: %zu tensor%s, %s elements to %s", output, s->count, s->count == 1 ? "" : "s",
           hu_grouped(all, elements), s->targets.at[0]->name);
    if (s->skipped)
        printf(", %zu copied as they are", s->skipped);
    printf("; %s bytes, before %s\n\n", hu_grouped(after, a), hu_grouped(before, b));
    print_counts(s, p, false);
    print_errors(s, p);
}

void stats_text(const struct stats *s, const struct palette *p)
{
    print_head(s);
    print_counts(s, p, true);
    print_errors(s, p);
    if (s->total->spread.finite)
        print_histogram(s, p);
    if (s->count > 1)
        print_tensors(s, p);
    print_verdict(s, p);
}

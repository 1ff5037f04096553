/* The number line: a lane a row, every value of a sparse one, the density of a dense one. */
#include "allocate.h"
#include "layout_parts.h"
#include "operation.h"
#include "scope.h"
#include "words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A value needs this many pixels for its own line; columns of density are as wide. */
enum { VALUE_PIXELS = 2, COLUMN_PIXELS = 4, LABELS_MOST = 40 };

struct lane {
    const struct row *row;
    struct rect rect; /* where its values are drawn */
    uint64_t count;   /* in view */
    uint64_t first, last;
    bool sparse;           /* each value has a line of its own */
    const double *density; /* of the columns of a dense one */
    int columns;
};

static int put_controls(struct layout *l, struct rect area)
{
    const struct numberline *n = &l->model->line;
    const struct {
        const char *text, *name, *full;
        bool selected;
    } controls[] = {
        {"linear", "linear", NULL, !n->logarithmic},
        {"logarithmic", "log", NULL, n->logarithmic},
        {"−", "out", "zoom out (-)", false},
        {"+", "in", "zoom in (+)", false},
        {"around the source", "home", "Home", !n->free},
        {"whole range", "all", "every value of the selected row (End)", false},
    };
    struct flow f = flow_in(l, area, "numberline", px(l, 26), px(l, 4));
    for (size_t i = 0; i < sizeof controls / sizeof *controls; i++)
        flow_choice(&f, ROLE_BUTTON, 0, controls[i].text, controls[i].selected, controls[i].full,
                    controls[i].name);
    return flow_end(&f);
}

static int share_x(const struct rect *r, double share)
{
    return r->x + (int)lround(share * r->w);
}

/* --- A sparse lane --- */

static void draw_value(struct layout *l, const struct lane *lane, uint64_t bits, int x)
{
    const struct hu_format *f = lane->row->format;
    struct hu_datum d = hu_decode(f, bits);
    /* Powers of two stand out: between them the spacing is even. */
    bool corner = d.class == HU_ZERO || !hu_trailing_significand(f, bits);
    int height = corner ? lane->rect.h : lane->rect.h * 2 / 3;
    put_fill(l, some_box(x, lane->rect.y + lane->rect.h - height, px(l, 1), height),
             d.class == HU_SUBNORMAL ? TINT_EXPONENT : TINT_SIGNIFICAND);
}

static void label_value(struct layout *l, const struct lane *lane, uint64_t bits, int x,
                        int *free_from, int number)
{
    const char *text = keep_taken(l, shown_value(lane->row->format, bits));
    int width = width_of(l, FACE_INDEX, text) + 1, left = x - width / 2;
    if (left < *free_from || left + width > lane->rect.x + lane->rect.w)
        return;
    struct rect r = {left, lane->rect.y + lane->rect.h + px(l, 3), width, line_of(l, FACE_INDEX)};
    put_label(l, r, FACE_INDEX, TINT_DIM, text, "numberline.%s.value%d", lane->row->name, number);
    *free_from = left + width + px(l, 4);
}

static void draw_values(struct layout *l, const struct lane *lane)
{
    uint64_t bits = lane->first;
    int free_from = lane->rect.x;
    for (uint64_t n = 0; n < lane->count; n++) {
        int x = share_x(&lane->rect, numberline_share_of(&l->model->line, lane->row->format, bits));
        draw_value(l, lane, bits, x);
        if (lane->count <= LABELS_MOST)
            label_value(l, lane, bits, x, &free_from, (int)n);
        if (!hu_next_up(lane->row->format, bits, &bits))
            break;
        /* Both zeros stand at one place. */
        if (hu_decode(lane->row->format, bits).class == HU_ZERO)
            bits = 0;
    }
}

/* --- A dense lane --- */

static double density(const struct layout *l, const struct lane *lane, int x)
{
    uint64_t first, last;
    double from = (double)x / lane->rect.w, to = (double)(x + COLUMN_PIXELS) / lane->rect.w;
    uint64_t count = numberline_values(&l->model->line, lane->row->format, from, to, &first, &last);
    return count ? log2((double)count) + 1 : 0;
}

/* Heights go by the logarithm of the count; MOST is that of the densest column on the page. */
static int column_height(double count, double most, int height)
{
    return count > 0 ? (int)lround((0.1 + 0.9 * count / most) * height) : 0;
}

/* Columns of the same height are one mark. */
static void draw_density(struct layout *l, const struct lane *lane, double most)
{
    const struct rect *r = &lane->rect;
    for (int n = 0, end; n < lane->columns; n = end) {
        int height = column_height(lane->density[n], most, r->h);
        end = n + 1;
        while (end < lane->columns && column_height(lane->density[end], most, r->h) == height)
            end++;
        struct rect mark = {r->x + n * COLUMN_PIXELS, r->y + r->h - height,
                            (end - n) * COLUMN_PIXELS, height};
        if (height > 0)
            put_fill(l, mark, TINT_SIGNIFICAND);
    }
}

/* --- Lanes --- */

static void describe_lane(const struct lane *lane, char *out, size_t size)
{
    const struct row *r = lane->row;
    if (lane->count < 100000)
        snprintf(out, size, "%" PRIu64 " value%s in view", lane->count,
                 lane->count == 1 ? "" : "s");
    else
        snprintf(out, size, "%.3g values in view", (double)lane->count);
    if (hu_is_finite(r->datum) && !(r->flags & HU_OVERFLOW)) {
        size_t length = strlen(out);
        snprintf(out + length, size - length, "; 2%s apart at the source",
                 superscript(hu_ulp_exponent(r->format, r->bits)).text);
    }
}

/* The densities of the row's columns, from the last time where nothing has changed. */
static const double *densities(struct layout *l, const struct lane *lane, int row)
{
    struct lane_cache *cache = &l->lanes[row];
    const struct hu_format *f = lane->row->format;
    unsigned version = l->model->line.version;
    if (cache->format == f && cache->version == version && cache->columns == lane->columns)
        return cache->density;
    free(cache->density);
    *cache = (struct lane_cache){f, version, lane->columns,
                                 need(calloc((size_t)lane->columns + 1, sizeof(double)))};
    for (int n = 0; n < lane->columns; n++)
        cache->density[n] = density(l, lane, n * COLUMN_PIXELS);
    return cache->density;
}

/* Counts what lies in view; returns the greatest density. */
static double measure_lane(struct layout *l, struct lane *lane, struct rect area, int row)
{
    double most = 0;
    const struct hu_format *f = lane->row->format;
    lane->rect = area;
    lane->count = numberline_values(&l->model->line, f, 0, 1, &lane->first, &lane->last);
    lane->sparse = lane->count * VALUE_PIXELS <= (uint64_t)area.w;
    lane->columns = lane->sparse ? 0 : area.w / COLUMN_PIXELS;
    lane->density = densities(l, lane, row);
    for (int n = 0; n < lane->columns; n++)
        most = fmax(most, lane->density[n]);
    return most;
}

/* What became of the source where the format has no number for it. New memory. */
static char *result_words(const struct row *r, const struct hu_value *source)
{
    const struct hu_format *f = r->format;
    const char *sign = r->datum.sign ? "−" : "";
    bool given = source->kind != HU_VALUE_FINITE;
    if (hu_is_nan(r->datum) && (given || !(r->flags & HU_OVERFLOW)))
        return text_of("%s", r->flags & HU_INVALID ? "NaN: invalid" : "NaN");
    uint64_t bound = hu_max_finite_code(f) | (source->sign ? hu_sign_mask(f) : 0);
    OWNED char *max = bound_value(f, bound);
    const char *side = source->sign ? "below" : "beyond";
    bool no_nan = hu_is_finite(r->datum) && r->flags & HU_INVALID;
    return no_nan                   ? text_of("invalid: no NaN, so %s", max)
           : hu_is_nan(r->datum)    ? text_of("NaN: %s %s, and no infinity", side, max)
           : hu_is_finite(r->datum) ? text_of("overflow: %s %s, so %s", side, max, max)
           : given                  ? text_of("%s∞", sign)
                                    : text_of("overflow: %s %s, so %s∞", side, max, sign);
}

/* Where the dot would be: at the source, or at the end that lies toward it. */
static void put_result(struct layout *l, const struct lane *lane)
{
    const struct row *r = lane->row;
    const struct hu_value *source = &model_now(l->model)->value;
    double share = source->kind == HU_VALUE_NAN ? 0.5 : numberline_share(&l->model->line, source);
    share = fmin(fmax(share, 0), 1);
    OWNED char *words = result_words(r, source);
    int used, width = lesser(width_with(l, FACE_SMALL, words, 10), lane->rect.w);
    const char *text = wrap(l, FACE_SMALL, words, width - px(l, 8), 2, true, &used);
    int height = used * line_of(l, FACE_SMALL) + px(l, 2), radius = px(l, 4);
    int x = share_x(&lane->rect, share), base = lane->rect.y + lane->rect.h;
    int left = within(x - width / 2, lane->rect.x, lane->rect.x + lane->rect.w - width);
    struct rect at = {left, base - height - 2 * radius - px(l, 2), width, height};
    struct item *i = put_label(l, at, FACE_SMALL, TINT_BAD, text, "numberline.%s.result", r->name);
    i->align = ALIGN_CENTER;
    i->state |= STATE_TINTED | STATE_OVER;
    put_mark(l, MARK_DOWN, box(x - radius, base - 2 * radius, 2 * radius, 2 * radius), TINT_BAD,
             255);
}

/* Whether what a lane has in view stands below its name. */
static bool is_narrow(const struct layout *l)
{
    return l->view.width < px(l, 480);
}

/* Returns the height that it takes. */
static int put_lane_head(struct layout *l, const struct lane *lane, struct rect area)
{
    const struct row *r = lane->row;
    int line = line_of(l, FACE_SMALL), label = width_with(l, FACE_SMALL, r->label, 16);
    char words[120];
    describe_lane(lane, words, sizeof words);
    put_label(l, box(area.x, area.y, label, line), FACE_SMALL, TINT_INK, r->label, "numberline.%s",
              r->name);
    struct rect rest = is_narrow(l) ? box(area.x, area.y + line, area.w, line)
                                    : box(area.x + label, area.y, area.w - label, line);
    int used;
    const char *text = wrap(l, FACE_SMALL, words, rest.w, is_narrow(l) ? 2 : 1, true, &used);
    rest.h = used * line;
    put_label(l, rest, FACE_SMALL, TINT_DIM, text, "numberline.%s.count", r->name)->full =
        keep(l, words);
    return rest.y + rest.h - area.y;
}

static void put_lane(struct layout *l, struct lane *lane, struct rect area, double most)
{
    const struct row *r = lane->row;
    int text = put_lane_head(l, lane, area), below = line_of(l, FACE_INDEX);
    lane->rect = box(area.x, area.y + text + px(l, 2), area.w, area.h - text - below - px(l, 6));
    put_fill(l, box(area.x, lane->rect.y + lane->rect.h - 1, area.w, 1), TINT_LINE);
    if (lane->sparse)
        draw_values(l, lane);
    else
        draw_density(l, lane, most);
    if (!hu_is_finite(r->datum) || r->flags & (HU_OVERFLOW | HU_INVALID))
        put_result(l, lane);
    if (!hu_is_finite(r->datum))
        return;
    double share = numberline_share_of(&l->model->line, r->format, r->bits);
    int radius = px(l, 4);
    if (share >= 0 && share <= 1)
        put_mark(l, MARK_DISC,
                 box(share_x(&lane->rect, share) - radius, lane->rect.y + lane->rect.h - radius,
                     2 * radius, 2 * radius),
                 TINT_INK, 255);
}

static int put_axis(struct layout *l, struct rect area)
{
    struct tick ticks[TICKS_MAX];
    bool offset;
    int height = line_of(l, FACE_SMALL);
    int wanted = area.w / (width_of(l, FACE_SMALL, "−1.000e−300") + px(l, 16));
    int count =
        numberline_ticks(&l->model->line, &model_now(l->model)->value, wanted, ticks, &offset);
    int free_from = area.x;
    for (int n = 0; n < count; n++) {
        int x = share_x(&area, ticks[n].share), width = width_of(l, FACE_SMALL, ticks[n].text) + 1;
        int left = x - width / 2;
        put_fill(l, box(x, area.y, 1, px(l, 5)), TINT_DIM);
        if (left < free_from || left + width > area.x + area.w)
            continue;
        struct item *i = put_label(l, box(left, area.y + px(l, 7), width, height), FACE_SMALL,
                                   TINT_DIM, ticks[n].text, "numberline.tick%d", n);
        i->full = offset ? "distance from the source" : NULL;
        free_from = left + width + px(l, 4);
    }
    return area.y + px(l, 9) + height;
}

static void put_source(struct layout *l, struct rect area, int bottom)
{
    const struct numberline *n = &l->model->line;
    double share = numberline_share(n, &model_now(l->model)->value);
    bool seen = share >= 0 && share <= 1;
    const char *where = seen ? "" : share < 0 ? "← " : "→ ";
    const char *text = keep_taken(l, text_of("%ssource %s", where, keep_source(l)));
    int height = line_of(l, FACE_SMALL);
    int x = share_x(&area, seen ? share : share < 0 ? 0 : 1);
    put_centered(l, area, x, area.y, TINT_ACCENT, FACE_SMALL, text, "numberline.source");
    if (seen)
        put_mark(
            l, MARK_FILL,
            some_box(x, area.y + height + px(l, 2), px(l, 1), bottom - area.y - height - px(l, 2)),
            TINT_ACCENT, 200);
}

int page_numberline(struct layout *l, int y)
{
    const struct model *m = l->model;
    struct panel panel = panel_begin(l, y, 12, "numberline.panel");
    struct rect area = panel.area;
    int top = put_controls(l, area) + px(l, 10);
    int source = line_of(l, FACE_SMALL) + px(l, 6);
    int axis = line_of(l, FACE_SMALL) + px(l, 12);
    /* Lanes share what the window leaves, and keep a height that can be read. */
    int room = l->body.h - (top - y) - source - axis - panel.inner - px(l, 12);
    int least = px(l, 62) + (is_narrow(l) ? 2 * line_of(l, FACE_SMALL) : 0);
    int lane_height = within(room / m->count, least, px(l, 150));
    struct rect plot = {area.x, top, area.w, source + lane_height * m->count + axis};
    struct item *i = put_active(l, ROLE_PLOT, plot, NULL, "numberline.plot");
    i->full = m->line.logarithmic ? "logarithmic axis" : "linear axis";
    int lanes = top + source;
    struct lane all[DOCUMENT_ROWS];
    double densest = 1;
    for (int n = 0; n < m->count; n++) {
        struct rect r = {area.x, lanes + n * lane_height, area.w, lane_height};
        all[n] = (struct lane){.row = &m->rows[n]};
        densest = fmax(densest, measure_lane(l, &all[n], r, n));
    }
    for (int n = 0; n < m->count; n++)
        put_lane(l, &all[n], all[n].rect, densest);
    int bottom = lanes + lane_height * m->count;
    put_source(l, box(area.x, top, area.w, 0), bottom);
    return panel_end(l, &panel, put_axis(l, box(area.x, bottom, area.w, 0)));
}

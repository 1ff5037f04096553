/* halfulp-view: the window, or what it would show. */
#include "cli/numbers.h"
#include "cli/options.h"
#include "cli/output_file.h"
#include "cli/plain.h"
#include "cli/report.h"
#include "cli/view.h"
#include "describe.h"
#include "paint.h"
#include "picture.h"
#include "script.h"
#include "settings.h"
#include "window.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char who[] = "view";

struct request {
    const char *value, *rows, *screenshot, *script, *config;
    bool describe, print, force, has_theme, has_size, saturate;
    enum hu_direction direction;
    enum theme_name theme;
    enum page page;
    int width, height;
    double scale; /* 0: from the environment */
};

/* --- Options --- */

enum { LEAST_SIDE = 160, MOST_SIDE = 16384 };

static bool read_size(struct request *r, const char *text)
{
    int length = 0;
    r->has_size = true;
    if (sscanf(text, "%5dx%5d%n", &r->width, &r->height, &length) == 2 && !text[length] &&
        r->width >= LEAST_SIDE && r->height >= LEAST_SIDE && r->width <= MOST_SIDE &&
        r->height <= MOST_SIDE)
        return true;
    fail(who, "--size wants WIDTHxHEIGHT, each from %d to %d, not '%s'", LEAST_SIDE, MOST_SIDE,
         text);
    return false;
}

static bool scale_in_range(double scale)
{
    return scale >= 0.25 && scale <= 8;
}

static bool read_scale(struct request *r, const char *text)
{
    const char *end;
    return (real_parse(text, &end, &r->scale) && !*end && scale_in_range(r->scale)) ||
           number_refuse(text, "factor from 0.25 to 8", "scale", who);
}

/* X11 reports no scale; toolkits take it from these. */
static double environment_scale(void)
{
    static const char *const names[] = {"GDK_SCALE", "QT_SCALE_FACTOR"};
    for (int i = 0; i < 2; i++) {
        const char *text = getenv(names[i]);
        double scale = text ? strtod(text, NULL) : 0;
        if (scale_in_range(scale))
            return scale;
    }
    return 1;
}

static bool read_option(struct request *r, int key, const char *text)
{
    switch (key) {
    case 'f':
        r->rows = text;
        return true;
    case 'r':
        return hu_direction_read(text, &r->direction) ||
               (fail(who, "'%s' is no rounding direction: rne, rna, rtz, rup, rdn, rto", text),
                false);
    case KEY_SATURATE:
        return r->saturate = true;
    case VIEW_THEME:
        r->has_theme = true;
        return theme_find(text, &r->theme) ||
               (fail(who, "'%s' is no theme: light, dark, safe", text), false);
    case VIEW_PAGE:
        return page_find(text, &r->page) ||
               (fail(who, "'%s' is no page: bits, rounding, numberline, memory, arithmetic, block, keys",
                     text),
                false);
    case VIEW_SIZE:
        return read_size(r, text);
    case VIEW_SCALE:
        return read_scale(r, text);
    case VIEW_SCREENSHOT:
        r->screenshot = text;
        return true;
    case VIEW_FORCE:
        return r->force = true;
    case VIEW_DESCRIBE:
        return r->describe = true;
    case VIEW_SCRIPT:
        r->script = text;
        return true;
    case VIEW_PRINT:
        return r->print = true;
    case VIEW_CONFIG:
        r->config = text;
        return true;
    case VIEW_WEB:
        fail(who, "--web is halfulp view's, which opens the page");
        return false;
    }
    return false;
}

/* False: *status is the exit status. */
static bool read_request(struct request *r, int argc, char **argv, int *status)
{
    struct options o;
    int key;
    *r = (struct request){.width = 1280, .height = 800};
    *status = EXIT_BAD;
    options_begin(&o, &cmd_view, argc, argv);
    while ((key = option_next(&o)) >= 0)
        if (!read_option(r, key, o.value))
            return false;
    if (key == OPTION_EXIT) {
        *status = o.status;
        return false;
    }
    if (o.argc > 1) {
        fail(who, "takes one value; there is also '%s'", o.argv[1]);
        return false;
    }
    r->value = o.argc ? o.argv[0] : NULL;
    return true;
}

/* --- Without a window --- */

static bool write_screenshot(struct control *c, struct fonts *fonts, const struct request *r)
{
    size_t pixels = (size_t)c->width * (size_t)c->height;
    struct canvas canvas = {check_memory(malloc(pixels * sizeof(uint32_t))),
                            c->width,
                            c->height,
                            c->width,
                            {0, 0, c->width, c->height}};
    struct painter painter = {fonts, theme_colors(c->model.theme), control_scale(c)};
    struct output_file file;
    paint(&painter, &canvas, &c->layout);
    bool done = output_begin(&file, who, r->screenshot, r->force);
    if (done) {
        done = picture_write(&canvas, file.stream);
        if (!done) {
            fail(who, "%s: the picture cannot be written: %s", r->screenshot, strerror(errno));
            output_abandon(&file);
        }
        done = done && output_commit(&file);
    }
    free(canvas.pixels);
    return done;
}

enum { SCRIPT_LINE = EDIT_TEXT + 64 };

static bool play_script(struct control *c, const char *path)
{
    FILE *file = !strcmp(path, "-") ? stdin : fopen(path, "r");
    char line[SCRIPT_LINE], message[SCRIPT_MESSAGE];
    bool works = file;
    if (!file)
        fail(who, "%s: %s", path, strerror(errno));
    for (int number = 1; works && !c->quit && fgets(line, sizeof line, file); number++) {
        line[strcspn(line, "\r\n")] = 0;
        works = script_line(c, line, message);
        if (!works)
            fail(who, "%s: line %d: %s", path, number, message);
    }
    if (works && ferror(file)) {
        fail(who, "%s: %s", path, strerror(errno));
        works = false;
    }
    if (file && file != stdin)
        fclose(file);
    return works;
}

static bool run_headless(struct control *c, struct fonts *fonts, const struct request *r)
{
    struct script_clipboard board = {NULL};
    c->clipboard = script_clipboard(&board);
    control_update(c);
    bool works = !r->script || play_script(c, r->script);
    works = works && (!r->screenshot || write_screenshot(c, fonts, r));
    if (works && (r->describe || (r->script && !r->print && !r->screenshot))) {
        json_t *document = check_memory(describe(c, board.text));
        json_dumpf(document, stdout, JSON_INDENT(1));
        putchar('\n');
        json_decref(document);
    }
    free(board.text);
    return works;
}

/* --- With one --- */

static void join_rows(const struct document *d, char *out, size_t size)
{
    out[0] = 0;
    for (int i = 0; i < d->count; i++) {
        size_t length = strlen(out);
        snprintf(out + length, size - length, "%s%s", i ? "," : "", d->rows[i]->name);
    }
}

static bool run_window(struct control *c, struct fonts *fonts, const struct settings *before,
                       const char *path)
{
    struct window_request window = {c->width, c->height, c->base, fonts};
    struct settings s = *before;
    char message[MODEL_MESSAGE];
    if (!window_run(c, &window, message, sizeof message)) {
        fail(who, "%s", message);
        return false;
    }
    s.width = window.width;
    s.height = window.height;
    s.zoom = c->model.zoom;
    s.theme = c->model.theme;
    join_rows(model_now(&c->model), s.rows, sizeof s.rows);
    if (path && !settings_write(&s, path, message, sizeof message))
        note("the settings were not kept: %s", message);
    return true;
}

/* --- Both --- */

static void rescale(struct control *c, double scale)
{
    struct fonts *fonts = c->context;
    if (!fonts_scale(fonts, scale)) {
        fail(who, "a font file cannot be read; install another (Debian: fonts-dejavu-core)");
        exit(EXIT_BAD);
    }
    c->metrics = fonts_metrics(fonts);
}

/* The state that the request and the settings ask for. False: reported. */
static bool prepare(struct control *c, const struct request *r, const struct settings *s)
{
    struct model *m = &c->model;
    m->theme = r->has_theme ? r->theme : s->theme;
    m->zoom = s->zoom;
    m->page = r->page;
    bool works = !*s->rows || r->rows || model_set_rows(m, s->rows);
    works = works && (!r->rows || model_set_rows(m, r->rows));
    works = works && (!r->value || model_set_text(m, r->value, 0));
    if (!works) {
        fail(who, "%s", m->message);
        return false;
    }
    if (r->direction != HU_TIES_TO_EVEN)
        model_set_direction(m, r->direction);
    if (r->saturate)
        model_set_saturate(m, true);
    model_begin(m);
    return true;
}

static void print_encodings(const struct model *m)
{
    for (int i = 0; i < m->count; i++)
        printf("%s:0x%s\n", m->rows[i].format->name, m->rows[i].hex);
}

static bool view(const struct request *r, struct fonts *fonts)
{
    struct control c;
    struct settings settings;
    bool headless = r->describe || r->script || r->screenshot;
    char *own = r->config ? NULL : settings_path(), message[MODEL_MESSAGE] = "";
    const char *path = r->config ? r->config : headless ? NULL : own;
    settings_default(&settings);
    if (path)
        settings_read(&settings, path, message, sizeof message);
    control_init(&c, r->has_size || !path ? r->width : settings.width,
                 r->has_size || !path ? r->height : settings.height,
                 r->scale > 0 ? r->scale : environment_scale(), rescale, fonts);
    bool works = prepare(&c, r, &settings);
    if (works && *message) {
        note("%s", message);
        model_say(&c.model, true, "%s", message);
    }
    works =
        works && (headless ? run_headless(&c, fonts, r) : run_window(&c, fonts, &settings, path));
    if (works && r->print)
        print_encodings(&c.model);
    control_clear(&c);
    free(own);
    return works;
}

int main(int argc, char **argv)
{
    struct request request;
    char message[MODEL_MESSAGE];
    int status;
    plain_begin_messages();
    if (!read_request(&request, argc, argv, &status))
        return status;
    struct fonts *fonts = fonts_open(message, sizeof message);
    if (!fonts)
        return fail(who, "%s", message);
    status = view(&request, fonts) ? EXIT_DONE : EXIT_BAD;
    fonts_close(fonts);
    if (fflush(stdout) || ferror(stdout))
        return fail(who, "standard output: %s", strerror(errno));
    return status;
}

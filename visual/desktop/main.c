/* halfulp-view: the window, or what it would show. */
#include "cli/arguments.h"
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

struct request {
    struct view_request asked;
    const char *value;
    bool has_theme, has_size;
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
    return refuse("--size wants WIDTHxHEIGHT, each from %d to %d, not '%s'", LEAST_SIDE, MOST_SIDE,
                  text);
}

static bool scale_in_range(double scale)
{
    return scale >= 0.25 && scale <= 8;
}

static bool read_scale(struct request *r, const char *text)
{
    const char *end;
    return (real_parse(text, &end, &r->scale) && !*end && scale_in_range(r->scale)) ||
           number_refuse(text, "factor from 0.25 to 8", "scale");
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

static bool read_words(struct request *r)
{
    const struct view_request *v = &r->asked;
    r->has_theme = v->theme;
    if (v->theme && !theme_find(v->theme, &r->theme))
        return refuse("'%s' is no theme: " THEME_NAMES, v->theme);
    if (v->page && !page_find(v->page, &r->page))
        return refuse("'%s' is no page: " PAGE_NAMES, v->page);
    if (v->web)
        return refuse("--web is halfulp view's, which opens the page");
    return (!v->size || read_size(r, v->size)) && (!v->scale || read_scale(r, v->scale));
}

/* False: *status is the exit status. */
static bool read_request(struct request *r, int argc, char **argv, int *status)
{
    struct options o;
    *r = (struct request){.width = 1280, .height = 800};
    *status = EXIT_BAD;
    if (!options_read(&o, &cmd_view, argc, argv, &r->asked)) {
        *status = o.status;
        return false;
    }
    if (o.argc > 1)
        return refuse("takes one value; there is also '%s'", o.argv[1]);
    r->value = o.argc ? o.argv[0] : NULL;
    return read_words(r);
}

/* --- Without a window --- */

static bool write_screenshot(struct session *c, struct fonts *fonts, const struct request *r)
{
    OWNED uint32_t *pixels =
        check_memory(malloc((size_t)c->width * (size_t)c->height * sizeof *pixels));
    struct canvas canvas = {pixels, c->width, c->height, c->width, {0, 0, c->width, c->height}};
    struct painter painter = {fonts, theme_colors(c->model.theme), session_scale(c)};
    struct output_file file;
    paint(&painter, &canvas, &c->layout);
    if (!output_begin(&file, r->asked.screenshot, r->asked.force))
        return false;
    if (picture_write(&canvas, file.stream))
        return output_commit(&file);
    fail("%s: the picture cannot be written: %s", r->asked.screenshot, strerror(errno));
    output_abandon(&file);
    return false;
}

enum { SCRIPT_LINE = EDIT_TEXT + 64 };

static bool play_script(struct session *c, const char *path)
{
    FILE *file = !strcmp(path, "-") ? stdin : fopen(path, "r");
    char line[SCRIPT_LINE], message[SCRIPT_MESSAGE];
    bool works = file;
    if (!file)
        fail("%s: %s", path, strerror(errno));
    for (int number = 1; works && !c->quit && fgets(line, sizeof line, file); number++) {
        line[strcspn(line, "\r\n")] = 0;
        works = script_line(c, line, message);
        if (!works)
            fail("%s: line %d: %s", path, number, message);
    }
    if (works && ferror(file)) {
        fail("%s: %s", path, strerror(errno));
        works = false;
    }
    if (file && file != stdin)
        fclose(file);
    return works;
}

static bool run_headless(struct session *c, struct fonts *fonts, const struct request *r)
{
    struct script_clipboard board = {NULL};
    c->clipboard = script_clipboard(&board);
    session_update(c);
    bool works = !r->asked.script || play_script(c, r->asked.script);
    works = works && (!r->asked.screenshot || write_screenshot(c, fonts, r));
    if (works &&
        (r->asked.describe || (r->asked.script && !r->asked.print && !r->asked.screenshot))) {
        json_t *document = check_memory(describe(c, board.text));
        json_dumpf(document, stdout, JSON_INDENT(1));
        putchar('\n');
        json_decref(document);
    }
    free(board.text);
    return works;
}

/* --- With one --- */

static bool run_window(struct session *c, struct fonts *fonts, const struct settings *before,
                       const char *path)
{
    struct window_request window = {c->width, c->height, c->base, fonts};
    struct settings s = *before;
    char message[MODEL_MESSAGE];
    if (!window_run(c, &window, message, sizeof message)) {
        fail("%s", message);
        return false;
    }
    s.width = window.width;
    s.height = window.height;
    s.zoom = c->model.zoom;
    s.theme = c->model.theme;
    OWNED char *rows = document_row_names(model_now(&c->model));
    snprintf(s.rows, sizeof s.rows, "%s", rows);
    if (path && !settings_write(&s, path, message, sizeof message))
        note("the settings were not kept: %s", message);
    return true;
}

/* --- Both --- */

static void rescale(struct session *c, double scale)
{
    struct fonts *fonts = c->context;
    if (!fonts_scale(fonts, scale)) {
        fail("a font file cannot be read; install another (Debian: fonts-dejavu-core)");
        exit(EXIT_BAD);
    }
    c->metrics = fonts_metrics(fonts);
}

/* The state that the request and the settings ask for. False: reported. */
static bool prepare(struct session *c, const struct request *r, const struct settings *s)
{
    struct model *m = &c->model;
    m->theme = r->has_theme ? r->theme : s->theme;
    m->zoom = s->zoom;
    m->page = r->page;
    bool works = !*s->rows || r->asked.rows || model_set_rows(m, s->rows);
    works = works && (!r->asked.rows || model_set_rows(m, r->asked.rows));
    if (!works)
        return refuse("%s", m->message);
    if (r->value && !model_set_text(m, r->value, 0))
        return refuse("%s%s", m->message, file_hint(r->value, false));
    if (r->asked.direction != HU_TIES_TO_EVEN)
        model_set_direction(m, r->asked.direction);
    if (r->asked.saturate)
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
    struct session c;
    struct settings settings;
    bool headless = r->asked.describe || r->asked.script || r->asked.screenshot;
    OWNED char *own = r->asked.config ? NULL : settings_path();
    char message[MODEL_MESSAGE] = "";
    const char *path = r->asked.config ? r->asked.config : headless ? NULL : own;
    settings_default(&settings);
    if (path)
        settings_read(&settings, path, message, sizeof message);
    session_init(&c, r->has_size || !path ? r->width : settings.width,
                 r->has_size || !path ? r->height : settings.height,
                 r->scale > 0 ? r->scale : environment_scale(), rescale, fonts);
    bool works = prepare(&c, r, &settings);
    if (works && *message) {
        note("%s", message);
        model_say(&c.model, true, "%s", message);
    }
    works =
        works && (headless ? run_headless(&c, fonts, r) : run_window(&c, fonts, &settings, path));
    if (works && r->asked.print)
        print_encodings(&c.model);
    session_clear(&c);
    return works;
}

int main(int argc, char **argv)
{
    struct request request;
    char message[MODEL_MESSAGE];
    int status;
    plain_begin_messages();
    report_as("view");
    if (!read_request(&request, argc, argv, &status))
        return status;
    struct fonts *fonts = fonts_open(message, sizeof message);
    if (!fonts)
        return fail("%s", message);
    status = view(&request, fonts) ? EXIT_DONE : EXIT_BAD;
    fonts_close(fonts);
    if (fflush(stdout) || ferror(stdout))
        return fail("standard output: %s", strerror(errno));
    return status;
}

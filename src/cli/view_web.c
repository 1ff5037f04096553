/* halfulp view --web: the page in the user's browser. */
#include "options.h"
#include "report.h"
#include "text.h"
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Text that grows; out of memory ends the program. */
struct address {
    char *text;
    size_t length;
};

static void add(struct address *a, const char *text)
{
    size_t length = strlen(text);
    a->text = check_memory(realloc(a->text, a->length + length + 1));
    memcpy(a->text + a->length, text, length + 1);
    a->length += length;
}

/* RFC 3986, section 2.3's unreserved characters and those of KEPT stay; the rest as %XX. */
static void add_escaped(struct address *a, const char *text, const char *kept)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-._~";
    for (; *text; text++) {
        char piece[4] = {*text, 0};
        if (!strchr(unreserved, *text) && !strchr(kept, *text))
            snprintf(piece, sizeof piece, "%%%02X", (unsigned char)*text);
        add(a, piece);
    }
}

static void add_part(struct address *a, const char *name, const char *value)
{
    add(a, strchr(a->text, '#') ? "&" : "#");
    add(a, name);
    add(a, "=");
    add_escaped(a, value, ",:");
}

/* What the page calls what option NAME says, and its value. NULL: it has no such thing. */
static const char *part_of(const char *name, const struct view_request *r, const char **value)
{
    const struct {
        const char *option, *part, *value;
    } parts[] = {{"formats", "rows", r->rows},
                 {"round", "round", hu_direction_name(r->direction)},
                 {"saturate", "saturate", "1"},
                 {"theme", "theme", r->theme},
                 {"page", "page", r->page}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strcmp(name, parts[i].option)) {
            *value = parts[i].value;
            return parts[i].part;
        }
    return NULL;
}

/* What the page takes of the command line, behind the address. Returns an exit status; *ends: the
 * command ends with it. */
static int add_state(struct address *a, const struct command *self, int argc, char **argv,
                     bool *ends)
{
    struct options o;
    struct view_request r = {0};
    *ends = true;
    if (!options_read(&o, self, argc, argv, &r))
        return o.status;
    for (const struct command_option *row = self->options; row->name; row++) {
        const char *value, *part = part_of(row->name, &r, &value);
        if (!option_given(&o, row->name) || !strcmp(row->name, "web"))
            continue;
        if (!part)
            return fail("--%s does not go with --web", row->name);
        add_part(a, part, value);
    }
    if (o.argc > 1)
        return fail("takes one value; there is also '%s'", o.argv[1]);
    if (o.argc)
        add_part(a, "value", o.argv[0]);
    *ends = false;
    return EXIT_DONE;
}

/* $XDG_CACHE_HOME/halfulp/view.html, or ~/.cache's; NULL: there is no home. */
static char *bridge_path(void)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    struct address path = {NULL, 0};
    if (cache && *cache == '/') {
        add(&path, cache);
    } else if (home && *home == '/') {
        add(&path, home);
        add(&path, "/.cache");
    } else {
        return NULL;
    }
    mkdir(path.text, 0700);
    add(&path, "/halfulp");
    mkdir(path.text, 0700);
    add(&path, "/view.html");
    return path.text;
}

/* What opens files drops what stands behind #: it gets a page that goes on to URL. NULL: there is
 * no place for one. */
static char *write_bridge(const char *url)
{
    char *path = bridge_path();
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) {
        free(path);
        return NULL;
    }
    fputs("<!doctype html>\n<meta charset=\"utf-8\">\n<title>halfulp</title>\n"
          "<meta http-equiv=\"refresh\" content=\"0;url=",
          file);
    for (; *url; url++)
        *url == '&' ? fputs("&amp;", file) : putc(*url, file);
    fputs("\">\n", file);
    if (fclose(file)) {
        free(path);
        return NULL;
    }
    return path;
}

/* $BROWSER, as its users set it: names joined by colons, of which the first is taken. */
static void start_chosen(const char *url)
{
    const char *browser = getenv("BROWSER");
    if (!browser || !*browser)
        return;
    OWNED char *name = check_memory(strndup(browser, strcspn(browser, ":")));
    execlp(name, name, url, (char *)NULL);
}

int view_in_browser(const struct command *self, const char *page, int argc, char **argv)
{
    struct address url = {NULL, 0};
    bool ends;
    add(&url, "file://");
    add_escaped(&url, page, "/");
    int status = add_state(&url, self, argc, argv, &ends);
    if (ends) {
        free(url.text);
        return status;
    }
    fflush(stdout);
    start_chosen(url.text);
    char *bridge = write_bridge(url.text);
#ifdef __APPLE__
    execlp("open", "open", bridge ? bridge : url.text, (char *)NULL);
#endif
    execlp("xdg-open", "xdg-open", bridge ? bridge : url.text, (char *)NULL);
    free(bridge);
    execlp("x-www-browser", "x-www-browser", url.text, (char *)NULL);
    fail("no browser is found (BROWSER names one); the page is %s", url.text);
    free(url.text);
    return EXIT_BAD;
}

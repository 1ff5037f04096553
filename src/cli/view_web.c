/* halfulp view --web: the page in the user's browser. */
#include "options.h"
#include "report.h"
#include "terminal.h"
#include "text.h"
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* RFC 3986, section 2.3's unreserved characters and those of KEPT stay; the rest as %XX. */
static void put_escaped(FILE *url, const char *text, const char *kept)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-._~";
    for (; *text; text++)
        fprintf(url, strchr(unreserved, *text) || strchr(kept, *text) ? "%c" : "%%%02X",
                (unsigned char)*text);
}

static void put_part(FILE *url, const char **separator, const char *name, const char *value)
{
    fprintf(url, "%s%s=", *separator, name);
    put_escaped(url, value, ",:");
    *separator = "&";
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
static int put_state(FILE *url, const struct command *self, int argc, char **argv, bool *ends)
{
    const char *separator = "#";
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
        put_part(url, &separator, part, value);
    }
    if (o.argc > 1)
        return fail("takes one value; there is also '%s'", o.argv[1]);
    if (o.argc)
        put_part(url, &separator, "value", o.argv[0]);
    *ends = false;
    return EXIT_DONE;
}

/* $XDG_CACHE_HOME/halfulp/view.html, or ~/.cache's; NULL: there is no home. */
static char *bridge_path(void)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    OWNED char *base = cache && *cache == '/' ? text_new("%s", cache)
                       : home && *home == '/' ? text_new("%s/.cache", home)
                                              : NULL;
    if (!base)
        return NULL;
    OWNED char *folder = text_new("%s/halfulp", base);
    mkdir(base, 0700);
    mkdir(folder, 0700);
    return text_new("%s/view.html", folder);
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
    OWNED char *url = NULL;
    size_t size;
    bool ends;
    FILE *address = check_memory(open_memstream(&url, &size));
    fputs("file://", address);
    put_escaped(address, page, "/");
    int status = put_state(address, self, argc, argv, &ends);
    fclose(address);
    if (ends)
        return status;
    fflush(stdout);
    start_chosen(url);
    OWNED char *bridge = write_bridge(url);
#ifdef __APPLE__
    execlp("open", "open", bridge ? bridge : url, (char *)NULL);
#endif
    execlp("xdg-open", "xdg-open", bridge ? bridge : url, (char *)NULL);
    execlp("x-www-browser", "x-www-browser", url, (char *)NULL);
    return fail("no browser is found (BROWSER names one); the page is %s", url);
}

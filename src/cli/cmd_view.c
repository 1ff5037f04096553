/* halfulp view: hands over to halfulp-view, or a page to the browser. */
#include "room.h"
#include "options.h"
#include "option_values.h"
#include "view.h"
#include "file/element.h"

#include <limits.h>
#include <sys/stat.h>

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

/* What the page takes of the command line, behind the address. */
static void put_state(FILE *url, const struct command *self, int argc, char **argv)
{
    const char *separator = "#";
    struct options o;
    struct view_request r = {0};
    if (!options_read(&o, self, argc, argv, &r))
        exit(report_end(o.status));
    for (const struct command_option *row = self->options; row->name; row++) {
        const char *value = NULL, *part = part_of(row->name, &r, &value);
        if (!option_given(&o, row->name) || !strcmp(row->name, "web"))
            continue;
        if (!part)
            die("--%s does not go with --web", row->name);
        put_part(url, &separator, part, value);
    }
    if (o.argc > 1)
        die("takes one value; there is also '%s'", o.argv[1]);
    if (o.argc)
        put_part(url, &separator, "value", o.argv[0]);
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
    OWNED char *path = bridge_path();
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return NULL;
    fputs("<!doctype html>\n<meta charset=\"utf-8\">\n<title>halfulp</title>\n"
          "<meta http-equiv=\"refresh\" content=\"0;url=",
          file);
    for (; *url; url++)
        *url == '&' ? fputs("&amp;", file) : putc(*url, file);
    fputs("\">\n", file);
    return fclose(file) ? NULL : check_memory(strdup(path));
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

/* Hands PAGE, an absolute path, to the user's browser, with what the arguments ask for behind its
 * #. Returns only where that fails, with the exit status. */
static int view_in_browser(const struct command *self, const char *page, int argc, char **argv)
{
    OWNED char *url = NULL;
    size_t size;
    FILE *address = check_memory(open_memstream(&url, &size));
    fputs("file://", address);
    put_escaped(address, page, "/");
    put_state(address, self, argc, argv);
    fclose(address);
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

static const char program[] = "halfulp-view", page[] = "halfulp.html";

#define REQUEST struct view_request
static const struct command_option rows[] = {
    {"formats", 'f', "LIST",
     "rows: formats joined by commas, or all; a block format is the block page's", "all @dtypes",
     TEXT(rows)},
    OPTION_ROUND(direction),
    OPTION_SATURATE(saturate),
    {"theme", 0, "T", "light (default), dark, or safe for the colour-blind", "light dark safe",
     TEXT(theme)},
    {"page", 0, "P", "bits (default), rounding, numberline, memory, arithmetic, block, keys",
     "bits rounding numberline memory arithmetic block keys", TEXT(page)},
    {"size", 0, "WxH", "size of the window or picture, 1280x800 by default", NULL, TEXT(size)},
    {"scale", 0, "F", "size of everything, on top of what the display says", NULL, TEXT(scale)},
    {"print", 0, NULL, "print the encodings when the viewer is left", NULL, FLAG(print)},
    {"screenshot", 0, "FILE", "write a PNG instead of opening a window", "@file", TEXT(screenshot)},
    {"force", 0, NULL, "replace an existing picture", NULL, FLAG(force)},
    {"describe", 0, NULL, "print as JSON what is on screen; opens no window", NULL, FLAG(describe)},
    {"script", 0, "FILE", "play events from a file (-: stdin), then describe", "@file",
     TEXT(script)},
    {"config", 0, "FILE", "settings to use in place of the user's", "@file", TEXT(config)},
    {"web", 0, NULL, "open the viewer as a page in the browser", NULL, FLAG(web)},
    OPTION_HELP,
    OPTION_END,
};

/* The folder that this program lies in, with its slash; false: unknown. */
static bool own_folder(char *out, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out, size - 1);
    out[length > 0 ? length : 0] = 0;
    char *slash = strrchr(out, '/');
    if (slash)
        slash[1] = 0;
    return slash;
}

static void start(const char *path, char **argv)
{
    char *kept = argv[0];
    argv[0] = (char *)program;
    execv(path, argv);
    argv[0] = kept;
}

/* The page lies beside the program, or where it was installed. */
static int open_page(const struct command *self, int argc, char **argv)
{
    char beside[PATH_MAX + sizeof page];
    if (own_folder(beside, PATH_MAX) && !access(strcat(beside, page), R_OK))
        return view_in_browser(self, beside, argc, argv);
    if (!access(PKGDATADIR "/halfulp.html", R_OK))
        return view_in_browser(self, PKGDATADIR "/halfulp.html", argc, argv);
    return fail("the page was not made: ./bootstrap web, or ./configure "
                "--enable-web=yes && make (it needs clang, lld and wasi-libc)");
}

static bool has_option(int argc, char **argv, const char *name, const char *other)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], name) || !strcmp(argv[i], other))
            return true;
    return false;
}

/* FILE:TENSOR[i,j] becomes the datum that stands there, which the viewer reads. */
static void open_elements(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const struct hu_format *f;
        uint64_t bits;
        char message[HU_ELEMENT_MESSAGE], datum[HU_MAX_NAME + HU_BITS_TEXT + 2];
        enum hu_element_result result =
            argv[i][0] == '-' ? HU_ELEMENT_NONE : hu_element_read(argv[i], &f, &bits, message);
        if (result == HU_ELEMENT_ERROR)
            die("%s", message);
        if (result == HU_ELEMENT_NONE)
            continue;
        snprintf(datum, sizeof datum, "%s:%s", f->name, CODE_OF(f, bits));
        argv[i] = check_memory(strdup(datum));
    }
}

static int take(const struct command *self, int argc, char **argv)
{
    char beside[PATH_MAX + sizeof program];
    if (has_option(argc, argv, "--help", "-h")) {
        command_help(self);
        return EXIT_DONE;
    }
    open_elements(argc, argv);
    if (has_option(argc, argv, "--web", "--web"))
        return open_page(self, argc, argv);
    fflush(stdout);
    if (own_folder(beside, PATH_MAX)) {
        strcat(beside, program);
        start(beside, argv);
        if (errno != ENOENT)
            return fail("%s: %s", beside, strerror(errno));
    }
    start(BINDIR "/halfulp-view", argv);
    return fail("halfulp-view was not built: install SDL2, SDL2_ttf, fontconfig and "
                "libpng (Debian: libsdl2-dev libsdl2-ttf-dev libfontconfig-dev "
                "libpng-dev), then ./configure --enable-viewer=yes && make; or look at "
                "it in a browser: halfulp view --web");
}

const struct command cmd_view = {
    .name = "view",
    .usage = "[OPTION…] [VALUE]",
    .summary = "every bit under the mouse: the viewer",
    .details =
        "A window that shows VALUE (0.1 by default) in several formats at once. Click a bit to\n"
        "toggle it, drag to write several; F1 shows the keys. --screenshot, --describe and "
        "--script\n"
        "need no display. A script has an event a line: click NAME, drag NAME NAME, hover NAME,\n"
        "wheel NAME NOTCHES, key Ctrl+C, type TEXT, clipboard TEXT, resize W H; the names are "
        "those\n"
        "that --describe prints. --web opens the page that make web writes in the browser "
        "(BROWSER\n"
        "names one), with VALUE, -f, -r, --saturate, --page and --theme.",
    .options = rows,
    .takes = take,
};

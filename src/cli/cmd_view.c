/* halfulp view: hands over to halfulp-view. */
#include "view.h"
#include "option_values.h"
#include "report.h"
#include "file/element.h"
#include "shown.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
static int own_folder(char *out, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out, size - 1);
    if (length <= 0)
        return 0;
    out[length] = 0;
    char *slash = strrchr(out, '/');
    if (!slash)
        return 0;
    slash[1] = 0;
    return 1;
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

/* FILE:TENSOR[i,j] becomes the datum that stands there, which the viewer reads. False: reported. */
static bool open_elements(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const struct hu_format *f;
        uint64_t bits;
        char message[HU_ELEMENT_MESSAGE], datum[HU_MAX_NAME + HU_BITS_TEXT + 2];
        enum hu_element_result result =
            argv[i][0] == '-' ? HU_ELEMENT_NONE : hu_element_read(argv[i], &f, &bits, message);
        if (result == HU_ELEMENT_ERROR)
            return refuse("%s", message);
        if (result == HU_ELEMENT_NONE)
            continue;
        snprintf(datum, sizeof datum, "%s:%s", f->name, CODE_OF(f, bits));
        argv[i] = check_memory(strdup(datum));
    }
    return true;
}

static int take(const struct command *self, int argc, char **argv)
{
    char beside[PATH_MAX + sizeof program];
    if (has_option(argc, argv, "--help", "-h")) {
        command_help(self);
        return EXIT_DONE;
    }
    if (!open_elements(argc, argv))
        return EXIT_BAD;
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

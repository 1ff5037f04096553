#include "settings.h"
#include "allocate.h"
#include "scope.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEAST_SIDE = 160, MOST_SIDE = 16384, LINE = 2048, LINES_MOST = 1000 };

void settings_default(struct settings *s)
{
    *s = (struct settings){.width = 1280, .height = 800, .zoom = 1, .theme = THEME_LIGHT};
}

char *settings_path(void)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    /* The XDG base directory specification: a relative path is ignored. */
    if (base && *base == '/')
        return text_of("%s/halfulp/view.conf", base);
    if (home && *home == '/')
        return text_of("%s/.config/halfulp/view.conf", home);
    return NULL;
}

static bool read_side(const char *text, int *side)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < LEAST_SIDE || value > MOST_SIDE)
        return false;
    *side = (int)value;
    return true;
}

static bool read_zoom(const char *text, double *zoom)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 0.5 && value <= 4))
        return false;
    *zoom = value;
    return true;
}

static bool read_rows(const char *text, char rows[SETTINGS_ROWS])
{
    char list[SETTINGS_ROWS];
    int count = 0;
    if (strlen(text) >= sizeof list)
        return false;
    strcpy(list, text);
    for (char *name = strtok(list, ","); name; name = strtok(NULL, ","))
        if (!hu_format_find(name) || ++count > DOCUMENT_ROWS)
            return false;
    if (!count)
        return false;
    strcpy(rows, text);
    return true;
}

static bool apply(struct settings *s, const char *key, const char *value)
{
    if (!strcmp(key, "width"))
        return read_side(value, &s->width);
    if (!strcmp(key, "height"))
        return read_side(value, &s->height);
    if (!strcmp(key, "zoom"))
        return read_zoom(value, &s->zoom);
    if (!strcmp(key, "theme"))
        return theme_find(value, &s->theme);
    if (!strcmp(key, "rows"))
        return read_rows(value, s->rows);
    return false;
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t length = strlen(text);
    while (length && isspace((unsigned char)text[length - 1]))
        text[--length] = 0;
    return text;
}

static bool read_line(struct settings *s, char *line)
{
    char *text = trim(line), *equals = strchr(text, '=');
    if (!*text || *text == '#')
        return true;
    if (!equals)
        return false;
    *equals = 0;
    return apply(s, trim(text), trim(equals + 1));
}

void settings_read(struct settings *s, const char *path, char *message, size_t size)
{
    char line[LINE];
    FILE *file = fopen(path, "r");
    *message = 0;
    if (!file) {
        if (errno != ENOENT && errno != ENOTDIR)
            snprintf(message, size, "%.300s: %s; using the defaults", path, strerror(errno));
        return;
    }
    for (int number = 1; number <= LINES_MOST && fgets(line, sizeof line, file); number++)
        if (!read_line(s, line) && !*message)
            snprintf(message, size, "%.300s: line %d is no setting; using the default", path,
                     number);
    if (ferror(file) && !*message)
        snprintf(message, size, "%.300s: %s; using the defaults", path, strerror(errno));
    fclose(file);
}

/* Makes the folders that PATH lies in, as far as they are missing. */
static void make_folders(const char *path)
{
    OWNED char *copy = need(strdup(path));
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(copy, 0700);
        *slash = '/';
    }
}

bool settings_write(const struct settings *s, const char *path, char *message, size_t size)
{
    make_folders(path);
    OWNED char *beside = text_of("%s.XXXXXX", path);
    int fd = mkstemp(beside);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    bool done = false;
    if (file) {
        fprintf(file,
                "# halfulp-view\nwidth = %d\nheight = %d\nzoom = %.17g\ntheme = %s\nrows = %s\n",
                s->width, s->height, s->zoom, theme_label(s->theme), s->rows);
        done = !ferror(file) && !fflush(file) && !fsync(fd);
        done = !fclose(file) && done && !rename(beside, path);
    }
    if (!done) {
        snprintf(message, size, "%.300s: %s", path, strerror(errno));
        if (fd >= 0)
            unlink(beside);
    }
    return done;
}

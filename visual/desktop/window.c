#include "window.h"
#include "allocate.h"
#include "frame.h"
#include "paint.h"

#include <SDL.h>
#include <stdio.h>
#include <string.h>

struct window {
    SDL_Window *window;
    SDL_Surface *surface; /* our pixels */
    struct session *session;
    struct window_request *request;
    struct frame frame;
    double points; /* pixels in a point */
    bool exposed;
};

/* --- Drawing --- */

/* Our own surface has one known layout of pixels and keeps what was drawn. */
static bool fit_surface(struct window *w)
{
    SDL_Surface *screen = SDL_GetWindowSurface(w->window);
    int width, height;
    if (!screen)
        return false;
    SDL_GetWindowSize(w->window, &width, &height);
    w->points = width > 0 ? (double)screen->w / width : 1;
    if (w->surface && w->surface->w == screen->w && w->surface->h == screen->h)
        return true;
    SDL_FreeSurface(w->surface);
    w->surface =
        SDL_CreateRGBSurfaceWithFormat(0, screen->w, screen->h, 32, SDL_PIXELFORMAT_RGB888);
    frame_clear(&w->frame);
    if (!w->surface)
        return false;
    SDL_SetSurfaceBlendMode(w->surface, SDL_BLENDMODE_NONE);
    w->session->base = w->points * w->request->scale;
    session_resize(w->session, screen->w, screen->h);
    return true;
}

static void draw_parts(struct window *w)
{
    struct session *c = w->session;
    struct painter painter = {w->request->fonts, theme_colors(c->model.theme), session_scale(c)};
    struct canvas canvas = {.pixels = w->surface->pixels,
                            .width = w->surface->w,
                            .height = w->surface->h,
                            .stride = w->surface->pitch / 4};
    for (int i = 0; i < w->frame.part_count; i++) {
        canvas.clip = w->frame.parts[i];
        paint(&painter, &canvas, &c->layout);
    }
}

static bool show(struct window *w)
{
    SDL_Surface *screen;
    SDL_Rect rects[FRAME_PARTS];
    if (!fit_surface(w))
        return false;
    session_update(w->session);
    frame_next(&w->frame, &w->session->layout);
    draw_parts(w);
    if (w->exposed) {
        w->frame.parts[0] = box(0, 0, w->surface->w, w->surface->h);
        w->frame.part_count = 1;
        w->exposed = false;
    }
    if (!w->frame.part_count)
        return true;
    screen = SDL_GetWindowSurface(w->window);
    for (int i = 0; screen && i < w->frame.part_count; i++) {
        struct rect r = w->frame.parts[i];
        rects[i] = (SDL_Rect){r.x, r.y, r.w, r.h};
        SDL_Rect to = rects[i];
        SDL_BlitSurface(w->surface, &rects[i], screen, &to);
    }
    return screen && !SDL_UpdateWindowSurfaceRects(w->window, rects, w->frame.part_count);
}

/* --- Events --- */

static int key_of(SDL_Keycode sym)
{
    static const struct {
        SDL_Keycode sym;
        int key;
    } table[] = {
        {SDLK_LEFT, KEY_LEFT},
        {SDLK_RIGHT, KEY_RIGHT},
        {SDLK_UP, KEY_UP},
        {SDLK_DOWN, KEY_DOWN},
        {SDLK_HOME, KEY_HOME},
        {SDLK_END, KEY_END},
        {SDLK_PAGEUP, KEY_PAGE_UP},
        {SDLK_PAGEDOWN, KEY_PAGE_DOWN},
        {SDLK_TAB, KEY_TAB},
        {SDLK_RETURN, KEY_RETURN},
        {SDLK_KP_ENTER, KEY_RETURN},
        {SDLK_ESCAPE, KEY_ESCAPE},
        {SDLK_BACKSPACE, KEY_BACKSPACE},
        {SDLK_DELETE, KEY_DELETE},
        {SDLK_F1, KEY_F1},
        {SDLK_KP_PLUS, '+'},
        {SDLK_KP_MINUS, '-'},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].sym == sym)
            return table[i].key;
    return sym > ' ' && sym < 127 ? sym : KEY_NONE;
}

static void on_key(struct window *w, const SDL_KeyboardEvent *e)
{
    struct chord chord = {.key = key_of(e->keysym.sym)};
    chord.mods |= e->keysym.mod & (KMOD_CTRL | KMOD_GUI) ? MOD_CTRL : 0;
    chord.mods |= e->keysym.mod & KMOD_SHIFT ? MOD_SHIFT : 0;
    chord.mods |= e->keysym.mod & KMOD_LALT ? MOD_ALT : 0;
    /* Characters come as text. */
    if (chord.key >= 128 || (chord.key && chord.mods & MOD_CTRL))
        control_key(w->session, chord);
}

static void on_window(struct window *w, const SDL_WindowEvent *e)
{
    if (e->event == SDL_WINDOWEVENT_LEAVE)
        control_leave(w->session);
    else if (e->event == SDL_WINDOWEVENT_EXPOSED || e->event == SDL_WINDOWEVENT_SIZE_CHANGED)
        w->exposed = true;
}

static int scaled(const struct window *w, int points)
{
    return (int)(points * w->points);
}

static void on_event(struct window *w, const SDL_Event *e)
{
    struct session *c = w->session;
    switch (e->type) {
    case SDL_QUIT:
        c->quit = true;
        break;
    case SDL_WINDOWEVENT:
        on_window(w, &e->window);
        break;
    case SDL_KEYDOWN:
        on_key(w, &e->key);
        break;
    case SDL_TEXTINPUT:
        control_text(c, e->text.text);
        break;
    case SDL_MOUSEMOTION:
        control_move(c, scaled(w, e->motion.x), scaled(w, e->motion.y));
        break;
    case SDL_MOUSEBUTTONDOWN:
        control_press(c, scaled(w, e->button.x), scaled(w, e->button.y),
                      SDL_GetModState() & KMOD_SHIFT);
        break;
    case SDL_MOUSEBUTTONUP:
        control_release(c, scaled(w, e->button.x), scaled(w, e->button.y));
        break;
    case SDL_MOUSEWHEEL:
        control_wheel(c, e->wheel.preciseY);
        break;
    default:
        break;
    }
}

/* --- Clipboard, beginning and end --- */

static char *get_clipboard(void *context)
{
    (void)context;
    char *text = SDL_GetClipboardText();
    char *copy = text ? need(strdup(text)) : NULL;
    SDL_free(text);
    return copy;
}

static void set_clipboard(void *context, const char *text)
{
    (void)context;
    SDL_SetClipboardText(text);
}

/* The display may be smaller than the size that is wanted or remembered. */
static void fit_display(struct window_request *r)
{
    SDL_Rect usable;
    if (SDL_GetDisplayUsableBounds(0, &usable) || usable.w < 160 || usable.h < 160)
        return;
    r->width = r->width < usable.w ? r->width : usable.w;
    r->height = r->height < usable.h ? r->height : usable.h;
}

static bool is_x11(void)
{
    const char *driver = SDL_GetCurrentVideoDriver();
    return driver && !strcmp(driver, "x11");
}

/* Whether anyone can see what is drawn: SDL 2 takes its offscreen driver where no display answers.
 * Who names a driver has it. */
static bool is_seen(void)
{
    const char *driver = SDL_GetCurrentVideoDriver();
    return SDL_getenv("SDL_VIDEODRIVER") || (driver && strcmp(driver, "offscreen") &&
                                             strcmp(driver, "dummy") && strcmp(driver, "evdev"));
}

static bool open_window(struct window *w, char *message, size_t size)
{
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    /* The press that gives the window the focus toggles its bit as any other. */
    SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
    SDL_SetHint("SDL_APP_ID", "halfulp-view");
    bool works = !SDL_Init(SDL_INIT_VIDEO);
    if (!works || !is_seen()) {
        snprintf(message, size, "no display: %s; --screenshot, --describe and --script need none",
                 works ? "neither X11 nor Wayland answers" : SDL_GetError());
        return false;
    }
    /* Shared memory is faster here than a detour by OpenGL, and saves its libraries' memory. */
    if (is_x11())
        SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    fit_display(w->request);
    w->window = SDL_CreateWindow(
        "halfulp", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, w->request->width,
        w->request->height, SDL_WINDOW_HIDDEN | SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (w->window) {
        /* SDL asks for the size again with the least size: were the window seen before, that would
           undo what the user or the window manager made of it meanwhile. */
        SDL_SetWindowMinimumSize(w->window, 320, 240);
        SDL_ShowWindow(w->window);
    }
    if (!w->window || !fit_surface(w)) {
        snprintf(message, size, "no window: %s", SDL_GetError());
        return false;
    }
    w->session->clipboard = (struct clipboard){get_clipboard, set_clipboard, NULL};
    SDL_StartTextInput();
    return true;
}

/* On X11 the window goes with the process. SDL 2 ends its wait for events by a message to the
   window over a second connection (X11_SendWakeupEvent), which the server may read after the
   window's end: it answers BadWindow, and Xlib's error handler ends the program with status 1. */
static void close_window(struct window *w)
{
    SDL_FreeSurface(w->surface);
    frame_clear(&w->frame);
    if (is_x11())
        return;
    if (w->window)
        SDL_DestroyWindow(w->window);
    SDL_Quit();
}

bool window_run(struct session *c, struct window_request *request, char *message, size_t size)
{
    struct window w = {.session = c, .request = request};
    SDL_Event event;
    bool works = open_window(&w, message, size);
    while (works && !c->quit) {
        works = show(&w);
        if (!works)
            snprintf(message, size, "the window cannot be drawn in: %s", SDL_GetError());
        /* Sleeps until something happens: nothing is drawn meanwhile. */
        if (!works || !SDL_WaitEvent(&event))
            break;
        do
            on_event(&w, &event);
        while (!c->quit && SDL_PollEvent(&event));
    }
    if (works)
        SDL_GetWindowSize(w.window, &request->width, &request->height);
    close_window(&w);
    return works;
}

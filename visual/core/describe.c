#include "describe.h"
#include "allocate.h"
#include "scope.h"

#include <string.h>

static const struct {
    unsigned bit;
    const char *name;
} states[] = {
    {STATE_FOCUSED, "focused"}, {STATE_SELECTED, "selected"}, {STATE_CHECKED, "checked"},
    {STATE_HOVERED, "hovered"}, {STATE_PRESSED, "pressed"},   {STATE_INVALID, "invalid"},
    {STATE_SOURCE, "source"},   {STATE_DISABLED, "disabled"}, {STATE_OFFSCREEN, "offscreen"},
    {STATE_ELIDED, "elided"},
};

static json_t *state_list(unsigned state)
{
    json_t *list = need(json_array());
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (state & states[i].bit)
            json_array_append_new(list, json_string(states[i].name));
    return list;
}

static const char *field_name(enum tint tint)
{
    return tint == TINT_SIGN ? "sign" : tint == TINT_EXPONENT ? "exponent" : "significand";
}

/* A path or a message that was cut short may not be UTF-8. */
static json_t *text_json(const char *text)
{
    json_t *string = json_string(text);
    if (string)
        return string;
    OWNED char *plain = need(strdup(text));
    for (char *at = plain; *at; at++)
        *at = (unsigned char)*at < 0x80 ? *at : '?';
    return need(json_string(plain));
}

static json_t *describe_item(const struct item *i)
{
    json_t *o =
        need(json_pack("{s:s, s:s, s:o, s:o, s:[i,i,i,i]}", "role", role_name(i->role), "name",
                       i->name, "text", text_json(i->text), "state", state_list(i->state), "rect",
                       i->rect.x, i->rect.y, i->rect.w, i->rect.h));
    if (i->full)
        json_object_set_new(o, "description", text_json(i->full));
    if (i->role == ROLE_BIT) {
        json_object_set_new(o, "index", json_integer(i->caption));
        json_object_set_new(o, "field", json_string(field_name(i->tint)));
    }
    return o;
}

static json_t *take(char *text)
{
    OWNED char *taken = text;
    return text_json(taken);
}

json_t *describe(const struct session *c, const char *clipboard)
{
    const struct model *m = &c->model;
    json_t *items = need(json_array());
    for (size_t i = 0; i < c->layout.count; i++)
        json_array_append_new(items, describe_item(&c->layout.items[i]));
    const struct document *now = model_now(m);
    json_t *o = need(json_pack(
        "{s:i, s:i, s:f, s:s, s:s, s:o, s:s, s:b, s:s, s:s, s:o, s:b, s:i, s:o?, s:o}", "width",
        c->width, "height", c->height, "scale", session_scale(c), "page", page_name(m->page),
        "theme", theme_label(m->theme), "value", take(model_value_text(m)), "round",
        hu_direction_name(now->options.direction), "saturate", (int)now->options.saturate,
        "selected", m->selected->name, "focus", m->focus, "message", text_json(m->message), "error",
        (int)m->message_is_error, "scroll_max", layout_scroll_max(&c->layout), "clipboard",
        clipboard ? text_json(clipboard) : NULL, "items", items));
    return o;
}

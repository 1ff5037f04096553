/* What a family remarks on a config. */
#include "listing_state.h"
#include "file/printable.h"

#include <stdio.h>
#include <string.h>

/* {EXPR} in a remark's text by its value. */
static void fill_in(struct listing *l, const char *text, char *out, size_t size)
{
    size_t n = 0;
    while (*text && n + 1 < size && !l->failed) {
        const char *close = *text == '{' ? strchr(text, '}') : NULL;
        if (!close) {
            out[n++] = *text++;
            continue;
        }
        struct reader r = family_reader(l->family, text + 1, (size_t)(close - text - 1));
        struct node *node = expression_read(&r);
        if (r.error) {
            listing_fail(l, "a remark of the family has an expression that cannot be read: %s",
                         r.error);
            return;
        }
        struct value v = listing_value(l, node);
        if (v.kind == VALUE_TEXT)
            n += (size_t)snprintf(out + n, size - n, "%s", v.text);
        else if (v.kind == VALUE_INTEGER)
            n += (size_t)snprintf(out + n, size - n, "%lld", (long long)v.integer);
        if (n >= size)
            n = size - 1;
        text = close + 1;
    }
    out[n] = 0;
}

static void add_note(struct listing *l, const char *text)
{
    struct listing_result *r = l->result;
    if (r->note_count < LISTING_NOTES)
        snprintf(r->notes[r->note_count++], LISTING_NOTE, "%s", text);
}

void list_remarks(struct listing *l)
{
    char text[LISTING_NOTE], shown[LISTING_NOTE];
    for (const struct remark *r = l->family->remarks; r && !l->failed; r = r->next) {
        if ((l->nested && !r->refusal) ||
            (r->condition && listing_holds(l, r->condition) == r->unless))
            continue;
        fill_in(l, r->text, text, sizeof text);
        hu_printable(text, shown, sizeof shown);
        if (r->refusal)
            listing_fail(l, "%s", *shown ? shown : "the family refuses it, and does not say why");
        else
            add_note(l, shown);
    }
}

/* Sizes that the config left to the class, for the reader. */
void list_sizes(struct listing *l)
{
    char text[LISTING_NOTE] = "";
    size_t n = 0;
    for (int i = 0; i < SYMBOL_SLOTS; i++)
        for (const struct symbol *s = l->family->symbols.slots[i]; s; s = s->next) {
            if (!s->taken || !json_is_integer(s->otherwise) || n >= sizeof text)
                continue;
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %lld",
                                  n ? ", " : "left to the class's sizes: ", s->name,
                                  (long long)json_integer_value(s->otherwise));
        }
    l->result->sized |= n > 0;
    if (n)
        add_note(l, text);
}

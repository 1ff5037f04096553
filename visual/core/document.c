#include "document.h"
#include "allocate.h"

#include <string.h>

const struct arithmetic_row arithmetics[ARITHMETICS] = {{"add", "+", HU_OP_ADD},
                                                        {"sub", "−", HU_OP_SUB},
                                                        {"mul", "×", HU_OP_MUL},
                                                        {"div", "÷", HU_OP_DIV}};

int arithmetic_find(const char *name)
{
    int i = ARITHMETICS;
    while (i-- && strcmp(name, arithmetics[i].name))
        ;
    return i;
}

struct document *document_new(void)
{
    struct document *d = need(calloc(1, sizeof *d));
    hu_value_init(&d->value);
    return d;
}

struct document *document_copy(const struct document *d)
{
    struct document *copy = document_new();
    struct hu_value value = copy->value;
    *copy = *d;
    copy->value = value;
    hu_value_copy(&copy->value, &d->value);
    copy->text = d->text ? need(strdup(d->text)) : NULL;
    return copy;
}

void document_free(struct document *d)
{
    if (!d)
        return;
    hu_value_clear(&d->value);
    free(d->text);
    free(d);
}

char *document_row_names(const struct document *d)
{
    char *names = need(strdup(d->rows[0]->name));
    for (int i = 1; i < d->count; i++) {
        char *longer = text_of("%s,%s", names, d->rows[i]->name);
        free(names);
        names = longer;
    }
    return names;
}

static bool same_value(const struct document *a, const struct document *b)
{
    if (!a->text != !b->text)
        return false;
    if (a->text)
        return !strcmp(a->text, b->text);
    return a->value.format == b->value.format && a->value.bits == b->value.bits;
}

static bool same(const struct document *a, const struct document *b)
{
    return same_value(a, b) && a->count == b->count &&
           a->options.direction == b->options.direction &&
           a->options.saturate == b->options.saturate &&
           !memcmp(&a->memory, &b->memory, sizeof a->memory) && a->arithmetic == b->arithmetic &&
           a->second_format == b->second_format && a->second_bits == b->second_bits &&
           !memcmp(&a->block, &b->block, sizeof a->block) &&
           !memcmp(a->rows, b->rows, (size_t)a->count * sizeof a->rows[0]);
}

static void append(struct history *h, struct document *d)
{
    h->states = room_for(h->states, h->count, &h->room, sizeof *h->states);
    h->states[h->count++] = d;
}

void history_init(struct history *h, struct document *d)
{
    memset(h, 0, sizeof *h);
    append(h, d);
}

static void truncate_to(struct history *h, size_t count)
{
    while (h->count > count)
        document_free(h->states[--h->count]);
}

void history_clear(struct history *h)
{
    truncate_to(h, 0);
    free(h->states);
    memset(h, 0, sizeof *h);
}

void history_push(struct history *h, struct document *d, unsigned group)
{
    bool joins = group && group == h->group && h->at && h->at + 1 == h->count;
    if (same(d, history_now(h))) {
        document_free(d);
        return;
    }
    /* A group that came back to where it began leaves no step. */
    if (joins && same(d, h->states[h->at - 1])) {
        document_free(d);
        truncate_to(h, h->at);
        h->at--;
        h->group = 0;
        return;
    }
    truncate_to(h, h->at + (joins ? 0 : 1));
    append(h, d);
    h->at = h->count - 1;
    h->group = group;
}

bool history_step(struct history *h, int by)
{
    h->group = 0;
    if (by < 0 ? !h->at : h->at + 1 >= h->count)
        return false;
    h->at += (size_t)by;
    return true;
}

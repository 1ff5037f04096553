#include "quantization_declared.h"
#include "word_list.h"
#include "file/printable.h"
#include "file/tensor_file.h"

#include <stdio.h>
#include <string.h>

bool declared_unknown(struct declared *d, const char *what, const char *value)
{
    char shown[64];
    snprintf(d->error, HU_QUANTIZATION_ERROR, "%s '%s' is not known", what,
             hu_printable(value ? value : "none", shown, sizeof shown));
    return false;
}

uint64_t config_number(json_t *object, const char *key, uint64_t otherwise)
{
    json_t *value = json_object_get(object, key);
    json_int_t n = json_integer_value(value);
    if (!value)
        return otherwise;
    return n > 0 && n <= 1 << 20 ? (uint64_t)n : 0;
}

const char *config_text(json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "";
}

bool config_is(json_t *object, const char *key, const char *value)
{
    return !strcmp(config_text(object, key), value);
}

bool declared_one_of(const char *words, const char *word)
{
    return !strchr(word, ' ') && hu_has_word(words, word);
}

bool config_true(json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

void declared_widths(struct declared *d, json_t *object, const char *bits, const char *group)
{
    d->f.bits = (unsigned)config_number(object, bits, d->f.bits);
    d->f.group = config_number(object, group, d->f.group);
}

bool formula_alike(const struct hu_formula *a, const struct hu_formula *b)
{
    return !memcmp(a, b, sizeof *a); /* no padding is in it */
}

bool declared_add(struct declared *d, const struct hu_formula *f, json_t *list)
{
    struct hu_quantization *q = d->q;
    bool named = json_array_size(list);
    struct hu_rule *r = NULL;
    for (size_t i = 0; i < q->rule_count && !r; i++)
        if (formula_alike(&q->rules[i].formula, f) && named == (q->rules[i].only.count > 0))
            r = &q->rules[i];
    if (!r) {
        if (!(r = hu_file_append(&q->rules, &q->rule_count, sizeof *r)))
            return declared_unknown(d, "a list of modules:", "out of memory");
        r->formula = *f;
    }
    return hu_patterns_read(q, list, &r->only) ||
           declared_unknown(d, "a list of modules", "that is too long");
}

bool declared_add_named(struct declared *d, const struct hu_formula *f, bool regex,
                        const char *name)
{
    json_t *list = json_pack("[s++]", regex ? "re:" : "", name, "");
    bool fine = f ? declared_add(d, f, list)
                  : hu_patterns_read(d->q, list, &d->q->left) ||
                        declared_unknown(d, "a list of modules", "that is too long");
    json_decref(list);
    return fine;
}

bool declared_rules(struct declared *d, json_t *rules)
{
    const char *key;
    json_t *rule;
    json_object_foreach(rules, key, rule)
    {
        const char *name = !strncmp(key, "-:", 2) || !strncmp(key, "+:", 2) ? key + 2 : key;
        struct declared other = *d;
        uint64_t bits = config_number(rule, "bits", d->f.bits);
        bool left = *key == '-' || bits >= 16;
        if (!left && (!bits || bits > 8))
            return declared_unknown(d, "a rule's bits for", name);
        declared_widths(&other, rule, "bits", "group_size");
        other.f.zero_bits = d->f.zero_bits ? other.f.bits : 0;
        bool regex = name != key || strpbrk(name, "*[(|\\+?^$");
        if ((left || !formula_alike(&other.f, &d->f)) &&
            !declared_add_named(d, left ? NULL : &other.f, regex, name))
            return false;
    }
    return true;
}

bool declared_layers(struct declared *d, json_t *layers,
                     bool (*read)(struct declared *d, json_t *layer))
{
    const char *name;
    json_t *layer;
    json_object_foreach(layers, name, layer)
    {
        struct declared one = {.q = d->q, .error = d->error};
        if (!read(&one, layer) || (one.f.bits && !declared_add_named(d, &one.f, false, name)))
            return false;
    }
    return true;
}

#include "model_config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void config_fail(struct hu_config *c, const char *format, ...)
{
    if (c->failed)
        return;
    c->failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->error, sizeof c->error, format, arguments);
    va_end(arguments);
}

/* The value of the first of KEYS that is there and not null. */
static json_t *find(struct hu_config *c, const char *keys, char name[64])
{
    while (*keys) {
        size_t n = strcspn(keys, "|");
        snprintf(name, 64, "%.*s", (int)n, keys);
        json_t *value = json_object_get(c->root, name);
        if (value && !json_is_null(value))
            return value;
        keys += n + (keys[n] == '|');
    }
    return NULL;
}

static bool read_number(struct hu_config *c, const char *keys, uint64_t *value)
{
    char name[64];
    json_t *found = find(c, keys, name);
    if (!found)
        return false;
    json_int_t n = json_integer_value(found);
    if (!json_is_integer(found) || n < 0 || (uint64_t)n > HU_CONFIG_MAX)
        config_fail(c, "\"%s\" must be a whole number from 0 to 2^40", name);
    *value = c->failed ? 0 : (uint64_t)n;
    return true;
}

uint64_t config_need(struct hu_config *c, const char *keys)
{
    uint64_t value = 0;
    if (read_number(c, keys, &value)) {
        if (!value)
            config_fail(c, "\"%.*s\" must not be 0", (int)strcspn(keys, "|"), keys);
        return value;
    }
    size_t used = strlen(c->missing);
    snprintf(c->missing + used, sizeof c->missing - used, "%s%.*s", used ? ", " : "",
             (int)strcspn(keys, "|"), keys);
    return 0;
}

uint64_t config_number(struct hu_config *c, const char *keys, uint64_t otherwise)
{
    uint64_t value;
    return read_number(c, keys, &value) ? value : otherwise;
}

bool config_flag(struct hu_config *c, const char *key, bool otherwise)
{
    json_t *value = json_object_get(c->root, key);
    if (!value || json_is_null(value))
        return otherwise;
    if (!json_is_boolean(value))
        config_fail(c, "\"%s\" must be true or false", key);
    return json_is_true(value);
}

const char *config_text(struct hu_config *c, const char *key)
{
    return json_string_value(json_object_get(c->root, key));
}

const char *config_class(struct hu_config *c)
{
    json_t *list = json_object_get(c->root, "architectures");
    const char *name = json_string_value(json_array_get(list, 0));
    return name ? name : "";
}

uint64_t config_labels(struct hu_config *c)
{
    uint64_t labels = json_object_size(json_object_get(c->root, "id2label"));
    return labels ? labels : config_number(c, "num_labels", 2);
}

uint64_t config_times(struct hu_config *c, uint64_t a, uint64_t b)
{
    uint64_t product;
    if (__builtin_mul_overflow(a, b, &product) || product > HU_PRODUCT_MAX) {
        config_fail(c, "the sizes multiply to more than 2^61");
        return 0;
    }
    return product;
}

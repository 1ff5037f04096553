#include "room.h"
#include "plain.h"
#include "codec.h"

/* Plain ASCII has escapes for the rest. */
static size_t dump_flags(void)
{
    return JSON_INDENT(2) | (plain_wanted() ? JSON_ENSURE_ASCII : 0);
}

int json_print(json_t *document)
{
    check_memory(document);
    json_dumpf(document, stdout, dump_flags());
    putchar('\n');
    json_decref(document);
    return EXIT_DONE;
}

/* Takes VALUE; its lines but the first stand SPACES further in. */
static void print_value(json_t *value, int spaces)
{
    OWNED char *text =
        check_memory(json_dumps(check_memory(value), dump_flags() | JSON_ENCODE_ANY));
    const char *line = text;
    for (const char *end; (end = strchr(line, '\n')); line = end + 1)
        printf("%.*s\n%*s", (int)(end - line), line, spaces, "");
    fputs(line, stdout);
    json_decref(value);
}

void json_several_add(struct json_several *s, json_t *document)
{
    s->count++;
    if (s->count == 1) {
        s->first = check_memory(document);
        return;
    }
    if (s->count == 2) {
        printf("[\n  ");
        print_value(s->first, 2);
    }
    printf(",\n  ");
    print_value(document, 2);
}

int json_several_end(struct json_several *s)
{
    if (s->count < 2)
        return json_print(s->count ? s->first : json_array());
    puts("\n]");
    return EXIT_DONE;
}

int json_print_several(json_t *list)
{
    struct json_several s = {.count = 0};
    size_t i;
    json_t *document;
    json_array_foreach(list, i, document) json_several_add(&s, json_incref(document));
    json_decref(list);
    return json_several_end(&s);
}

static void print_rows(const struct json_rows *rows, int indent)
{
    putchar('[');
    for (size_t i = 0; i < rows->count; i++) {
        printf("%s\n%*s", i ? "," : "", indent + 4, "");
        print_value(rows->row(rows->context, i), indent + 4);
    }
    if (rows->count)
        printf("\n%*s", indent + 2, "");
    putchar(']');
}

/* From '{' to '}', the lines but the first INDENT spaces further in. */
static void print_object(json_t *document, const struct json_rows *rows, int indent)
{
    const char *key;
    json_t *value;
    bool first = true;
    putchar('{');
    json_object_foreach(document, key, value)
    {
        printf("%s\n%*s\"%s\": ", first ? "" : ",", indent + 2, "", key);
        first = false;
        if (!strcmp(key, rows->key))
            print_rows(rows, indent);
        else
            print_value(json_incref(value), indent + 2);
    }
    printf("\n%*s}", indent, "");
    json_decref(document);
}

int json_print_with(json_t *document, const struct json_rows *rows)
{
    print_object(document, rows, 0);
    putchar('\n');
    return EXIT_DONE;
}

void json_list_begin(const char *key)
{
    printf("{\n  \"%s\": [", key);
}

void json_list_add(json_t *document, const struct json_rows *rows, bool first)
{
    printf("%s\n    ", first ? "" : ",");
    print_object(document, rows, 4);
}

void json_list_end(void)
{
    puts("\n  ]\n}");
}

json_t *json_take(char *text)
{
    json_t *value = text ? json_string(text) : json_null();
    free(text);
    return check_memory(value);
}

json_t *json_text(const char *text)
{
    return json_take(text ? text_whole(text, false) : NULL);
}

json_t *json_word(const char *text)
{
    return check_memory(text ? json_string(text) : json_null());
}

json_t *json_count(uint64_t count)
{
    return check_memory(count <= INT64_MAX ? json_integer((json_int_t)count)
                                           : json_sprintf("%llu", (unsigned long long)count));
}

json_t *json_finite(double x)
{
    return check_memory(isfinite(x) ? json_real(x) : json_null());
}

json_t *json_ratio(const mpq_t ratio)
{
    return json_take(hu_ratio_exact(ratio));
}

json_t *json_code(const struct hu_format *f, uint64_t bits)
{
    return json_word(CODE_OF(f, bits & hu_width_mask(f)));
}

json_t *json_datum(const struct hu_format *f, uint64_t bits)
{
    return json_take(hu_is_finite(hu_decode(f, bits)) ? hu_datum_exact(f, bits) : NULL);
}

void json_put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value))
        check_memory(NULL);
}

void json_add(json_t *list, json_t *value)
{
    if (json_array_append_new(list, value))
        check_memory(NULL);
}

json_t *json_list(void)
{
    return check_memory(json_array());
}

json_t *json_put_all(json_t *object, const struct json_field *fields, size_t count)
{
    check_memory(object);
    for (size_t i = 0; i < count; i++)
        json_put(object, fields[i].key, fields[i].value);
    return object;
}

json_t *json_shape(const uint64_t *shape, unsigned rank)
{
    return JSON_LIST(i, i < rank, json_count(shape[i]));
}

json_t *json_flags(unsigned flags)
{
    json_t *list = json_list();
    for (int i = 0; hu_flag_name(i); i++)
        if (flags & hu_flag(i))
            json_add(list, json_string(hu_flag_name(i)));
    return list;
}

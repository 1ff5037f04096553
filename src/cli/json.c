#include "json.h"
#include "report.h"
#include "terminal.h"

#include <stdlib.h>

int json_print(json_t *document)
{
    check_memory(document);
    json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
    return EXIT_DONE;
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

void json_put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value))
        check_memory(NULL);
}

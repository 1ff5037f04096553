/* Copy and paste. */
#include "allocate.h"
#include "model.h"
#include "scope.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The argument that gives the source back on a command line. */
static char *source_argument(const struct document *now)
{
    char hex[HU_BITS_TEXT];
    if (now->text)
        return need(strdup(now->text));
    hu_bits_print(hex, now->value.format, now->value.bits);
    return text_of("%s:%s", now->value.format->name, hex);
}

/* Quoted for a POSIX shell: single quotes keep everything but themselves. */
static char *shell_word(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_+-./:,@%";
    if (*text && strspn(text, plain) == strlen(text))
        return need(strdup(text));
    char *out = need(malloc(4 * strlen(text) + 3)), *to = out;
    *to++ = '\'';
    for (; *text; text++)
        to = *text == '\'' ? stpcpy(to, "'\\''") : (*to = *text, to + 1);
    strcpy(to, "'");
    return out;
}

/* The rounding direction as an option, where it is not the usual one; new memory. */
static char *direction_option(const struct document *now)
{
    enum hu_direction d = now->options.direction;
    return d == HU_TIES_TO_EVEN ? text_of("%s", "") : text_of(" -r %s", hu_direction_name(d));
}

static char *command_line(const struct document *now)
{
    OWNED char *rows = document_row_names(now), *argument = source_argument(now);
    OWNED char *word = shell_word(argument), *direction = direction_option(now);
    return text_of("halfulp show -f %s%s%s %s", rows, direction,
                   now->options.saturate ? " --saturate" : "", word);
}

/* The command that explains the block: from its values, or from its bytes where bits were changed.
 */
static char *block_command(const struct document *now)
{
    const struct block_state *s = &now->block;
    char scale[16 + HU_SHORTEST_TEXT] = "", shown[HU_SHORTEST_TEXT];
    OWNED char *direction = direction_option(now);
    OWNED char *text = s->by_hand ? block_page_hex(s) : block_values(s);
    hu_block_shown(shown, (double)s->tensor_scale);
    if (s->block->over == HU_OVER_TENSOR)
        snprintf(scale, sizeof scale, " --tensor-scale %s", shown);
    bool rule = s->rule && hu_block_has_rules(s->block);
    return s->by_hand
               ? text_of("halfulp block -t %s%s --decode %s", s->block->name, scale, text)
               : text_of("halfulp block -t %s%s%s%s -- %s", s->block->name, rule ? " --rule " : "",
                         rule ? hu_scale_rule_name(s->rule) : "", direction, text);
}

static char *copy_block(const struct model *m, enum copy_form form)
{
    const struct document *now = model_now(m);
    return form == COPY_VALUE      ? block_values(&now->block)
           : form == COPY_ENCODING ? block_page_hex(&now->block)
                                   : block_command(now);
}

char *model_copy(const struct model *m, enum copy_form form)
{
    if (m->page == PAGE_BLOCK)
        return copy_block(m, form);
    const struct row *r = &m->rows[model_selected(m)];
    char hex[HU_BITS_TEXT];
    if (form == COPY_VALUE)
        return model_value_text(m);
    if (form == COPY_COMMAND)
        return command_line(model_now(m));
    hu_bits_print(hex, r->format, r->bits);
    return need(strdup(hex));
}

/* --- Raw bytes --- */

enum { BYTES_MAX = 8 };

/* "cd cc cc 3d", "cdcccc3d", "0xcd,0xcc", "\xcd\xcc": the bytes; 0: it is something else. */
static int read_bytes(const char *text, unsigned char bytes[BYTES_MAX])
{
    int n = 0;
    while (*text) {
        if (isspace((unsigned char)*text) || strchr(",;:{}[]", *text)) {
            text++;
            continue;
        }
        if ((text[0] == '0' || text[0] == '\\') && (text[1] == 'x' || text[1] == 'X'))
            text += 2;
        unsigned byte;
        if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
            n == BYTES_MAX)
            return 0;
        sscanf(text, "%2x", &byte);
        bytes[n++] = (unsigned char)byte;
        text += 2;
    }
    return n;
}

static bool takes(const struct hu_format *f, int bytes)
{
    return f->storage_bits == 8 * bytes;
}

/* The row that so many bytes fill: the selected one, or else the first. */
static int row_for(const struct model *m, int bytes)
{
    int selected = model_selected(m);
    if (takes(m->rows[selected].format, bytes))
        return selected;
    for (int i = 0; i < m->count; i++)
        if (takes(m->rows[i].format, bytes))
            return i;
    return -1;
}

static bool paste_bytes(struct model *m, const unsigned char *bytes, int n, bool big_endian)
{
    int row = row_for(m, n);
    if (row < 0)
        return model_refuse(m, "no row takes %d byte%s in memory", n, n == 1 ? "" : "s");
    const struct hu_format *f = m->rows[row].format;
    uint64_t word = 0;
    for (int i = 0; i < n; i++)
        word |= (uint64_t)bytes[i] << 8 * (big_endian ? n - 1 - i : i);
    if (word & ((UINT64_C(1) << f->storage_shift) - 1))
        return model_refuse(m, "the low %d bits of %s in memory must be zero", f->storage_shift,
                            f->name);
    model_set_bits(m, row, word >> f->storage_shift, 0);
    model_say(m, false, n == 1 ? "read as %s" : "read as %s, %s-endian; %s reads the other order",
              m->rows[row].label, big_endian ? "big" : "little",
              big_endian ? "Ctrl+V" : "Ctrl+Shift+V");
    return true;
}

bool model_paste(struct model *m, const char *text, bool big_endian)
{
    unsigned char bytes[BYTES_MAX];
    struct edit one = {.length = 0};
    const char *line = one.text;
    if (m->page == PAGE_BLOCK)
        return model_set_values(m, text, 0);
    if (!edit_insert(&one, text))
        return model_refuse(m, "what is on the clipboard does not fit in");
    bool lettered = !strncmp(line, "le:", 3) || !strncmp(line, "be:", 3);
    int n = read_bytes(lettered ? line + 3 : line, bytes);
    if (lettered && n)
        return paste_bytes(m, bytes, n, line[0] == 'b');
    if (!big_endian && model_set_text(m, line, 0))
        return true;
    if (n)
        return paste_bytes(m, bytes, n, big_endian);
    if (big_endian)
        return model_set_text(m, line, 0);
    return false;
}

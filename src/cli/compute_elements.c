/* Elements of tensors in an expression: FILE:TENSOR[i,j] where an operand is due. */
#include "compute.h"
#include "report.h"
#include "file/element.h"
#include "shown.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What files and tensors may be called without quotes; signs are theirs too. */
static bool is_name(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("_./-~+@%:", c));
}

/* The length of "model.gguf:blk.0.attn_q.weight[3,5]" at TEXT; 0: there is none. A path begins with
 * a letter, a slash or a point that begins no number. */
static size_t element_length(const char *text)
{
    bool begins = isalpha((unsigned char)*text) || *text == '_' || *text == '/' || *text == '~' ||
                  (*text == '.' && (text[1] == '/' || text[1] == '.'));
    size_t n = 0;
    while (begins && is_name(text[n]))
        n++;
    size_t brackets = n && text[n] == '[' ? strcspn(text + n, "]") : 0;
    return brackets && text[n + brackets] && memchr(text, ':', n) ? n + brackets + 1 : 0;
}

/* Whether an operand may begin behind C, the last character that is no blank. */
static bool expects_operand(char c)
{
    return !c || strchr("(,+-*/<>=!", c);
}

char *compute_elements(const char *text)
{
    size_t length = strlen(text), used = 0, n;
    /* A datum is never longer than a file's name, a colon and brackets by more than this. */
    char *out = check_memory(malloc(length * (HU_MAX_NAME + HU_BITS_TEXT) + 1)), last = 0;
    for (const char *at = text; *at; at += n) {
        n = expects_operand(last) ? element_length(at) : 0;
        OWNED char *name = check_memory(strndup(at, n));
        char message[HU_ELEMENT_MESSAGE];
        const struct hu_format *f;
        uint64_t code;
        enum hu_element_result result =
            n ? hu_element_read(name, &f, &code, message) : HU_ELEMENT_NONE;
        if (result == HU_ELEMENT_ERROR) {
            fail("%s", message);
            free(out);
            return NULL;
        }
        if (result == HU_ELEMENT_FOUND) {
            used += (size_t)sprintf(out + used, "%s:%s", f->name, CODE_OF(f, code));
            last = ']';
            continue;
        }
        /* A word that is none goes as a whole: operands do not begin within it. */
        for (n = 1; isalnum((unsigned char)at[n - 1]) && isalnum((unsigned char)at[n]); n++)
            ;
        memcpy(out + used, at, n);
        used += n;
        last = isspace((unsigned char)*at) ? last : at[n - 1];
    }
    out[used] = 0;
    return out;
}

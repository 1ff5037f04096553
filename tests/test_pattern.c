/* Expressions of modules against POSIX's own, globs against fnmatch. */
#include "memory/pattern.h"

#include <criterion/criterion.h>
#include <fnmatch.h>
#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What Python 3.11's re.match says of each. */
Test(pattern, cases_are_python_s)
{
    static const struct {
        const char *pattern, *text;
        enum hu_match match;
    } rows[] = {
        {".*lm_head", "lm_head", HU_MATCH_YES},
        {".*lm_head", "model.lm_head", HU_MATCH_YES},
        {"lm_head", "model.lm_head", HU_MATCH_NO},
        {"model", "model.layers.0", HU_MATCH_YES},
        {"model$", "model.layers.0", HU_MATCH_NO},
        {".*self_attn\\.[qk]_proj$", "layers.3.self_attn.k_proj", HU_MATCH_YES},
        {".*self_attn\\.[qk]_proj$", "layers.3.self_attn.v_proj", HU_MATCH_NO},
        {".*self_attn\\.[^qk]_proj$", "layers.3.self_attn.v_proj", HU_MATCH_YES},
        {"layers\\.\\d+\\.mlp", "layers.17.mlp.gate", HU_MATCH_YES},
        {"layers\\.\\d{2}\\.mlp", "layers.7.mlp.gate", HU_MATCH_NO},
        {"layers\\.([0-5]|1[0-9])\\.", "layers.12.mlp", HU_MATCH_YES},
        {"layers\\.(?:[0-5]|1[0-9])\\.", "layers.22.mlp", HU_MATCH_NO},
        {"(?P<a>x)?y", "xy", HU_MATCH_YES},
        {"^(?!.*mlp).*", "layers.0.mlp", HU_MATCH_NO},
        {"^(?!.*mlp).*", "layers.0.attn", HU_MATCH_YES},
        {"a(?=b).c", "abc", HU_MATCH_YES},
        {"a(?=c).c", "abc", HU_MATCH_NO},
        {"a{2,3}$", "aaa", HU_MATCH_YES},
        {"a{2,3}$", "aaaa", HU_MATCH_NO},
        {"a{2,}?$", "aaaa", HU_MATCH_YES},
        {"(a|b)*c", "ababc", HU_MATCH_YES},
        {"[]-]", "-", HU_MATCH_YES},
        {"[\\w.]+$", "a_1.b", HU_MATCH_YES},
        {"\\W", "a", HU_MATCH_NO},
        {"a||b", "c", HU_MATCH_YES},
        {"", "", HU_MATCH_YES},
        {"(?<=a)b", "b", HU_MATCH_BROKEN},
        {"(?<!a)b", "b", HU_MATCH_BROKEN},
        {"a(", "a", HU_MATCH_BROKEN},
        {"a)", "a", HU_MATCH_BROKEN},
        {"*a", "a", HU_MATCH_BROKEN},
        {"a**", "a", HU_MATCH_BROKEN},
        {"[a", "a", HU_MATCH_BROKEN},
        {"a\\", "a", HU_MATCH_BROKEN},
        {"\\1", "a", HU_MATCH_BROKEN},
        {"a{x}", "a", HU_MATCH_BROKEN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(hu_pattern_match(rows[i].pattern, rows[i].text), rows[i].match, "%s of %s",
                     rows[i].pattern, rows[i].text);
}

static uint64_t state = 1;

static unsigned draw(unsigned below)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)(state >> 33) % below;
}

static void draw_pattern(char *out, size_t *n, int depth)
{
    static const char *const atoms[] = {"a", "b", ".", "[ab]", "[^a]", "\\."};
    static const char *const counts[] = {"", "", "", "*", "+", "?", "{2}", "{1,2}"};
    for (unsigned pieces = 1 + draw(3); pieces; pieces--) {
        bool grouped = depth < 3 && !draw(3);
        if (grouped) {
            out[(*n)++] = '(';
            draw_pattern(out, n, depth + 1);
            if (!draw(2)) {
                out[(*n)++] = '|';
                draw_pattern(out, n, depth + 1);
            }
            out[(*n)++] = ')';
        } else {
            *n += (size_t)sprintf(out + *n, "%s", atoms[draw(6)]);
        }
        *n += (size_t)sprintf(out + *n, "%s", counts[draw(8)]);
    }
    out[*n] = 0;
}

Test(pattern, drawn_expressions_agree_with_posix)
{
    unsigned long matched = 0;
    for (int i = 0; i < 20000; i++) {
        char pattern[4096], anchored[4100];
        size_t n = 0;
        regex_t regex;
        draw_pattern(pattern, &n, 0);
        if (n > 120)
            continue;
        snprintf(anchored, sizeof anchored, "^(%s)", pattern);
        cr_assert_not(regcomp(&regex, anchored, REG_EXTENDED | REG_NOSUB));
        for (int k = 0; k < 10; k++) {
            char text[16];
            unsigned length = draw(12);
            for (unsigned c = 0; c < length; c++)
                text[c] = "ab.c"[draw(4)];
            text[length] = 0;
            enum hu_match right = regexec(&regex, text, 0, NULL, 0) ? HU_MATCH_NO : HU_MATCH_YES;
            matched += right == HU_MATCH_YES;
            cr_assert_eq(hu_pattern_match(pattern, text), right, "%s of %s", pattern, text);
        }
        regfree(&regex);
    }
    cr_assert_gt(matched, 20000);
}

Test(pattern, globs_agree_with_fnmatch)
{
    static const char *const pieces[] = {"*", "?", "a", "b", ".", "[ab]", "[!a]", "+", "("};
    for (int i = 0; i < 100000; i++) {
        char glob[64] = "", wide[80], text[16], pattern[256];
        for (unsigned n = 1 + draw(4); n; n--)
            strcat(glob, pieces[draw(9)]);
        unsigned length = draw(10);
        for (unsigned c = 0; c < length; c++)
            text[c] = "ab.+("[draw(5)];
        text[length] = 0;
        snprintf(wide, sizeof wide, "%s.*", glob);
        bool right = !fnmatch(glob, text, 0) || !fnmatch(wide, text, 0);
        cr_assert(hu_pattern_of_glob(pattern, sizeof pattern, glob));
        cr_assert_eq(hu_pattern_match(pattern, text), right ? HU_MATCH_YES : HU_MATCH_NO,
                     "%s as %s of %s", glob, pattern, text);
    }
}

/* What takes a machine that goes back 2^40 steps, and one that keeps sets few. */
Test(pattern, no_expression_takes_forever, .timeout = 20)
{
    char deep[256] = "", many[2000] = "", text[HU_PATTERN_TEXT + 2];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 0;
    cr_expect_eq(hu_pattern_match("a*", text), HU_MATCH_NO, "longer than what is read");
    text[HU_PATTERN_TEXT] = 0;
    cr_expect_eq(hu_pattern_match("(a+)+b", text), HU_MATCH_NO);
    cr_expect_eq(hu_pattern_match("(a|aa|a?)+$", text), HU_MATCH_YES);
    for (int i = 0; i < 15; i++)
        sprintf(many + strlen(many), "(");
    strcat(many, "a?");
    for (int i = 0; i < 15; i++)
        sprintf(many + strlen(many), "){1000}");
    cr_expect_neq(hu_pattern_match(many, text), HU_MATCH_NO);
    for (int i = 0; i < 60; i++)
        sprintf(deep + strlen(deep), "(");
    cr_expect_eq(hu_pattern_match(deep, text), HU_MATCH_BROKEN);
}

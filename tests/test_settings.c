/* Small things that the viewer reads and writes: edited text, settings, names of keys. */
#include "../visual/core/script.h"
#include "../visual/core/words.h"
#include "../visual/desktop/settings.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* --- Text being edited --- */

Test(settings, editing_moves_by_code_points)
{
    struct edit e;
    edit_set(&e, "−1×2");
    cr_assert_eq(e.length, 7);
    edit_move(&e, 1, true, false);
    edit_move(&e, -1, false, false);
    edit_move(&e, -1, false, false);
    cr_assert(edit_erase(&e, -1));
    cr_assert_str_eq(e.text, "−×2");
    edit_move(&e, -1, true, false);
    cr_assert(!edit_erase(&e, -1));
    edit_move(&e, 1, false, true);
    char *selected = edit_selection(&e);
    cr_assert_str_eq(selected, "−");
    free(selected);
    cr_assert(edit_insert(&e, "ab\n\t\x7f"
                              "c\xff\xc0\x80"));
    cr_assert_str_eq(e.text, "ab c×2");
}

Test(settings, pasted_lines_are_not_one_number)
{
    static const char *const texts[][2] = {{"6\n5\r\n2.5\n", "6 5 2.5"},
                                           {"\t1\t\t2", "1 2"},
                                           {"7", "7"},
                                           {"\n 8 \n", " 8 "},
                                           {"\0019\x7f", "9"}};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct edit e;
        edit_set(&e, "old");
        cr_assert(edit_insert(&e, texts[i][0]));
        cr_assert_str_eq(e.text, texts[i][1]);
    }
}

Test(settings, a_field_is_bounded)
{
    struct edit e;
    char *long_text = malloc(3 * EDIT_TEXT + 1);
    memset(long_text, 'x', 3 * EDIT_TEXT);
    long_text[3 * EDIT_TEXT] = 0;
    edit_set(&e, long_text);
    cr_assert_eq(e.length, EDIT_TEXT - 1);
    edit_move(&e, 1, true, false);
    cr_assert(!edit_insert(&e, "y"));
    cr_assert_eq(e.length, EDIT_TEXT - 1);
    edit_set(&e, "0.1");
    cr_assert(!edit_insert(&e, long_text));
    cr_assert_str_eq(e.text, "0.1");
    free(long_text);
}

/* --- Settings --- */

Test(settings, settings_come_back_as_they_were_written)
{
    struct settings s, again;
    char folder[] = "/tmp/halfulp-settings-XXXXXX", path[80], message[512];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a/view.conf", folder);
    settings_default(&s);
    s.width = 987;
    s.theme = THEME_SAFE;
    s.zoom = 1.1 * 1.1;
    strcpy(s.rows, "bf16,e6m9");
    cr_assert(settings_write(&s, path, message, sizeof message), "%s", message);
    settings_default(&again);
    settings_read(&again, path, message, sizeof message);
    cr_assert_str_eq(message, "");
    cr_assert(again.width == 987 && again.theme == THEME_SAFE && again.zoom == s.zoom);
    cr_assert_str_eq(again.rows, "bf16,e6m9");
    unlink(path);
    snprintf(path, sizeof path, "%s/a", folder);
    rmdir(path);
    rmdir(folder);
}

Test(settings, corrupt_settings_leave_the_defaults_and_are_named)
{
    static const char *const bad[] = {"width = 99999999999999999999",
                                      "width = -3",
                                      "zoom = nan",
                                      "theme = ultraviolet",
                                      "rows = fp32,,nonsense",
                                      "rows =",
                                      "\x01\x02\xff",
                                      "nonsense",
                                      "= =",
                                      "zoom = 1e400"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct settings s;
        char path[] = "/tmp/halfulp-settings-XXXXXX", message[512];
        int fd = mkstemp(path);
        dprintf(fd, "# comment\n\ntheme = dark\n%s\nheight = 700\n", bad[i]);
        close(fd);
        settings_default(&s);
        settings_read(&s, path, message, sizeof message);
        cr_assert(strstr(message, "line 4"), "%s: '%s'", bad[i], message);
        cr_assert(s.width == 1280 && s.height == 700 && s.zoom == 1 && !*s.rows);
        cr_assert_eq(s.theme, THEME_DARK);
        unlink(path);
    }
}

/* --- Words --- */

Test(settings, numbers_are_written_as_people_do)
{
    cr_assert_str_eq(superscript(-1074).text, "⁻¹⁰⁷⁴");
    char *text = without_zeros(strdup("-0.0000125"));
    cr_assert_str_eq(text, "-1.25e-05");
    free(text);
}

Test(settings, keys_are_read_by_name)
{
    struct chord chord;
    cr_assert(chord_read("Ctrl+Shift+V", &chord));
    cr_assert(chord.key == 'v' && chord.mods == (MOD_CTRL | MOD_SHIFT));
    cr_assert(chord_read("Ctrl++", &chord) && chord.key == '+' && chord.mods == MOD_CTRL);
    cr_assert(chord_read("pageup", &chord) && chord.key == KEY_PAGE_UP);
    cr_assert(!chord_read("Hyper+x", &chord));
    cr_assert(!chord_read("", &chord));
    cr_assert(!chord_read("Ctrl+", &chord));
    cr_assert(!chord_read("F99", &chord));
}

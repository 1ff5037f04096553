/*
 * Where an option's value goes: the end of its row. Each macro names a member of what the command
 * is asked, whose type is REQUEST where the rows stand, and what is read into it; a member of
 * another type does not compile.
 */
#pragma once

#include "room.h"
#include "arguments.h"
#include "options.h"

#define OPTION_INTO(reader, type, member)                                                          \
    .read = (reader),                                                                              \
    .at = offsetof(REQUEST, member) + 0 * sizeof((type *)0 == &((REQUEST *)0)->member)

/* bool: set, of an option without argument. */
#define FLAG(member) OPTION_INTO(read_flag, bool, member)
/* const char *: as it was typed. */
#define TEXT(member) OPTION_INTO(read_text, const char *, member)
/* uint64_t, from LEAST to MOST. */
#define COUNT(member, lowest, highest)                                                             \
    OPTION_INTO(read_count, uint64_t, member), .least = (lowest), .most = (highest)
/* An enumeration: which of the row's words. */
#define WORD(member)                                                                               \
    .read = read_word,                                                                             \
    .at = offsetof(REQUEST, member) +                                                              \
          0 * sizeof(char[sizeof((REQUEST *)0)->member == sizeof(unsigned) ? 1 : -1])
/* bool: whether the second of the row's two words. */
#define SECOND(member) OPTION_INTO(read_second, bool, member)
#define FORMAT(member) OPTION_INTO(read_format, const struct hu_format *, member)
/* One that is no integer. */
#define FLOAT(member) OPTION_INTO(read_float, const struct hu_format *, member)
#define FORMATS(member) OPTION_INTO(read_formats, struct format_list, member)
#define DIRECTION(member) OPTION_INTO(read_direction, enum hu_direction, member)
#define DIRECTIONS_OF(member) OPTION_INTO(read_directions, struct direction_list, member)
#define OPERATIONS(member) OPTION_INTO(read_operations, struct operation_list, member)
#define NAN_RULE(member) OPTION_INTO(read_nan_rule, enum hu_nan_rule, member)
/* A block format that is decoded. */
#define BLOCK(member) OPTION_INTO(read_block, const struct hu_block *, member)
#define SCALE_RULE(member) OPTION_INTO(read_scale_rule, enum hu_scale_rule, member)
/* A reader of the command's own, which sees the whole request. */
#define OWN(reader) .read = (reader)

option_reader read_flag, read_text, read_color, read_count, read_word, read_second, read_format,
    read_float, read_formats, read_direction, read_any_direction, read_directions, read_operations,
    read_nan_rule, read_block, read_scale_rule;

/* Which of WORDS, separated by spaces, TEXT is; -1: none, which is reported as option o's. */
int word_index(const struct options *o, const char *words, const char *text);

/* Rows that several commands share. */
#define ROW(...)                                                                                   \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define OPTION_JSON(member) ROW("json", 0, NULL, "print one JSON document", NULL, FLAG(member))
#define OPTION_COLOR                                                                               \
    ROW("color", 0, "WHEN", "colour: auto (default), always, never", "auto always never",          \
        .read = read_color)
#define OPTION_HELP ROW(.name = "help", .letter = 'h', .help = "show this help")
#define OPTION_ROUND(member)                                                                       \
    ROW("round", 'r', "DIR", "rounding direction: rne (default), rna, rtz, rup, rdn, rto",         \
        "@rounds", DIRECTION(member))
/* Of what draws, too. */
#define OPTION_ROUND_ANY(member)                                                                   \
    ROW("round", 'r', "DIR",                                                                       \
        "rounding direction: rne (default), rna, rtz, rup, rdn, rto, stochastic",                  \
        "@rounds stochastic", OPTION_INTO(read_any_direction, enum hu_direction, member))
#define OPTION_SEED(member)                                                                        \
    ROW("seed", 0, "N", "what stochastic rounding draws from (default: 0)", NULL,                  \
        COUNT(member, 0, UINT64_MAX))
#define OPTION_SATURATE(member)                                                                    \
    ROW("saturate", 0, NULL, "overflow to the largest finite value", NULL, FLAG(member))
#define OPTION_TININESS(member)                                                                    \
    ROW("tininess", 0, "WHEN", "underflow is detected after (default) or before rounding",         \
        "after before", SECOND(member))
#define OPTION_NAN_RULE(member)                                                                    \
    ROW("nan-rule", 0, "RULE",                                                                     \
        "whose NaN an operation gives: first (default), last, signaling, greatest, canonical, "    \
        "x86, x87, arm, ptx",                                                                      \
        "first last signaling greatest canonical x86 x87 arm ptx", NAN_RULE(member))
#define OPTION_JOBS(member)                                                                        \
    ROW("jobs", 'j', "N", "threads (default: one a processor)", NULL, COUNT(member, 1, 1024))
#define OPTION_RULE(member)                                                                        \
    ROW("rule", 0, "RULE",                                                                         \
        "how a block's power of two is chosen: floor (default), ceil, rceil, even",                \
        "floor ceil rceil even", SCALE_RULE(member))
#define OPTION_SVG(member, what) ROW("svg", 0, "FILE", what, "@file", TEXT(member))
#define OPTION_FORCE(member, what) ROW("force", 0, NULL, what, NULL, FLAG(member))
#define OPTION_END ROW(.name = NULL)

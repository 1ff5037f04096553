/*
 * Where an option's value goes: the end of its row. Each macro names a member of the command's
 * request and what is read into it; a member of another type does not compile.
 */
#ifndef HALFULP_CLI_OPTION_VALUES_H
#define HALFULP_CLI_OPTION_VALUES_H

#include "arguments.h"
#include "lists.h"
#include "options.h"

#include <stddef.h>

#define OPTION_INTO(reader, type, request, member)                                                 \
    .read = (reader),                                                                              \
    .at = offsetof(request, member) + 0 * sizeof((type *)0 == &((request *)0)->member)

/* bool: set, of an option without argument. */
#define FLAG(request, member) OPTION_INTO(read_flag, bool, request, member)
/* const char *: as it was typed. */
#define TEXT(request, member) OPTION_INTO(read_text, const char *, request, member)
/* uint64_t, from LEAST to MOST. */
#define COUNT(request, member, lowest, highest)                                                    \
    OPTION_INTO(read_count, uint64_t, request, member), .least = (lowest), .most = (highest)
/* unsigned: threads. */
#define THREADS(request, member) OPTION_INTO(read_threads, unsigned, request, member)
/* An enumeration: which of the row's words. */
#define WORD(request, member)                                                                      \
    .read = read_word,                                                                             \
    .at = offsetof(request, member) +                                                              \
          0 * sizeof(char[sizeof((request *)0)->member == sizeof(unsigned) ? 1 : -1])
/* bool: whether the second of the row's two words. */
#define SECOND(request, member) OPTION_INTO(read_second, bool, request, member)
#define FORMAT(request, member) OPTION_INTO(read_format, const struct hu_format *, request, member)
/* One that is no integer. */
#define FLOAT(request, member) OPTION_INTO(read_float, const struct hu_format *, request, member)
#define FORMATS(request, member) OPTION_INTO(read_formats, struct format_list, request, member)
#define DIRECTION(request, member) OPTION_INTO(read_direction, enum hu_direction, request, member)
#define DIRECTIONS_OF(request, member)                                                             \
    OPTION_INTO(read_directions, struct direction_list, request, member)
#define OPERATIONS(request, member)                                                                \
    OPTION_INTO(read_operations, struct operation_list, request, member)
#define NAN_RULE(request, member) OPTION_INTO(read_nan_rule, enum hu_nan_rule, request, member)
/* A block format that is decoded. */
#define BLOCK(request, member) OPTION_INTO(read_block, const struct hu_block *, request, member)
#define SCALE_RULE(request, member)                                                                \
    OPTION_INTO(read_scale_rule, enum hu_scale_rule, request, member)
/* A reader of the command's own, which sees the whole request. */
#define OWN(reader) .read = (reader)

option_reader read_flag, read_text, read_count, read_threads, read_word, read_second, read_format,
    read_float, read_formats, read_direction, read_directions, read_operations, read_nan_rule,
    read_block, read_scale_rule;

/* Which of WORDS, separated by spaces, TEXT is; -1: none, which is reported as option o's. */
int word_index(const struct options *o, const char *words, const char *text);

/* Rows that several commands share. */
#define OPTION_JSON(request, member)                                                               \
    {                                                                                              \
        "json", 0, NULL, "print one JSON document", NULL, FLAG(request, member)                    \
    }
#define OPTION_COLOR(request, member)                                                              \
    {                                                                                              \
        "color", 0, "WHEN", "colour: auto (default), always, never", "auto always never",          \
            WORD(request, member)                                                                  \
    }
#define OPTION_HELP                                                                                \
    {                                                                                              \
        .name = "help", .letter = 'h', .help = "show this help"                                    \
    }
#define OPTION_ROUND(request, member)                                                              \
    {                                                                                              \
        "round", 'r', "DIR", "rounding direction: rne (default), rna, rtz, rup, rdn, rto",         \
            "@rounds", DIRECTION(request, member)                                                  \
    }
#define OPTION_SATURATE(request, member)                                                           \
    {                                                                                              \
        "saturate", 0, NULL, "overflow to the largest finite value", NULL, FLAG(request, member)   \
    }
#define OPTION_TININESS(request, member)                                                           \
    {                                                                                              \
        "tininess", 0, "WHEN", "underflow is detected after (default) or before rounding",         \
            "after before", SECOND(request, member)                                                \
    }
#define OPTION_NAN_RULE(request, member)                                                           \
    {                                                                                              \
        "nan-rule", 0, "RULE",                                                                     \
            "whose NaN an operation gives: first (default), last, signaling, greatest, "           \
            "canonical, "                                                                          \
            "x86, x87, arm, ptx",                                                                  \
            "first last signaling greatest canonical x86 x87 arm ptx", NAN_RULE(request, member)   \
    }
#define OPTION_JOBS(request, member)                                                               \
    {                                                                                              \
        "jobs", 0, "N", "threads (default: one a processor)", NULL, THREADS(request, member)       \
    }
#define OPTION_RULE(request, member)                                                               \
    {                                                                                              \
        "rule", 0, "RULE",                                                                         \
            "how a block's power of two is chosen: floor (default), ceil, rceil, even",            \
            "floor ceil rceil even", SCALE_RULE(request, member)                                   \
    }
#define OPTION_SVG(request, member, what)                                                          \
    {                                                                                              \
        "svg", 0, "FILE", what, "@file", TEXT(request, member)                                     \
    }
#define OPTION_FORCE(request, member, what)                                                        \
    {                                                                                              \
        "force", 0, NULL, what, NULL, FLAG(request, member)                                        \
    }
#define OPTION_END                                                                                 \
    {                                                                                              \
        .name = NULL                                                                               \
    }

#endif

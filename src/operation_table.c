/* The operations and the rules about NaNs, as data. */
#include "arithmetic.h"
#include "names.h"

#include <strings.h>

enum {
    LESS = HU_RELATION_LESS,
    EQUAL = HU_RELATION_EQUAL,
    GREATER = HU_RELATION_GREATER,
    UNORDERED = HU_RELATION_UNORDERED,
};

static const struct hu_operation_row rows[HU_OPERATIONS] = {
    [HU_OP_ADD] = {"add", "addition", "add", NULL, 2, 0, false},
    [HU_OP_SUB] = {"sub", "subtraction", "sub", NULL, 2, 0, false},
    [HU_OP_MUL] = {"mul", "multiplication", "mul", NULL, 2, 0, false},
    [HU_OP_DIV] = {"div", "division", "div", NULL, 2, 0, false},
    [HU_OP_FMA] = {"fma", "fusedMultiplyAdd", "mulAdd", NULL, 3, 0, false},
    [HU_OP_SQRT] = {"sqrt", "squareRoot", "sqrt", NULL, 1, 0, false},
    [HU_OP_REM] = {"rem", "remainder", "rem", NULL, 2, 0, false},
    [HU_OP_MINIMUM] = {"minimum", "minimum", NULL, "min", 2, 0, false},
    [HU_OP_MAXIMUM] = {"maximum", "maximum", NULL, "max", 2, 0, false},
    [HU_OP_MINIMUM_NUMBER] = {"minimum_number", "minimumNumber", NULL, "minnum", 2, 0, false},
    [HU_OP_MAXIMUM_NUMBER] = {"maximum_number", "maximumNumber", NULL, "maxnum", 2, 0, false},
    [HU_OP_MINIMUM_MAGNITUDE] = {"minimum_magnitude", "minimumMagnitude", NULL, NULL, 2, 0, false},
    [HU_OP_MAXIMUM_MAGNITUDE] = {"maximum_magnitude", "maximumMagnitude", NULL, NULL, 2, 0, false},
    [HU_OP_MINIMUM_MAGNITUDE_NUMBER] = {"minimum_magnitude_number", "minimumMagnitudeNumber", NULL,
                                        NULL, 2, 0, false},
    [HU_OP_MAXIMUM_MAGNITUDE_NUMBER] = {"maximum_magnitude_number", "maximumMagnitudeNumber", NULL,
                                        NULL, 2, 0, false},
    [HU_OP_ROUND_TO_INTEGRAL] = {"round_to_integral", "roundToIntegral", NULL, "roundint", 1, 0,
                                 false},
    [HU_OP_ROUND_TO_INTEGRAL_EXACT] = {"round_to_integral_exact", "roundToIntegralExact",
                                       "roundToInt", NULL, 1, 0, false},
    [HU_OP_NEXT_UP] = {"next_up", "nextUp", NULL, NULL, 1, 0, false},
    [HU_OP_NEXT_DOWN] = {"next_down", "nextDown", NULL, NULL, 1, 0, false},
    [HU_OP_SCALE_B] = {"scale_b", "scaleB", NULL, "scalb", 2, 0, false},
    [HU_OP_LOG_B] = {"log_b", "logB", NULL, NULL, 1, 0, false},
    [HU_OP_NEGATE] = {"negate", "negate", NULL, "neg", 1, 0, false},
    [HU_OP_ABS] = {"abs", "abs", NULL, NULL, 1, 0, false},
    [HU_OP_COPY_SIGN] = {"copy_sign", "copySign", NULL, NULL, 2, 0, false},
    [HU_OP_CONVERT] = {"convert", "convertFormat", NULL, NULL, 1, 0, false},
    [HU_OP_CONVERT_QUIETLY] = {"convert_quietly", "convertToInteger", NULL, NULL, 1, 0, false},
    [HU_OP_EQUAL] = {"equal", "compareQuietEqual", "eq", NULL, 2, EQUAL, false},
    [HU_OP_NOT_EQUAL] = {"not_equal", "compareQuietNotEqual", NULL, NULL, 2,
                         LESS | GREATER | UNORDERED, false},
    [HU_OP_LESS] = {"less", "compareQuietLess", "lt_quiet", NULL, 2, LESS, false},
    [HU_OP_LESS_EQUAL] = {"less_equal", "compareQuietLessEqual", "le_quiet", NULL, 2, LESS | EQUAL,
                          false},
    [HU_OP_GREATER] = {"greater", "compareQuietGreater", NULL, NULL, 2, GREATER, false},
    [HU_OP_GREATER_EQUAL] = {"greater_equal", "compareQuietGreaterEqual", NULL, NULL, 2,
                             GREATER | EQUAL, false},
    [HU_OP_NOT_LESS] = {"not_less", "compareQuietNotLess", NULL, NULL, 2,
                        EQUAL | GREATER | UNORDERED, false},
    [HU_OP_NOT_LESS_EQUAL] = {"not_less_equal", "compareQuietGreaterUnordered", NULL, NULL, 2,
                              GREATER | UNORDERED, false},
    [HU_OP_NOT_GREATER] = {"not_greater", "compareQuietNotGreater", NULL, NULL, 2,
                           LESS | EQUAL | UNORDERED, false},
    [HU_OP_NOT_GREATER_EQUAL] = {"not_greater_equal", "compareQuietLessUnordered", NULL, NULL, 2,
                                 LESS | UNORDERED, false},
    [HU_OP_ORDERED] = {"ordered", "compareQuietOrdered", NULL, NULL, 2, LESS | EQUAL | GREATER,
                       false},
    [HU_OP_UNORDERED] = {"unordered", "compareQuietUnordered", NULL, NULL, 2, UNORDERED, false},
    [HU_OP_SIGNALING_EQUAL] = {"signaling_equal", "compareSignalingEqual", "eq_signaling", NULL, 2,
                               EQUAL, true},
    [HU_OP_SIGNALING_NOT_EQUAL] = {"signaling_not_equal", "compareSignalingNotEqual", NULL, NULL, 2,
                                   LESS | GREATER | UNORDERED, true},
    [HU_OP_SIGNALING_LESS] = {"signaling_less", "compareSignalingLess", "lt", NULL, 2, LESS, true},
    [HU_OP_SIGNALING_LESS_EQUAL] = {"signaling_less_equal", "compareSignalingLessEqual", "le", NULL,
                                    2, LESS | EQUAL, true},
    [HU_OP_SIGNALING_GREATER] = {"signaling_greater", "compareSignalingGreater", NULL, NULL, 2,
                                 GREATER, true},
    [HU_OP_SIGNALING_GREATER_EQUAL] = {"signaling_greater_equal", "compareSignalingGreaterEqual",
                                       NULL, NULL, 2, GREATER | EQUAL, true},
    [HU_OP_SIGNALING_NOT_LESS] = {"signaling_not_less", "compareSignalingNotLess", NULL, NULL, 2,
                                  EQUAL | GREATER | UNORDERED, true},
    [HU_OP_SIGNALING_NOT_LESS_EQUAL] = {"signaling_not_less_equal",
                                        "compareSignalingGreaterUnordered", NULL, NULL, 2,
                                        GREATER | UNORDERED, true},
    [HU_OP_SIGNALING_NOT_GREATER] = {"signaling_not_greater", "compareSignalingNotGreater", NULL,
                                     NULL, 2, LESS | EQUAL | UNORDERED, true},
    [HU_OP_SIGNALING_NOT_GREATER_EQUAL] = {"signaling_not_greater_equal",
                                           "compareSignalingLessUnordered", NULL, NULL, 2,
                                           LESS | UNORDERED, true},
};

const struct hu_operation_row *hu_operation_row(enum hu_operation operation)
{
    return &rows[operation];
}

static bool is_name(const char *candidate, const char *name)
{
    return candidate && !strcasecmp(candidate, name);
}

bool hu_operation_find(const char *name, enum hu_operation *operation)
{
    for (int i = 0; i < HU_OPERATIONS; i++)
        if (is_name(rows[i].name, name) || is_name(rows[i].standard, name) ||
            is_name(rows[i].testfloat, name) || is_name(rows[i].spoken, name)) {
            *operation = (enum hu_operation)i;
            return true;
        }
    return false;
}

static const char *row_name(int i)
{
    return i < HU_OPERATIONS ? rows[i].name : rows[i - HU_OPERATIONS].spoken;
}

const char *hu_operation_suggestion(char out[HU_SUGGESTION], const char *name)
{
    return hu_suggestion_of(out, name, row_name, 2 * HU_OPERATIONS);
}

#define IN_ORDER .order = {0, 1}, .fma = {0, 1, 2}
/* As an H100's DADD and DFMA were seen to do (CUDA 13.0): PTX says of fp64 that payloads are
 * supported, and CUDA's math_constants.h that CUDART_NAN is 0xfff8000000000000. */
static const struct hu_nan_row ptx_fp64 = {.negative = true, .order = {1, 0}, .fma = {1, 2, 0}};

static const struct hu_nan_row nan_rows[HU_NAN_RULES] = {
    [HU_NAN_FIRST] = {.name = "first", .source = "IEEE 754-2019 section 6.2.3", IN_ORDER},
    [HU_NAN_LAST] = {.name = "last",
                     .source = "IEEE 754-2019 section 6.2.3",
                     .order = {1, 0},
                     .fma = {2, 1, 0}},
    [HU_NAN_SIGNALING] = {.name = "signaling",
                          .source = "IEEE 754-2019 section 6.2.3",
                          .signaling_first = true,
                          IN_ORDER},
    [HU_NAN_GREATEST] = {.name = "greatest",
                         .source = "IEEE 754-2019 section 6.2.3",
                         .greatest = true,
                         IN_ORDER},
    [HU_NAN_CANONICAL] = {.name = "canonical",
                          .source = "RISC-V unprivileged ISA, section 'NaN Generation and "
                                    "Propagation' of the F extension",
                          .none = true,
                          IN_ORDER},
    [HU_NAN_X86] = {.name = "x86",
                    .source = "Intel SDM volume 1, table 4-7 and section 14.5.2",
                    .negative = true,
                    .quiet_product = true,
                    IN_ORDER},
    [HU_NAN_X87] = {.name = "x87",
                    .source = "Intel SDM volume 1, table 4-7",
                    .greatest = true,
                    .negative = true,
                    IN_ORDER},
    [HU_NAN_ARM] = {.name = "arm",
                    .source = "Arm ARM, FPProcessNaNs and FPMulAdd",
                    .signaling_first = true,
                    .default_product = true,
                    .order = {0, 1},
                    .fma = {2, 0, 1}},
    [HU_NAN_PTX] = {.name = "ptx",
                    .source = "PTX ISA, floating-point instructions: 0x7fffffff",
                    .none = true,
                    .full = true,
                    IN_ORDER,
                    .fp64 = &ptx_fp64},
};

const struct hu_nan_row *hu_nan_row(enum hu_nan_rule rule, const struct hu_format *f)
{
    const struct hu_nan_row *row = &nan_rows[rule];
    bool is_fp64 = f && f->exponent_bits == 11 && f->trailing_bits == 52;
    return is_fp64 && row->fp64 ? row->fp64 : row;
}

bool hu_nan_rule_find(const char *name, enum hu_nan_rule *rule)
{
    for (int i = 0; i < HU_NAN_RULES; i++)
        if (is_name(nan_rows[i].name, name)) {
            *rule = (enum hu_nan_rule)i;
            return true;
        }
    return false;
}

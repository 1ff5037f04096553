/* One line of a sum: what it is, how many bytes, how far to trust it, and its formula. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hu_basis {
    HU_EXACT,         /* follows from the model's shapes and the dtypes' widths */
    HU_MODELLED,      /* a published formula, or an assumption that the formula states */
    HU_RULE_OF_THUMB, /* what the field says, with nothing behind it but habit */
    HU_UNKNOWN,       /* not given or not known; formula says why */
};

/* What a term is about, so that a reader can be told what was asked alone. */
enum hu_topic { HU_ABOUT_WEIGHTS, HU_ABOUT_CACHE, HU_ABOUT_TRAINING, HU_ABOUT_FIT };

struct hu_figure {
    enum hu_topic topic;
    char name[48];
    uint64_t bytes; /* 0 where the basis is HU_UNKNOWN */
    enum hu_basis basis;
    char formula[320]; /* with its numbers in */
};

enum { HU_FIGURES_MAX = 160 };

struct hu_figures {
    struct hu_figure rows[HU_FIGURES_MAX];
    size_t count;
    enum hu_topic topic; /* of those added next */
};

const char *hu_basis_name(enum hu_basis basis);

/* Adds a row; a row too many is dropped. */
void hu_figure_add(struct hu_figures *terms, const char *name, uint64_t bytes, enum hu_basis basis,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));

/* N with a comma every three digits, into OUT of at least HU_GROUPED_TEXT bytes. Returns OUT. */
enum { HU_GROUPED_TEXT = 27 };
char *hu_grouped(uint64_t n, char *out);
/* The same as a text that lives as long as the block that it is made in. */
#define GROUPED(n) hu_grouped(n, (char[HU_GROUPED_TEXT]){0})

/* A factor with six decimals, exactly: 1.2 is 1,200,000 millionths. */
enum { HU_MILLION = 1000000 };

/* n × factor, rounded half up; UINT64_MAX when it is over 64 bits. */
uint64_t hu_scaled(uint64_t n, uint64_t millionths);

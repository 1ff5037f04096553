/* What the inspector says about a row, line by line. */
#pragma once

#include "model.h"

enum { FACTS_MAX = 24 };

struct fact {
    const char *name;  /* "ulp": the item is inspector.ulp */
    const char *label; /* "ulp" */
    char *text;
    int lines;  /* kept for it, whatever the value */
    bool words; /* prose, not figures */
    bool below; /* the text stands below the label and takes the whole width */
};

struct facts {
    struct fact list[FACTS_MAX];
    int count;
};

/* The facts of the selected row. They belong to the caller: facts_clear. */
void facts_of(struct facts *facts, const struct model *m);
void facts_clear(struct facts *facts);

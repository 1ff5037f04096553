/* What tests of sizing share: a fixture's model, a request and its answer. */
#pragma once

#include "memory/sizing.h"
#include "memory/source.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct hu_model model;
static struct hu_sizing sizing;
static struct hu_sizing_request request;
static char error[HU_SIZING_ERROR];

/* A request about no dtype, of the config of that name, or of no model yet where it is NULL. */
static void begin(const char *fixture)
{
    char path[512];
    hu_sizing_begin(&request);
    request.dtype_count = 0;
    model = (struct hu_model){0};
    if (!fixture)
        return;
    snprintf(path, sizeof path, "%s/configs/%s.json", FIXTURES, fixture);
    cr_assert(hu_model_open(path, &model), "%s", model.error);
}

static void begin_count(uint64_t parameters)
{
    begin(NULL);
    model.parameters = parameters;
}

static void make(void)
{
    cr_assert(hu_sizing_make(&model, &request, &sizing, error), "%s", error);
}

static void train(const char *recipe)
{
    request.train = true;
    request.plan.recipe = hu_recipe_find(recipe);
    cr_assert(request.plan.recipe, "%s", recipe);
}

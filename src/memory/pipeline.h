/* A pipeline of diffusers: a folder whose model_index.json names components, each a model. */
#pragma once

#include "model.h"
#include "source.h"

/*
 * Makes *model of the components that INDEX, a model_index.json in FOLDER, names and that have a
 * config.json in a folder of their name: their tensors, called COMPONENT/NAME. False: error says
 * why.
 */
bool hu_model_read_pipeline(const char *folder, const char *index, struct hu_model *model,
                            char error[HU_SOURCE_ERROR]);

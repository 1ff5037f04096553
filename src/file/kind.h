/*
 * What a file is: the one place that says so, by the ending of its name and by its first bytes; and
 * what those files are that hold no tensors that we read. Thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hu_file_kind {
    HU_FILE_OTHER, /* nothing says: a raw array, or no file of tensors */
    HU_FILE_SAFETENSORS,
    HU_FILE_INDEX, /* .safetensors.index.json, and every other .json */
    HU_FILE_GGUF,
    HU_FILE_NPY,
    HU_FILE_NPZ,
    HU_FILE_TORCH,
    HU_FILE_ZIP, /* .npz or PyTorch's: what is in it says which */
};

/* By the ending of PATH, in any case. .bin says nothing: raw arrays have it, and PyTorch's. */
enum hu_file_kind hu_kind_of_name(const char *path);

/* "a .npy file", "an index". */
const char *hu_kind_what(enum hu_file_kind kind);
/* How its files' names end when they are written; NULL: no one way. */
const char *hu_kind_ending(enum hu_file_kind kind);
/* False: such files are read alone, and what is made of them is a safetensors file. */
bool hu_kind_is_written(enum hu_file_kind kind);

enum { HU_PATH_MAX = 4096 };
/* FILE in FOLDER. False: there is none. */
bool hu_folder_has(const char *folder, const char *file, char path[HU_PATH_MAX]);
/* FILE in the folder that PATH lies in, in new memory; NULL: out of memory. */
char *hu_path_beside(const char *path, const char *file);
/* The index or the file of tensors of the model in FOLDER, by the names that Hugging Face's
 * libraries write. False: there is none. */
bool hu_folder_model(const char *folder, char path[HU_PATH_MAX]);

/* Enough of a file to know it by. */
enum { HU_KIND_BYTES = 512 };
/* By the first N bytes, where they have a signature; safetensors has none. */
enum hu_file_kind hu_kind_of_bytes(const unsigned char *bytes, size_t n);

/* Of the file at PATH, by its bytes, or else by its name. */
enum hu_file_kind hu_kind_of_file(const char *path);

/*
 * What the file is of which the first N bytes are given, when it holds no tensors that are read: a
 * sentence about it, as "is a Git LFS pointer: …". False: they do not say. SIZE: of the file.
 */
enum { HU_FOREIGN_TEXT = 200 };
bool hu_foreign_file(const unsigned char *bytes, size_t n, uint64_t size,
                     char out[HU_FOREIGN_TEXT]);
/* The same by its name alone, where its bytes say nothing. */
bool hu_foreign_name(const char *path, char out[HU_FOREIGN_TEXT]);
/* The same of the file at PATH. */
bool hu_foreign_path(const char *path, char out[HU_FOREIGN_TEXT]);

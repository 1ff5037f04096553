/* .npy, NumPy's file of one array: versions 1.0, 2.0 and 3.0 (NEP 1 and numpy.lib.format). */
#pragma once

#include "tensor_file.h"

#define HU_NPY_MAGIC "\x93NUMPY"

/* A header is one dtype and one shape; NumPy itself wants to be asked above 10,000 bytes. */
enum { HU_NPY_HEADER_MAX = 1 << 20, HU_NPY_RANK_MAX = 64 };

/*
 * Parses the first N bytes of a file of SIZE bytes; they must hold the header. The one tensor is
 * called "arr". Opaque elements, which ml_dtypes' types become in a file, are taken for bfloat16
 * where they have two bytes, which is the one such type; where they have one, nobody knows which
 * they are, and their dtype is V1 or F1: void_size tells. False: *error says why.
 */
bool hu_npy_parse(const unsigned char *bytes, size_t n, uint64_t size, struct hu_tensor_file *file,
                  struct hu_file_error *error);

/* Takes the array T, whose elements its header calls opaque, or integers, for ones of FORMAT.
 * False: why (HU_NPY_WHY bytes) says what its header says instead, as "holds fp32 …". */
enum { HU_NPY_WHY = 200 };
bool hu_npy_apply_format(struct hu_tensor *t, const struct hu_format *format, char why[HU_NPY_WHY]);

/* What NumPy calls the dtype NAME, "<f4"; NULL: it has none. */
const char *hu_npy_known(const char *name);
/* The descr that stands for F's elements, "<f4"; "<V2" or "|V1" where NumPy has no such dtype and
 * ml_dtypes keeps them so; NULL: neither. */
const char *hu_npy_descr(const struct hu_format *f);

/* ml_dtypes' name of F, by which a reader takes opaque elements (array.view); NULL: it needs or
 * has none. */
const char *hu_npy_type_name(const struct hu_format *f);

/* A version 1.0 header, a multiple of 64 bytes, in new memory
 * that the caller frees; *length its bytes. NULL: out of memory. */
unsigned char *hu_npy_header(const char *descr, bool fortran_order, const uint64_t *shape,
                             unsigned rank, size_t *length);

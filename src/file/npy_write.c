#include "npy.h"
#include "write_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ml_dtypes' types, which NumPy writes as opaque bytes. */
static const struct {
    const char *format, *name;
} opaque[] = {
    {"bf16", "bfloat16"},
    {"fp8_e5m2", "float8_e5m2"},
    {"fp8_e4m3", "float8_e4m3fn"},
    {"fp8_e4m3fnuz", "float8_e4m3fnuz"},
    {"fp8_e5m2fnuz", "float8_e5m2fnuz"},
    {"fp8_e4m3b11fnuz", "float8_e4m3b11fnuz"},
    {"fp8_e3m4", "float8_e3m4"},
    {"e4m3ieee", "float8_e4m3"},
    {"e8m0", "float8_e8m0fnu"},
    {"fp6_e3m2_unpacked", "float6_e3m2fn"},
    {"fp6_e2m3_unpacked", "float6_e2m3fn"},
    {"fp4_e2m1_unpacked", "float4_e2m1fn"},
};

const char *hu_npy_type_name(const struct hu_format *f)
{
    for (size_t i = 0; i < sizeof opaque / sizeof *opaque; i++)
        if (!strcmp(opaque[i].format, f->name))
            return opaque[i].name;
    return NULL;
}

enum { DESCR_MAX = 8 };

const char *hu_npy_descr(const struct hu_format *f)
{
    /* A tf32 in its word is the fp32 of the same value. */
    const char *known = hu_npy_known(strcmp(f->name, "tf32") ? f->name : "fp32");
    if (known || !hu_npy_type_name(f))
        return known;
    return f->storage_bits == 16 ? "<V2" : "|V1";
}

static const char *descr_of(struct hu_dtype dtype, bool big_endian, char out[DESCR_MAX])
{
    const char *descr =
        dtype.format ? hu_npy_descr(dtype.format) : hu_npy_known(hu_dtype_name(dtype));
    if (!descr)
        return NULL;
    snprintf(out, DESCR_MAX, "%s", descr);
    if (big_endian && *out == '<')
        *out = '>';
    return out;
}

unsigned char *hu_npy_header(const char *descr, bool fortran_order, const uint64_t *shape,
                             unsigned rank, size_t *length)
{
    size_t room = 256 + (size_t)rank * 22;
    unsigned char *bytes = calloc(1, room);
    if (!bytes)
        return NULL;
    char *text = (char *)bytes + 10;
    size_t n = (size_t)sprintf(text, "{'descr': '%s', 'fortran_order': %s, 'shape': (", descr,
                               fortran_order ? "True" : "False");
    for (unsigned i = 0; i < rank; i++)
        n += (size_t)sprintf(text + n, "%s%llu", i ? ", " : "", (unsigned long long)shape[i]);
    n += (size_t)sprintf(text + n, "%s), }", rank == 1 ? "," : "");
    while ((10 + n + 1) % 64)
        text[n++] = ' ';
    text[n++] = '\n';
    memcpy(bytes, HU_NPY_MAGIC "\1", 8);
    hu_little_write(bytes + 8, n, 2);
    *length = 10 + n;
    return bytes;
}

/* Before the elements are counted: of a format that .npy cannot hold their number says nothing. */
bool hu_npy_holds(const struct hu_format *to, char message[HU_WRITE_MESSAGE])
{
    if (hu_npy_descr(to))
        return true;
    if (hu_is_integer(to))
        return hu_write_refuse(
            message, ".npy cannot hold %s: NumPy's integers have 8 bits and more", to->name);
    if (to->storage_bits < 8)
        return hu_write_refuse(message,
                               ".npy cannot hold packed elements, as %s has them; -t %s_unpacked "
                               "gives each a byte, as ml_dtypes does",
                               to->name, to->name);
    return hu_write_refuse(message, ".npy cannot hold %s: NumPy and ml_dtypes have no such type",
                           to->name);
}

bool hu_npy_lay_out(const struct hu_written *t, struct hu_write_layout *l,
                    char message[HU_WRITE_MESSAGE])
{
    char own[DESCR_MAX];
    const char *descr = descr_of(t->dtype, t->big_endian, own);
    if (!descr)
        return hu_write_refuse(message, ".npy cannot hold %s", hu_dtype_name(t->dtype));
    l->header = hu_npy_header(descr, t->fortran_order, t->shape, t->rank, &l->header_bytes);
    return l->header || hu_write_refuse(message, "out of memory");
}

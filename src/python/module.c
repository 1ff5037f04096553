/* The module halfulp._halfulp: halfulp.h's functions over Python's numbers, strings and arrays.
 * What users see is in halfulp/__init__.py. */
#include "view.h"

#include "block/block.h"
#include "halfulp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct hu_format *format_named(const char *name)
{
    const struct hu_format *f = hu_format_find(name);
    if (!f) {
        char suggestion[HU_SUGGESTION];
        hu_name_suggestion(suggestion, name);
        PyErr_Format(PyExc_ValueError, "no format '%.80s'%s%s", name, *suggestion ? "; " : "",
                     suggestion);
    }
    return f;
}

/* "O&" of PyArg_ParseTuple. */
static int take_format(PyObject *object, void *to)
{
    PyObject *text = PyUnicode_AsEncodedString(object, "utf-8", "replace");
    if (!text)
        return 0;
    char *name;
    const struct hu_format *f = NULL;
    if (!PyBytes_AsStringAndSize(text, &name, NULL)) /* refuses a null byte */
        f = format_named(name);
    Py_DECREF(text);
    *(const struct hu_format **)to = f;
    return f != NULL;
}

static int take_code(PyObject *object, void *to)
{
    unsigned long long code = PyLong_AsUnsignedLongLong(object);
    if (code == (unsigned long long)-1 && PyErr_Occurred())
        return 0;
    *(uint64_t *)to = code;
    return 1;
}

static PyObject *code_object(uint64_t code)
{
    return PyLong_FromUnsignedLongLong(code);
}

/* direction, saturate, tininess_before, seed; what the Python side makes of its arguments. */
static int take_options(PyObject *object, void *to)
{
    struct hu_options *o = to;
    int direction, saturate, before;
    unsigned long long seed;
    if (!PyArg_ParseTuple(object, "ippK", &direction, &saturate, &before, &seed))
        return 0;
    *o = (struct hu_options){(enum hu_direction)direction, saturate, before, seed};
    return 1;
}

static PyObject *py_format(PyObject *self, PyObject *arguments)
{
    (void)self;
    const struct hu_format *f;
    if (!PyArg_ParseTuple(arguments, "O&", take_format, &f))
        return NULL;
    return Py_BuildValue("(siiiiiii)", f->name, f->width, f->exponent_bits, f->trailing_bits,
                         f->storage_bits, f->storage_shift, f->bias, (int)f->specials);
}

static PyObject *py_formats(PyObject *self, PyObject *arguments)
{
    (void)self, (void)arguments;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < hu_format_count(); i++) {
        PyObject *name = PyUnicode_FromString(hu_format_at(i)->name);
        if (!name || PyList_Append(list, name))
            Py_CLEAR(list);
        Py_XDECREF(name);
    }
    return list;
}

static PyObject *py_convert(PyObject *self, PyObject *arguments)
{
    (void)self;
    const struct hu_format *to, *from;
    uint64_t code;
    struct hu_options options;
    unsigned flags = 0;
    if (!PyArg_ParseTuple(arguments, "O&O&O&O&", take_format, &to, take_format, &from, take_code,
                          &code, take_options, &options))
        return NULL;
    code = hu_convert(to, from, code, &options, &flags);
    return Py_BuildValue("(NI)", code_object(code), flags);
}

static PyObject *py_read(PyObject *self, PyObject *arguments)
{
    (void)self;
    const struct hu_format *to;
    const char *text;
    struct hu_options options;
    unsigned flags = 0;
    uint64_t code;
    if (!PyArg_ParseTuple(arguments, "O&sO&", take_format, &to, &text, take_options, &options))
        return NULL;
    if (hu_read(to, text, &options, &code, &flags))
        return PyErr_Format(PyExc_ValueError, "'%.80s' is not a number", text);
    return Py_BuildValue("(NI)", code_object(code), flags);
}

static PyObject *py_print(PyObject *self, PyObject *arguments)
{
    (void)self;
    const struct hu_format *f;
    uint64_t code;
    int style;
    if (!PyArg_ParseTuple(arguments, "O&O&i", take_format, &f, take_code, &code, &style))
        return NULL;
    size_t length = hu_print(NULL, 0, f, code, (enum hu_style)style);
    char *text = malloc(length + 1);
    if (!text)
        return PyErr_NoMemory();
    hu_print(text, length + 1, f, code, (enum hu_style)style);
    PyObject *result = PyUnicode_FromStringAndSize(text, (Py_ssize_t)length);
    free(text);
    return result;
}

static PyObject *code_or_none(bool there, uint64_t code)
{
    if (there)
        return code_object(code);
    Py_INCREF(Py_None);
    return Py_None;
}

static PyObject *py_limit(PyObject *self, PyObject *arguments)
{
    (void)self;
    const struct hu_format *f;
    const char *name;
    uint64_t code = 0;
    if (!PyArg_ParseTuple(arguments, "O&s", take_format, &f, &name))
        return NULL;
    bool there = hu_limit(f, name, &code);
    return code_or_none(there, code);
}

/* What hu_next_up, hu_next_down and hu_negate have in common. */
static PyObject *other_code(PyObject *arguments,
                            bool (*find)(const struct hu_format *, uint64_t, uint64_t *))
{
    const struct hu_format *f;
    uint64_t code, other = 0;
    if (!PyArg_ParseTuple(arguments, "O&O&", take_format, &f, take_code, &code))
        return NULL;
    bool there = find(f, code, &other);
    return code_or_none(there, other);
}

static PyObject *py_next_up(PyObject *self, PyObject *arguments)
{
    (void)self;
    return other_code(arguments, hu_next_up);
}

static PyObject *py_next_down(PyObject *self, PyObject *arguments)
{
    (void)self;
    return other_code(arguments, hu_next_down);
}

static PyObject *py_negate(PyObject *self, PyObject *arguments)
{
    (void)self;
    return other_code(arguments, hu_negate);
}

static PyObject *py_value(PyObject *self, PyObject *arguments)
{
    (void)self;
    const struct hu_format *f;
    uint64_t code;
    if (!PyArg_ParseTuple(arguments, "O&O&", take_format, &f, take_code, &code))
        return NULL;
    return PyFloat_FromDouble(hu_to_double(f, code));
}

static PyObject *py_classify(PyObject *self, PyObject *arguments)
{
    (void)self;
    const struct hu_format *f;
    uint64_t code;
    if (!PyArg_ParseTuple(arguments, "O&O&", take_format, &f, take_code, &code))
        return NULL;
    return PyUnicode_FromString(hu_class_name(hu_classify(f, code)));
}

/* (negative, significand, exponent), or None. */
static PyObject *py_split(PyObject *self, PyObject *arguments)
{
    (void)self;
    const struct hu_format *f;
    uint64_t code, significand;
    bool negative;
    int exponent;
    if (!PyArg_ParseTuple(arguments, "O&O&", take_format, &f, take_code, &code))
        return NULL;
    if (!hu_split(f, code, &negative, &significand, &exponent))
        return code_or_none(false, 0);
    return Py_BuildValue("(ONi)", negative ? Py_True : Py_False, code_object(significand),
                         exponent);
}

static PyObject *py_digits(PyObject *self, PyObject *arguments)
{
    (void)self;
    const struct hu_format *f;
    if (!PyArg_ParseTuple(arguments, "O&", take_format, &f))
        return NULL;
    return Py_BuildValue("(iiN)", hu_digits10(f), hu_max_digits10(f),
                         code_object(hu_max_consecutive_integer(f)));
}

/* (bytes of an element, shape, format or None where the buffer's own type tells) of an array. */
static PyObject *py_shape(PyObject *self, PyObject *arguments)
{
    (void)self;
    PyObject *object;
    struct view v;
    if (!PyArg_ParseTuple(arguments, "O", &object) || !view_open(&v, object, false))
        return NULL;
    PyObject *shape = PyTuple_New(v.dimensions);
    for (int i = 0; shape && i < v.dimensions; i++)
        PyTuple_SetItem(shape, i, PyLong_FromSsize_t(v.shape[i]));
    Py_ssize_t item = v.item;
    view_close(&v);
    return shape ? Py_BuildValue("(nNz)", item, shape, *v.type ? v.type : NULL) : NULL;
}

/* Elements of F that COUNT items of ITEM bytes hold: one each, or where elements are packed as many
 * as fill them. 0: neither, with an exception set. */
static size_t elements_of(const struct hu_format *f, const struct view *v, const char *which)
{
    size_t bytes = (size_t)v->count * (size_t)v->item;
    if (f->storage_bits < 8 && v->item == 1)
        return bytes * 8 / f->storage_bits;
    if (f->storage_bits == 8 * v->item)
        return (size_t)v->count;
    PyErr_Format(PyExc_ValueError, "an element of the %s has %zd bytes, one of %s has %d bits",
                 which, v->item, f->name, (int)f->storage_bits);
    return SIZE_MAX;
}

static size_t bytes_of(const struct hu_format *f, size_t n)
{
    return n * f->storage_bits / 8 + (n * f->storage_bits % 8 != 0);
}

/* The bytes of V one behind the other: its own, unless they must be KEPT from what is written, or
 * new ones that the caller frees. */
static char *plain_bytes(const struct view *v, bool filled, bool kept, char **made)
{
    *made = NULL;
    if (view_is_plain(v) && !kept)
        return v->data;
    *made = malloc((size_t)v->count * (size_t)v->item);
    if (*made && filled)
        view_gather(v, *made);
    return *made;
}

/* Whether SRC is overwritten before it is read; hu_convert_array may go along one pointer. */
static bool is_overwritten(const struct hu_format *to, const struct view *dst,
                           const struct hu_format *from, const struct view *src)
{
    const uintptr_t in = (uintptr_t)src->data, out = (uintptr_t)dst->data;
    const size_t read = (size_t)src->count * (size_t)src->item,
                 written = (size_t)dst->count * (size_t)dst->item;
    const bool along = in == out && to->storage_bits <= from->storage_bits;
    return view_is_plain(src) && view_is_plain(dst) && !along && in < out + written &&
           out < in + read;
}

static PyObject *cast_views(const struct hu_format *to, struct view *dst,
                            const struct hu_format *from, struct view *src, Py_ssize_t count,
                            const struct hu_options *options, bool flagged)
{
    size_t n = elements_of(from, src, "input"), room = elements_of(to, dst, "output");
    if (n == SIZE_MAX || room == SIZE_MAX)
        return NULL;
    if (count >= 0 && (size_t)count <= n)
        n = (size_t)count;
    if (to->storage_bits < 8 ? (size_t)dst->count != bytes_of(to, n) : room != n)
        return PyErr_Format(PyExc_ValueError, "an output of %zu elements for %zu", room, n);
    unsigned flags = 0;
    char *made_src, *made_dst;
    bool memory;
    const bool kept = is_overwritten(to, dst, from, src);
    Py_BEGIN_ALLOW_THREADS char *in = plain_bytes(src, true, kept, &made_src),
                                *out = plain_bytes(dst, false, false, &made_dst);
    memory = n == 0 || (in && out);
    if (memory && n)
        hu_convert_array(to, out, from, in, n, options, flagged ? &flags : NULL);
    if (memory && made_dst)
        view_scatter(dst, out);
    free(made_src);
    free(made_dst);
    Py_END_ALLOW_THREADS if (!memory) return PyErr_NoMemory();
    return PyLong_FromUnsignedLong(flags);
}

/* (to, out, from, array, elements or -1, options, whether flags are asked for): the flags, or 0. */
static PyObject *py_cast(PyObject *self, PyObject *arguments)
{
    (void)self;
    const struct hu_format *to, *from;
    PyObject *out, *array;
    Py_ssize_t count;
    struct hu_options options;
    struct view dst, src;
    int flagged;
    if (!PyArg_ParseTuple(arguments, "O&OO&OnO&p", take_format, &to, &out, take_format, &from,
                          &array, &count, take_options, &options, &flagged) ||
        !view_open(&src, array, false))
        return NULL;
    if (!view_open(&dst, out, true)) {
        view_close(&src);
        return NULL;
    }
    PyObject *flags = cast_views(to, &dst, from, &src, count, &options, flagged);
    view_close(&dst);
    view_close(&src);
    return flags;
}

static const struct hu_block *block_named(const char *name)
{
    const struct hu_block *b = hu_block_find(name);
    if (!b) {
        char near[HU_SUGGESTION];
        PyErr_Format(PyExc_ValueError, "no block format '%.80s'; %s", name,
                     *hu_block_suggestion(near, name) ? near : "see 'halfulp formats'");
    }
    return b;
}

static bool is_matrix(const struct hu_format *f, const struct view *v, Py_ssize_t rows,
                      Py_ssize_t columns, const char *which)
{
    Py_ssize_t n;
    if (rows < 0 || columns < 0 || __builtin_mul_overflow(rows, columns, &n)) {
        PyErr_SetString(PyExc_ValueError, "a matrix of no such size");
        return false;
    }
    size_t there = elements_of(f, v, which);
    bool fits = f->storage_bits < 8
                    ? there != SIZE_MAX && bytes_of(f, (size_t)n) == (size_t)v->count
                    : there == (size_t)n;
    if (!fits && !PyErr_Occurred())
        PyErr_Format(PyExc_ValueError, "an %s of %zu elements for %zd by %zd", which, there, rows,
                     columns);
    return fits;
}

static PyObject *quantize_view(const struct hu_block *to, const struct hu_format *from,
                               const struct view *v, size_t rows, size_t columns,
                               const struct hu_block_options *options)
{
    size_t bytes = hu_block_bytes(to, rows, columns),
           more = hu_block_scale_bytes(to, rows, columns);
    PyObject *codes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)bytes);
    PyObject *scales = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)more);
    float tensor_scale = 1;
    char *made = NULL, *in = NULL;
    int failed = EINVAL;
    if (codes && scales) {
        char *code_bytes = PyBytes_AsString(codes), *scale_bytes = PyBytes_AsString(scales);
        Py_BEGIN_ALLOW_THREADS in = plain_bytes(v, true, false, &made);
        if (in || !v->count)
            failed = hu_block_encode(to, code_bytes, more ? scale_bytes : NULL, &tensor_scale, from,
                                     in, rows, columns, options);
        free(made);
        Py_END_ALLOW_THREADS if (failed)
            PyErr_Format(PyExc_ValueError, "%s is not encoded, or not this way", hu_block_name(to));
    }
    if (!failed)
        return Py_BuildValue("(NNd)", codes, scales, (double)tensor_scale);
    Py_XDECREF(codes);
    Py_XDECREF(scales);
    return NULL;
}

/* (block format, from, array, rows, columns, rule, options): (codes, scales, tensor_scale). */
static PyObject *py_quantize(PyObject *self, PyObject *arguments)
{
    (void)self;
    const char *name;
    const struct hu_format *from;
    PyObject *array;
    Py_ssize_t rows, columns;
    int rule;
    struct hu_block_options options;
    struct view v;
    if (!PyArg_ParseTuple(arguments, "sO&OnniO&", &name, take_format, &from, &array, &rows,
                          &columns, &rule, take_options, &options.elements))
        return NULL;
    options.rule = (enum hu_scale_rule)rule;
    const struct hu_block *to = block_named(name);
    if (!to || !view_open(&v, array, false))
        return NULL;
    PyObject *result = NULL;
    if (is_matrix(from, &v, rows, columns, "input"))
        result = quantize_view(to, from, &v, (size_t)rows, (size_t)columns, &options);
    view_close(&v);
    return result;
}

static bool decode_into(struct view *dst, const struct hu_format *to, const struct hu_block *from,
                        const char *codes, const char *scales, float tensor_scale, size_t rows,
                        size_t columns)
{
    char *made, *out;
    int failed = EINVAL;
    Py_BEGIN_ALLOW_THREADS out = plain_bytes(dst, false, false, &made);
    if (out)
        failed = hu_block_decode(to, out, from, codes, scales, tensor_scale, rows, columns);
    if (made && !failed)
        view_scatter(dst, out);
    free(made);
    Py_END_ALLOW_THREADS if (failed) PyErr_Format(
        PyExc_ValueError, "%s has more parts than codes and scales", hu_block_name(from));
    return !failed;
}

/* (to, out, block format, codes, scales, tensor_scale, rows, columns). */
static PyObject *py_dequantize(PyObject *self, PyObject *arguments)
{
    (void)self;
    const struct hu_format *to;
    const char *name, *codes, *scales;
    PyObject *out;
    Py_ssize_t bytes, more, rows, columns;
    double tensor_scale;
    struct view dst;
    if (!PyArg_ParseTuple(arguments, "O&Osy#y#dnn", take_format, &to, &out, &name, &codes, &bytes,
                          &scales, &more, &tensor_scale, &rows, &columns))
        return NULL;
    const struct hu_block *from = block_named(name);
    if (!from || !view_open(&dst, out, true))
        return NULL;
    bool fine = is_matrix(to, &dst, rows, columns, "output");
    if (fine && ((size_t)bytes != hu_block_bytes(from, (size_t)rows, (size_t)columns) ||
                 (size_t)more != hu_block_scale_bytes(from, (size_t)rows, (size_t)columns))) {
        PyErr_Format(PyExc_ValueError, "%zd bytes of codes and %zd of scales for %zd by %zd of %s",
                     bytes, more, rows, columns, hu_block_name(from));
        fine = false;
    }
    fine = fine && (!dst.count || decode_into(&dst, to, from, codes, more ? scales : NULL,
                                              (float)tensor_scale, (size_t)rows, (size_t)columns));
    view_close(&dst);
    return fine ? code_or_none(false, 0) : NULL;
}

static PyMethodDef methods[] = {
    {"format", py_format, METH_VARARGS, NULL},
    {"formats", py_formats, METH_NOARGS, NULL},
    {"convert", py_convert, METH_VARARGS, NULL},
    {"read", py_read, METH_VARARGS, NULL},
    {"print", py_print, METH_VARARGS, NULL},
    {"limit", py_limit, METH_VARARGS, NULL},
    {"next_up", py_next_up, METH_VARARGS, NULL},
    {"next_down", py_next_down, METH_VARARGS, NULL},
    {"negate", py_negate, METH_VARARGS, NULL},
    {"value", py_value, METH_VARARGS, NULL},
    {"classify", py_classify, METH_VARARGS, NULL},
    {"split", py_split, METH_VARARGS, NULL},
    {"digits", py_digits, METH_VARARGS, NULL},
    {"shape", py_shape, METH_VARARGS, NULL},
    {"cast", py_cast, METH_VARARGS, NULL},
    {"quantize", py_quantize, METH_VARARGS, NULL},
    {"dequantize", py_dequantize, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_halfulp", NULL, 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__halfulp(void);
PyMODINIT_FUNC PyInit__halfulp(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module && PyModule_AddStringConstant(module, "version", PACKAGE_VERSION)) {
        Py_DECREF(module);
        module = NULL;
    }
    return module;
}

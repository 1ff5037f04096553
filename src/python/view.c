#include "view.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if Py_LIMITED_API < 0x030b0000
/* The stable interface has the buffer protocol since 3.11; its structure and functions are the
 * same from 3.3 on (PEP 688, "Py_buffer is part of the limited API"). */
typedef struct {
    void *buf;
    PyObject *obj;
    Py_ssize_t len, itemsize;
    int readonly, ndim;
    char *format;
    Py_ssize_t *shape, *strides, *suboffsets;
    void *internal;
} Py_buffer;
int PyObject_GetBuffer(PyObject *object, Py_buffer *view, int flags);
void PyBuffer_Release(Py_buffer *view);
#define PyBUF_WRITABLE 0x0001
#define PyBUF_FORMAT 0x0004
#define PyBUF_STRIDES (0x0010 | 0x0008)
#endif

enum { VIEW_BUFFER, VIEW_OBJECT, VIEW_DLPACK };

/* DLPack's structures, version 0 (dlpack.h). */
struct dlpack_tensor {
    void *data;
    struct {
        int32_t type, id;
    } device;
    int32_t dimensions;
    struct {
        uint8_t code, bits;
        uint16_t lanes;
    } dtype;
    int64_t *shape, *strides; /* in elements; strides NULL: plain */
    uint64_t offset;
};
struct dlpack_managed {
    struct dlpack_tensor tensor;
    void *context;
    void (*deleter)(struct dlpack_managed *self);
};
enum { DLPACK_CPU = 1 };

static bool count_elements(struct view *v)
{
    v->count = 1;
    for (int i = 0; i < v->dimensions; i++)
        if (__builtin_mul_overflow(v->count, v->shape[i], &v->count)) {
            PyErr_SetString(PyExc_ValueError, "the array has more elements than memory");
            return false;
        }
    return true;
}

static void plain_strides(struct view *v)
{
    Py_ssize_t step = v->item;
    for (int i = v->dimensions; i-- > 0; step *= v->shape[i])
        v->strides[i] = step;
}

static bool too_many_dimensions(int n)
{
    if (n <= HU_VIEW_DIMENSIONS)
        return false;
    PyErr_Format(PyExc_ValueError, "an array of %d dimensions; at most %d are taken", n,
                 HU_VIEW_DIMENSIONS);
    return true;
}

static bool little(void)
{
    return (const union {
               short word;
               char byte;
           }){1}
        .byte;
}

static bool is_swapped(const char *type)
{
    return type && (*type == (little() ? '>' : '<') || (little() && *type == '!'));
}

/* KIND is the letter of an array interface's typestr, or DLPack's type code. */
static void name_type(struct view *v, int kind, int bits)
{
    static const struct {
        int letter, code;
        const char *name;
    } kinds[] = {{'i', 0, "int"}, {'u', 1, "uint"}, {'f', 2, "fp"}, {'\0', 4, "bf"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if ((kind == kinds[i].code || (kind && kind == kinds[i].letter)) && (i < 2 || bits >= 16))
            snprintf(v->type, sizeof v->type, "%s%d", kinds[i].name, bits);
}

static bool open_buffer(struct view *v, PyObject *object, bool writable)
{
    Py_buffer *b = malloc(sizeof *b);
    if (!b) {
        PyErr_NoMemory();
        return false;
    }
    if (PyObject_GetBuffer(object, b,
                           PyBUF_STRIDES | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0))) {
        free(b);
        return false;
    }
    v->hold = b;
    v->kind = VIEW_BUFFER;
    v->data = b->buf;
    v->item = b->itemsize;
    v->dimensions = b->ndim;
    v->readonly = b->readonly;
    v->swapped = is_swapped(b->format);
    if (too_many_dimensions(b->ndim))
        return false;
    for (int i = 0; i < b->ndim; i++)
        v->shape[i] = b->shape[i];
    plain_strides(v);
    /* ctypes gives none, though they are asked for. */
    for (int i = 0; b->strides && i < b->ndim; i++)
        v->strides[i] = b->strides[i];
    return count_elements(v);
}

/* A tuple of integers, such as a shape. */
static bool read_integers(PyObject *tuple, Py_ssize_t *to, int count)
{
    for (int i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(tuple, i);
        if (!item)
            return false;
        to[i] = PyLong_AsSsize_t(item);
        Py_DECREF(item);
        if (to[i] == -1 && PyErr_Occurred())
            return false;
    }
    return true;
}

/* https://numpy.org/doc/stable/reference/arrays.interface.html */
static bool read_interface(struct view *v, PyObject *interface)
{
    PyObject *type = PyDict_GetItemString(interface, "typestr");
    PyObject *shape = PyDict_GetItemString(interface, "shape");
    PyObject *strides = PyDict_GetItemString(interface, "strides");
    PyObject *data = PyDict_GetItemString(interface, "data");
    if (!type || !shape || !data || !PyTuple_Check(data)) {
        PyErr_SetString(PyExc_TypeError, "an __array_interface__ without typestr, shape or data");
        return false;
    }
    PyObject *text = PyUnicode_AsASCIIString(type);
    if (!text)
        return false;
    const char *letters = PyBytes_AsString(text);
    v->swapped = is_swapped(letters);
    v->item = strlen(letters) > 2 ? atol(letters + 2) : 0;
    name_type(v, *letters ? letters[1] : 0, (int)v->item * 8);
    Py_DECREF(text);
    v->data = PyLong_AsVoidPtr(PyTuple_GetItem(data, 0));
    v->readonly = PyObject_IsTrue(PyTuple_GetItem(data, 1)) != 0;
    Py_ssize_t dimensions = PySequence_Size(shape);
    if (PyErr_Occurred() || dimensions < 0 || too_many_dimensions((int)dimensions))
        return false;
    v->dimensions = (int)dimensions;
    if (!read_integers(shape, v->shape, v->dimensions))
        return false;
    if (!strides || strides == Py_None)
        plain_strides(v);
    else if (!read_integers(strides, v->strides, v->dimensions))
        return false;
    return count_elements(v);
}

static bool open_interface(struct view *v, PyObject *object, bool writable)
{
    PyObject *interface = PyObject_GetAttrString(object, "__array_interface__");
    if (!interface)
        return false;
    bool fine = read_interface(v, interface);
    Py_DECREF(interface);
    if (!fine)
        return false;
    if (writable && v->readonly) {
        PyErr_SetString(PyExc_ValueError, "the output is read-only");
        return false;
    }
    Py_INCREF(object);
    v->hold = object;
    v->kind = VIEW_OBJECT;
    return true;
}

static bool open_dlpack(struct view *v, PyObject *object)
{
    PyObject *capsule = PyObject_CallMethod(object, "__dlpack__", NULL);
    if (!capsule)
        return false;
    struct dlpack_managed *managed = PyCapsule_GetPointer(capsule, "dltensor");
    if (!managed || PyCapsule_SetName(capsule, "used_dltensor")) {
        Py_DECREF(capsule);
        return false;
    }
    Py_DECREF(capsule);
    v->hold = managed;
    v->kind = VIEW_DLPACK;
    const struct dlpack_tensor *t = &managed->tensor;
    if (t->device.type != DLPACK_CPU) {
        PyErr_SetString(PyExc_ValueError, "the array lies on a device: bring it to the CPU first");
        return false;
    }
    if (too_many_dimensions(t->dimensions))
        return false;
    v->data = (char *)t->data + t->offset;
    v->item = t->dtype.bits * t->dtype.lanes / 8;
    name_type(v, t->dtype.code, t->dtype.bits);
    v->dimensions = t->dimensions;
    for (int i = 0; i < v->dimensions; i++) {
        v->shape[i] = (Py_ssize_t)t->shape[i];
        v->strides[i] = t->strides ? (Py_ssize_t)t->strides[i] * v->item : 0;
    }
    if (!t->strides)
        plain_strides(v);
    return count_elements(v);
}

bool view_open(struct view *v, PyObject *object, bool writable)
{
    memset(v, 0, sizeof *v);
    bool fine = open_buffer(v, object, writable);
    if (fine || v->hold)
        goto done;
    /* ml_dtypes' arrays have dtypes that the buffer protocol cannot name. Asking for an attribute
     * clears the exception that is set. */
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    bool interface = PyObject_HasAttrString(object, "__array_interface__");
    if (!interface && !PyObject_HasAttrString(object, "__dlpack__")) {
        PyErr_Restore(type, value, traceback);
        return false;
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    fine = interface ? open_interface(v, object, writable) : open_dlpack(v, object);
done:
    if (!fine)
        view_close(v);
    return fine;
}

void view_close(struct view *v)
{
    if (!v->hold)
        return;
    struct dlpack_managed *managed = v->hold;
    if (v->kind == VIEW_BUFFER) {
        PyBuffer_Release(v->hold);
        free(v->hold);
    } else if (v->kind == VIEW_OBJECT)
        Py_DECREF((PyObject *)v->hold);
    else if (managed->deleter)
        managed->deleter(managed);
    v->hold = NULL;
}

bool view_is_plain(const struct view *v)
{
    Py_ssize_t step = v->item;
    for (int i = v->dimensions; i-- > 0; step *= v->shape[i])
        if (v->shape[i] != 1 && v->strides[i] != step)
            return v->count == 0;
    return !v->swapped || v->item == 1;
}

static void copy_item(char *to, const char *from, Py_ssize_t item, bool swapped)
{
    if (!swapped)
        memcpy(to, from, (size_t)item);
    else
        for (Py_ssize_t i = 0; i < item; i++)
            to[i] = from[item - 1 - i];
}

/* Goes through all elements in the order of C; BACK: from the plain bytes into the view. */
static void walk(const struct view *v, char *plain, bool back)
{
    Py_ssize_t index[HU_VIEW_DIMENSIONS] = {0};
    char *at = v->data;
    for (Py_ssize_t n = 0; n < v->count; n++, plain += v->item) {
        if (back)
            copy_item(at, plain, v->item, v->swapped);
        else
            copy_item(plain, at, v->item, v->swapped);
        for (int i = v->dimensions; i-- > 0;) {
            at += v->strides[i];
            if (++index[i] < v->shape[i])
                break;
            at -= v->strides[i] * v->shape[i];
            index[i] = 0;
        }
    }
}

void view_gather(const struct view *v, char *to)
{
    walk(v, to, false);
}

void view_scatter(const struct view *v, const char *from)
{
    walk(v, (char *)from, true);
}

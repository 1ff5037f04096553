/* What another library's array is: where its elements lie, of what size, in what order of bytes. */
#pragma once

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x03090000
#include <Python.h>

#include <stdbool.h>
#include <stddef.h>

enum { HU_VIEW_DIMENSIONS = 64 };

struct view {
    char *data;
    Py_ssize_t item; /* bytes */
    int dimensions;
    Py_ssize_t shape[HU_VIEW_DIMENSIONS], strides[HU_VIEW_DIMENSIONS]; /* elements, bytes */
    Py_ssize_t count;                                                  /* of elements */
    bool swapped, readonly;
    char type[16]; /* the elements' format by name, where the interface or DLPack says it */
    void *hold;    /* what keeps the data, of a kind that view.c knows */
    int kind;
};

/*
 * OBJECT's elements, by the buffer protocol, NumPy's __array_interface__ or DLPack, whichever it
 * has first. False with a Python exception set: it has none of them, or lies in no memory of ours.
 */
bool view_open(struct view *v, PyObject *object, bool writable);
void view_close(struct view *v);

/* One behind the other in the order of C, in this machine's order of bytes? */
bool view_is_plain(const struct view *v);

/* All elements to or from TO, which is plain and has room for count * item bytes; the elements'
 * bytes are turned round where the view is swapped. No Python is called. */
void view_gather(const struct view *v, char *to);
void view_scatter(const struct view *v, const char *from);

/* NumPy's casts, in an interpreter of its own. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "peers.h"

static const char program[] =
    "import ctypes, numpy as np\n"
    "def cast(source, target, src, dst, n):\n"
    "    of = lambda t, at: np.frombuffer(\n"
    "        (ctypes.c_char * (n * np.dtype(t).itemsize)).from_address(at), t)\n"
    "    np.copyto(of(target, dst), of(source, src), casting='unsafe')\n";

static void cast(const char *source, const char *target, const void *src, void *dst, size_t n)
{
    static PyObject *function;
    if (!function) {
        Py_Initialize();
        PyRun_SimpleString(program);
        function = PyObject_GetAttrString(PyImport_AddModule("__main__"), "cast");
    }
    PyObject *none =
        PyObject_CallFunction(function, "ssKKn", source, target, (unsigned long long)(uintptr_t)src,
                              (unsigned long long)(uintptr_t)dst, (Py_ssize_t)n);
    if (!none)
        PyErr_Print();
    Py_XDECREF(none);
}

#define PEER_CAST(name, source, target)                                                            \
    void name(const void *src, void *dst, size_t n)                                                \
    {                                                                                              \
        cast(source, target, src, dst, n);                                                         \
    }

PEER_CAST(fp32_fp16, "f4", "f2")
PEER_CAST(fp16_fp32, "f2", "f4")
PEER_CAST(fp64_fp32, "f8", "f4")
PEER_CAST(fp64_fp16, "f8", "f2")

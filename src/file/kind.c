#include "kind.h"
#include "input.h"
#include "npy.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && !strcasecmp(text + n - m, end);
}

enum { ENDS = 4 };

/* ends: of names, the one that is due first. */
static const struct {
    const char *what, *ends[ENDS];
    bool is_written;
} kinds[] = {
    [HU_FILE_OTHER] = {"a raw array", {NULL}, true},
    [HU_FILE_SAFETENSORS] = {"a .safetensors file", {".safetensors"}, true},
    [HU_FILE_INDEX] = {"an index", {".safetensors.index.json", ".json"}, true},
    [HU_FILE_GGUF] = {"a .gguf file", {".gguf"}, true},
    [HU_FILE_NPY] = {"a .npy file", {".npy"}, true},
    [HU_FILE_NPZ] = {"a .npz archive", {".npz"}, false},
    [HU_FILE_TORCH] = {"a PyTorch file", {".pt", ".pth", ".ckpt"}, false},
    [HU_FILE_ZIP] = {"a zip archive", {NULL}, false},
};

enum hu_file_kind hu_kind_of_name(const char *path)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (size_t k = 0; k < ENDS && kinds[i].ends[k]; k++)
            if (ends_in(path, kinds[i].ends[k]))
                return (enum hu_file_kind)i;
    return HU_FILE_OTHER;
}

const char *hu_kind_what(enum hu_file_kind kind)
{
    return kinds[kind].what;
}

const char *hu_kind_ending(enum hu_file_kind kind)
{
    return kinds[kind].ends[0];
}

bool hu_kind_is_written(enum hu_file_kind kind)
{
    return kinds[kind].is_written;
}

bool hu_folder_has(const char *folder, const char *file, char path[HU_PATH_MAX])
{
    struct stat status;
    size_t n = strlen(folder);
    const char *slash = n && folder[n - 1] == '/' ? "" : "/";
    return snprintf(path, HU_PATH_MAX, "%s%s%s", folder, slash, file) < HU_PATH_MAX &&
           !stat(path, &status);
}

char *hu_path_beside(const char *path, const char *file)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) + 1 : 0;
    char *joined = malloc(n + strlen(file) + 1);
    if (joined) {
        memcpy(joined, path, n);
        strcpy(joined + n, file);
    }
    return joined;
}

bool hu_folder_model(const char *folder, char path[HU_PATH_MAX])
{
    static const char *const files[] = {"model.safetensors.index.json",
                                        "model.safetensors",
                                        "pytorch_model.bin.index.json",
                                        "pytorch_model.bin",
                                        "diffusion_pytorch_model.safetensors.index.json",
                                        "diffusion_pytorch_model.safetensors"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (hu_folder_has(folder, files[i], path))
            return true;
    return false;
}

/* The pickle of 0x1950a86a20f9469cfc6c, with which PyTorch's files without zip begin
 * (torch/serialization.py, MAGIC_NUMBER), after its protocol. */
static const unsigned char torch_magic[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9,
                                            0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};

static bool has(const unsigned char *bytes, size_t n, size_t at, const char *text, size_t length)
{
    return n >= at + length && !memcmp(bytes + at, text, length);
}

enum hu_file_kind hu_kind_of_bytes(const unsigned char *bytes, size_t n)
{
    if (has(bytes, n, 0, "GGUF", 4))
        return HU_FILE_GGUF;
    if (has(bytes, n, 0, HU_NPY_MAGIC, 6))
        return HU_FILE_NPY;
    /* The first record of an archive, or the only one of an empty one (APPNOTE 4.3.7, 4.3.16). */
    if (has(bytes, n, 0, "PK\3\4", 4) || has(bytes, n, 0, "PK\5\6", 4))
        return HU_FILE_ZIP;
    /* From protocol 4 on a frame's length stands between. */
    size_t frame = n > 2 && bytes[2] == 0x95 ? 9 : 0;
    if (n && bytes[0] == 0x80 &&
        has(bytes, n, 2 + frame, (const char *)torch_magic, sizeof torch_magic))
        return HU_FILE_TORCH;
    return HU_FILE_OTHER;
}

/* The first bytes of PATH; how many there are. */
static size_t read_first(const char *path, unsigned char bytes[HU_KIND_BYTES], uint64_t *size)
{
    struct stat status;
    size_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size > 0) {
        *size = (uint64_t)status.st_size;
        n = *size < HU_KIND_BYTES ? (size_t)*size : HU_KIND_BYTES;
        if (hu_read_at(fd, bytes, n, 0))
            n = 0;
    }
    if (fd >= 0)
        close(fd);
    return n;
}

enum hu_file_kind hu_kind_of_file(const char *path)
{
    unsigned char bytes[HU_KIND_BYTES];
    uint64_t size;
    enum hu_file_kind kind = hu_kind_of_bytes(bytes, read_first(path, bytes, &size));
    return kind != HU_FILE_OTHER ? kind : hu_kind_of_name(path);
}

/* What files begin with that people take for files of tensors. Sources: the formats' own
 * descriptions, and file(1)'s magic(5). */
static const struct {
    size_t at;
    const char *bytes;
    size_t length;
    const char *what;
} foreign[] = {
#define S(at, text, what)                                                                          \
    {                                                                                              \
        at, text, sizeof text - 1, what                                                            \
    }
    S(0, "\x89HDF\r\n\x1a\n",
      "is an HDF5 file (Keras .h5, netCDF 4, MATLAB 7.3): save the arrays "
      "as .npy, .npz or .safetensors"),
    S(0, "\x1f\x8b", "is compressed by gzip: unpack it first"),
    S(0, "BZh", "is compressed by bzip2: unpack it first"),
    S(0,
      "\xfd"
      "7zXZ",
      "is compressed by xz: unpack it first"),
    S(0, "\x28\xb5\x2f\xfd", "is compressed by Zstandard: unpack it first"),
    S(0, "\x04\x22\x4d\x18", "is compressed by LZ4: unpack it first"),
    S(0, "7z\xbc\xaf\x27\x1c", "is a 7z archive: unpack it first"),
    S(0, "Rar!\x1a\x07", "is a RAR archive: unpack it first"),
    S(257, "ustar",
      "is a tar archive: unpack it first (PyTorch's very first files are such: load it "
      "with PyTorch and save it again)"),
    S(4, "TFL3", "is a TensorFlow Lite model"),
    S(0, "PAR1", "is a Parquet table"),
    S(0, "ARROW1", "is an Arrow table"),
    S(0, "FEA1", "is a Feather table"),
    S(0, "MATLAB 5.0 MAT-file", "is a MATLAB file: save the arrays as .npy or .npz"),
    S(0, "SQLite format 3", "is an SQLite database"),
    S(0, "# xet version", "is a git-xet pointer and not the file itself: 'git xet' fetches that"),
    S(0, "lmgg", "is a GGML file from before GGUF: llama.cpp's convert scripts read it"),
    S(0, "fmgg", "is a GGMF file from before GGUF: llama.cpp's convert scripts read it"),
    S(0, "tjgg", "is a GGJT file from before GGUF: llama.cpp's convert scripts read it"),
    S(0, "algg", "is a GGLA adapter from before GGUF: llama.cpp's convert scripts read it"),
    S(0, "%PDF", "is a PDF document"),
    S(0,
      "\x7f"
      "ELF",
      "is a program"),
    S(0, "\x89PNG", "is a PNG picture"),
    S(0, "\xff\xd8\xff", "is a JPEG picture"),
#undef S
};

/* https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: "version", "oid" and "size" lines. */
static bool is_lfs_pointer(const char *text, char out[HU_FOREIGN_TEXT])
{
    if (strncmp(text, "version https://git-lfs.github.com/spec/", 40) &&
        strncmp(text, "version https://hawser.github.com/spec/", 39))
        return false;
    const char *size = strstr(text, "\nsize ");
    unsigned long long bytes = size ? strtoull(size + 6, NULL, 10) : 0;
    if (bytes)
        snprintf(out, HU_FOREIGN_TEXT,
                 "is a Git LFS pointer and not the file itself, of %llu bytes: 'git lfs pull' "
                 "fetches that",
                 bytes);
    else
        snprintf(out, HU_FOREIGN_TEXT,
                 "is a Git LFS pointer and not the file itself: 'git lfs pull' fetches that");
    return true;
}

/* An ONNX model is a protocol buffer whose first field, ir_version, is a small number; the next is
 * one of ModelProto's (onnx.proto): the producer's name and version, a domain, the model's version,
 * a doc string, the graph, or the operators' versions. */
static bool is_onnx(const unsigned char *bytes, size_t n)
{
    static const unsigned char next[] = {0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42};
    return n > 4 && bytes[0] == 0x08 && bytes[1] && bytes[1] < 0x20 &&
           memchr(next, bytes[2], sizeof next);
}

static bool says(char out[HU_FOREIGN_TEXT], const char *what)
{
    snprintf(out, HU_FOREIGN_TEXT, "%s", what);
    return true;
}

/* Text of which the first bytes are given, ended by 0. */
static bool is_text(const char *text, size_t n, uint64_t size, char out[HU_FOREIGN_TEXT])
{
    for (size_t i = 0; i < n; i++)
        if (!text[i] || ((unsigned char)text[i] < 0x20 && !strchr("\t\n\r\f", text[i])))
            return false;
    const char *start = text + strspn(text, " \t\r\n");
    if (!strncmp(start, "\xef\xbb\xbf", 3))
        start += 3;
    if (!strncasecmp(start, "<!doctype html", 14) || !strncasecmp(start, "<html", 5) ||
        !strncasecmp(start, "<head", 5))
        return says(out, "is an HTML page: a download that asked for something else first, or was "
                         "refused");
    if (!strncmp(start, "<?xml", 5) || !strncmp(start, "<Error", 6))
        return says(out, "is an XML document: an error of the server that it came from?");
    if (*start == '{' || *start == '[')
        return says(out, "is JSON text");
    if (size > HU_KIND_BYTES || !*start)
        return says(out, *start ? "is text" : "holds nothing but white space");
    int length = (int)strcspn(start, "\r\n");
    snprintf(out, HU_FOREIGN_TEXT, "is text: \"%.*s%s\"", length < 60 ? length : 60, start,
             length < 60 ? "" : "…");
    return true;
}

static bool is_zeros(const unsigned char *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && !bytes[i])
        i++;
    return i == n;
}

bool hu_foreign_file(const unsigned char *bytes, size_t n, uint64_t size, char out[HU_FOREIGN_TEXT])
{
    char text[HU_KIND_BYTES + 1];
    if (!n)
        return !size && says(out, "is empty");
    n = n < HU_KIND_BYTES ? n : HU_KIND_BYTES;
    memcpy(text, bytes, n);
    text[n] = 0;
    if (is_lfs_pointer(text, out))
        return true;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (has(bytes, n, foreign[i].at, foreign[i].bytes, foreign[i].length))
            return says(out, foreign[i].what);
    if (bytes[0] == 0x80 && n > 1 && bytes[1] >= 2 && bytes[1] <= 5)
        return says(out, "is a Python pickle, which is code to run; only those that torch.save "
                         "writes are read: save the arrays as .npy, .npz or .safetensors");
    if (is_onnx(bytes, n))
        return says(out, "is an ONNX model, by its first bytes: its initializers can be saved as "
                         ".npy (onnx.numpy_helper.to_array)");
    if (is_zeros(bytes, n))
        return says(out, n == size ? "holds nothing but zeros"
                                   : "begins with nothing but zeros: a download that is not "
                                     "complete?");
    return is_text(text, n, size, out);
}

bool hu_foreign_path(const char *path, char out[HU_FOREIGN_TEXT])
{
    unsigned char bytes[HU_KIND_BYTES];
    uint64_t size = 1;
    size_t n = read_first(path, bytes, &size);
    return n && hu_foreign_file(bytes, n, size, out);
}

bool hu_foreign_name(const char *path, char out[HU_FOREIGN_TEXT])
{
    return ends_in(path, ".onnx") && says(out, "is an ONNX model, by its name");
}

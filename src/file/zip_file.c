#include "zip_file.h"
#include "printable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#ifdef HU_LIBZIP
#include <dlfcn.h>
#include <pthread.h>
#endif

/* clang-format off */
#define FUNCTIONS(F) \
    F(discard) F(error_code_zip) F(error_fini) F(error_init) F(error_set) F(error_strerror) \
    F(error_to_data) F(fclose) F(file_get_error) F(fopen_index) F(fread) F(get_error) \
    F(get_num_entries) F(open_from_source) F(source_free) F(source_function_create) \
    F(source_make_command_bitmap) F(source_seek_compute_offset) F(stat_index) F(stat_init)
/* clang-format on */
#define MEMBER(name) __typeof__(zip_##name) *name;
#define LINKED(name) .name = zip_##name,
#define TAKEN(name) take(library, "zip_" #name, &zip.name, sizeof zip.name) &&

#ifdef HU_LIBZIP
/* libzip brings a library of ciphers along, whose loading takes longer than most commands: both
 * come with the first archive. */
static struct {
    FUNCTIONS(MEMBER) bool loaded;
} zip;

static bool take(void *library, const char *name, void *function, size_t n)
{
    void *at = dlsym(library, name);
    memcpy(function, &at, n);
    return at != NULL;
}

static void load(void)
{
    void *library = dlopen(HU_LIBZIP, RTLD_NOW | RTLD_LOCAL);
    zip.loaded = library && FUNCTIONS(TAKEN) true;
}

static bool have_libzip(struct hu_file_error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return zip.loaded || hu_file_refuse_whole(error, "is a zip archive, and " HU_LIBZIP
                                                     ", which reads them, is not installed");
}
#else
static const struct {
    FUNCTIONS(MEMBER)
} zip = {FUNCTIONS(LINKED)};

static bool have_libzip(struct hu_file_error *error)
{
    (void)error;
    return true;
}
#endif

struct hu_zip {
    zip_t *archive;
    const struct hu_input *in;
    uint64_t at;        /* of libzip's reading */
    uint64_t last_read; /* where its last reading began */
    uint64_t allowance; /* bytes that it may read while it opens; then as many as it likes */
    bool over;          /* it wanted more */
    int trouble;        /* hu_input_read's, of a failed reading */
    zip_error_t error;
};

static zip_int64_t fail_source(struct hu_zip *z, int code, int system)
{
    zip.error_set(&z->error, code, system);
    return -1;
}

static zip_int64_t read_source(struct hu_zip *z, void *bytes, zip_uint64_t n)
{
    uint64_t left = z->at < z->in->size ? z->in->size - z->at : 0;
    n = n < left ? n : left;
    if (n > z->allowance) {
        z->over = true;
        return fail_source(z, ZIP_ER_READ, EFBIG);
    }
    z->allowance -= z->allowance == UINT64_MAX ? 0 : n;
    int why = hu_input_read(z->in, bytes, (size_t)n, z->at);
    if (why) {
        z->trouble = why;
        return fail_source(z, ZIP_ER_READ, why > 0 ? why : EIO);
    }
    z->last_read = z->at;
    z->at += n;
    return (zip_int64_t)n;
}

static zip_int64_t seek_source(struct hu_zip *z, void *data, zip_uint64_t n)
{
    zip_int64_t at = zip.source_seek_compute_offset(z->at, z->in->size, data, n, &z->error);
    if (at < 0)
        return -1;
    z->at = (uint64_t)at;
    return 0;
}

static zip_int64_t stat_source(struct hu_zip *z, void *data, zip_uint64_t n)
{
    zip_stat_t *status = data;
    if (n < sizeof *status)
        return fail_source(z, ZIP_ER_INVAL, 0);
    zip.stat_init(status);
    status->valid = ZIP_STAT_SIZE;
    status->size = z->in->size;
    return sizeof *status;
}

/* What libzip reads the archive by: so that it never maps nor opens anything, and we know where. */
static zip_int64_t source(void *context, void *data, zip_uint64_t n, zip_source_cmd_t command)
{
    struct hu_zip *z = context;
    switch (command) {
    case ZIP_SOURCE_OPEN:
        z->at = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return read_source(z, data, n);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    case ZIP_SOURCE_STAT:
        return stat_source(z, data, n);
    case ZIP_SOURCE_ERROR:
        return zip.error_to_data(&z->error, data, n);
    case ZIP_SOURCE_SEEK:
        return seek_source(z, data, n);
    case ZIP_SOURCE_TELL:
        return (zip_int64_t)z->at;
    case ZIP_SOURCE_SUPPORTS:
        return zip.source_make_command_bitmap(
            ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
            ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, -1);
    default:
        return fail_source(z, ZIP_ER_OPNOTSUPP, 0);
    }
}

static bool refuse(struct hu_zip *z, struct hu_file_error *error, const char *what,
                   zip_error_t *why)
{
    if (z->trouble)
        return hu_file_refuse_read(error, z->trouble);
    return hu_file_refuse_whole(error, "%s: %s", what, zip.error_strerror(why));
}

/* Since libzip 1.11 a file that begins as an archive and has no directory gets a code of its own.
 */
#ifdef ZIP_ER_TRUNCATED_ZIP
enum { NO_DIRECTORY = ZIP_ER_TRUNCATED_ZIP };
#else
enum { NO_DIRECTORY = ZIP_ER_NOZIP };
#endif

static bool refuse_opening(struct hu_zip *z, struct hu_file_error *error, zip_error_t *why)
{
    if (z->over)
        return hu_file_refuse_whole(error, "the zip archive's directory takes more than %d MiB",
                                    HU_ZIP_DIRECTORY_MAX >> 20);
    int code = zip.error_code_zip(why);
    if ((code == ZIP_ER_NOZIP || code == NO_DIRECTORY) && !z->trouble)
        return hu_file_refuse_whole(error,
                                    "is a zip archive by its first bytes, and its directory, which "
                                    "stands at the end, is missing: the file is cut short");
    return refuse(z, error, "is a broken zip archive", why);
}

struct hu_zip *hu_zip_open(const struct hu_input *in, struct hu_file_error *error)
{
    zip_error_t why;
    if (!have_libzip(error))
        return NULL;
    struct hu_zip *z = calloc(1, sizeof *z);
    if (!z) {
        hu_file_refuse_whole(error, "out of memory");
        return NULL;
    }
    z->in = in;
    /* The end is searched for the directory first: it and a comment of 64 KiB. */
    z->allowance = HU_ZIP_DIRECTORY_MAX + 256 * 1024;
    zip.error_init(&z->error);
    zip.error_init(&why);
    zip_source_t *s = zip.source_function_create(source, z, &why);
    z->archive = s ? zip.open_from_source(s, ZIP_RDONLY, &why) : NULL;
    if (!z->archive) {
        refuse_opening(z, error, &why);
        zip.source_free(s);
        zip.error_fini(&why);
        zip.error_fini(&z->error);
        free(z);
        return NULL;
    }
    z->allowance = UINT64_MAX;
    zip.error_fini(&why);
    return z;
}

void hu_zip_close(struct hu_zip *z)
{
    if (!z)
        return;
    zip.discard(z->archive);
    zip.error_fini(&z->error);
    free(z);
}

size_t hu_zip_count(const struct hu_zip *z)
{
    return (size_t)zip.get_num_entries(z->archive, 0);
}

bool hu_zip_member(struct hu_zip *z, size_t index, struct hu_zip_member *member,
                   struct hu_file_error *error)
{
    zip_stat_t status;
    const zip_uint64_t wanted =
        ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if (zip.stat_index(z->archive, index, 0, &status) || (status.valid & wanted) != wanted)
        return refuse(z, error, "is a broken zip archive", zip.get_error(z->archive));
    *member = (struct hu_zip_member){status.name, status.size, status.comp_size,
                                     status.comp_method == ZIP_CM_STORE};
    const char *name = PRINTABLE(status.name, 80);
    if (status.valid & ZIP_STAT_ENCRYPTION_METHOD && status.encryption_method != ZIP_EM_NONE)
        return hu_file_refuse_whole(error, "the archive's member '%s' is encrypted", name);
    if (member->stored && status.size != status.comp_size)
        return hu_file_refuse_whole(error,
                                    "the archive's member '%s' is stored as it is, in %llu bytes "
                                    "of %llu",
                                    name, (unsigned long long)status.comp_size,
                                    (unsigned long long)status.size);
    if (!member->stored && status.comp_method != ZIP_CM_DEFLATE)
        return hu_file_refuse_whole(error,
                                    "the archive's member '%s' is compressed by method %d; stored "
                                    "and deflated ones are read",
                                    name, status.comp_method);
    return true;
}

static zip_file_t *open_member(struct hu_zip *z, size_t index, zip_flags_t flags,
                               struct hu_file_error *error)
{
    zip_file_t *file = zip.fopen_index(z->archive, index, flags);
    if (!file)
        refuse(z, error, "a member of the zip archive", zip.get_error(z->archive));
    return file;
}

/* libzip does not tell where a member's data lies, but it reads them through us: the first byte of
 * them, as they are, is read at their place. */
bool hu_zip_place(struct hu_zip *z, size_t index, uint64_t *offset, struct hu_file_error *error)
{
    char byte;
    struct hu_zip_member m;
    if (!hu_zip_member(z, index, &m, error))
        return false;
    *offset = 0;
    if (!m.size)
        return true;
    zip_file_t *file = open_member(z, index, ZIP_FL_COMPRESSED, error);
    if (!file)
        return false;
    bool fine = zip.fread(file, &byte, 1) == 1;
    if (!fine)
        refuse(z, error, "a member of the zip archive", zip.file_get_error(file));
    zip.fclose(file);
    *offset = z->last_read;
    if (fine && m.packed > z->in->size - *offset)
        fine = hu_file_refuse_whole(error, "the archive's member '%s' runs past the file's end",
                                    PRINTABLE(m.name, 80));
    return fine;
}

/* Exactly N bytes of FILE, a member. */
static bool read_on(struct hu_zip *z, zip_file_t *file, void *bytes, size_t n,
                    struct hu_file_error *error)
{
    unsigned char *at = bytes;
    while (n) {
        zip_int64_t got = zip.fread(file, at, n);
        if (got < 0)
            return refuse(z, error, "a member of the zip archive", zip.file_get_error(file));
        if (!got)
            return hu_file_refuse_whole(error, "a member of the zip archive is shorter than the "
                                               "archive's directory says");
        at += got;
        n -= (size_t)got;
    }
    return true;
}

/* What follows the last byte of FILE: nothing, and libzip compares the checksum. */
static bool end_member(struct hu_zip *z, size_t index, zip_file_t *file,
                       struct hu_file_error *error)
{
    char byte;
    zip_stat_t status;
    zip_int64_t more = zip.fread(file, &byte, 1);
    if (!more)
        return true;
    if (more > 0)
        return hu_file_refuse_whole(error, "a member of the zip archive is longer than the "
                                           "archive's directory says");
    if (zip.error_code_zip(zip.file_get_error(file)) != ZIP_ER_CRC ||
        zip.stat_index(z->archive, index, 0, &status))
        return refuse(z, error, "a member of the zip archive", zip.file_get_error(file));
    return !status.crc ||
           hu_file_refuse_whole(error,
                                "the archive's member '%s' is damaged: its bytes do not have the "
                                "checksum that the archive has of them",
                                PRINTABLE(status.name, 80));
}

bool hu_zip_read_at(struct hu_zip *z, size_t index, uint64_t offset, void *bytes, size_t n,
                    struct hu_file_error *error)
{
    static const size_t most = 64 * 1024;
    struct hu_zip_member m;
    if (!hu_zip_member(z, index, &m, error))
        return false;
    uint64_t end = offset + n;
    unsigned char *passed = malloc(most);
    zip_file_t *file = passed ? open_member(z, index, 0, error) : NULL;
    bool fine = file != NULL;
    if (!passed)
        hu_file_refuse_whole(error, "out of memory");
    while (fine && offset) {
        size_t step = offset < most ? (size_t)offset : most;
        fine = read_on(z, file, passed, step, error);
        offset -= step;
    }
    fine = fine && read_on(z, file, bytes, n, error) &&
           (end != m.size || end_member(z, index, file, error));
    if (file)
        zip.fclose(file);
    free(passed);
    return fine;
}

bool hu_zip_read(struct hu_zip *z, size_t index, void *bytes, size_t n, struct hu_file_error *error)
{
    return hu_zip_read_at(z, index, 0, bytes, n, error);
}

static int write_on(int output, const unsigned char *bytes, size_t n)
{
    while (n) {
        ssize_t put = write(output, bytes, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        bytes += put;
        n -= (size_t)put;
    }
    return 0;
}

/* All of a member, to OUTPUT, which is -1 where its checksum alone is asked for. */
static bool walk(struct hu_zip *z, size_t index, int output, bool *writing,
                 struct hu_file_error *error)
{
    enum { STEP = 256 * 1024 };
    struct hu_zip_member m;
    if (!hu_zip_member(z, index, &m, error))
        return false;
    unsigned char *bytes = malloc(STEP);
    zip_file_t *file = bytes ? open_member(z, index, 0, error) : NULL;
    bool fine = file != NULL;
    if (!bytes)
        hu_file_refuse_whole(error, "out of memory");
    for (uint64_t left = m.size; fine && left;) {
        size_t n = left < STEP ? (size_t)left : STEP;
        fine = read_on(z, file, bytes, n, error);
        int why = fine && output >= 0 ? write_on(output, bytes, n) : 0;
        if (why) {
            *writing = true;
            fine = hu_file_refuse_whole(error, "%s", strerror(why));
        }
        left -= n;
    }
    fine = fine && end_member(z, index, file, error);
    if (file)
        zip.fclose(file);
    free(bytes);
    return fine;
}

bool hu_zip_check(struct hu_zip *z, size_t index, struct hu_file_error *error)
{
    bool writing = false;
    return walk(z, index, -1, &writing, error);
}

bool hu_zip_unpack(struct hu_zip *z, size_t index, int output, bool *writing,
                   struct hu_file_error *error)
{
    *writing = false;
    return walk(z, index, output, writing, error);
}

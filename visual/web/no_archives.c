/* The page opens no files of tensors; archives of them would bring libzip along, and the C library
 * the texts of eighty errors of which a page's own files have two. */
#include "file/archive.h"
#include "file/torch_file.h"

#include <errno.h>
#include <string.h>

char *strerror(int error)
{
    static char none[] = "No such file or directory", other[] = "it cannot be read";
    return error == ENOENT ? none : other;
}

bool hu_archive_read(const struct hu_input *in, struct hu_tensor_file *file,
                     struct hu_file_error *error)
{
    (void)in;
    (void)file;
    return hu_file_refuse_whole(error, "is a zip archive, which the page does not read");
}

bool hu_torch_parse(const struct hu_input *in, const unsigned char *bytes, size_t n,
                    struct hu_tensor_file *file, struct hu_file_error *error)
{
    (void)in;
    (void)bytes;
    (void)n;
    (void)file;
    return hu_file_refuse_whole(error, "is a file of PyTorch's, which the page does not read");
}

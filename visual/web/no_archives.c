/* The page opens no files of tensors; archives of them would bring libzip along. */
#include "file/archive.h"
#include "file/torch_file.h"

bool hu_archive_read(const struct hu_input *in, struct hu_tensor_file *file,
                     struct hu_file_error *error)
{
    (void)in;
    (void)file;
    return hu_file_refuse_whole(error, "is a zip archive, which the page does not read");
}

bool hu_torch_read(const struct hu_input *in, struct hu_tensor_file *file,
                   struct hu_file_error *error)
{
    (void)in;
    (void)file;
    return hu_file_refuse_whole(error, "is a file of PyTorch's, which the page does not read");
}

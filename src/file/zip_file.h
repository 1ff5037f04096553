/*
 * The members of a zip archive, by libzip. What is stored as it is lies at a place of the archive
 * and is read from there; what is compressed is unpacked as it is read, from its start on. At a
 * member's end its checksum is compared. One of 0 is none: torch.save writes it where
 * torch.utils.serialization.config.save.compute_crc32 is off (pytorch/pytorch#137735). Not
 * thread-safe on one archive.
 */
#pragma once

#include "tensor_file.h"

/* Of the archive's directory, which takes at least 46 bytes a member: its table in memory is some
 * six times as large. */
enum { HU_ZIP_DIRECTORY_MAX = 32 << 20 };

struct hu_zip;

struct hu_zip_member {
    const char *name; /* UTF-8; lives as long as the archive is open */
    uint64_t size;    /* unpacked */
    uint64_t packed;
    bool stored; /* and so not compressed */
};

/* IN must outlive the archive. NULL: *error says why. */
struct hu_zip *hu_zip_open(const struct hu_input *in, struct hu_file_error *error);
void hu_zip_close(struct hu_zip *zip);

size_t hu_zip_count(const struct hu_zip *zip);
/* False: encrypted, or packed in a way that is not known here; *error says so. */
bool hu_zip_member(struct hu_zip *zip, size_t index, struct hu_zip_member *member,
                   struct hu_file_error *error);
/* Where the data of a stored member lies in the archive, all of it. */
bool hu_zip_place(struct hu_zip *zip, size_t index, uint64_t *offset, struct hu_file_error *error);

/* The first N bytes of a member, unpacked; it must have as many. */
bool hu_zip_read(struct hu_zip *zip, size_t index, void *bytes, size_t n,
                 struct hu_file_error *error);
/* Whether the member's bytes, all of which are read, are those that its checksum was made of. */
bool hu_zip_check(struct hu_zip *zip, size_t index, struct hu_file_error *error);
/* N bytes from OFFSET on; what lies before is unpacked and thrown away. */
bool hu_zip_read_at(struct hu_zip *zip, size_t index, uint64_t offset, void *bytes, size_t n,
                    struct hu_file_error *error);

/* Unpacks a member to the end of the file OUTPUT. False: *error says why; *writing: it was OUTPUT
 * that failed. */
bool hu_zip_unpack(struct hu_zip *zip, size_t index, int output, bool *writing,
                   struct hu_file_error *error);

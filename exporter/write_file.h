/*
 * A volume file that is written once, front to back.  It only ever grows at its
 * end: FAT and exFAT fill every gap with zeros first, so a file that is laid out
 * beforehand is written twice there.  Where the file system allows it the bytes
 * go past the page cache (O_DIRECT): nobody needs them there again, and whoever
 * reads the volume afterwards reads the medium.
 */
#ifndef EXPORTER_WRITE_FILE_H
#define EXPORTER_WRITE_FILE_H

#include "lib/base/cleanup.h"
#include "media/volume.h"

#include <stddef.h>
#include <stdint.h>

struct error;

/* Where memory and offsets must begin for the short way; a multiple of every block size in use. */
enum { WRITE_FILE_ALIGN = 4096 };

struct write_file {
	char name[VOLUME_NAME_SIZE];
	int fd, direct; /* -1: closed; direct also where the file system has no O_DIRECT */
};

/* Create the file of a volume in dir, where there is none. */
int write_file_create(struct write_file *f, int dir, uint32_t volume, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Append: `at` is the length so far, bytes begin at WRITE_FILE_ALIGN.  Begins to write out. */
int write_file_append(struct write_file *f, const unsigned char *bytes, size_t len, uint64_t at,
		      struct error *err) __attribute__((nonnull, warn_unused_result));

/* Flush to the medium and close. */
int write_file_end(struct write_file *f, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Close what is open; a file that was not ended stays as it is. */
void write_file_close(struct write_file *f);

#endif

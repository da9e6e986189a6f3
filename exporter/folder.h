/* The regular files below a folder, in an order that does not depend on the file system. */
#ifndef EXPORTER_FOLDER_H
#define EXPORTER_FOLDER_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct error;

struct folder_file {
	char *path; /* relative to the folder */
	uint64_t size;
};

struct folder {
	int dir;
	struct folder_file
		*files; /* largest first, then by path: good for sharing out to workers */
	size_t count, capacity;
	uint64_t bytes;
};

/* List dir to a depth of 16; symbolic links and special files are passed over. */
int folder_scan(const char *dir, struct folder *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Open a file for reading; -1 when it is not the regular file of that size any more. */
int folder_open(const struct folder *f, const struct folder_file *file, struct error *err)
	__attribute__((nonnull, warn_unused_result));

void folder_clear(struct folder *f);
DEFINE_CLEANUP_IN_PLACE(struct folder, folder_clear);

#endif

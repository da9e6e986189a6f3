/* Writing one export package for WSUS: the cabinet with package.xml and metadata.txt. */
#ifndef IMPORTER_EXPORT_WRITE_H
#define IMPORTER_EXPORT_WRITE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct export_set;
struct progress;
struct store;

struct export_write {
	struct store *store;
	const struct export_set *set;
	const uint32_t *packages; /* of export_split_make() */
	uint32_t number;          /* of the package to write */
	int dirfd;
	const char *name;
	int64_t created;
	struct progress *progress; /* bytes of records are added */
	size_t updates, files;     /* what was written */
};

/* The file appears when it is complete.  -1 with FILE_WRITE, WSUS_FOLDER, or of the store. */
int export_write_package(struct export_write *w, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

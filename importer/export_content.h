/* The tree WsusContent beside an export package: files under the names that WSUS looks for. */
#ifndef IMPORTER_EXPORT_CONTENT_H
#define IMPORTER_EXPORT_CONTENT_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog_model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct export_set;
struct progress;
struct store;

struct export_content {
	size_t linked, copied, there; /* files; there: from a run before */
	uint64_t bytes;               /* of all of them */
	struct catalog_sha1 *missing; /* named by what is exported, and not here */
	size_t missing_count, missing_capacity;
};
void export_content_clear(struct export_content *c);
DEFINE_CLEANUP_IN_PLACE(struct export_content, export_content_clear);

/*
 * Make WsusContent/<two last hex digits>/<SHA-1><extension> below dirfd, for every file of what
 * is exported: second names of the objects of the content store where the file system can, unless
 * copy is set, else copies.  A file that is there with the right size stays.
 */
int export_content_make(struct store *s, const struct export_set *set, int dirfd, bool copy,
			struct progress *progress, struct export_content *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

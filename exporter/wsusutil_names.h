/* The revisions that package.xml of an export package lists, and the ids they get. */
#ifndef EXPORTER_WSUSUTIL_NAMES_H
#define EXPORTER_WSUSUTIL_NAMES_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog_full.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cab;
struct error;
struct source;

struct wsusutil_names {
	struct catalog_full_identity *items; /* in the order of package.xml */
	uint32_t *order;                     /* the same, sorted */
	bool *seen;                          /* by place in items: wsusutil_names_take() */
	size_t count, capacity;
	bool has_head, has_languages;
};
void wsusutil_names_clear(struct wsusutil_names *n);
DEFINE_CLEANUP_IN_PLACE(struct wsusutil_names, wsusutil_names_clear);

/*
 * Read package.xml from src to its end.  -1 with WSUS_PACKAGE (no export package, or a malformed
 * piece), WSUS_MISMATCH (a revision twice), WSUS_LIMIT, XML_*.
 */
int wsusutil_names_read(struct source *src, struct wsusutil_names *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The place of a revision in items, for the first time: WSUS_MISMATCH when not listed, or again. */
int wsusutil_names_take(struct wsusutil_names *n, const unsigned char update_id[16],
			uint32_t revision, size_t *place, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* WSUS_MISMATCH when some revision was not taken. */
int wsusutil_names_finish(const struct wsusutil_names *n, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

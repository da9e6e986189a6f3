/*
 * Catalogs made of full documents: what an export package of WSUS consists of
 * (docs/FORMAT.md, "Export package of WSUS"), fed piece by piece into a struct catalog.
 *
 * Relations point the other way than in a scan catalog, and nothing states a deployment action,
 * who is a leaf, or what category an update belongs to: catalog_finish() derives it all.
 */
#ifndef CATALOG_FULL_H
#define CATALOG_FULL_H

#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_record.h"

/*
 * Add a document of the source, of stream h, u, f or s, in any order; offset is where a piece of
 * package.xml begins there.  Malformed bytes are an error finding.  CATALOG_LIMIT above
 * LIMIT_CATALOG_UPDATES or LIMIT_OBJECTS, nothing else fails.
 */
int catalog_full_add(struct catalog *c, char stream, uint32_t revision_id, uint64_t offset,
		     const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 7), warn_unused_result));

/* The same for a document that was parsed elsewhere, where CATALOG_ELSEWHERE was its name. */
int catalog_full_add_malformed(struct catalog *c, char stream, uint32_t revision_id,
			       uint64_t offset, const struct catalog_malformed *m,
			       struct error *err) __attribute__((nonnull, warn_unused_result));
int catalog_full_add_parsed(struct catalog *c, uint32_t revision_id, uint64_t offset,
			    enum catalog_record_kind kind, const union catalog_piece *piece,
			    struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * RevisionIds for revisions that have none: numbers from 1, all different, that depend on the
 * identities alone, so that the same revision nearly always has the same one in the next package.
 * Order and duplicates are the caller's matter.
 */
struct catalog_full_identity {
	struct catalog_guid update_id;
	uint32_t revision_number;
	uint32_t revision_id; /* filled in */
};
void catalog_full_number(struct catalog_full_identity *all, size_t count) __attribute__((nonnull));

#endif

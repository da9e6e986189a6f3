/*
 * What is remembered of a catalog, in 72 bytes for each revision, so that its successor can be
 * compared with it without reading it again: the rules of history (GF-C084 to GF-C096).  Pure.
 *
 * Bytes, little-endian: head "gapferry-past 1\n", creation s64, updates u32, evaluates u32,
 * PackageId 40 bytes; then records by (UpdateID, RevisionNumber, RevisionId).  Only the database
 * of one repository holds it; docs/FORMAT.md does not.
 */
#ifndef CATALOG_PAST_H
#define CATALOG_PAST_H

#include "lib/catalog/catalog.h"

struct buf;
struct error;

/*
 * Append what is remembered of a judged catalog.  marks[i], where given and not 0, stands for the
 * bytes of the core fragment of catalog_at(i).  LIMIT_BYTES when out cannot hold it.
 */
int catalog_past_write(const struct catalog *c, const uint64_t *marks, struct buf *out,
		       struct error *err) __attribute__((nonnull(1, 3, 4), warn_unused_result));

/*
 * Add to c (judged, with its marks) a remark for each thing that is strange after what the bytes
 * tell of the catalog before.  Bytes of another version tell nothing: false.
 */
bool catalog_past_compare(struct catalog *c, const uint64_t *marks, const void *bytes, size_t len)
	__attribute__((nonnull(1, 3)));

#endif

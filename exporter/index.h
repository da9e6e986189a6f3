/*
 * Names inside a scan catalog: the index.xml of the new layout, and what a
 * member's path says about it.  Pure.
 */
#ifndef EXPORTER_INDEX_H
#define EXPORTER_INDEX_H

#include "lib/base/cleanup.h"
#include "lib/pack/listing.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum { INDEX_NAME_SIZE = 24 }; /* "package4294967295.cab" */

struct index_shard {
	char name[INDEX_NAME_SIZE];
	bool has_range, has_files, seen;
	uint32_t range_start;
};

struct index {
	struct index_shard *shards; /* as index.xml lists them; none in the old layout */
	size_t count, capacity;
	/* What the master document has mentioned so far. */
	uint64_t seed; /* of both tables */
	uint32_t *revisions;
	size_t revision_count, revision_size;
	unsigned char (*locations)[20];
	size_t location_count, location_size;
};

/*
 * Parse index.xml (hostile).  SCAN_INDEX for what is not a VERSION 1 index with
 * XOR 0 and rising RANGESTARTs.
 */
int index_parse(struct index *x, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* A package*.cab was met: SCAN_INDEX when index.xml does not list it, or it came before. */
int index_package(struct index *x, const char *name, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* All cabinets were read: SCAN_INDEX when one of the list did not come. */
int index_finish(const struct index *x, struct error *err)
	__attribute__((nonnull, warn_unused_result));

void index_clear(struct index *x);
DEFINE_CLEANUP_IN_PLACE(struct index, index_clear);

/* Remember a RevisionId or SHA-1; true when it was there already. */
bool index_seen(struct index *x, uint32_t revision) __attribute__((nonnull));
bool index_seen_location(struct index *x, const unsigned char sha1[20]) __attribute__((nonnull));

/* Whether a member of the outer cabinet is package.cab or package<N>.cab. */
bool index_is_package(const char *name) __attribute__((nonnull, pure));

enum index_class { INDEX_UNKNOWN, INDEX_FRAGMENT, INDEX_LICENCE };

struct index_name {
	char stream; /* c x l e s */
	uint32_t revision;
	char language[LISTING_KEY_SIZE]; /* of l and e */
	unsigned char sha1[20];          /* of a licence text */
};

/* What c/123, core/123, l/pt-br/123, files/ab/<SHA-1> ... stand for. */
enum index_class index_classify(const char *name, struct index_name *out) __attribute__((nonnull));

#endif

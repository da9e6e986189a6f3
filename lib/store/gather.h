/*
 * One source put together: which fragments it consists of, where they lie in
 * packs, and the catalog they make.  The connected side fills it from a
 * cabinet (gather_build), the isolated side and the approver from listings and
 * packs (gather_load); what comes out is the same, and lib/store/rows.h stores
 * it.
 */
#ifndef STORE_GATHER_H
#define STORE_GATHER_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog_record.h"
#include "lib/pack/listing.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct catalog;
struct error;
struct store;

/* A fragment and where it lies: bytes [offset, offset + size) of a decompressed pack. */
struct gather_fragment {
	unsigned char sha256[32];
	uint32_t pack; /* index into packs */
	uint32_t offset, size;
	uint32_t row; /* where it is recorded already, as it is; 0: nowhere, or not known */
};

/* An object that belongs to the source: a pack or a listing. */
struct gather_blob {
	unsigned char sha256[32];
	uint64_t size;
	uint32_t part; /* of a listing: from 1 */
	bool is_new;   /* gather_build put it into the content store */
};

struct gather {
	struct listing_source source;
	struct listing_entry *entries; /* sorted by listing_compare() after gather_finish() */
	size_t entry_count, entry_capacity;
	struct gather_fragment *fragments; /* sorted by sha256 after gather_finish() */
	size_t fragment_count, fragment_capacity;
	struct gather_blob *packs;
	size_t pack_count, pack_capacity;
	struct gather_blob *listings;
	size_t listing_count, listing_capacity;
	uint32_t parts;          /* listings there must be, as the first one that was loaded says */
	struct catalog *catalog; /* judged after gather_finish() */
};

struct gather *gather_new(const struct listing_source *source)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));
void gather_free(struct gather *g);
DEFINE_CLEANUP(struct gather *, gather_free);

/* Whether the source is one of full documents (kind "wsusutil"), see lib/catalog/catalog_full.h. */
bool gather_is_full(const struct gather *g) __attribute__((nonnull));

/* Record one more document of the source. */
void gather_add_entry(struct gather *g, const struct listing_entry *e) __attribute__((nonnull));

/* Feed a fragment (streams c x l e s; of full documents any stream) to the catalog. */
int gather_feed(struct gather *g, const struct listing_entry *e, const void *bytes, size_t len,
		struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * The same for a document that was parsed elsewhere, where CATALOG_ELSEWHERE was its name.
 * SANDBOX_RECORD when this is no record of such a document.
 */
int gather_take(struct gather *g, const struct listing_entry *e, enum catalog_record_kind kind,
		const union catalog_piece *p, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * All is there: sort.  -1 with GATHER_DUPLICATE when two documents have one key; of fragments the
 * first may count instead, as it does for the catalog (GF-C055).
 */
int gather_sort(struct gather *g, bool first_counts, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Then: finish the catalog, judge it, quarantine. */
int gather_judge(struct gather *g, struct error *err) __attribute__((nonnull, warn_unused_result));

/* Both; no document may come twice. */
int gather_finish(struct gather *g, struct error *err) __attribute__((nonnull, warn_unused_result));

/* The fragment with this digest, or NULL.  After gather_finish(). */
const struct gather_fragment *gather_find(const struct gather *g, const unsigned char sha256[32])
	__attribute__((nonnull));

/*
 * SHA-256 over what the sources are made of, before any verdict
 * (docs/FORMAT.md, "Catalog root").  sources is sorted in place by kind and series.
 */
void gather_root(struct gather **sources, size_t count, unsigned char out[32])
	__attribute__((nonnull));

/* Order of sources in the catalog root. */
int gather_compare_sources(const struct listing_source *a, const struct listing_source *b)
	__attribute__((nonnull));

#endif

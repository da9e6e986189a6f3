/*
 * The catalog as rows: storing a gathered source, and what an exporter asks of
 * the stored ones.  Everything here runs inside a transaction of the caller.
 */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "lib/base/cleanup.h"
#include "lib/pack/listing.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct gather;
struct store;
struct stored_object;

/*
 * Store a source, replacing the one of the same kind and series.  Objects for
 * its packs, listings and cabinet are recorded too; they must be in the content
 * store and synced.
 */
int rows_replace(struct store *s, const struct gather *g, bool content_expected, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Remove one source: 1, 0 when there is none, -1. */
int rows_withdraw(struct store *s, const char *kind, const char *series, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Remove every source whose (kind, series) is not among those of keep. */
int rows_withdraw_others(struct store *s, struct gather *const *keep, size_t count,
			 struct error *err) __attribute__((nonnull(1, 4), warn_unused_result));

/* The catalog root over all stored sources; equals gather_root() over them. */
int rows_root(struct store *s, unsigned char out[32], struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Each stored source, in the order of the catalog root: 1, 0, -1.  Start with *id = 0. */
struct rows_source {
	int64_t id;
	struct listing_source source;
	bool content_expected;
};
int rows_next_source(struct store *s, struct rows_source *io, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* How many updates of a source are not quarantined. */
int rows_count_usable(struct store *s, int64_t source_id, uint64_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Every object that the stored sources consist of (listings, packs, cabinets), in id order. */
int rows_each_object(struct store *s,
		     int (*each)(void *ctx, const struct stored_object *o, struct error *err),
		     void *ctx, struct error *err)
	__attribute__((nonnull(1, 2, 4), warn_unused_result));

/* A revision that names a file; and which of these count (filter NULL: all). */
struct rows_mention {
	int64_t source_id;
	uint32_t source_revision;
	bool is_licence, is_express;
};
struct rows_filter {
	bool (*wants)(void *ctx, const struct rows_mention *m);
	void *ctx;
};

/*
 * Every distinct file that revisions of the stored sources refer to, by SHA-1:
 * present objects with everything filled in; absent ones with id 0 and what the metadata says.
 * name and update are those of the first revision that wants it.  Absent files that only
 * quarantined revisions refer to are left out.
 */
struct rows_file {
	struct stored_object *object;
	uint32_t source_revision;
	bool content_expected;         /* its source was ingested with content */
	bool sha256_known, size_known; /* object->sha256 and ->size are stated by the metadata */
};
int rows_each_file(struct store *s, const struct rows_filter *filter,
		   int (*each)(void *ctx, const struct rows_file *f, struct error *err), void *ctx,
		   struct error *err) __attribute__((nonnull(1, 3, 5), warn_unused_result));

/*
 * Every file of every revision, in the order of source, revision, kind and place; one SHA-1 comes
 * as often as revisions name it.
 */
struct rows_named_file {
	struct rows_mention mention;
	unsigned char sha1[20], sha256[32];
	bool has_sha256, has_size;
	uint64_t size;
	const char *name; /* "": not known; borrowed for the call */
	int64_t object;   /* row of the object, 0 when it is not here */
};
int rows_each_named(struct store *s,
		    int (*each)(void *ctx, const struct rows_named_file *f, struct error *err),
		    void *ctx, struct error *err)
	__attribute__((nonnull(1, 2, 4), warn_unused_result));

/* Every content object that no stored revision names, by digest. */
int rows_each_unnamed(struct store *s,
		      int (*each)(void *ctx, const struct stored_object *o, struct error *err),
		      void *ctx, struct error *err)
	__attribute__((nonnull(1, 2, 4), warn_unused_result));

#endif

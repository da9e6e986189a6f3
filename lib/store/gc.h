/*
 * Removing what nothing needs any more (docs/ARCHITECTURE.md "Life of an
 * object").  Needed are: what stored sources consist of and the files that
 * their revisions name; packs that hold a fragment of a stored document; the
 * document lists that deltas of a channel may still refer to; and what the
 * caller says.
 */
#ifndef STORE_GC_H
#define STORE_GC_H

#include "lib/base/kind.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct store;

enum { GC_LISTINGS_KEPT = 16 }; /* bundles that a receiving channel can be a base for */

/* Objects that something outside the database needs. */
struct gc_keeping;
int gc_keep(struct gc_keeping *k, const unsigned char sha256[32], struct error *err)
	__attribute__((nonnull, warn_unused_result));

struct gc_options {
	bool dry_run;
	/* Calls gc_keep() for each: 1, 0 when it cannot know them, -1.  May be NULL. */
	int (*keep)(void *ctx, struct gc_keeping *k, struct error *err);
	void *keep_ctx;
	int64_t now;
	int64_t keep_seconds;   /* an object goes when it has been unneeded for so long */
	int (*tick)(void *ctx); /* nonzero stops between two files; may be NULL */
	void *ctx;
};

struct gc_result {
	bool pending; /* keep() did not know: nothing was done */
	uint64_t objects[OBJECT_KINDS], bytes[OBJECT_KINDS]; /* removed, or would be */
	uint64_t kept, kept_bytes;                           /* unneeded, not yet for so long */
	uint64_t fragments, listings;                        /* rows that went with them */
	uint64_t files, file_bytes; /* of the content store without a row, older than a day */
};

/*
 * One transaction removes the rows and adds the record "gc"; then the files go.  Killed between
 * the two, the next run finds the files without a row.  dry_run changes nothing.
 */
int gc_run(struct store *s, const struct gc_options *options, struct gc_result *out,
	   struct error *err) __attribute__((nonnull, warn_unused_result));

#endif

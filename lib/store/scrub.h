/*
 * Are the stored bytes still what they were?  Hashes objects again, those
 * unchecked for longest first, and sets aside what is damaged.  Where the
 * bytes come from again is the caller's business; scrub_settle() then writes
 * down how it ended.
 */
#ifndef STORE_SCRUB_H
#define STORE_SCRUB_H

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/store/stored.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

struct scrub_options {
	unsigned threads;
	uint64_t max_bytes; /* begin no more than this; 0 for everything */
	int64_t now;
	int64_t before;         /* only objects last checked before this time */
	_Atomic uint64_t *done; /* bytes, for progress; may be NULL */
	int (*tick)(void *ctx); /* may be NULL */
	void *ctx;
};

struct scrub_damage {
	struct stored_object object;
	struct error what; /* SCRUB_DIGEST, SCRUB_SIZE, SCRUB_ABSENT or why it cannot be read */
	bool healed;
	char from[256]; /* where the bytes came from again */
};

struct scrub_result {
	uint64_t objects, bytes; /* checked */
	uint64_t due;            /* objects that were to be checked, if the run was not cut short */
	struct scrub_damage *damages;
	size_t count, capacity;
};

/* Bytes a run would read at most: for progress. */
int scrub_total(struct store *s, const struct scrub_options *options, uint64_t *bytes,
		struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * Hash and note the time of every good object.  Damaged files go to R/damaged/<sha256> and their
 * rows stay until scrub_settle(): killed before that, the next run finds them missing.
 */
int scrub_run(struct store *s, const struct scrub_options *options, struct scrub_result *out,
	      struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * One transaction: healed objects are good again.  Of the others, the row of payload is removed,
 * so that the next ingest or bundle brings it and no increment relies on it; what a stored source
 * consists of keeps its row, marked lost, so that a write fails rather than leaves it out.  The
 * record "scrub" is added.
 */
int scrub_settle(struct store *s, const struct scrub_result *r, int64_t now, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * In a transaction that has replaced sources: rows of objects marked lost that no stored source
 * consists of any more.
 */
int scrub_drop_lost(struct store *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

void scrub_clear(struct scrub_result *r);
DEFINE_CLEANUP_IN_PLACE(struct scrub_result, scrub_clear);

#endif

/*
 * Deltas between two document lists of one source (docs/FORMAT.md, "Delta"):
 * what an increment carries in place of a catalog listing.
 *
 *	gapferry-delta 1
 *	source <kind> <series> <cabinet sha256> <cabinet size> <created|-> <file name>
 *	base <listing digest>
 *	result <listing digest> <documents>
 *	part <k> <n>
 *	changes <count>
 *	+ <stream> <revision> <key|-> <sha256> <offset>
 *	- <stream> <revision> <key|->
 *	@ <stream> <revision> <key|-> <offset>
 *
 * Computing and applying are pure; the listing digest of the result proves
 * what comes out.
 */
#ifndef PACK_DELTA_H
#define PACK_DELTA_H

#include "lib/base/cleanup.h"
#include "lib/pack/listing.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

enum delta_kind {
	DELTA_PUT = '+',    /* added, or with other bytes than before */
	DELTA_REMOVE = '-', /* withdrawn */
	DELTA_MOVE = '@',   /* unchanged, but not where its neighbours' shift would put it */
};

struct delta_change {
	enum delta_kind kind;
	struct listing_entry entry; /* sha256 of DELTA_PUT only; offset of all but DELTA_REMOVE */
};

/* One part of a delta; all parts have the same source, base, result and documents. */
struct delta {
	struct listing_source source; /* of the result */
	unsigned char base[32], result[32];
	uint64_t documents; /* of the result */
	uint32_t part, parts;
	struct delta_change *changes; /* sorted by their documents, unique */
	size_t count, capacity;
};
void delta_clear(struct delta *d);
DEFINE_CLEANUP_IN_PLACE(struct delta, delta_clear);

/* A document list that is on its own: sorted by listing_compare(), unique. */
struct delta_list {
	struct listing_entry *entries;
	size_t count;
};
void delta_list_clear(struct delta_list *l);
DEFINE_CLEANUP_IN_PLACE(struct delta_list, delta_list_clear);

/* True when the text claims to be a delta (and not a listing). */
bool delta_is(const void *text, size_t len) __attribute__((nonnull));

/*
 * Canonical text to *out; anything delta_write() would not have written is DELTA_FORMAT naming
 * the line.  label names the text in messages.
 */
int delta_parse(const void *text, size_t len, const char *label, struct delta *out,
		struct error *err) __attribute__((nonnull, warn_unused_result));

/* Append the text of d with `count` changes from `first` on.  -1 with LIMIT_BYTES. */
int delta_write(const struct delta *d, size_t first, size_t count, struct buf *out,
		struct error *err) __attribute__((nonnull, warn_unused_result));

/* How many parts, of LISTING_PART_ENTRIES changes, the changes of d make; at least one. */
uint32_t delta_parts(const struct delta *d) __attribute__((nonnull));

/*
 * The changes from base to result, and base, result and documents of out.  Source and parts are
 * the caller's.
 */
void delta_compute(const struct delta_list *base, const struct delta_list *result,
		   struct delta *out) __attribute__((nonnull));

/* The same without base and result of out, for who knows both digests. */
void delta_changes(const struct delta_list *base, const struct delta_list *result,
		   struct delta *out) __attribute__((nonnull));

/*
 * The list that the changes of d make of base, which must have the listing digest d->base.  The
 * changes are those of all parts.  -1 with DELTA_APPLY when they do not fit base, or what comes
 * out does not have d->documents documents and the digest d->result.
 */
int delta_apply(const struct delta_list *base, const struct delta *d, struct delta_list *out,
		struct error *err) __attribute__((nonnull, warn_unused_result));

#endif

/*
 * From the catalog objects of an increment to full listings: listings that it
 * carries are taken as they are, deltas are applied to a list that the
 * repository had after an earlier bundle, and the result is written as the
 * listings that a full bundle would have carried.
 */
#ifndef STORE_RELIST_H
#define STORE_RELIST_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct doclist;
struct listing_source;
struct store;
struct unpack;

struct relist_request {
	/*
	 * NULL, or asked first for the list of a source with this digest: 1 and *out with its
	 * documents, 0, -1.
	 */
	int (*find)(void *ctx, const struct listing_source *source, const unsigned char digest[32],
		    struct doclist *out, struct error *err);
	struct store *store; /* whose bundles had the base lists, or NULL; only read */
	int64_t channel_id;
	const unsigned char (*catalogs)[32]; /* digests of the catalog objects */
	size_t catalog_count;
	/* As in gather_load.h. */
	int (*fetch)(void *ctx, const unsigned char sha256[32], unsigned char **out, size_t *len,
		     struct error *err);
	void *ctx;
	struct unpack *unpack;
};

/* A listing object; bytes is NULL when it is carried or in the content store already. */
struct relist_object {
	unsigned char sha256[32];
	unsigned char *bytes;
	size_t len;
};

/* The documents of stream u that the delta of a source withdraws, sorted. */
struct relist_gone {
	char kind[16], series[96];
	uint32_t *revisions;
	size_t count, capacity;
};

struct relist {
	struct relist_object *objects; /* the full listings of all sources */
	size_t count, capacity;
	unsigned char (*missing)[32]; /* base lists, none of which is here, of some source */
	size_t missing_count, missing_capacity;
	struct relist_gone *gone;
	size_t gone_count, gone_capacity;
};
void relist_clear(struct relist *r);
DEFINE_CLEANUP_IN_PLACE(struct relist, relist_clear);

/*
 * 0 with *out, which is complete only if missing_count is 0.  -1 with what fetch reported,
 * PACK_*, DELTA_FORMAT, DELTA_APPLY, GATHER_INCOMPLETE (a part of a delta is not there, or two
 * deltas contradict each other).
 */
int relist_make(const struct relist_request *request, struct relist *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Whether a delta that was applied withdraws this revision of a source. */
bool relist_withdraws(const struct relist *r, const char *kind, const char *series,
		      uint32_t revision) __attribute__((nonnull));

/* The object with this digest among those that have bytes, or NULL. */
const struct relist_object *relist_find(const struct relist *r, const unsigned char sha256[32])
	__attribute__((nonnull));

#endif

/*
 * What the next bundle of a channel may leave out (docs/FORMAT.md,
 * "Increments"): the base that every site is taken to hold, the objects known
 * to be there, and for each source a delta where that is smaller than its
 * listing.  Only asks and computes; nothing is stored.
 */
#ifndef EXPORTER_INCREMENT_H
#define EXPORTER_INCREMENT_H

#include "lib/base/cleanup.h"
#include "lib/pack/listing.h"
#include "lib/store/channel.h"
#include "lib/store/doclist.h"
#include "lib/store/held.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

/* What the operator wants. */
struct increment_wish {
	bool full;      /* a bundle that stands for itself */
	uint64_t since; /* the base, by hand; 0: chosen */
};

/* A catalog object that the bundle carries: a listing, or a delta made for it. */
struct increment_catalog {
	unsigned char sha256[32];
	uint64_t size;
	unsigned char *bytes; /* of a delta; NULL: in the content store */
};

struct increment {
	bool full;
	uint64_t base; /* 0 when full */
	char why[160]; /* why it is full, or why this base */
	struct held held;
	struct doclist *sources; /* all stored sources, in the order of the catalog root */
	size_t source_count, source_capacity;
	struct increment_catalog *catalogs;
	size_t catalog_count, catalog_capacity;
	size_t deltas;                    /* of catalog_count, those with bytes */
	struct listing_source *withdrawn; /* kind and series; empty when full */
	size_t withdrawn_count, withdrawn_capacity;
};

/*
 * Choose the base and prepare lists and deltas.  -1 with CHANNEL_SEQUENCE when wish->since is not
 * a bundle of the channel.
 */
int increment_make(struct store *s, const struct channel *c, const struct increment_wish *wish,
		   struct increment *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Whether the bundle leaves out this object, which has a row and is no catalog object. */
bool increment_assumes(const struct increment *inc, int64_t object_id) __attribute__((nonnull));

void increment_clear(struct increment *inc);
DEFINE_CLEANUP_IN_PLACE(struct increment, increment_clear);

#endif

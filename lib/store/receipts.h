/*
 * Receipts made here (the isolated side) or received here (the connected side),
 * whole: they are evidence and are never deleted.
 */
#ifndef STORE_RECEIPTS_H
#define STORE_RECEIPTS_H

#include "lib/store/channel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

struct receipts_row {
	char site[CHANNEL_NAME_SIZE];
	uint64_t counter;
	unsigned char digest[32]; /* SHA-256 of the whole file */
	int64_t recorded;
	bool refused; /* genuine, but contradicts our history: kept as evidence only */
};

/*
 * Keep the text of a receipt; the same one again only changes what is noted of it.  Opens no
 * transaction of its own.
 */
int receipts_add(struct store *s, int64_t channel_id, const struct receipts_row *row,
		 const void *text, size_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The one with the highest counter that was not refused: 1, 0 when there is none, -1. */
int receipts_newest(struct store *s, int64_t channel_id, const char *site, struct receipts_row *out,
		    struct error *err) __attribute__((nonnull, warn_unused_result));

/* The one with this digest: 1, 0 when it was never seen, -1. */
int receipts_find(struct store *s, int64_t channel_id, const unsigned char digest[32],
		  struct receipts_row *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

/*
 * What the other side of a channel is known to have: for each object since
 * which bundle every view of the channel (carried or assumed) has included it,
 * without a break.  Who imported any bundle from that one on has the object.
 */
#ifndef STORE_HELD_H
#define STORE_HELD_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

/* The rows of one channel in memory, sorted by object. */
struct held_row {
	int64_t object_id;
	uint64_t since;
};
struct held {
	struct held_row *rows;
	size_t count, capacity;
};
void held_clear(struct held *h);
DEFINE_CLEANUP_IN_PLACE(struct held, held_clear);

int held_load(struct store *s, int64_t channel_id, struct held *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Whether the object may be assumed by who has the bundle `base`. */
bool held_at(const struct held *h, int64_t object_id, uint64_t base) __attribute__((nonnull));

/*
 * The view of a bundle that has just got its number: objects that were not in the one before
 * begin here, objects that are not in this one are forgotten.  ids may repeat, and is changed in
 * place.  Inside a transaction of the caller.
 */
int held_update(struct store *s, int64_t channel_id, uint64_t sequence, const struct held *before,
		int64_t *ids, size_t count, struct error *err)
	__attribute__((nonnull(1, 4, 7), warn_unused_result));

/*
 * The other side says that it lacks this object: the next bundle carries it.  1 when it was
 * thought to be there, 0, -1.
 */
int held_forget(struct store *s, int64_t channel_id, const unsigned char sha256[32],
		struct error *err) __attribute__((nonnull, warn_unused_result));

#endif

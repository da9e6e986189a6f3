/* Which bundles the sites of a channel have confirmed, as far as this side knows. */
#ifndef STORE_CONFIRMED_H
#define STORE_CONFIRMED_H

#include <stdint.h>

struct error;
struct store;

/* Is this bundle the newest one that some site of the channel has confirmed?  1, 0, -1. */
int confirmed_is_newest(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t sequence,
			struct error *err) __attribute__((nonnull, warn_unused_result));

#endif

/* What is known of the isolated sites of a channel: confirmed, behind, silent since when. */
#ifndef EXPORTER_SITES_H
#define EXPORTER_SITES_H

#include <jansson.h>
#include <stdint.h>

struct channel;
struct error;
struct store;

enum { SITES_STALE_DAYS = 30 };

/*
 * One row for each site of a channel that is sent from here: name, sequence (confirmed), behind,
 * counter, last_receipt_days (null without one), unwitnessed (one-way and no receipt), stale
 * (two-way, and silent for more than stale_days since the last receipt or the first bundle).
 * NULL on failure.
 */
json_t *sites_rows(struct store *s, const struct channel *c, uint64_t stale_days, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* One line for each. */
void sites_print(const json_t *rows) __attribute__((nonnull));

#endif

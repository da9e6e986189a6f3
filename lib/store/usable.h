/*
 * The shrink alarm: which updates could be used before an import, and are gone
 * after it although nobody withdrew them.
 */
#ifndef STORE_USABLE_H
#define STORE_USABLE_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

/* Identities of updates, sorted, unique. */
struct usable {
	int64_t *ids;
	size_t count, capacity;
};
void usable_clear(struct usable *u);
DEFINE_CLEANUP_IN_PLACE(struct usable, usable_clear);

/*
 * The updates of the stored sources that are not quarantined, but for revisions that `withdrawn`
 * says are withdrawn (kind, series, RevisionId of the source).
 */
int usable_load(struct store *s,
		bool (*withdrawn)(void *ctx, const char *kind, const char *series,
				  uint32_t revision),
		void *ctx, struct usable *out, struct error *err)
	__attribute__((nonnull(1, 2, 4, 5), warn_unused_result));

/* How many of them no stored source knows any more, in whatever revision. */
int usable_gone(struct store *s, const struct usable *before, uint64_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

/*
 * Bundles that wait for something they assume: their small files in
 * R/pending/<digest of MANIFEST>/ (what they carried is in the content store),
 * and what the newest of them lacks in R/need.
 */
#ifndef IMPORTER_PENDING_H
#define IMPORTER_PENDING_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct need;
struct store;
struct verified_bundle;

/* Keep the small files of a bundle; it is there, or not, as a whole. */
int pending_save(struct store *s, const struct verified_bundle *b, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * What waits, by sequence.  What its MANIFEST says is not to be believed before the bundle is
 * verified anew; directories that are none are left out.  -1 when one cannot be read.
 */
struct pending {
	char name[65]; /* of the directory below R/pending */
	uint32_t epoch;
	uint64_t sequence, base;
};
struct pending_list {
	struct pending *items;
	size_t count, capacity;
};
int pending_list_load(struct store *s, struct pending_list *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void pending_list_clear(struct pending_list *l);
DEFINE_CLEANUP_IN_PLACE(struct pending_list, pending_list_clear);

/* MANIFEST and OBJECTS of a bundle into dir, unless they are there: gc reads what it needs. */
int pending_save_tables(const struct verified_bundle *b, int dir, struct error *err)
	__attribute__((nonnull, warn_unused_result));

int pending_remove(struct store *s, const char *name, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Remove what saving or removing left when it was interrupted.  The repository is locked. */
int pending_tidy(struct store *s, struct error *err) __attribute__((nonnull, warn_unused_result));

/* R/need: write it, or remove it when n is NULL; read it: 1, 0 when nothing is needed, -1. */
int pending_save_need(struct store *s, struct need *n, struct error *err)
	__attribute__((nonnull(1, 3), warn_unused_result));
int pending_load_need(struct store *s, struct need *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

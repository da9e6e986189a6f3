/*
 * What a bundle for a channel would hold and where each byte would lie.
 * Collected from the repository; the layout itself is pure (media/layout.h).
 */
#ifndef EXPORTER_PLAN_H
#define EXPORTER_PLAN_H

#include "lib/base/cleanup.h"
#include "media/layout.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct increment;
struct object_table;
struct store;
struct stored_object;

struct plan {
	struct stored_object *objects; /* in canonical order (media/object_table.h) */
	size_t count, capacity;
	uint64_t bytes;
	uint64_t kind_count[4], kind_bytes[4]; /* by enum object_kind */
	/* What an increment leaves out, sorted by SHA-256; with rows of the repository. */
	struct stored_object *assumed;
	size_t assumed_count, assumed_capacity;
	uint64_t assumed_bytes;
	uint64_t assumed_kind_count[4], assumed_kind_bytes[4];
	struct layout layout;
	size_t wanted, missing;  /* distinct files; those not here */
	size_t missing_expected; /* of sources that were ingested with content */
	uint64_t missing_bytes;  /* as far as the metadata states sizes */
	char missing_names[8][72];
};

/*
 * Everything the stored sources need but for what the increment assumes, with its catalog objects,
 * laid out in volumes of at most volume_limit bytes.
 */
int plan_make(struct store *s, const struct increment *inc, uint64_t volume_limit, struct plan *out,
	      struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * The objects of the view, carried and assumed, that are never carried anew while they are held:
 * all but catalog objects.  Rows of the repository; how many, and a new array for the caller.
 */
size_t plan_view(const struct plan *p, int64_t **out) __attribute__((nonnull));

/* The OBJECTS table of a plan; the caller frees it. */
struct object_table *plan_table(const struct plan *p, struct error *err)
	__attribute__((nonnull, warn_unused_result));

void plan_clear(struct plan *p);
DEFINE_CLEANUP_IN_PLACE(struct plan, plan_clear);

#endif

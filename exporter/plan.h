/*
 * What a bundle for a channel would hold and where each byte would lie.
 * Collected from the repository; the layout itself is pure (media/layout.h).
 */
#ifndef EXPORTER_PLAN_H
#define EXPORTER_PLAN_H

#include "lib/base/cleanup.h"
#include "lib/base/kind.h"
#include "media/layout.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct increment;
struct object_table;
struct selection;
struct store;

struct plan_assumed {
	unsigned char sha256[32];
	uint64_t size;
	enum object_kind kind;
};

struct plan {
	struct object_table *table; /* objects in canonical order, placed by plan_table() */
	size_t count;
	uint64_t bytes;
	uint64_t *sizes;                       /* of the objects */
	uint64_t kind_count[4], kind_bytes[4]; /* by enum object_kind */
	struct plan_assumed *assumed; /* what an increment leaves out, until plan_table() */
	size_t assumed_count, assumed_capacity;
	uint64_t assumed_bytes;
	uint64_t assumed_kind_count[4], assumed_kind_bytes[4];
	/*
	 * Rows of the view, carried and assumed, but for catalog objects, which are never assumed;
	 * in no order, and some of them twice.
	 */
	int64_t *view;
	size_t view_count, view_capacity;
	struct layout layout;
	size_t wanted, missing;  /* distinct files; those not here */
	size_t missing_expected; /* of sources that were ingested with content */
	uint64_t missing_bytes;  /* as far as the metadata states sizes */
	char missing_names[8][72];
};

/*
 * Everything the stored sources need but for what the increment assumes, with its catalog objects,
 * laid out in volumes of at most volume_limit bytes.  Files that the selection does not take are
 * not wanted.
 */
int plan_make(struct store *s, const struct increment *inc, struct selection *chosen,
	      uint64_t volume_limit, struct plan *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The OBJECTS table of a plan; the caller frees it.  It takes over the objects of the plan, of
 * which numbers and the size of the layout are left: so large plans are in memory once.
 */
struct object_table *plan_table(struct plan *p, struct error *err)
	__attribute__((nonnull, warn_unused_result));

void plan_clear(struct plan *p);
DEFINE_CLEANUP_IN_PLACE(struct plan, plan_clear);

#endif

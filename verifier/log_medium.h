/* What a bundle carries of the export log: log/checkpoint, log/nodes, log/objects. */
#ifndef VERIFIER_LOG_MEDIUM_H
#define VERIFIER_LOG_MEDIUM_H

#include "lib/base/cleanup.h"
#include "media/checkpoint.h"

#include <stdbool.h>

struct error;
struct tree;
struct verified_bundle;

/* The log before the bundle, and with it: the bundle's own leaf is the next one. */
struct log_medium {
	struct checkpoint before, after;
	unsigned char *nodes; /* log/nodes; owned */
	size_t nodes_len;
};

/*
 * 1 and *out (the caller's to clear), 0 for a bundle without a log, -1.  Everything was proved
 * when the bundle was opened; -1 with BUNDLE_DIGEST means that it changed since.
 */
int log_medium_load(const struct verified_bundle *b, struct log_medium *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void log_medium_clear(struct log_medium *m);
DEFINE_CLEANUP_IN_PLACE(struct log_medium, log_medium_clear);

/* A root that the log passed through, at that size: 1, 0 when the nodes do not tell, -1. */
int log_medium_root(const struct log_medium *m, uint64_t size, unsigned char out[TREE_HASH],
		    struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * The three files are there together or not at all; the nodes lead to the checkpoint; the root in
 * log/objects is that over the lines of OBJECTS.  MEDIA_MISMATCH, LOG_FORMAT, LOG_TREE.
 */
int log_medium_check(const struct verified_bundle *b, const struct tree *objects, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

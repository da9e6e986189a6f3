/* A bundle and the export log: what it carries of it, and the leaf that it becomes. */
#ifndef EXPORTER_BUNDLE_LOG_H
#define EXPORTER_BUNDLE_LOG_H

#include "lib/base/buf.h"
#include "media/checkpoint.h"

struct channel;
struct error;
struct manifest;
struct signer;
struct store;
struct trust;

/* The log before the bundle, and the three files about it. */
struct bundle_log {
	struct tree tree;
	struct checkpoint before;
	struct buf checkpoint, nodes, objects;
};

/*
 * Make the files; objects is the tree over the lines of OBJECTS.  A log without leaves gets one
 * first, in a transaction of its own.
 */
int bundle_log_make(struct store *s, const struct channel *c, const struct trust *t,
		    const struct tree *objects, struct bundle_log *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The bundle's leaf, one with the head of the ledger, and the checkpoint between them, signed when
 * the key of the builder is here.  In the transaction that takes the sequence number.
 */
int bundle_log_record(struct store *s, const struct channel *c, const struct bundle_log *log,
		      const struct manifest *m, const unsigned char digest[32],
		      const struct signer *signer, struct error *err)
	__attribute__((nonnull, warn_unused_result));

void bundle_log_clear(struct bundle_log *log);
DEFINE_CLEANUP_IN_PLACE(struct bundle_log, bundle_log_clear);

#endif

/*
 * This site as a witness of the export log behind its channel: every bundle must continue what was
 * seen with the ones before (docs/SECURITY.md "The export log").
 */
#ifndef IMPORTER_LOG_WATCH_H
#define IMPORTER_LOG_WATCH_H

#include "lib/store/log_rows.h"

#include <stdbool.h>

struct buf;
struct channel;
struct error;
struct signer;
struct store;
struct verified_bundle;

struct log_watch {
	bool has;                 /* the bundle carries a log, */
	struct log_rows_seen now; /* which is this one, the bundle's own leaf included */
};

/*
 * Does the log that the bundle carries continue the one that was seen?  The first one is taken as
 * it is.  -1 with LOG_ABSENT, LOG_ORIGIN, LOG_SHORTER, LOG_REWRITTEN, LOG_GAP; what contradicts is
 * kept below R/evidence and recorded.
 */
int log_watch_check(struct store *s, const struct channel *c, const struct verified_bundle *b,
		    struct log_watch *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Remember it, in the transaction that accepts the bundle. */
int log_watch_save(struct store *s, const struct channel *c, const struct log_watch *w,
		   struct error *err) __attribute__((nonnull, warn_unused_result));

/* Append what was seen as a checkpoint, cosigned by this site now: 1, 0 when nothing was, -1. */
int log_watch_cosign(struct store *s, const struct channel *c, const char *site,
		     const struct signer *signer, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

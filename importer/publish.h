/*
 * What a bundle leaves in the database: catalog, objects, state of the channel, lists that later
 * deltas refer to, evidence.
 */
#ifndef IMPORTER_PUBLISH_H
#define IMPORTER_PUBLISH_H

struct channel;
struct error;
struct import_result;
struct log_watch;
struct resolve;
struct store;
struct verified_bundle;

struct publish {
	struct store *store;
	struct verified_bundle *bundle;
	struct channel *channel; /* becomes what it is after the bundle */
	struct resolve *resolve;
	struct log_watch *log;
	/* Its sources are what is published; their verdicts are counted. */
	struct import_result *out;
};

/*
 * All rows of the new state, in a transaction that the caller has begun and commits.
 * IMPORT_ROOT when the catalog that results is not the one of MANIFEST.
 */
int publish_rows(const struct publish *in, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The state of the channel alone, likewise: all that a bundle without a catalog leaves. */
int publish_state(const struct publish *in, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Count the verdicts of all sources. */
void publish_summarize(struct import_result *out) __attribute__((nonnull));

#endif

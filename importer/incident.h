/*
 * What must not be forgotten: two bundles that claimed one place, and an expired
 * bundle that two people let in.  Both are records of the ledger, which every later report
 * shows; the MANIFESTs of a fork lie in R/evidence/<SHA-256 of MANIFEST>/.
 */
#ifndef IMPORTER_INCIDENT_H
#define IMPORTER_INCIDENT_H

#include <jansson.h>
#include <stdint.h>

struct channel;
struct checkpoint;
struct error;
struct log_medium;
struct override_proof;
struct store;
struct verified_bundle;

/*
 * The bundle was refused with *err being REPLAY_FORK: keep its MANIFEST and signatures, and those
 * of the one accepted here, each as a whole and once, and record it once.  *err then names the
 * directories in front.  Always returns -1; what goes wrong here replaces *err.
 */
int incident_fork(struct store *s, const struct channel *c, const struct verified_bundle *b,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * The same for a log (*err is LOG_...): in R/evidence/<SHA-256 of MANIFEST>.log/ what the bundle
 * shows, signed, and as `seen` what this site saw before.
 */
int incident_log(struct store *s, const struct verified_bundle *b, const struct log_medium *m,
		 const struct checkpoint *seen, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Does the permission of two approvers, as prover_override() answered (found, p), hold for this
 * bundle at this time?  -1 with FILE_OPEN when there is none, and errors of override_check(); an
 * error that is there already gets the path in front.
 */
int incident_permission(const char *path, const struct verified_bundle *b, int64_t now, int found,
			const struct override_proof *p, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Record its use and keep the signed text, in a transaction of the caller. */
int incident_permitted(struct store *s, const struct channel *c, const struct verified_bundle *b,
		       const struct override_proof *p, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * All of them, oldest first: [{event, time, bundle, ...values of the record}].  NULL with an
 * error of the ledger.
 */
json_t *incident_list(struct store *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* A line for each. */
void incident_print(const json_t *list) __attribute__((nonnull));

#endif

/*
 * Where the states of a channel come from that an approver compares: the
 * bundle itself, earlier bundles on media, a repository.  Every byte is proved
 * by a digest that a signed MANIFEST leads to.
 */
#ifndef EXPORTER_APPROVE_ORIGIN_H
#define EXPORTER_APPROVE_ORIGIN_H

#include "lib/base/cleanup.h"
#include "lib/store/gather_load.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct approve_origin;
struct error;
struct manifest;
struct progress;
struct prover;
struct store;
struct trust;
struct unpack;
struct verified_bundle;

struct approve_origin_request {
	struct verified_bundle *bundle; /* whose volumes are open; borrowed */
	const struct trust *trust;
	const char *trust_dir; /* path of what trust was read from */
	struct prover *prover;
	struct store *store; /* or NULL; only read */
	const char *const *bases;
	size_t base_count;
	unsigned threads;
	struct unpack *unpack; /* who reads packs and documents; borrowed */
	struct progress *progress;
};

/*
 * Open the earlier bundles, which must be completely signed.  Errors of verification;
 * APPROVE_OTHER when one is not an earlier bundle of the channel; APPROVE_FORK when it is not the
 * one that the history in MANIFEST names; APPROVE_BASE for an increment without any of bases and
 * store.  The request is borrowed.
 */
struct approve_origin *approve_origin_new(const struct approve_origin_request *request,
					  struct error *err)
	__attribute__((nonnull, warn_unused_result));
void approve_origin_free(struct approve_origin *o);
DEFINE_CLEANUP(struct approve_origin *, approve_origin_free);

/*
 * The catalogs that the bundle results in.  APPROVE_BASE when an increment builds on what is not
 * here; APPROVE_ROOT when they are not what MANIFEST states.
 */
int approve_origin_load(struct approve_origin *o, struct gather_set *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The catalogs after the newest earlier bundle of the channel: of those given, else of those that
 * the repository knows; *m is its MANIFEST.  1, 0 when there is none, -1 with APPROVE_FORK,
 * APPROVE_ROOT, or what kept them from being loaded (*m is set then, too).
 */
int approve_origin_load_past(struct approve_origin *o, struct manifest *m, struct gather_set *out,
			     struct error *err) __attribute__((nonnull, warn_unused_result));

#endif

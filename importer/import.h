/*
 * From a medium into the repository: the bundle is verified, its objects go
 * into the content store from the very read that hashed them, its catalog is
 * judged, and one transaction publishes catalog, findings and sequence state.
 * Until that transaction nothing changes for anybody who reads; killed at any
 * point, the next run goes on with the objects that are there already.
 */
#ifndef IMPORTER_IMPORT_H
#define IMPORTER_IMPORT_H

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/catalog/catalog.h"
#include "lib/store/gather_load.h"
#include "media/need.h"
#include "verifier/repair.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct authenticode_roots;
struct error;
struct medium;
struct progress;
struct prover;
struct store;
struct unpack;
struct verified_bundle;

struct import_request {
	const char *const *places; /* bundles, or media that carry them; volumes of one bundle */
	size_t place_count;
	const unsigned char *wanted; /* SHA-256 of the MANIFEST to go on with, or NULL */
	bool waited;                 /* it is one of R/pending: volumes are not looked for */
	unsigned threads;
	struct prover *prover; /* who looks at signatures; borrowed */
	const char *repo;      /* path of the repository, for it */
	struct unpack *unpack; /* who reads packs and documents; borrowed */
	const char *
		permission; /* directory: let an expired bundle in (importer/incident.h), or NULL */
	const struct authenticode_roots *roots; /* NULL: signatures of cabinets are not checked */
	struct progress *progress;
	const struct medium *medium; /* for the ledger */
	uint64_t started;            /* clock_ticks() */
};

struct import_result {
	bool already; /* this bundle was imported before: nothing was done */
	char channel[64];
	uint32_t epoch;
	uint64_t sequence;
	unsigned char manifest[32]; /* its SHA-256; also when volumes are missing */
	uint64_t objects, bytes;    /* of the bundle */
	uint64_t new_objects, new_bytes;
	uint64_t processed, quarantined;
	bool trust_only; /* the bundle carried no updates, nor was it to */
	bool trust_updated;
	uint64_t base; /* of an increment; 0: full */
	uint64_t assumed, assumed_bytes;
	bool incomplete;  /* what it carries is kept, and it waits for what `need` lists */
	struct need need; /* empty unless incomplete */
	uint64_t gone;    /* updates that were usable and went without being withdrawn */
	bool shrunk;      /* so many that somebody should ask why */
	struct repair_found *repaired; /* chunks that were rebuilt from parity */
	size_t repaired_count, repaired_capacity;
	struct gather_set sources; /* empty when already */
	struct buf missing;        /* when volumes are missing: a line for each */
	struct catalog_summary summary;
};

/*
 * The result is the caller's to clear, also after a failure.  An increment that lacks something
 * is no failure here: see `incomplete`.
 */
int import_bundle(struct store *s, const struct import_request *request, struct import_result *out,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

void import_clear(struct import_result *r);
DEFINE_CLEANUP_IN_PLACE(struct import_result, import_clear);

#endif

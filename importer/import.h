/*
 * From a medium into the repository: the bundle is verified, its objects go
 * into the content store from the very read that hashed them, its catalog is
 * judged, and one transaction publishes catalog, findings and sequence state.
 * Until that transaction nothing changes for anybody who reads; killed at any
 * point, the next run goes on with the objects that are there already.
 */
#ifndef IMPORTER_IMPORT_H
#define IMPORTER_IMPORT_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog.h"
#include "lib/store/gather_load.h"

#include <stdbool.h>
#include <stdint.h>

struct authenticode_roots;
struct error;
struct progress;
struct store;
struct verified_bundle;

struct import_request {
	const char *path; /* of the bundle */
	unsigned threads;
	const struct authenticode_roots *roots; /* NULL: signatures of cabinets are not checked */
	struct progress *progress;
};

struct import_result {
	bool already; /* this bundle was imported before: nothing was done */
	char channel[64];
	uint32_t epoch;
	uint64_t sequence;
	uint64_t objects, bytes; /* of the bundle */
	uint64_t new_objects, new_bytes;
	uint64_t processed, quarantined;
	bool trust_updated;
	struct gather_set sources; /* empty when already */
	struct catalog_summary summary;
};

/* The result is the caller's to clear, also after a failure. */
int import_bundle(struct store *s, const struct import_request *request, struct import_result *out,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

void import_clear(struct import_result *r);
DEFINE_CLEANUP_IN_PLACE(struct import_result, import_clear);

#endif

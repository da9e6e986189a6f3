/*
 * Making a bundle: plan, volumes, tables, MANIFEST, the builder's signature.
 * The directory appears under its name only when everything in it is on the
 * medium and the repository remembers the sequence number.
 */
#ifndef EXPORTER_BUNDLE_H
#define EXPORTER_BUNDLE_H

#include "exporter/elsewhere.h"
#include "exporter/increment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct medium;
struct progress;
struct rules;
struct store;

struct bundle_request {
	const char *channel;
	struct elsewhere_choice signer; /* the builder */
	const char *out;                /* directory on the medium */
	uint64_t volume_limit;
	int64_t valid_seconds; /* expires = created + this */
	struct increment_wish wish;
	const struct rules *selection; /* becomes that of the channel; NULL: it keeps its own */
	uint64_t min_free;             /* bytes of out that must stay free */
	bool trust_only;               /* no objects: the trust root alone */
	bool incomplete;               /* payload that was expected may be missing */
	bool parity;                   /* parity files beside the volumes */
	unsigned spares;               /* spare volumes per eight volumes */
	unsigned threads;
	struct progress *progress;
	const struct medium *medium; /* for the ledger */
};

struct bundle_result {
	char path[4096];
	uint32_t epoch;
	uint64_t sequence;
	uint32_t volumes;
	uint64_t objects, bytes; /* content */
	uint64_t volume_bytes;   /* of all volumes */
	uint64_t base;           /* of an increment; 0: full */
	uint64_t assumed, assumed_bytes;
	char why[160]; /* this base, or none */
	size_t missing;
	unsigned char manifest[32];
	char signer[64];
};

int bundle_write(struct store *s, const struct bundle_request *request, struct bundle_result *out,
		 struct error *err) __attribute__((nonnull, warn_unused_result));

#endif

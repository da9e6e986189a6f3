/*
 * Taking a catalog, and payload, into the repository: read, judged, and made visible by one
 * transaction.  What the verb ingest and jobs do.
 */
#ifndef EXPORTER_INGEST_H
#define EXPORTER_INGEST_H

#include "exporter/payload.h"
#include "exporter/wsusscn2.h"
#include "exporter/wsusutil.h"
#include "lib/base/cleanup.h"
#include "lib/catalog/catalog.h"
#include "lib/crypto/authenticode.h"

#include <jansson.h>
#include <stdbool.h>

struct error;
struct progress;
struct store;

struct ingest_request {
	const char *kind;                       /* one that ingest_knows() */
	const char *file;                       /* the catalog */
	const char *content;                    /* folder, or NULL */
	bool accept_shrink;                     /* the catalog may have lost many of its updates */
	const struct authenticode_roots *roots; /* NULL: none pinned */
	unsigned threads;
	struct progress *progress;
};

struct ingest {
	struct wsusscn2 catalog;
	struct wsusutil_oddities oddities; /* of an export package */
	struct payload payload;
	struct catalog_summary summary;
	bool with_content;
	bool shrunk;                           /* and accepted nevertheless */
	struct authenticode_verdict signature; /* of the catalog */
};

/* The kinds of sources: "wsusscn2", "wsusutil". */
bool ingest_knows(const char *kind) __attribute__((nonnull));

/*
 * Into a store opened for writing.  -1 with errors of wsusscn2_read(), wsusutil_read() and
 * payload_ingest(), SCAN_SHRUNK, AUTHENTICODE_*, or of the store; the repository is as before then.
 */
int ingest_source(struct store *s, const struct ingest_request *request, struct ingest *out,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/* Findings that keep updates out, or payload that is rejected or missing: exit status 2. */
bool ingest_needs_attention(const struct ingest *in) __attribute__((nonnull));

/* The result as the verb prints it; the caller's. */
json_t *ingest_json(const struct ingest *in) __attribute__((nonnull));

void ingest_clear(struct ingest *in);
DEFINE_CLEANUP_IN_PLACE(struct ingest, ingest_clear);

#endif

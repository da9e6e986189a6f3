/*
 * After an import: bundles that wait are tried again, those that are overtaken
 * are dropped, and R/need says what the newest one that is left lacks.
 */
#ifndef IMPORTER_RETRY_H
#define IMPORTER_RETRY_H

#include "importer/import.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

enum { RETRY_MAX = 64 };

struct retry {
	size_t count; /* waiting bundles that were imported now, the first RETRY_MAX of them below
		       */
	uint64_t sequences[RETRY_MAX];
	uint64_t gone;    /* of all of them, as in struct import_result */
	bool shrunk;      /* one of them did, as in struct import_result */
	uint64_t errors;  /* findings of all of them */
	size_t refused;   /* waiting bundles that may not be imported any more: dropped */
	uint64_t waiting; /* newest sequence that still waits; 0: none */
};

/*
 * just is the result of the import before, whose need list counts when its bundle is the newest
 * that waits; repo is the path of s.
 */
int retry_all(struct store *s, const char *repo, const struct import_request *like,
	      struct import_result *just, struct retry *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

/* How a repository is doing: sizes by kind, ages, what was checked when. */
#ifndef STORE_CARE_H
#define STORE_CARE_H

#include "lib/base/kind.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct store;

struct care_totals {
	uint64_t objects[OBJECT_KINDS], bytes[OBJECT_KINDS];
	uint64_t lost, never_checked;
	int64_t oldest_check, newest_check; /* of the objects that were checked; 0 for none */
	uint64_t damaged, damaged_bytes;    /* files in R/damaged */
	uint64_t unhealed;                  /* lost, or damaged and not stored again since */
	uint64_t free_bytes;                /* of the file system */
};
int care_total(struct store *s, struct care_totals *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The bundles of one channel: 1 and *c for the one after c->id (start with 0), 0, -1. */
struct care_channel {
	int64_t id;
	char name[64];
	bool received; /* accepted here, not sent from here */
	uint64_t bundles;
	int64_t oldest, newest; /* when recorded; 0 when there is none */
};
int care_next_channel(struct store *s, struct care_channel *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

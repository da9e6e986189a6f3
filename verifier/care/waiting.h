/*
 * What gc must leave because of imports that are not complete: everything that
 * bundles in R/pending and R/partial carry or assume (docs/ARCHITECTURE.md
 * "Life of an object").
 */
#ifndef CARE_WAITING_H
#define CARE_WAITING_H

#include <stdint.h>

struct error;
struct gc_keeping;
struct store;

struct waiting {
	struct store *store;
	uint64_t bundles;  /* whose objects are kept */
	char unclear[512]; /* which one nothing can be said of, and why; else empty */
};

/*
 * For struct gc_options, with a struct waiting as its context: 1; 0 when the tables of one are not
 * those that its MANIFEST names, so that nobody knows what it needs; -1.
 */
int waiting_keep(void *ctx, struct gc_keeping *k, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

/*
 * An enclave hands on what it received: its bundles name the MANIFESTs that its
 * repository was filled from, and carry them with their signatures (docs/FORMAT.md
 * "Origin").
 */
#ifndef EXPORTER_PROVENANCE_H
#define EXPORTER_PROVENANCE_H

#include <stddef.h>

struct error;
struct manifest;
struct store;

/* The origin lines of a bundle written from this repository: none where nothing is received. */
int provenance_fill(struct store *s, struct manifest *m, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Each file of origin/: its name there and its bytes, borrowed for the call. */
int provenance_each(struct store *s,
		    int (*file)(void *ctx, const char *name, const void *bytes, size_t len,
				struct error *err),
		    void *ctx, struct error *err)
	__attribute__((nonnull(1, 2, 4), warn_unused_result));

#endif

/*
 * What is kept of bundles for ever: MANIFESTs that were written or imported, and
 * the signatures and certificates that came with imported ones.
 */
#ifndef STORE_EVIDENCE_H
#define STORE_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

enum { EVIDENCE_NAME_SIZE = 128 };

/* Which bundle; the channel by its id. */
struct evidence_bundle {
	int64_t channel_id;
	uint32_t epoch;
	uint64_t sequence;
};

/* Its MANIFEST: 1 and *out (the caller frees) and *len; 0 when it was never seen; -1. */
int evidence_manifest(struct store *s, const struct evidence_bundle *b, unsigned char **out,
		      size_t *len, struct error *err) __attribute__((nonnull, warn_unused_result));

/* Keep one file; one of that name is replaced.  Opens no transaction of its own. */
int evidence_add_file(struct store *s, const struct evidence_bundle *b, const char *name,
		      const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Call file() for each file of the bundle, by name, until it returns other than 0 (returned). */
struct evidence_file {
	char name[EVIDENCE_NAME_SIZE];
	const void *bytes; /* borrowed for the call */
	size_t len;
};
int evidence_each_file(struct store *s, const struct evidence_bundle *b,
		       int (*file)(void *ctx, const struct evidence_file *f, struct error *err),
		       void *ctx, struct error *err)
	__attribute__((nonnull(1, 2, 3, 5), warn_unused_result));

#endif

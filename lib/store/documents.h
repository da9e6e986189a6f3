/* The documents of a stored source one by one: which there are, and the bytes of each. */
#ifndef STORE_DOCUMENTS_H
#define STORE_DOCUMENTS_H

#include "lib/base/cleanup.h"
#include "lib/pack/listing.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct documents;
struct error;
struct store;

/* A document, and where its fragment lies. */
struct documents_row {
	uint32_t revision;
	char key[LISTING_KEY_SIZE];
	uint64_t offset; /* of the listing */
	bool usable;     /* its revision is not quarantined; true without a revision */
	unsigned char pack[32];
	uint32_t at, size; /* of the fragment, in the decompressed pack */
};

/*
 * All documents of one stream of a source, by offset, revision and key: how many (*out is the
 * caller's to free), or -1.
 */
int documents_list(struct store *s, int64_t source_id, char stream, struct documents_row **out,
		   struct error *err) __attribute__((nonnull, warn_unused_result));

/* A reader that keeps a few packs.  s is borrowed.  Cannot fail. */
struct documents *documents_open(struct store *s)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));
void documents_close(struct documents *d);
DEFINE_CLEANUP(struct documents *, documents_close);

/*
 * The bytes of a document, row->size of them, borrowed until the next call.  NULL with
 * CONTENT_ABSENT, CONTENT_DIGEST, PACK_*, DB_CORRUPT.
 */
const void *documents_read(struct documents *d, const struct documents_row *row, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Revisions of which some source tells, but none with a full document: calls each with UpdateID
 * and number, sorted.
 */
int documents_each_without(struct store *s,
			   int (*each)(void *ctx, const unsigned char update_id[16],
				       uint32_t revision, struct error *err),
			   void *ctx, struct error *err)
	__attribute__((nonnull(1, 2, 4), warn_unused_result));

#endif

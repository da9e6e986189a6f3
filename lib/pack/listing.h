/*
 * Catalog listings: which fragments make up one source, by digest
 * (docs/FORMAT.md, "Catalog listing").  The catalog root is taken over this,
 * so it is a statement about what the metadata is, before any verdict.
 *
 *	gapferry-listing 1
 *	source <kind> <series> <cabinet sha256> <cabinet size> <created|-> <file name>
 *	part <k> <n>
 *	fragments <count>
 *	<stream> <revision> <key|-> <sha256> <offset>      sorted by stream, revision, key
 */
#ifndef PACK_LISTING_H
#define PACK_LISTING_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct words;

enum {
	LISTING_KEY_SIZE = 44, /* a language ("pt-br") or 40 hex digits, terminated */
	LISTING_SERIES_SIZE = 96,
	LISTING_NAME_SIZE = 129,
	LISTING_PART_ENTRIES = 32768,
	LISTING_PARTS_MAX = 100000,
};

/* Where fragments come from: one cabinet as it was ingested. */
struct listing_source {
	char kind[16];                    /* "wsusscn2" */
	char series[LISTING_SERIES_SIZE]; /* successive catalogs of one series replace each other */
	unsigned char cabinet[32];        /* SHA-256 of the whole file */
	uint64_t cabinet_size;
	int64_t created;              /* CreationDate of the catalog, or -1 */
	char name[LISTING_NAME_SIZE]; /* file name, [A-Za-z0-9._-] */
};

struct listing_entry {
	char stream;       /* h package head, u Update, f FileLocation, c x l e s fragments */
	uint32_t revision; /* the source's RevisionId; 0 for h and f */
	char key[LISTING_KEY_SIZE]; /* l, e: language; f: SHA-1 in hex; else "" */
	unsigned char sha256[32];
	uint64_t offset; /* h, u, f: byte of the master document; else 0 */
};

struct listing {
	struct listing_source source;
	uint32_t part, parts; /* from 1 */
	struct listing_entry *entries;
	size_t count;
};

/* Order of entries: stream, revision, key. */
int listing_compare(const void *a, const void *b);

/* Append the canonical text of a listing to out. */
int listing_write(const struct listing *l, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Parse canonical text; anything listing_write() would not have written is
 * LISTING_FORMAT naming the line.  Frees with listing_clear().
 */
int listing_parse(const void *text, size_t len, const char *label, struct listing *out,
		  struct error *err) __attribute__((nonnull, warn_unused_result));
void listing_clear(struct listing *l);
DEFINE_CLEANUP_IN_PLACE(struct listing, listing_clear);

/* True for names a listing can carry in its series and name fields. */
bool listing_is_word(const char *text, size_t max);

/*
 * What one entry contributes to the catalog root: "<stream> <revision> <key|-> <sha256>\n".
 * Returns the length; out has room for LISTING_LINE_SIZE.
 */
enum { LISTING_LINE_SIZE = 192 };
size_t listing_root_line(const struct listing_entry *e, char out[LISTING_LINE_SIZE])
	__attribute__((nonnull));

/* The line of the listing: the same, with the offset.  As listing_root_line(). */
size_t listing_line(const struct listing_entry *e, char out[LISTING_LINE_SIZE])
	__attribute__((nonnull));

/* The listing digest of a source: SHA-256 over the lines of all its documents, in order. */
void listing_digest(const struct listing_entry *entries, size_t count, unsigned char out[32])
	__attribute__((nonnull(3)));

/*
 * For deltas, which share these lines: write the source line; read it, the part line, and the
 * three words that name a document, from word `first` on.
 */
int listing_write_source(const struct listing_source *s, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
bool listing_read_source(const struct words *w, struct listing_source *out)
	__attribute__((nonnull));
int listing_read_part(struct words *w, uint32_t *part, uint32_t *parts, struct error *err)
	__attribute__((nonnull, warn_unused_result));
bool listing_read_document(const struct words *w, size_t first, struct listing_entry *out)
	__attribute__((nonnull));

/* And what a source contributes before its entries: "source <kind> <series> <cabinet>\n". */
size_t listing_root_source(const struct listing_source *s, char out[LISTING_LINE_SIZE * 2])
	__attribute__((nonnull));

#endif

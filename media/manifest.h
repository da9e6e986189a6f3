/*
 * MANIFEST: the only thing that is signed (docs/FORMAT.md "MANIFEST").  Bytes
 * to structure and back; knows no keys, no files and no state: whether a
 * manifest is wanted here and now is decided elsewhere.  Versions 1 and 2 are
 * read; what was read is written in the version it had.
 */
#ifndef MEDIA_MANIFEST_H
#define MEDIA_MANIFEST_H

#include "lib/base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

#define MANIFEST_VERSION 2      /* of new bundles; older ones are read, too */
#define MANIFEST_NAME_SIZE 64   /* 63 bytes and a terminator */
#define MANIFEST_KIND_SIZE 33   /* of a source */
#define MANIFEST_SERIES_SIZE 96 /* of a source */
#define MANIFEST_SITES_SIZE (LIMIT_AUDIENCES * MANIFEST_NAME_SIZE)
#define MANIFEST_DIRECTORY_SIZE 96 /* channel 63, epoch 10, sequence 20, two dashes, NUL */

/* The three tables that a MANIFEST authenticates, in the order of its file lines. */
enum manifest_table { MANIFEST_CHUNKS, MANIFEST_OBJECTS, MANIFEST_SUMS, MANIFEST_TABLES };

struct manifest_file {
	unsigned char sha256[32];
	uint64_t size;
};

struct manifest_source {
	char kind[MANIFEST_KIND_SIZE]; /* [a-z0-9]+ */
	unsigned char cabinet[32];     /* SHA-256 of the source's own container */
	bool dated;
	int64_t created; /* of the catalog inside; only when dated */
};

/* A MANIFEST before the previous one. */
struct manifest_history {
	uint64_t sequence;
	unsigned char sha256[32];
};

/* A source that the base had and that the result has not. */
struct manifest_withdrawn {
	char kind[MANIFEST_KIND_SIZE];     /* [a-z0-9]+ */
	char series[MANIFEST_SERIES_SIZE]; /* a word */
};

/*
 * Zero is a good start for a new one, but for version.  What only version 2 has: more than one
 * audience, history, increments, origins.
 */
struct manifest {
	uint32_t version; /* 1 or 2 */
	char channel[MANIFEST_NAME_SIZE];
	size_t audience_count;                               /* from 1 */
	char audiences[LIMIT_AUDIENCES][MANIFEST_NAME_SIZE]; /* sorted, unique */
	uint32_t epoch;                                      /* from 1 */
	uint64_t sequence;                                   /* 1 .. INT64_MAX */
	unsigned char previous[32];                          /* meaningful when sequence > 1 */
	size_t history_count;
	struct manifest_history history[LIMIT_HISTORY]; /* consecutive; the last is sequence - 2 */
	bool increment;                                 /* not full */
	uint64_t
		base; /* increment: what the other side holds at least, 1 .. sequence - 1; else 0 */
	int64_t created, expires; /* seconds UTC, created < expires */
	uint32_t trust_version;   /* from 1 */
	unsigned char catalog_root[32];
	uint32_t volumes;                /* 0 exactly when objects is 0 */
	uint64_t objects, object_bytes;  /* carried: distinct objects and the sum of their sizes */
	uint64_t assumed, assumed_bytes; /* increment: the same of those assumed present; else 0 */
	size_t withdrawn_count;          /* 0 unless increment */
	struct manifest_withdrawn withdrawn[LIMIT_WITHDRAWN]; /* sorted by their lines, unique */
	struct manifest_file files[MANIFEST_TABLES];
	size_t source_count;
	struct manifest_source sources[LIMIT_SOURCES]; /* sorted by their lines, unique */
	size_t origin_count;
	unsigned char origins[LIMIT_ORIGINS][32]; /* MANIFESTs of enclaves before, nearest first */
};

/*
 * Untrusted bytes to *out.  -1 with MANIFEST_FORMAT (line and cause) or
 * MEDIA_LIMIT; *out is unspecified then.  On success manifest_write() gives
 * exactly these bytes again.
 */
int manifest_parse(const void *bytes, size_t len, struct manifest *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Whether a manifest about to be written keeps the rules that manifest_parse()
 * enforces: names, ranges, times, order of sources.  -1 with MEDIA_VALUE.
 */
int manifest_check(const struct manifest *m, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Sort audiences, withdrawn and sources and drop repeated ones, as manifest_check() wants them. */
void manifest_sort(struct manifest *m) __attribute__((nonnull));

/* Whether the site is one of the audiences. */
bool manifest_is_for(const struct manifest *m, const char *site) __attribute__((nonnull));

/* All audiences in one line for people, separated by spaces. */
void manifest_sites(const struct manifest *m, char out[MANIFEST_SITES_SIZE])
	__attribute__((nonnull));

/* The digest that m states for an older sequence of its channel and epoch, or NULL. */
const unsigned char *manifest_past(const struct manifest *m, uint64_t sequence)
	__attribute__((nonnull));

/* Append the canonical bytes.  -1 with MEDIA_VALUE (as manifest_check) or LIMIT_BYTES. */
int manifest_write(const struct manifest *m, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* SHA-256 of the canonical bytes: the name of this manifest in "previous" of the next. */
int manifest_digest(const struct manifest *m, unsigned char out[32], struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* "<channel>-<epoch>-<sequence>", the bundle's directory below gapferry/. */
void manifest_directory(const struct manifest *m, char out[MANIFEST_DIRECTORY_SIZE])
	__attribute__((nonnull));

/* "CHUNKS", "OBJECTS" or "SHA256SUMS". */
const char *manifest_table_name(enum manifest_table table);

/*
 * Whether it carries nothing but the trust root: an increment without objects.  Every other
 * increment has catalog objects.
 */
bool manifest_is_trust_only(const struct manifest *m) __attribute__((nonnull));

#endif

/*
 * Reading packs, listings and fragments (zstd, XML) beside the process that
 * stores: each worker is a process in the role SANDBOX_UNPACK, which gets
 * authenticated bytes and gives back records (lib/catalog/catalog_record.h).  What it
 * answers is hostile: sizes, counts and values are checked here, endless answers are
 * cut off, and one that dies is named.
 */
#ifndef UNPACK_UNPACK_H
#define UNPACK_UNPACK_H

#include "lib/base/cleanup.h"
#include "lib/pack/pack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct unpack;

struct unpack_options {
	unsigned workers; /* of each set, 1 to 64: so many threads may ask it at the same time */
	bool separate;    /* processes, started now; else whoever asks does the work */
	/* What a process runs, with one end of a socket; NULL: unpack_serve(). */
	int (*run)(void *ctx, int fd);
	unsigned patience; /* as of struct sandbox_child */
};

/* With separate workers as sandbox_start(): before the first thread.  NULL with SANDBOX_PROCESS. */
struct unpack *unpack_new(const struct unpack_options *options, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void unpack_free(struct unpack *u);
DEFINE_CLEANUP(struct unpack *, unpack_free);

/* How many may ask one set at the same time. */
unsigned unpack_workers(const struct unpack *u) __attribute__((nonnull));

/*
 * As pack_decompress().  Besides -1 with SANDBOX_RECORD (nonsense), SANDBOX_KILLED,
 * SANDBOX_CRASHED or SANDBOX_SILENT.
 */
int unpack_text(struct unpack *u, const void *bytes, size_t len, size_t max, const char *label,
		unsigned char **out, size_t *out_len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* A fragment as a parser understood it: bytes for catalog_record_read(). */
struct unpack_record {
	uint32_t entry;
	char stream; /* as streams() said */
	const unsigned char *bytes;
	size_t len;
};

struct unpack_pack {
	struct pack_entry *entries;    /* within len, and no more than LIMIT_PACK_ENTRIES */
	size_t count, len;             /* len: decompressed */
	struct unpack_record *records; /* by entry */
	size_t record_count, record_capacity;
	unsigned char *answer; /* what the records lie in */
};
void unpack_pack_clear(struct unpack_pack *p);
DEFINE_CLEANUP_IN_PLACE(struct unpack_pack, unpack_pack_clear);

/*
 * Open a pack as pack_open() does, and parse of it what is wanted: streams() says for a fragment
 * the streams of the documents that it is, each once, at most UNPACK_STREAMS of them, terminated;
 * in capitals those of an export package of WSUS.
 * Errors: pack_open(), and as unpack_text().
 */
enum { UNPACK_STREAMS = 8 };

/*
 * Who parses.  No process is in both sets, and the second one goes through the documents of a
 * pack from the last to the first; who asks does so with packs.  What a worker has said is sent
 * every few documents (UNPACK_AT_ONCE).  So what one document makes a worker say of others, but for
 * those close to it, is in one of the sets only (decision 0033).
 */
enum unpack_set { UNPACK_FORWARDS, UNPACK_BACKWARDS, UNPACK_SETS };

struct unpack_request {
	const void *bytes;
	size_t len;
	const char *label;
	void (*streams)(void *ctx, const unsigned char sha256[32], char out[UNPACK_STREAMS + 1]);
	void *ctx;
	enum unpack_set set;
};
int unpack_pack(struct unpack *u, const struct unpack_request *request, struct unpack_pack *out,
		struct error *err) __attribute__((nonnull, warn_unused_result));

/* The record of an entry as a document of that stream, or NULL. */
const struct unpack_record *unpack_find(const struct unpack_pack *p, size_t entry, char stream)
	__attribute__((nonnull));

/* SHA-256 over all that was said of a pack: its size, its fragments, the bytes of the records. */
void unpack_digest(const struct unpack_pack *p, unsigned char out[32]) __attribute__((nonnull));

#endif

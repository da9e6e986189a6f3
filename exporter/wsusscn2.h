/*
 * The source "wsusscn2": an offline scan catalog, of both generations, read as
 * one stream (docs/FORMAT.md, "Sources").  The cabinet is kept bit-exact while
 * it is being decoded; nested cabinets are streams, nothing is unpacked to disk.
 */
#ifndef EXPORTER_WSUSSCN2_H
#define EXPORTER_WSUSSCN2_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct authenticode;
struct error;
struct gather;
struct gather_build;
struct progress;
struct shard_row;
struct store;
struct stored_object;
struct survey;
struct tee;

struct wsusscn2 {
	struct gather *gather;          /* finished; its objects are in the content store */
	struct stored_object *licences; /* files/ of the cabinet, likewise */
	size_t licence_count, licence_capacity;
	uint64_t unknown_members;       /* names that no layout knows */
	uint64_t bad_licences;          /* files/ whose bytes do not have the SHA-1 of their name */
	struct authenticode *signature; /* was fed the whole cabinet; for signature_check() */
	bool old_layout;
	struct shard_row *shards; /* its inner cabinets, for shard_rows_replace() */
	size_t shard_count, shard_capacity;
	uint64_t shards_known; /* of which so many came again */
};

/*
 * Read the cabinet at path into the content store of s.  Nothing in the
 * database changes.  On failure *out needs no clean-up and the content store is
 * as before.
 */
int wsusscn2_read(struct store *s, const char *path, unsigned threads, struct progress *progress,
		  struct wsusscn2 *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * All of the cabinet was read through tee: end the build, judge (survey may be NULL), and give
 * the cabinet its name in the content store.  For wsusutil.c too.  -1 also with SCAN_EMPTY.
 */
int wsusscn2_finish(struct wsusscn2 *w, struct gather_build *b, struct survey *survey,
		    struct tee *tee, struct error *err)
	__attribute__((nonnull(1, 2, 4, 5), warn_unused_result));

/* Remove from the content store what was put there: for a caller that cannot go on. */
void wsusscn2_forget(const struct wsusscn2 *w, const struct store *s) __attribute__((nonnull));

void wsusscn2_clear(struct wsusscn2 *w);
DEFINE_CLEANUP_IN_PLACE(struct wsusscn2, wsusscn2_clear);

#endif

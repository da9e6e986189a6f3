/*
 * The export log of a repository (docs/FORMAT.md "Export log"): leaves, which are only ever added;
 * signed checkpoints of it; and what this repository, as a site, has seen of the logs of others.
 * Texts are made and read by media/log_text.h and media/checkpoint.h.
 */
#ifndef STORE_LOG_ROWS_H
#define STORE_LOG_ROWS_H

#include "lib/base/cleanup.h"
#include "lib/log/audit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct store;

enum { LOG_ROWS_ORIGIN_SIZE = 160 };

/* The bundle that a leaf is about. */
struct log_rows_bundle {
	int64_t channel_id;
	const char *name; /* CHANNEL-EPOCH-SEQUENCE */
};

/*
 * Add a leaf: a line with its LF.  The first one gets another one before it, which gives the log
 * its name.  Opens no transaction of its own.
 */
int log_rows_append(struct store *s, const char *text, size_t len,
		    const struct log_rows_bundle *bundle, struct error *err)
	__attribute__((nonnull(1, 2, 5), warn_unused_result));

/* All leaves. */
struct log_rows {
	char origin[LOG_ROWS_ORIGIN_SIZE]; /* empty as long as there is no leaf */
	unsigned char (*hashes)[TREE_HASH];
	uint64_t count;
};
int log_rows_load(struct store *s, struct log_rows *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void log_rows_clear(struct log_rows *r);
DEFINE_CLEANUP_IN_PLACE(struct log_rows, log_rows_clear);

/* The leaves' texts, in order, from `first` on. */
int log_rows_each(struct store *s, uint64_t first,
		  int (*each)(void *ctx, uint64_t number, const char *text, struct error *err),
		  void *ctx, struct error *err)
	__attribute__((nonnull(1, 3, 5), warn_unused_result));

/* The number of a bundle's leaf: 1, 0 when it has none, -1. */
int log_rows_find(struct store *s, const char *bundle, uint64_t *number, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * How many leaves there were right after each of the newest `max` bundles of a channel, ascending:
 * how many there are, or -1.
 */
int log_rows_marks(struct store *s, int64_t channel_id, uint64_t *out, int max, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* ---- signed checkpoints of this log, by size ---- */

int log_rows_save_note(struct store *s, uint64_t size, const struct buf *note, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The one of exactly that size, or the newest one: 1 and the note in *out, 0, -1. */
int log_rows_load_note(struct store *s, uint64_t size, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int log_rows_newest_note(struct store *s, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Keep a checkpoint that a site sent back, also one that contradicts the log: evidence. */
int log_rows_keep_returned(struct store *s, const char *witness, const struct buf *note,
			   bool refused, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* ---- what was seen of the log behind a channel that is received here ---- */

struct log_rows_seen {
	char origin[LOG_ROWS_ORIGIN_SIZE];
	struct audit_head head;
};

/* 1, 0 when nothing was, -1. */
int log_rows_seen(struct store *s, int64_t channel_id, struct log_rows_seen *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Remember; nothing is remembered any more with seen NULL. */
int log_rows_see(struct store *s, int64_t channel_id, const struct log_rows_seen *seen,
		 struct error *err) __attribute__((nonnull(1, 4), warn_unused_result));

#endif

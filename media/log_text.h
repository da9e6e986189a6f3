/*
 * The small texts of the export log (docs/FORMAT.md "Export log"): its leaves, the nodes that a
 * bundle carries of it, and the tree over the lines of OBJECTS.  Bytes to structure and back.
 */
#ifndef MEDIA_LOG_TEXT_H
#define MEDIA_LOG_TEXT_H

#include "lib/base/limits.h"
#include "lib/log/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct manifest;

#define LOG_TEXT_CHECKPOINT "log/checkpoint"
#define LOG_TEXT_NODES "log/nodes"
#define LOG_TEXT_OBJECTS "log/objects"

enum { LOG_TEXT_LEAF_SIZE = 512 };

/* ---- leaves: one line each, with its LF; the length without NUL ---- */

size_t log_text_bundle(const struct manifest *m, const unsigned char manifest[32],
		       char out[LOG_TEXT_LEAF_SIZE]) __attribute__((nonnull));

/* Who approved; signer is role, holder and short key id. */
size_t log_text_approval(const unsigned char manifest[32], const char *signer,
			 char out[LOG_TEXT_LEAF_SIZE]) __attribute__((nonnull));

/* The SHA-256 of the text of a version of a channel's trust root. */
size_t log_text_trust(const char *channel, unsigned version, const unsigned char root[32],
		      char out[LOG_TEXT_LEAF_SIZE]) __attribute__((nonnull));

/* The head of the ledger: that its end is not cut off before this record. */
size_t log_text_ledger(uint64_t number, const unsigned char head[32], char out[LOG_TEXT_LEAF_SIZE])
	__attribute__((nonnull));

/* ---- log/nodes ---- */

/* Append the magic line, then a line per node. */
int log_text_nodes_begin(struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int log_text_node(unsigned level, const unsigned char hash[TREE_HASH], struct buf *out,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/* What untrusted nodes make: -1 with LOG_FORMAT or MEDIA_LIMIT. */
struct log_text_nodes {
	uint64_t wanted;               /* in: a size whose root is asked for */
	bool found;                    /* the nodes pass through that size, */
	unsigned char root[TREE_HASH]; /* and this is its root */
	struct tree tree;              /* all of them */
};
int log_text_nodes_parse(const void *bytes, size_t len, struct log_text_nodes *out,
			 struct error *err) __attribute__((nonnull, warn_unused_result));

/* ---- log/objects ---- */

struct log_text_objects {
	uint64_t lines;
	unsigned char root[TREE_HASH];
};
int log_text_objects_parse(const void *bytes, size_t len, struct log_text_objects *out,
			   struct error *err) __attribute__((nonnull, warn_unused_result));
int log_text_objects_write(const struct log_text_objects *o, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Cuts OBJECTS, in pieces of any size, into lines, which are leaves without their LF. */
struct log_text_lines {
	struct tree tree;
	/* For every leaf; or NULL. */
	int (*leaf)(void *ctx, const char *line, size_t len, const unsigned char hash[TREE_HASH],
		    struct error *err);
	void *ctx;
	size_t held;
	char part[LIMIT_TEXT_LINE];
};
int log_text_lines_feed(struct log_text_lines *l, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

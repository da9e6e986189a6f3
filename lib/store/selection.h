/*
 * The selection of a channel: which content its bundles carry.  On the connected side what was
 * set, on the isolated side what the bundle imported last says.
 */
#ifndef STORE_SELECTION_H
#define STORE_SELECTION_H

#include "lib/base/cleanup.h"
#include "lib/select/select.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct rules;
struct store;

/* 1 and *out, 0 when the channel has none (everything), -1. */
int selection_load(struct store *s, int64_t channel_id, struct rules *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* NULL, or no rule: none.  Opens no transaction of its own. */
int selection_save(struct store *s, int64_t channel_id, const struct rules *rules,
		   struct error *err) __attribute__((nonnull(1, 4), warn_unused_result));

/* The decisions of a selection about what is stored. */
struct selection {
	bool has; /* there is one; false: everything, and nothing below is set */
	struct rules rules;
	unsigned char digest[32]; /* SHA-256 of its text */
	struct graph *graph;
	struct select_result result;
};

/*
 * Decide by the rules, or by those of the channel when there are none here (NULL).  In place:
 * result borrows from the rest.
 */
int selection_decide(struct store *s, int64_t channel_id, const struct rules *rules,
		     struct selection *out, struct error *err)
	__attribute__((nonnull(1, 4, 5), warn_unused_result));
void selection_clear(struct selection *s);
DEFINE_CLEANUP_IN_PLACE(struct selection, selection_clear);

/* For rows_each_file(): whether the file of this revision is carried. */
struct rows_mention;
bool selection_wants(void *ctx, const struct rows_mention *m) __attribute__((nonnull));

#endif

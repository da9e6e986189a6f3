/*
 * The sites of a channel that is sent from here, and what each has confirmed:
 * by a receipt, or by hand with channel confirm.
 */
#ifndef STORE_SITE_H
#define STORE_SITE_H

#include "lib/store/channel.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct store;

struct site {
	char name[CHANNEL_NAME_SIZE];
	uint32_t epoch;
	uint64_t sequence;          /* newest bundle that is known to be there; 0: none */
	bool has_manifest;          /* the digest below is known */
	unsigned char manifest[32]; /* SHA-256 of its MANIFEST */
	uint64_t counter;           /* of the newest receipt; 0: none came */
	bool has_receipt;
	unsigned char receipt[32]; /* SHA-256 of that receipt */
	int64_t made, received;    /* when it was made there and received here; 0 */
};

/* Each site of a channel, by name: 1 and *io for the one after io->name (start with ""), 0, -1. */
int site_each(struct store *s, int64_t channel_id, struct site *io, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* One site: 1 and *out, 0 when the channel has no such site, -1. */
int site_load(struct store *s, int64_t channel_id, const char *name, struct site *out,
	      struct error *err) __attribute__((nonnull, warn_unused_result));

/* Insert or replace the row.  Inside a transaction of the caller. */
int site_save(struct store *s, int64_t channel_id, const struct site *site, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Make the rows those of the audience of c: new sites have confirmed nothing, sites that are not
 * named any more are forgotten.  Inside a transaction of the caller.
 */
int site_set_all(struct store *s, const struct channel *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The smallest sequence that a site of c has confirmed in this epoch (0: one has confirmed none)
 * and which site that is.
 */
int site_confirmed(struct store *s, const struct channel *c, uint64_t *out,
		   char who[CHANNEL_NAME_SIZE], struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

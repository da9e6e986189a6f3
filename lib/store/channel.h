/*
 * Channels: named flows to isolated sites.  The connected side remembers
 * what it sent, the isolated side what it accepted; both in the same rows, so
 * that the sequence state moves in the same transaction as the catalog.  An
 * enclave, which hands on what it received, has channels of both directions.
 */
#ifndef STORE_CHANNEL_H
#define STORE_CHANNEL_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db_statement;
struct error;
struct store;
struct trust;

enum { CHANNEL_NAME_SIZE = 64, CHANNEL_SITES = 64, CHANNEL_AUDIENCE_SIZE = 64 * 64 };

enum channel_direction {
	CHANNEL_SENT,     /* bundles are written here */
	CHANNEL_RECEIVED, /* bundles are imported here */
	CHANNEL_UNDECIDED /* from a repository of schema 1, unused so far: either fits */
};

struct channel {
	int64_t id;
	enum channel_direction direction; /* channel_save() stores it */
	char name[CHANNEL_NAME_SIZE];
	char audience[CHANNEL_AUDIENCE_SIZE]; /* sites, separated by one space each */
	uint32_t epoch;
	uint64_t sequence;          /* of the newest bundle; 0 when there is none */
	bool has_manifest;          /* the two digests below are known */
	unsigned char manifest[32]; /* SHA-256 of its MANIFEST */
	unsigned char catalog_root[32];
	uint32_t trust_version;
	int64_t time_floor; /* no accepted statement was made before this */
	bool one_way;       /* no receipts come back; nothing here counts as confirmed */
	uint32_t overlap;   /* one-way: so many bundles in a row may get lost */
};

/* True for [A-Za-z0-9][A-Za-z0-9._-]{0,62}: names of channels and audiences. */
bool channel_name_valid(const char *name) __attribute__((nonnull));

/*
 * Whether directories and files named after the channel can lie on every kind of medium and be
 * read on every system: it does not end in '.', and what stands before the first '.' is no device
 * of Windows (con, nul, com1...).
 */
bool channel_name_portable(const char *name) __attribute__((nonnull));

/*
 * Make the audience of c the given sites, which it sorts.  -1 with USAGE for no site, more than
 * CHANNEL_SITES, a malformed name or one that is repeated.
 */
int channel_set_sites(struct channel *c, const char **sites, size_t count, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The next site of an audience: *at starts as the audience.  False after the last one. */
bool channel_next_site(const char **at, char out[CHANNEL_NAME_SIZE]) __attribute__((nonnull));

/*
 * New channel at epoch 1, sequence 0.  Sets c->id.  Opens no transaction of its own.  -1 with
 * CHANNEL_EXISTS, or MEDIUM_NAME when only case tells its name from another.
 */
int channel_add(struct store *s, struct channel *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Store the settings (audience, one_way, overlap) of c. */
int channel_save_settings(struct store *s, const struct channel *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * By name; with name NULL the one that is received here (the isolated side).  CHANNEL_ABSENT when
 * there is none.
 */
int channel_load(struct store *s, const char *name, struct channel *out, struct error *err)
	__attribute__((nonnull(1, 3, 4), warn_unused_result));

/* One that is sent from here, by name; direction becomes CHANNEL_SENT.  CHANNEL_DIRECTION. */
int channel_load_sent(struct store *s, const char *name, struct channel *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* All channels, by name: 1 and *c for the one after `after` (id order; start with 0), 0, -1. */
int channel_next(struct store *s, int64_t after, struct channel *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Store the state fields (direction, epoch, sequence, digests, trust version, floor) of c. */
int channel_save(struct store *s, const struct channel *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The channel's copy of its trust directory: R/trust/<channel>.  Files are only ever added
 * (a newer version continues the older ones), so the directory needs no transaction.
 * channel_copy_trust() adds every file that trust_load() read in fromdir and that is not there
 * yet, and refuses (TRUST_CHANGED) one that is there with other bytes.
 */
int channel_open_trust(const struct store *s, const char *channel, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int channel_copy_trust(const struct store *s, const char *channel, int fromdir,
		       const struct trust *trust, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* A statement of this component about bundles: parameters 1 to 3 are bound.  NULL on failure. */
struct db_statement *channel_prepare(struct store *s, const char *sql, int64_t channel_id,
				     uint32_t epoch, uint64_t sequence, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* A bundle that was written or imported: its MANIFEST is evidence and is kept. */
struct channel_bundle {
	uint32_t epoch;
	uint64_t sequence;
	unsigned char digest[32];
	const void *manifest;
	size_t manifest_len;
	int64_t recorded;
	uint64_t processed, quarantined;
	uint64_t base, bytes; /* of an increment, else 0; carried objects */
	uint64_t repaired;    /* chunks that its import rebuilt: channel_note_repaired() */
};
int channel_record_bundle(struct store *s, int64_t channel_id, const struct channel_bundle *b,
			  struct error *err) __attribute__((nonnull, warn_unused_result));

/* How many chunks the import of c's newest bundle rebuilt; known last of all. */
int channel_note_repaired(struct store *s, const struct channel *c, uint64_t chunks,
			  struct error *err) __attribute__((nonnull, warn_unused_result));

/* Digest and totals (not the manifest) of one bundle: 1, 0 when never seen, -1. */
int channel_find_bundle(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t sequence,
			struct channel_bundle *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The newest bundle of an epoch before sequence `below`: 1 and *sequence, 0, -1. */
int channel_bundle_before(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t below,
			  uint64_t *sequence, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The MANIFESTs of an epoch before sequence `below`, newest first, as far as they are recorded
 * without a gap: how many (at most max), or -1.
 */
struct channel_past {
	uint64_t sequence;
	unsigned char digest[32];
};
int channel_history(struct store *s, const struct channel *c, uint64_t below,
		    struct channel_past *out, int max, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

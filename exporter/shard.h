/*
 * One inner cabinet of a scan catalog (package*.cab): its members in order, as a stream.  Fragments
 * go into a gather_part, licence texts into the content store.  Several are read side by side, each
 * by one worker; only the master document is for somebody who has the whole catalog.
 */
#ifndef EXPORTER_SHARD_H
#define EXPORTER_SHARD_H

#include "exporter/index.h"
#include "exporter/survey.h"
#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/limits.h"
#include "lib/cab/cab.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct gather_known;
struct gather_part;
struct source;
struct store;
struct stored_object;

struct shard {
	char name[LIMIT_CAB_NAME + 1]; /* of the cabinet, for messages */
	const struct store *store;
	struct gather_known *packs;
	struct gather_part *part;
	struct buf bytes;               /* the cabinet, when it is read from memory */
	struct buf member;              /* a licence text */
	struct stored_object *licences; /* id 0: new in the content store */
	size_t licence_count, licence_capacity;
	struct cab_info info;     /* of the cabinet */
	struct survey_span span;  /* fragments that need no remark */
	struct buf notes;         /* for shard_survey() */
	bool keep;                /* whoever made it sets this: digest and state are wanted */
	bool known;               /* digest is set, and state is what was kept of these bytes */
	unsigned char digest[32]; /* SHA-256 of bytes */
	struct buf state;         /* before shard_run(): what was kept, also of one like this */
				  /* after it: what is to be kept; empty when it is so already */
	unsigned char *told;      /* what was kept, unpacked: the part borrows from it */
	struct gather_part *past; /* what it told, while a cabinet like that is read */
	uint64_t unknown_members; /* names that no layout knows */
	uint64_t bad_licences;    /* files/ whose bytes do not have the SHA-1 of their name */
	/* Reads package.xml, which the cabinet stands at.  NULL: reading ends there. */
	int (*master)(void *ctx, struct shard *s, struct cab *cab, struct error *err);
	void *master_ctx;
	bool has_master; /* and therefore was not read to its end */
};

/* store and known are borrowed; span as survey_span() has it for name.  Never fails. */
struct shard *shard_new(const char *name, const struct store *store, struct gather_known *known,
			struct survey_span span)
	__attribute__((nonnull, returns_nonnull, warn_unused_result));
void shard_free(struct shard *s);
DEFINE_CLEANUP(struct shard *, shard_free);

/* Read it from src.  Errors: those of lib/cab, SCAN_LIMIT, SCAN_LAYOUT, of the content store. */
int shard_read(struct shard *s, struct source *src, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Take it from s->state, or else read it from s->bytes: a job of a pool; arg is the shard. */
int shard_run(void *arg, struct error *err) __attribute__((nonnull, warn_unused_result));

/* All bytes of the member that the cabinet stands at into out, at most max. */
int shard_load(const char *label, struct cab *cab, const struct cab_member *m, uint64_t max,
	       struct buf *out, struct error *err) __attribute__((nonnull, warn_unused_result));

/* Tell what was seen, in the order of the cabinet, after it was read. */
void shard_survey(const struct shard *s, struct survey *survey) __attribute__((nonnull));

/* Remove from the content store what this shard was the first to put there. */
void shard_forget(const struct shard *s) __attribute__((nonnull));

#endif

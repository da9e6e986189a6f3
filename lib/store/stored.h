/*
 * Rows of the object table: what the content store is known to hold, durably.
 * A row is written only after content_sync().
 */
#ifndef STORE_STORED_H
#define STORE_STORED_H

#include "lib/base/kind.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct store;

struct stored_object {
	int64_t id; /* 0 until stored */
	enum object_kind kind;
	uint64_t size;
	unsigned char sha256[32];
	bool has_sha1;
	unsigned char sha1[20];
	bool lost;      /* the row is here, the bytes are not (lib/store/scrub.h) */
	char name[129]; /* original file name, for people; "-" when unknown */
};

/* Insert the row if its SHA-256 is new; sets o->id either way.  An object that was lost is not any
 * more. */
int stored_record(struct store *s, struct stored_object *o, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* 1 and *out, 0 when unknown, -1. */
int stored_find(struct store *s, const unsigned char sha256[32], struct stored_object *out,
		struct error *err) __attribute__((nonnull, warn_unused_result));
int stored_find_sha1(struct store *s, const unsigned char sha1[20], struct stored_object *out,
		     struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * The digests of all objects of one kind whose bytes are here: how many (*out is the caller's to
 * free), or -1.
 */
int stored_collect(struct store *s, enum object_kind kind, unsigned char (**out)[32],
		   struct error *err) __attribute__((nonnull, warn_unused_result));

/* Number and bytes of all objects. */
struct stored_totals {
	uint64_t count, bytes;
};
int stored_count(struct store *s, struct stored_totals *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* A file name with everything outside [A-Za-z0-9._-] replaced, never empty: for stored_object.name.
 */
void stored_clean_name(const char *name, char out[129]) __attribute__((nonnull));

#endif

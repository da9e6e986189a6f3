/*
 * OBJECTS: what every volume holds, byte by byte (docs/FORMAT.md "OBJECTS").
 * One line per stored part; the geometry of the volumes follows from it, so a
 * reader can generate every header and every padding byte it expects.
 *
 * Compact: 68 bytes per object and 8 per part, names in one pool.  4 million
 * objects without names take 0.3 GB; LIMIT_OBJECT_NAMES bounds the names.
 *
 * A table is filled in one of three ways: from bytes; part by part; or, by who
 * plans a bundle, object by object, which are given their places afterwards.
 */
#ifndef MEDIA_OBJECT_TABLE_H
#define MEDIA_OBJECT_TABLE_H

#include "lib/base/cleanup.h"
#include "lib/base/kind.h" /* in their canonical order of placement */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct manifest;
struct object_table;

#define OBJECT_NAME_MAX 128   /* bytes of an informational name */
#define OBJECT_MEMBER_SIZE 72 /* 64 hex digits, ".pNNNN" or ".cab", NUL */

/* One stored part and the object that it belongs to. */
struct object_part {
	unsigned char sha256[32];
	unsigned char sha1[20]; /* only when has_sha1 */
	bool has_sha1;
	enum object_kind kind;
	uint64_t size;          /* of the whole object */
	const char *name;       /* informational file name or NULL; borrowed from the table */
	uint32_t volume;        /* from 1 */
	uint32_t part;          /* 0: the whole object; else the number of this part, from 1 */
	uint64_t offset;        /* in the volume, of the first byte of data */
	uint64_t first, length; /* which bytes of the object */
};

/* "catalog", "pack", "cabinet", "content". */
const char *object_kind_name(enum object_kind kind);

/*
 * The canonical order in which objects are laid out: kind, then size descending, then SHA-256.
 * As for qsort(); looks at these three members only.
 */
int object_compare(const struct object_part *a, const struct object_part *b)
	__attribute__((nonnull));

/* The name of the part's member in its volume; looks at sha256, kind and part. */
void object_member(const struct object_part *p, char out[OBJECT_MEMBER_SIZE])
	__attribute__((nonnull));

/* An empty table; the caller frees it. */
struct object_table *object_table_new(void)
	__attribute__((malloc, warn_unused_result, returns_nonnull));
void object_table_free(struct object_table *t);
DEFINE_CLEANUP(struct object_table *, object_table_free);

/*
 * Append the next part in order of (volume, offset).  Every member is given by the caller except
 * part, which the table finds itself; name is copied.  -1 with OBJECTS_FORMAT when a rule of the
 * format is broken, MEDIA_LIMIT past a ceiling; the table is unchanged then.
 */
int object_table_add(struct object_table *t, const struct object_part *part, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Objects first: append one (sha256, sha1, kind, size, name), in any order; names past
 * LIMIT_OBJECT_NAMES are left out; -1 with MEDIA_LIMIT.
 * Then put all into canonical order and drop those that are there twice.  Then give each its
 * parts, in order of (volume, offset): object is an index in canonical order, place gives volume,
 * offset, first and length; fails as object_table_add().
 */
int object_table_stage(struct object_table *t, const struct object_part *object, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void object_table_sort(struct object_table *t) __attribute__((nonnull));
int object_table_place(struct object_table *t, size_t object, const struct object_part *place,
		       struct error *err) __attribute__((nonnull, warn_unused_result));

/* Object i in [0, objects), without a place: in canonical order if the table was sorted. */
struct object_part object_table_object(const struct object_table *t, size_t i)
	__attribute__((nonnull));

/*
 * Append an object that the other side is assumed to have, in order of digest, before the first
 * object_table_add(): only sha256, size and kind (not OBJECT_CATALOG) are set.  As
 * object_table_add().
 */
int object_table_assume(struct object_table *t, const struct object_part *object, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Untrusted bytes of OBJECTS into an empty table, in pieces of any size.  As object_table_add(). */
int object_table_feed(struct object_table *t, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));

/*
 * After the last object_table_add() or object_table_feed(): checks that every object is complete
 * and that none appears twice or is assumed, too, and makes the look-up by digest.  -1 with
 * OBJECTS_FORMAT; the table is then only good for object_table_free().
 */
int object_table_finish(struct object_table *t, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Parts, distinct objects, and the sum of the sizes of the objects. */
size_t object_table_count(const struct object_table *t) __attribute__((nonnull));
size_t object_table_objects(const struct object_table *t) __attribute__((nonnull));
uint64_t object_table_bytes(const struct object_table *t) __attribute__((nonnull));

/* Part i in [0, count), by value; its name lives as long as the table. */
struct object_part object_table_get(const struct object_table *t, size_t i)
	__attribute__((nonnull));

/*
 * The first part of an object of a finished table: 1 with *i, 0 when there is none.  Its further
 * parts follow by object_table_next().
 */
int object_table_find(const struct object_table *t, const unsigned char sha256[32], size_t *i)
	__attribute__((nonnull, warn_unused_result));

/* The part that continues part *i: 1 with *i moved, 0 after the last one. */
int object_table_next(const struct object_table *t, size_t *i)
	__attribute__((nonnull, warn_unused_result));

/*
 * The digests of all objects of one kind, in the order of the table: how many, and a new array
 * that the caller frees.
 */
size_t object_table_collect(const struct object_table *t, enum object_kind kind,
			    unsigned char (**out)[32]) __attribute__((nonnull));

/* Volumes, the size of one in bytes, and all sizes (borrowed; [0] is volume 1). */
uint32_t object_table_volumes(const struct object_table *t) __attribute__((nonnull));
uint64_t object_table_volume_size(const struct object_table *t, uint32_t volume)
	__attribute__((nonnull));
const uint64_t *object_table_volume_sizes(const struct object_table *t) __attribute__((nonnull));

/* The first part of a volume in [1, volumes]; that of volumes + 1 is the count. */
size_t object_table_volume_first(const struct object_table *t, uint32_t volume)
	__attribute__((nonnull));

/*
 * Objects assumed present: how many, the sum of their sizes, one of them (volume 0, in order of
 * digest; i in [0, count)), and the look-up: 1 with *i, 0 when there is none.  No other function
 * here sees them.
 */
size_t object_table_assumed_count(const struct object_table *t) __attribute__((nonnull));
uint64_t object_table_assumed_bytes(const struct object_table *t) __attribute__((nonnull));
struct object_part object_table_assumed_get(const struct object_table *t, size_t i)
	__attribute__((nonnull));
int object_table_assumed_find(const struct object_table *t, const unsigned char sha256[32],
			      size_t *i) __attribute__((nonnull, warn_unused_result));

/*
 * Whether volumes, objects and bytes, carried and assumed, are those of the MANIFEST: so a
 * bundle that is no increment has no assumed objects.  -1 with MEDIA_MISMATCH.
 */
int object_table_check(const struct object_table *t, const struct manifest *m, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Append the line of assumed object i or of part i; all of the former and then all of the latter,
 * in order, are the file.  -1 with LIMIT_BYTES.
 */
int object_table_assumed_write(const struct object_table *t, size_t i, struct buf *out,
			       struct error *err) __attribute__((nonnull, warn_unused_result));
int object_table_write(const struct object_table *t, size_t i, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

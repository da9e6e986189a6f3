/*
 * How OBJECTS lies in memory.  Nearly every object is one part, so an object
 * and a part are small records and only the parts of split objects have an
 * entry in `pieces`.  Inside media/object_*.c only.
 */
#ifndef MEDIA_OBJECT_RECORD_H
#define MEDIA_OBJECT_RECORD_H

#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "media/object_table.h"
#include "media/text.h"

#define OBJECT_FILE "OBJECTS"

struct object_record {
	unsigned char sha256[DIGEST_SHA256];
	unsigned char sha1[DIGEST_SHA1];
	uint32_t name;   /* place in the pool + 1, or 0 */
	uint64_t packed; /* size << 8 | kind << 1 | has_sha1 */
};
_Static_assert(sizeof(struct object_record) == 64, "no padding");

/* An object that the other side is assumed to have. */
struct assumed_record {
	unsigned char sha256[DIGEST_SHA256];
	uint64_t packed; /* size << 8 | kind << 1 */
};
_Static_assert(sizeof(struct assumed_record) == 40, "no padding");

struct part_record {
	uint32_t object; /* index << 1 | 1 when the object is split */
	uint32_t block;  /* data offset / 512: a volume has at most 2^31 blocks */
};
_Static_assert(sizeof(struct part_record) == 8, "no padding");

/* Where a part of a split object belongs; sorted by index, which is the order of appearance. */
struct piece {
	uint32_t index; /* of the part */
	uint32_t next;  /* index of the following part of the object, 0: none yet */
	uint32_t part;  /* number within the object, from 1 */
	uint64_t first, length;
};

/* A split object whose last part has not come yet. */
struct open_split {
	uint32_t object;
	uint32_t piece; /* place in pieces of its newest part */
};

struct object_table {
	struct object_record *objects;
	struct part_record *parts;
	struct piece *pieces;
	uint32_t *first_part; /* index of the first part of each object, in order of digest */
	char *names;
	size_t object_count, object_capacity, part_count, part_capacity;
	size_t piece_count, piece_capacity, names_len, names_capacity;
	uint64_t bytes;
	struct assumed_record *assumed; /* in order of digest */
	size_t assumed_count, assumed_capacity;
	uint64_t assumed_bytes;
	bool finished;

	uint32_t volumes;
	uint64_t sizes[LIMIT_VOLUMES];        /* with trailer */
	uint32_t volume_first[LIMIT_VOLUMES]; /* first part of volume i + 1 */

	struct open_split open[LIMIT_OPEN_SPLITS];
	size_t open_count;
	struct text_reader reader;
};

/* The object of a part. */
static inline const struct object_record *object_record_of(const struct object_table *t,
							   size_t part)
{
	return &t->objects[t->parts[part].object >> 1];
}

/* What object_table_find() searches: object number i in order of digest. */
static inline const unsigned char *object_record_digest(const struct object_table *t, size_t i)
{
	return object_record_of(t, t->first_part[i])->sha256;
}

/* The entry of a part of a split object. */
const struct piece *object_record_piece(const struct object_table *t, size_t part)
	__attribute__((nonnull));

/* The volume of a part. */
uint32_t object_record_volume(const struct object_table *t, size_t part) __attribute__((nonnull));

/* The name of an object, or NULL. */
const char *object_record_name(const struct object_table *t, const struct object_record *o)
	__attribute__((nonnull));

/* One line of the file into the table. */
int object_record_line(void *ctx, const struct text_line *line, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

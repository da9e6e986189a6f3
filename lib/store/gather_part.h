/*
 * A part of a source that one worker takes in by itself: one cabinet of the
 * catalog.  Its documents are hashed, the distinct ones that no pack of the
 * repository holds go into packs of its own, compressed and stored at once,
 * and its fragments are parsed into a catalog of its own.  gather_build_take()
 * joins parts in a fixed order, so nothing depends on who was faster.
 */
#ifndef STORE_GATHER_PART_H
#define STORE_GATHER_PART_H

#include "lib/base/cleanup.h"
#include "lib/store/gather.h"

struct gather_known;
struct gather_part;
struct varint_reader;
struct varint_writer;

/* s and known are borrowed and shared with other parts.  Never fails. */
struct gather_part *gather_part_new(const struct store *s, struct gather_known *known)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));
void gather_part_free(struct gather_part *p);
DEFINE_CLEANUP(struct gather_part *, gather_part_free);

/* Where a fragment of len bytes, at most LIMIT_FRAGMENT_BYTES, may be put for gather_part_add(). */
void *gather_part_room(struct gather_part *p, size_t len)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));

/* One fragment (streams c x l e s): hashed, stored, parsed; e->sha256 is filled in. */
int gather_part_add(struct gather_part *p, struct listing_entry *e, const void *bytes, size_t len,
		    struct error *err) __attribute__((nonnull, warn_unused_result));

/* What it is made of, as bytes for gather_part_read(), after gather_part_finish(). */
void gather_part_write(const struct gather_part *p, struct varint_writer *w)
	__attribute__((nonnull));

/*
 * Into a new part: what gather_part_write() wrote of documents that are the same now.  1; 0 when
 * it was not written so, or a fragment lies in no pack that counts any more: the documents must be
 * added one by one, to another new part.  Texts are borrowed from the bytes that r reads.
 */
int gather_part_read(struct gather_part *p, struct varint_reader *r, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Core fragments that are the same in past, which gather_part_read() filled and the caller keeps,
 * need not be parsed again: they are most of the bytes.  past is of no other use afterwards.
 */
void gather_part_expect(struct gather_part *p, struct gather_part *past) __attribute__((nonnull));

/* Store the last pack. */
int gather_part_finish(struct gather_part *p, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Remove from the content store what this part was the first to put there. */
void gather_part_forget(const struct gather_part *p) __attribute__((nonnull));

/*
 * What it found, borrowed, after gather_part_finish(): entries, fragments and packs as those of a
 * gather, in order of appearance.  Fragments with GATHER_PART_KNOWN lie in a pack of gather_known.
 */
#define GATHER_PART_KNOWN (UINT32_C(1) << 31)
const struct gather *gather_part_get(const struct gather_part *p)
	__attribute__((nonnull, returns_nonnull));

#endif

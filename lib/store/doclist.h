/*
 * Document lists: what a source consists of, as listing objects in the content
 * store, and which of them described a source after which bundle of a channel.
 * Deltas refer to them by their listing digest.
 */
#ifndef STORE_DOCLIST_H
#define STORE_DOCLIST_H

#include "lib/base/cleanup.h"
#include "lib/pack/delta.h"
#include "lib/pack/listing.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct gather;
struct store;

struct doclist {
	struct listing_source source;
	unsigned char digest[32];     /* listing digest */
	unsigned char (*objects)[32]; /* listing objects in the order of their parts */
	size_t object_count, object_capacity;
	uint64_t sequence;      /* doclist_find(): newest bundle after which it was this one */
	struct delta_list list; /* the documents, once they were loaded */
	bool loaded;
};
void doclist_clear(struct doclist *d);
DEFINE_CLEANUP_IN_PLACE(struct doclist, doclist_clear);

/*
 * The list of a stored source.  The documents are loaded only when no bundle had this very list
 * (of any channel): doclist_load() does it later when they are needed.
 */
int doclist_of_source(struct store *s, int64_t source_id, const struct listing_source *source,
		      struct doclist *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The list of a gathered source, without its documents. */
void doclist_of_gather(const struct gather *g, struct doclist *out) __attribute__((nonnull));

/*
 * The listing objects of all sources that a bundle had: how many (*out is the caller's to free),
 * or -1.
 */
int doclist_objects(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t sequence,
		    unsigned char (**out)[32], struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The list with this digest that a source had after some bundle of the channel: 1 and *out without
 * documents, and with only kind and series of the source; 0; -1.
 */
int doclist_find(struct store *s, int64_t channel_id, const struct listing_source *source,
		 const unsigned char digest[32], struct doclist *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Read the documents, and the source as the objects have it, from the content store, and prove
 * them by the digest.  -1 with LISTING_LOST when an object is gone, damaged or another one.
 */
int doclist_load(struct store *s, struct doclist *d, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The different lists that a source had after the bundles `from` and later of a channel: how many
 * (*out is the caller's to free), or -1.  *everywhere is false when some bundle there is, had none.
 */
int doclist_bases(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t from,
		  const struct listing_source *source, unsigned char (**out)[32], bool *everywhere,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * The sources that the bundles `from` and later had, each once, in the order of the catalog root:
 * 1 and *io (kind and series) for the one after *io, 0, -1.  Start with both empty.
 */
int doclist_next_source(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t from,
			struct listing_source *io, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Inside a transaction of the caller: remember the list of a source after a bundle; forget those
 * of bundles before `from`; forget a list that the other side says it lacks (1 known, 0, -1).
 */
int doclist_record(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t sequence,
		   const struct doclist *d, struct error *err)
	__attribute__((nonnull, warn_unused_result));
/* The same lists after bundle `to` as after bundle `from`: nothing changed in between. */
int doclist_repeat(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t from, uint64_t to,
		   struct error *err) __attribute__((nonnull, warn_unused_result));
int doclist_prune(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t from,
		  struct error *err) __attribute__((nonnull, warn_unused_result));
int doclist_forget(struct store *s, int64_t channel_id, const unsigned char digest[32],
		   struct error *err) __attribute__((nonnull, warn_unused_result));

#endif

/* What a snapshot consists of; for the files view*.c alone. */
#ifndef SERVER_VIEW_INTERNAL_H
#define SERVER_VIEW_INTERNAL_H

#include "importer/server/view.h"
#include "importer/server/view_cache.h"
#include "lib/base/arena.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* Where a document of a node lies: bytes of a decompressed pack. */
struct view_document {
	uint32_t pack; /* index into packs */
	uint32_t offset, size;
	uint16_t language; /* index into languages; 0 is none */
	unsigned char stream;
};

struct view_pack {
	unsigned char sha256[32];
};

/* A path at the source of a file: as digest, so that no catalog can make two of them meet. */
struct view_original {
	unsigned char key[16], sha1[20];
};

struct view_prepared; /* deployments of a set of groups */

struct view {
	unsigned refs; /* the keeper's is one; below its lock */
	struct view_keeper *keeper;
	const struct store *store; /* for content only: used by any thread */
	uint64_t generation;
	int64_t made;
	struct wusp_graph *graph;
	struct view_pack *packs;
	size_t packs_count;
	struct view_document *documents; /* by node, then stream, then language */
	uint32_t *document_first;        /* per node, and one more */
	const char **languages;
	size_t languages_count;
	struct view_file *files;
	uint32_t *file_first;   /* per node, and one more */
	uint32_t *file_by_sha1; /* indices of files */
	size_t files_count;
	struct view_original *originals; /* by key */
	size_t originals_count;
	struct arena texts;
	struct view_cache *cache; /* the keeper's */
	struct view_lock scopes_lock;
	struct view_prepared *scopes;
	size_t scopes_count;
};

/*
 * Read everything from the repository; s is used for the database only now, for content as long as
 * the snapshot lives, as is cache.  NULL on failure.
 */
struct view *view_load(struct store *s, struct view_cache *cache, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Whatever refs says. */
void view_free(struct view *v);
DEFINE_CLEANUP(struct view *, view_free);

/* Read them from the database. */
struct db;
int view_originals_read(struct view *v, struct db *db, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The bytes of a document, appended. */
int view_read(const struct view *v, const struct view_document *d, struct buf *out,
	      struct error *err) __attribute__((nonnull, warn_unused_result));

/* Make a fragment of what the source delivered, in the locale chosen, past the cache: 1, 0, -1. */
int view_make(const struct view *v, uint32_t node, enum wusp_fragment kind, const char *locale,
	      struct buf *out, struct error *err)
	__attribute__((nonnull(1, 5, 6), warn_unused_result));

/* The document that the core fragment of a node is made from; every node has one. */
const struct view_document *view_core_document(const struct view *v, uint32_t node)
	__attribute__((nonnull, returns_nonnull));

/* A kind of its own: the core fragment as it stands in an answer. */
enum { VIEW_ESCAPED = WUSP_FRAGMENTS_ };

/* The key of what is made from d. */
struct view_key view_key_of(const struct view *v, const struct view_document *d, uint32_t kind,
			    uint32_t language) __attribute__((nonnull));

/*
 * Make the core fragments of what is deployed, until the cache is full or *stop.  One that cannot
 * be read is left out.
 */
void view_ready_fill(const struct view *v, const struct wusp_deployments *d,
		     const atomic_bool *stop) __attribute__((nonnull));

/* The documents of a node. */
const struct view_document *view_documents(const struct view *v, uint32_t node, size_t *count)
	__attribute__((nonnull));

#endif

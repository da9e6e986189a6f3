/*
 * A prepared snapshot of the repository for the update services: the graph, where every fragment
 * lies, every file.  Made at start, and anew in the background when another process has committed;
 * requests keep the one they began with.  All functions may be called from any thread.
 */
#ifndef SERVER_VIEW_H
#define SERVER_VIEW_H

#include "importer/server/view_cache.h"
#include "lib/base/cleanup.h"
#include "lib/wusp/deploy.h"
#include "lib/wusp/fragment.h"
#include "lib/wusp/graph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct view;
struct view_keeper;

/* Read the repository at path and keep watching it.  Signals should be blocked, as for
 * http_start().
 */
struct view_keeper *view_start(const char *path, struct error *err)
	__attribute__((nonnull, warn_unused_result));
/* After the last view_put().  NULL is allowed. */
void view_stop(struct view_keeper *k);
DEFINE_CLEANUP(struct view_keeper *, view_stop);

/* The newest snapshot, valid until view_put(). */
const struct view *view_get(struct view_keeper *k) __attribute__((nonnull, returns_nonnull));
void view_put(const struct view *v);
DEFINE_CLEANUP(const struct view *, view_put);

const struct wusp_graph *view_graph(const struct view *v)
	__attribute__((nonnull, returns_nonnull, pure));

/* Counts snapshots; deployments made from one belong to it alone. */
uint64_t view_generation(const struct view *v) __attribute__((nonnull, pure));

/* When it was made: seconds since 1970. */
int64_t view_made(const struct view *v) __attribute__((nonnull, pure));

/* Deployments that are shared; given back with view_deployed_put(), NULL or not, before the
 * snapshot.
 */
struct view_deployed {
	_Atomic unsigned refs;
	struct wusp_deployments *all;
};
void view_deployed_put(const struct view_deployed *d);
DEFINE_CLEANUP(const struct view_deployed *, view_deployed_put);

/*
 * The deployments of a set of groups, the same for everybody who asks with the same scope and the
 * same version of the approvals: made by fill() when nobody has asked before.  fill() hands over
 * approvals in an array it allocates (*out, freed here) and returns their number, or -1 with err.
 * The result is NULL only then.  Never call it while holding a lock.
 */
struct view_scope {
	uint64_t scope;   /* hash of the sorted group ids, see wusp_deploy() */
	uint64_t version; /* changes whenever approvals, groups or declined updates do */
	long (*fill)(void *ctx, struct wusp_approval **out, struct error *err);
	void *ctx;
};
const struct view_deployed *view_deployments(const struct view *v, const struct view_scope *scope,
					     struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Append a fragment: 1, 0 when there is none, -1.  locale (LOCALIZED, EULA) is what the client
 * wants, see wusp_fragment_locale().
 */
int view_fragment(const struct view *v, uint32_t node, enum wusp_fragment kind, const char *locale,
		  struct buf *out, struct error *err)
	__attribute__((nonnull(1, 5, 6), warn_unused_result));

/*
 * The core fragment as it stands in an answer, escaped: 1 with a text to be given back, 0 when
 * there is none, -1.  Those of what is deployed are made in the background, beginning with the
 * first view_deployments() of a scope, as far as there is room; what clients ask for stays.
 */
int view_ready(const struct view *v, uint32_t node, const struct view_text **out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Which of the node's languages answers locale: 1 with its number, 0 when none does, -1.  Two
 * wanted locales with one number would bring the same fragment twice.
 */
int view_language(const struct view *v, uint32_t node, enum wusp_fragment kind, const char *locale,
		  int *language, struct error *err) __attribute__((nonnull, warn_unused_result));

struct view_file {
	unsigned char sha1[20], sha256[32];
	bool has_sha256, has_size;
	bool here;        /* the object is in the repository: only then give its location */
	bool is_optional; /* an express file of an update that has a full one */
	bool is_licence;
	uint64_t size;
	const char *name; /* "": not known */
};

/* The files of a node, in order; borrowed until view_put(). */
const struct view_file *view_files(const struct view *v, uint32_t node, size_t *count)
	__attribute__((nonnull));

/* A file with this SHA-1 that some node has, NULL when there is none. */
const struct view_file *view_file_by_sha1(const struct view *v, const unsigned char sha1[20])
	__attribute__((nonnull));

/*
 * The digest of the file that has this path (of a URL, without the query) at its source; of those
 * alone whose name does not end in it, see catalog_url_digest().  Case does not matter.
 */
bool view_original(const struct view *v, const char *path, unsigned char sha1[20])
	__attribute__((nonnull));

#endif

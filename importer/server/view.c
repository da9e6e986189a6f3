#include "importer/server/view.h"

#include "importer/server/view_internal.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/pool.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLICE_MS = 100, LOOK_MS = 500, RETRY_MS = 10000, PAUSE = 5 };

struct view_keeper {
	struct store *store; /* its database is the watcher's alone once that runs */
	struct pool *watcher;
	struct view_cache *cache;
	struct view_lock lock; /* of now, and of how many hold a snapshot */
	struct view *now;
	int64_t data_version;
	uint64_t not_before; /* clock_ticks(): making snapshots takes at most one part in PAUSE */
	atomic_bool stop;
};

/* Deployments that were asked for; a list in the snapshot they were made from. */
struct view_prepared {
	struct view_prepared *next;
	uint64_t scope, version;
	bool filled; /* its core fragments were prepared, or are being so */
	struct view_deployed *shared;
};

/* ---- snapshots ---- */

void view_deployed_put(const struct view_deployed *given)
{
	struct view_deployed *d = (struct view_deployed *)(uintptr_t)given;

	if (!d || --d->refs > 0)
		return;
	wusp_deploy_free(d->all);
	free(d);
}

static void prepared_free(struct view_prepared *p)
{
	if (!p)
		return;
	view_deployed_put(p->shared);
	free(p);
}

void view_free(struct view *v)
{
	if (!v)
		return;
	while (v->scopes) {
		struct view_prepared *p = v->scopes;

		v->scopes = p->next;
		prepared_free(p);
	}
	wusp_graph_free(v->graph);
	free(v->packs);
	free(v->originals);
	free(v->documents);
	free(v->document_first);
	free(v->languages);
	free(v->files);
	free(v->file_first);
	free(v->file_by_sha1);
	arena_clear(&v->texts);
	free(v);
}

const struct view *view_get(struct view_keeper *k)
{
	view_cache_lock(&k->lock);
	struct view *v = k->now;
	v->refs++;
	view_cache_unlock(&k->lock);
	return v;
}

/* The snapshot behind a borrowed one: what callers see of it does not change. */
static struct view *writable(const struct view *v)
{
	return v->keeper ? (struct view *)(uintptr_t)v : NULL;
}

void view_put(const struct view *given)
{
	struct view *v = given ? writable(given) : NULL;

	if (!v)
		return;
	view_cache_lock(&v->keeper->lock);
	unsigned left = --v->refs;
	view_cache_unlock(&v->keeper->lock);
	if (left == 0)
		view_free(v);
}

const struct wusp_graph *view_graph(const struct view *v)
{
	return v->graph;
}

uint64_t view_generation(const struct view *v)
{
	return v->generation;
}

/* ---- deployments ---- */

static struct view_prepared *find_prepared(const struct view *v, const struct view_scope *s)
{
	struct view_prepared *p = v->scopes;

	while (p && p->scope != s->scope)
		p = p->next;
	return p;
}

/* Take `gone` out of the list, or its last when it is full: what makes room, or NULL. */
static struct view_prepared *retire(struct view *v, struct view_prepared *gone)
{
	struct view_prepared **link = &v->scopes;

	if (!gone && v->scopes_count < LIMIT_VIEW_SCOPES)
		return NULL;
	while (*link != gone && (*link)->next)
		link = &(*link)->next;
	gone = *link;
	*link = gone->next;
	v->scopes_count--;
	return gone;
}

static const struct view_deployed *hold(struct view_prepared *p)
{
	p->shared->refs++;
	return p->shared;
}

static const struct view_deployed *enter(struct view *v, const struct view_scope *s,
					 struct wusp_deployments *all)
{
	struct view_prepared *mine = buf_calloc(1, sizeof *mine), *unused = mine;
	const struct view_deployed *d;

	*mine = (struct view_prepared){ .scope = s->scope, .version = s->version };
	mine->shared = buf_calloc(1, sizeof *mine->shared);
	mine->shared->refs = 1;
	mine->shared->all = all;
	view_cache_lock(&v->scopes_lock);
	struct view_prepared *there = find_prepared(v, s);
	if (there && there->version == s->version) {
		/* Somebody was faster. */
		d = hold(there);
	} else {
		unused = retire(v, there);
		mine->next = v->scopes;
		v->scopes = mine;
		v->scopes_count++;
		d = hold(mine);
	}
	view_cache_unlock(&v->scopes_lock);
	prepared_free(unused);
	return d;
}

const struct view_deployed *view_deployments(const struct view *given,
					     const struct view_scope *scope, struct error *err)
{
	struct view *v = writable(given);
	const struct view_deployed *d = NULL;
	struct wusp_approval *approvals = NULL;

	view_cache_lock(&v->scopes_lock);
	struct view_prepared *p = find_prepared(v, scope);
	if (p && p->version == scope->version)
		d = hold(p);
	view_cache_unlock(&v->scopes_lock);
	if (d)
		return d;
	long count = scope->fill(scope->ctx, &approvals, err);
	if (count >= 0)
		d = enter(v, scope, wusp_deploy(v->graph, approvals, (size_t)count, scope->scope));
	free(approvals);
	return d;
}

int64_t view_made(const struct view *v)
{
	return v->made;
}

/* ---- the keeper ---- */

static int read_version(struct store *s, int64_t *version, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(store_db(s), "PRAGMA data_version", err);

	if (!q || db_step(q, err) < 0)
		return -1;
	*version = db_int(q, 0);
	return 0;
}

/* Read anew and put the result in place; requests under way keep the old one. */
static int renew(struct view_keeper *k, struct error *err)
{
	uint64_t start = clock_ticks();
	int64_t version;

	if (read_version(k->store, &version, err) < 0)
		return -1;
	struct view *fresh = view_load(k->store, k->cache, err);
	if (!fresh)
		return -1;
	fresh->keeper = k;
	fresh->made = clock_now();
	fresh->refs = 1;
	view_cache_lock(&k->lock);
	struct view *old = k->now;
	fresh->generation = old ? old->generation + 1 : 1;
	k->now = fresh;
	view_cache_unlock(&k->lock);
	view_put(old);
	k->data_version = version;
	k->not_before = clock_ticks() + (clock_ticks() - start) * PAUSE;
	return 0;
}

static void look(struct view_keeper *k)
{
	struct error err = ERROR_INIT;
	int64_t version;

	if (clock_ticks() < k->not_before)
		return;
	if (read_version(k->store, &version, &err) == 0 &&
	    (version == k->data_version || renew(k, &err) == 0))
		return;
	/* The old snapshot goes on serving. */
	fprintf(stderr, "gapferry-server: %s: %s (serving what was read before)\n",
		error_id_text(err.id), err.message);
	k->not_before = clock_ticks() + RETRY_MS;
}

/* Deployments that nothing was prepared for, or NULL. */
static const struct view_deployed *next_unfilled(struct view *v)
{
	const struct view_deployed *d = NULL;

	view_cache_lock(&v->scopes_lock);
	for (struct view_prepared *p = v->scopes; p && !d; p = p->next)
		if (!p->filled) {
			p->filled = true;
			d = hold(p);
		}
	view_cache_unlock(&v->scopes_lock);
	return d;
}

static void prepare(struct view_keeper *k)
{
	CLEANUP(view_put) const struct view *v = view_get(k);
	const struct view_deployed *d;

	while (!k->stop && (d = next_unfilled(writable(v)))) {
		view_ready_fill(v, d->all, &k->stop);
		view_deployed_put(d);
	}
}

static int watch(void *job, struct error *err)
{
	static const struct timespec slice = { .tv_nsec = SLICE_MS * 1000000L };
	struct view_keeper *k = job;

	(void)err;
	for (unsigned waited = 0; !k->stop; waited += SLICE_MS) {
		if (waited >= LOOK_MS) {
			look(k);
			waited = 0;
		}
		prepare(k);
		nanosleep(&slice, NULL);
	}
	return 0;
}

struct view_keeper *view_start(const char *path, struct error *err)
{
	CLEANUP(view_stop) struct view_keeper *k = buf_calloc(1, sizeof *k);

	atomic_flag_clear(&k->lock.taken);
	k->cache = view_cache_new();
	k->store = store_open(path, false, err);
	if (!k->store || renew(k, err) < 0)
		return NULL;
	k->not_before = 0;
	k->watcher = pool_new(1, watch, err);
	if (!k->watcher)
		return NULL;
	pool_submit(k->watcher, k);
	return STEAL(k);
}

void view_stop(struct view_keeper *k)
{
	if (!k)
		return;
	k->stop = true;
	pool_free(k->watcher);
	view_put(k->now);
	view_cache_free(k->cache);
	store_close(k->store);
	free(k);
}

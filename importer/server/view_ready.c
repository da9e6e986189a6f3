/*
 * Core fragments of what is deployed, escaped for answers: a scan is then copies from memory.  Only
 * the thread that makes snapshots writes, any thread reads.
 */
#include "importer/server/soap_write.h"
#include "importer/server/view_internal.h"
#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <stdlib.h>
#include <string.h>

struct text {
	size_t len;
	unsigned char bytes[];
};

struct view_ready {
	struct arena memory;
	size_t bytes;
	_Atomic(const struct text *) texts[]; /* by node; NULL: not prepared */
};

void view_ready_begin(struct view *v)
{
	size_t nodes = wusp_graph_count(v->graph);

	v->ready = buf_calloc(1, sizeof *v->ready + nodes * sizeof v->ready->texts[0]);
}

void view_ready_free(struct view_ready *r)
{
	if (!r)
		return;
	arena_clear(&r->memory);
	free(r);
}

const unsigned char *view_ready(const struct view *v, uint32_t node, size_t *len)
{
	const struct text *t = atomic_load_explicit(&v->ready->texts[node], memory_order_acquire);

	if (!t)
		return NULL;
	*len = t->len;
	return t->bytes;
}

static bool is_ready(const struct view *v, uint32_t node)
{
	return atomic_load_explicit(&v->ready->texts[node], memory_order_relaxed) != NULL;
}

/* false when the memory for it is used up. */
static bool keep(struct view *v, uint32_t node, const unsigned char *bytes, size_t len)
{
	struct view_ready *r = v->ready;

	if (len > LIMIT_VIEW_READY_BYTES - r->bytes)
		return false;
	struct text *t = arena_alloc(&r->memory, sizeof *t + len);
	t->len = len;
	memcpy(t->bytes, bytes, len);
	r->bytes += len;
	atomic_store_explicit(&r->texts[node], t, memory_order_release);
	return true;
}

/* ---- from the snapshot before ---- */

static bool same_place(const struct view *a, const struct view_document *x, const struct view *b,
		       const struct view_document *y)
{
	return x->stream == y->stream && x->offset == y->offset && x->size == y->size &&
	       memcmp(a->packs[x->pack].sha256, b->packs[y->pack].sha256,
		      sizeof a->packs[0].sha256) == 0;
}

void view_ready_inherit(struct view *v, const struct view *old)
{
	uint32_t nodes = wusp_graph_count(v->graph);
	size_t len;

	for (uint32_t node = 0; node < nodes; node++) {
		int32_t revision = wusp_graph_node(v->graph, node).revision_id;
		uint32_t before = wusp_graph_by_revision(old->graph, revision);
		const unsigned char *bytes =
			before == WUSP_NONE ? NULL : view_ready(old, before, &len);

		if (bytes &&
		    same_place(v, view_core_document(v, node), old,
			       view_core_document(old, before)) &&
		    !keep(v, node, bytes, len))
			return;
	}
}

/* ---- from the packs ---- */

struct missing {
	uint32_t node, pack, offset;
};

static void missing_free(struct missing *m)
{
	free(m);
}
DEFINE_CLEANUP(struct missing *, missing_free);

static int by_place(const void *left, const void *right)
{
	const struct missing *a = left, *b = right;

	if (a->pack != b->pack)
		return a->pack < b->pack ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* In the order of the packs: each is then opened once. */
static struct missing *list_missing(const struct view *v, const struct wusp_deployments *d,
				    size_t *count)
{
	uint32_t nodes = wusp_graph_count(v->graph);
	struct missing *list = buf_malloc((wusp_deploy_count(d) + 1) * sizeof *list);
	size_t n = 0;

	for (uint32_t node = 0; node < nodes && n < wusp_deploy_count(d); node++) {
		const struct view_document *document = view_core_document(v, node);

		if (!is_ready(v, node) && wusp_deploy_at(d, node).action != WUSP_ACTION_NONE)
			list[n++] = (struct missing){ node, document->pack, document->offset };
	}
	if (n > 1)
		qsort(list, n, sizeof *list, by_place);
	*count = n;
	return list;
}

void view_ready_fill(struct view *v, const struct wusp_deployments *d, const atomic_bool *stop)
{
	CLEANUP(buf_clear) struct buf core = BUF_INIT(2u * LIMIT_FRAGMENT_BYTES);
	CLEANUP(soap_writer_clear) struct soap_writer w = SOAP_WRITER_INIT;
	size_t count;
	CLEANUP(missing_free) struct missing *list = list_missing(v, d, &count);

	for (size_t i = 0; i < count && !*stop; i++) {
		struct error ignored = ERROR_INIT;

		core.len = w.buf.len = 0;
		/* Who asks for it is told why it cannot be had. */
		if (view_make(v, list[i].node, WUSP_CORE, NULL, &core, &ignored) != 1)
			continue;
		soap_escape(&w, core.bytes, core.len);
		if (w.err.id != ERROR_NONE || !keep(v, list[i].node, w.buf.bytes, w.buf.len))
			return;
	}
}

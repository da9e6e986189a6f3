/*
 * Core fragments as they stand in answers, escaped: a scan is then copies from memory.  What is
 * deployed to many may be more than fits, and what one kind of computer asks for is little of it:
 * the cache decides what stays.
 */
#include "importer/server/soap_write.h"
#include "importer/server/view_internal.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <stdatomic.h>
#include <stdlib.h>

int view_ready(const struct view *v, uint32_t node, const struct view_text **out, struct error *err)
{
	const struct view_key key = view_key_of(v, view_core_document(v, node), VIEW_ESCAPED, 0);
	CLEANUP(buf_clear) struct buf core = BUF_INIT(2u * LIMIT_FRAGMENT_BYTES);
	CLEANUP(soap_writer_clear) struct soap_writer w = SOAP_WRITER_INIT;

	*out = view_cache_find(v->cache, &key);
	if (*out)
		return 1;
	int found = view_make(v, node, WUSP_CORE, NULL, &core, err);
	if (found <= 0)
		return found;
	soap_escape(&w, core.bytes, core.len);
	if (w.err.id != ERROR_NONE) {
		*err = w.err;
		return -1;
	}
	*out = view_cache_keep(v->cache, &key, w.buf.bytes, w.buf.len);
	return 1;
}

/* ---- in the background ---- */

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

		if (wusp_deploy_at(d, node).action != WUSP_ACTION_NONE)
			list[n++] = (struct missing){ node, document->pack, document->offset };
	}
	if (n > 1)
		qsort(list, n, sizeof *list, by_place);
	*count = n;
	return list;
}

void view_ready_fill(const struct view *v, const struct wusp_deployments *d,
		     const atomic_bool *stop)
{
	size_t count;
	CLEANUP(missing_free) struct missing *list = list_missing(v, d, &count);

	for (size_t i = 0; i < count && !*stop && !view_cache_is_full(v->cache); i++) {
		CLEANUP(view_text_put) const struct view_text *text = NULL;
		struct error ignored = ERROR_INIT;

		/* Who asks for it is told why it cannot be had. */
		if (view_ready(v, list[i].node, &text, &ignored) < 0)
			continue;
	}
}

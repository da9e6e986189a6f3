#include "importer/export_write.h"

#include "importer/export_set.h"
#include "lib/base/base64.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/wsus/wsus_cabinet.h"
#include "lib/wsus/wsus_package.h"
#include "lib/wsus/wsus_record.h"

#include <stdlib.h>
#include <string.h>

enum { SHA1 = 20 };

/* A file that the updates of this package list. */
struct wanted {
	struct catalog_sha1 sha1;
	bool written;
};

struct writing {
	struct export_write *w;
	struct wsus_cabinet *cabinet;
	struct buf text; /* on its way into the cabinet */
	struct wanted *wanted;
	size_t wanted_count;
	const struct export_item *item; /* at work */
	char value[STR_GUID_SIZE > BASE64_LENGTH(SHA1) + 1 ? STR_GUID_SIZE
							   : BASE64_LENGTH(SHA1) + 1];
};

static void writing_clear(struct writing *g)
{
	wsus_cabinet_abandon(g->cabinet);
	buf_clear(&g->text);
	free(g->wanted);
}
DEFINE_CLEANUP_IN_PLACE(struct writing, writing_clear);

static int flush(struct writing *g, struct error *err)
{
	int failed = g->text.len > 0 && wsus_cabinet_append(g->cabinet, g->text.bytes, g->text.len,
							    err) < 0
			     ? -1
			     : 0;

	g->text.len = 0;
	return failed;
}

/* ---- which files ---- */

static int compare_wanted(const void *left, const void *right)
{
	const struct wanted *a = left, *b = right;

	return memcmp(&a->sha1, &b->sha1, sizeof a->sha1);
}

static bool is_here(const struct export_write *w, uint32_t item)
{
	return w->packages[item] == w->number;
}

static void collect_wanted(struct writing *g)
{
	const struct export_set *set = g->w->set;
	size_t capacity = 0, kept = 0;

	for (size_t k = 0; k < set->order.count; k++) {
		const struct export_item *item = &set->items[set->order.order[k]];

		for (size_t i = 0; is_here(g->w, set->order.order[k]) && i < item->listed_count;
		     i++) {
			g->wanted =
				buf_grow(g->wanted, &capacity, g->wanted_count, sizeof *g->wanted);
			g->wanted[g->wanted_count++] = (struct wanted){ .sha1 = item->listed[i] };
		}
	}
	if (g->wanted_count == 0)
		return;
	qsort(g->wanted, g->wanted_count, sizeof *g->wanted, compare_wanted);
	for (size_t i = 1; i < g->wanted_count; i++)
		if (compare_wanted(&g->wanted[kept], &g->wanted[i]) != 0)
			g->wanted[++kept] = g->wanted[i];
	g->wanted_count = kept + 1;
}

static struct wanted *find_wanted(struct writing *g, const struct export_listed *f)
{
	struct wanted key = { .sha1 = f->sha1 };

	return g->wanted_count == 0
		       ? NULL
		       : bsearch(&key, g->wanted, g->wanted_count, sizeof key, compare_wanted);
}

/* How many of the files of the sources go into the list; each once. */
static size_t count_files(struct writing *g)
{
	size_t count = 0;

	for (size_t i = 0; i < g->w->set->file_count; i++) {
		struct wanted *f = find_wanted(g, &g->w->set->files[i]);

		count += f && !f->written;
		if (f)
			f->written = true;
	}
	for (size_t i = 0; i < g->wanted_count; i++)
		g->wanted[i].written = false;
	return count;
}

/* ---- package.xml ---- */

static const char *digest_text(struct writing *g, const struct catalog_sha1 *sha1)
{
	base64_encode(sha1->bytes, sizeof sha1->bytes, g->value);
	return g->value;
}

static const char *file_text(void *ctx, size_t i)
{
	struct writing *g = ctx;

	return digest_text(g, &g->item->listed[i]);
}

static const char *product_text(void *ctx, size_t i)
{
	struct writing *g = ctx;

	str_from_guid(g->item->products[i].bytes, g->value);
	return g->value;
}

static const char *classification_text(void *ctx, size_t i)
{
	struct writing *g = ctx;

	str_from_guid(g->item->classifications[i].bytes, g->value);
	return g->value;
}

static int write_head(struct writing *g, struct error *err)
{
	const struct export_source *s = &g->w->set->sources[0];
	struct wsus_package_head head = {
		.created = g->w->created,
		.protocol_version = *s->protocol_version ? s->protocol_version : "1.20",
		.languages = s->languages,
		.languages_len = s->languages_len,
		.files = count_files(g),
	};

	/* Without one of its own the package has the zero GUID: WSUS asks for any. */
	(void)str_to_guid(s->server_id, strlen(s->server_id), head.server_id);
	if (wsus_package_begin(&head, &g->text, err) < 0)
		return -1;
	for (size_t i = 0; i < g->w->set->file_count; i++) {
		const struct export_listed *f = &g->w->set->files[i];
		struct wanted *wanted = find_wanted(g, f);

		if (!wanted || wanted->written)
			continue;
		wanted->written = true;
		if (wsus_package_file(digest_text(g, &f->sha1), f->url, f->name, &g->text, err) <
			    0 ||
		    flush(g, err) < 0)
			return -1;
	}
	g->w->files = head.files;
	return wsus_package_updates(head.files, &g->text, err);
}

static int write_update(struct writing *g, uint32_t item, struct error *err)
{
	g->item = &g->w->set->items[item];
	struct wsus_package_update u = { .revision = g->item->revision,
					 .files = g->item->listed_count,
					 .products = g->item->products_count,
					 .classifications = g->item->classifications_count,
					 .file = file_text,
					 .product = product_text,
					 .classification = classification_text,
					 .ctx = g };

	memcpy(u.update_id, g->item->update_id.bytes, sizeof u.update_id);
	g->w->updates++;
	return wsus_package_update(&u, &g->text, err) < 0 ? -1 : flush(g, err);
}

static int write_package(struct writing *g, struct error *err)
{
	const struct export_order *o = &g->w->set->order;

	wsus_cabinet_member(g->cabinet, "package.xml");
	if (write_head(g, err) < 0)
		return -1;
	for (size_t k = 0; k < o->count; k++)
		if (is_here(g->w, o->order[k]) && write_update(g, o->order[k], err) < 0)
			return -1;
	return wsus_package_end(&g->text, err) < 0 ? -1 : flush(g, err);
}

/* ---- metadata.txt ---- */

static int write_record(struct writing *g, struct documents *documents, uint32_t i,
			struct error *err)
{
	const struct export_item *item = &g->w->set->items[i];
	const void *xml = documents_read(documents, &item->document, err);
	size_t len = item->document.size;

	if (!xml ||
	    wsus_record_head(item->update_id.bytes, item->revision, xml, len, &g->text, err) < 0 ||
	    flush(g, err) < 0 || wsus_cabinet_append(g->cabinet, xml, len, err) < 0 ||
	    wsus_cabinet_append(g->cabinet, "\r\n", 2, err) < 0)
		return -1;
	if (progress_add(g->w->progress, len))
		return error_set(err, ERROR_STOPPED, "stopped on request");
	return 0;
}

static int write_records(struct writing *g, struct error *err)
{
	CLEANUP(documents_close) struct documents *documents = documents_open(g->w->store);
	const struct export_order *o = &g->w->set->order;

	wsus_cabinet_member(g->cabinet, "metadata.txt");
	for (size_t k = 0; k < o->count; k++)
		if (is_here(g->w, o->order[k]) && write_record(g, documents, o->order[k], err) < 0)
			return -1;
	return 0;
}

int export_write_package(struct export_write *w, struct error *err)
{
	CLEANUP(writing_clear)
	struct writing g = { .w = w, .text = BUF_INIT(2 * LIMIT_FRAGMENT_BYTES) };

	w->updates = w->files = 0;
	collect_wanted(&g);
	g.cabinet = wsus_cabinet_begin(w->dirfd, w->name, w->created, err);
	if (!g.cabinet || write_package(&g, err) < 0 || write_records(&g, err) < 0)
		return -1;
	return wsus_cabinet_commit(STEAL(g.cabinet), err);
}

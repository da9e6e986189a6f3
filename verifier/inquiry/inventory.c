#include "verifier/inquiry/inventory.h"

#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/channel.h"
#include "lib/store/graph_rows.h"
#include "lib/store/rows.h"
#include "lib/store/selection.h"
#include "lib/store/stored.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[INVENTORY_STATES] = { "here", "missing", "unselected",
						     "quarantined" };

const char *inventory_state_name(enum inventory_state state)
{
	return names[state];
}

void inventory_clear(struct inventory *i)
{
	graph_free(i->graph);
	free(i->updates);
	free(i->files);
	buf_clear(&i->list);
	buf_clear(&i->head);
}

struct filling {
	struct inventory *out;
	struct selection chosen;
	size_t lines; /* of the list */
};

static struct inventory_update *begin_update(struct filling *f, uint32_t node)
{
	struct inventory *out = f->out;
	const struct graph_node *n = &out->graph->nodes[node];

	if (out->update_count > 0 && out->updates[out->update_count - 1].node == node)
		return &out->updates[out->update_count - 1];
	out->updates = buf_grow(out->updates, &out->update_capacity, out->update_count,
				sizeof *out->updates);
	struct inventory_update *u = &out->updates[out->update_count++];

	*u = (struct inventory_update){
		.number = n->number, .revision = n->revision, .node = node, .first = out->file_count
	};
	memcpy(u->guid, graph_guid(out->graph, node), sizeof u->guid);
	return u;
}

static int on_named(void *ctx, const struct rows_named_file *from, struct error *err)
{
	struct filling *f = ctx;
	struct inventory *out = f->out;
	uint32_t node =
		graph_find(out->graph, from->mention.source_id, from->mention.source_revision);

	if (node == GRAPH_NONE)
		return error_set(err, ERROR_DB_CORRUPT, "catalog.db: a file of no revision");
	struct inventory_update *u = begin_update(f, node);
	out->files = buf_grow(out->files, &out->file_capacity, out->file_count, sizeof *out->files);
	struct inventory_file *file = &out->files[out->file_count++];
	*file = (struct inventory_file){ .has_sha256 = from->has_sha256,
					 .has_size = from->has_size,
					 .size = from->size };
	memcpy(file->sha1, from->sha1, sizeof file->sha1);
	memcpy(file->sha256, from->sha256, sizeof file->sha256);
	file->state = from->object                                   ? INVENTORY_HERE
		      : out->graph->nodes[node].is_quarantined       ? INVENTORY_QUARANTINED
		      : !selection_wants(&f->chosen, &from->mention) ? INVENTORY_UNSELECTED
								     : INVENTORY_MISSING;
	out->counts[file->state]++;
	out->bytes[file->state] += file->size;
	u->states[file->state]++;
	u->count++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct inventory_update *x = a, *y = b;
	int order = memcmp(x->guid, y->guid, sizeof x->guid);

	if (order != 0)
		return order;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return (x->revision > y->revision) - (x->revision < y->revision);
}

/* ---- texts ---- */

static int print_file(struct buf *list, const struct inventory_file *f, struct error *err)
{
	char sha1[DIGEST_HEX], sha256[DIGEST_HEX] = "-";

	str_to_hex(f->sha1, sizeof f->sha1, sha1);
	if (f->has_sha256)
		str_to_hex(f->sha256, sizeof f->sha256, sha256);
	if (!f->has_size)
		return buf_printf(list, err, "file %s %s - %s\n", sha1, sha256, names[f->state]);
	return buf_printf(list, err, "file %s %s %llu %s\n", sha1, sha256,
			  (unsigned long long)f->size, names[f->state]);
}

static int print_update(struct filling *f, const struct inventory_update *u, struct error *err)
{
	struct inventory *out = f->out;
	char guid[STR_GUID_SIZE];

	str_from_guid(u->guid, guid);
	f->lines += 1 + u->count;
	out->complete += u->states[INVENTORY_HERE] == u->count;
	if (buf_printf(&out->list, err, "update %s %u %u\n", guid, u->number, u->revision) < 0)
		return -1;
	for (size_t i = 0; i < u->count; i++)
		if (print_file(&out->list, &out->files[u->first + i], err) < 0)
			return -1;
	return 0;
}

static int on_unnamed(void *ctx, const struct stored_object *o, struct error *err)
{
	struct filling *f = ctx;
	char hex[DIGEST_HEX];

	str_to_hex(o->sha256, sizeof o->sha256, hex);
	f->lines++;
	f->out->unnamed++;
	f->out->unnamed_bytes += o->size;
	return buf_printf(&f->out->list, err, "unnamed %s %llu\n", hex,
			  (unsigned long long)o->size);
}

static int print_list(struct store *s, struct filling *f, struct error *err)
{
	struct inventory *out = f->out;

	if (out->update_count > 0)
		qsort(out->updates, out->update_count, sizeof *out->updates, compare);
	if (buf_printf(&out->list, err, "gapferry-inventory-list 1\n") < 0)
		return -1;
	for (size_t i = 0; i < out->update_count; i++)
		if (print_update(f, &out->updates[i], err) < 0)
			return -1;
	if (rows_each_unnamed(s, on_unnamed, f, err) < 0)
		return -1;
	return buf_printf(&out->list, err, "end %zu\n", f->lines + 2);
}

static int print_head(struct store *s, const struct channel *c, const struct filling *f,
		      struct error *err)
{
	struct inventory *out = f->out;
	char root[DIGEST_HEX], selection[DIGEST_HEX] = "-", list[DIGEST_HEX];
	unsigned char digest[DIGEST_SHA256];

	if (rows_root(s, digest, err) < 0)
		return -1;
	str_to_hex(digest, sizeof digest, root);
	if (f->chosen.has)
		str_to_hex(f->chosen.digest, sizeof f->chosen.digest, selection);
	digest_sha256(out->list.bytes, out->list.len, digest);
	str_to_hex(digest, sizeof digest, list);
	if (buf_printf(&out->head, err,
		       "gapferry-inventory 1\nchannel %s\nsequence %u %llu\ncatalog-root %s\n"
		       "selection %s\nupdates %zu %zu\n",
		       c->name, c->epoch, (unsigned long long)c->sequence, root, selection,
		       out->update_count, out->complete) < 0)
		return -1;
	for (int i = 0; i < INVENTORY_STATES; i++)
		if (buf_printf(&out->head, err, "%s %llu %llu\n", names[i],
			       (unsigned long long)out->counts[i],
			       (unsigned long long)out->bytes[i]) < 0)
			return -1;
	return buf_printf(&out->head, err, "unnamed %llu %llu\nlist %s %zu\nend 13\n",
			  (unsigned long long)out->unnamed, (unsigned long long)out->unnamed_bytes,
			  list, out->list.len);
}

int inventory_make(struct store *s, const struct channel *c, struct inventory *out,
		   struct error *err)
{
	struct filling f = { .out = out };

	*out = (struct inventory){ .list = BUF_INIT(LIMIT_INVENTORY_BYTES),
				   .head = BUF_INIT(LIMIT_MANIFEST_BYTES) };
	out->graph = graph_rows_load(s, err);
	if (!out->graph)
		return -1;
	int failed = selection_decide(s, c->id, NULL, &f.chosen, err) < 0 ||
		     rows_each_named(s, on_named, &f, err) < 0 || print_list(s, &f, err) < 0 ||
		     print_head(s, c, &f, err) < 0;
	selection_clear(&f.chosen);
	return failed ? -1 : 0;
}

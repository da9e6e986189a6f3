#include "importer/export_set.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"

#include <stdlib.h>
#include <string.h>

void export_set_clear(struct export_set *set)
{
	arena_clear(&set->arena);
	free(set->sources);
	free(set->items);
	free(set->relations);
	free(set->files);
	free(set->left);
	export_order_clear(&set->order);
	*set = (struct export_set){ .sources = NULL };
}

const char *export_set_reason(enum export_reason reason)
{
	switch (reason) {
	case EXPORT_TAKEN:
		return "exported";
	case EXPORT_QUARANTINED:
		return "held back by the rules";
	case EXPORT_PREREQUISITE:
		return "a prerequisite cannot be exported";
	case EXPORT_CHILD:
		return "an update that it bundles cannot be exported";
	case EXPORT_FRAGMENTS:
		return "only fragments of a scan catalog are here, no full document";
	case EXPORT_REASONS_:
		break;
	}
	return "";
}

/* Before export_order_make() only the quarantined ones have a reason. */
static enum export_reason reason_of(const struct export_set *set, size_t i)
{
	const struct export_order_item *o = &set->relations[i];

	if (set->order.chosen[i])
		return EXPORT_TAKEN;
	if (!set->items[i].usable)
		return EXPORT_QUARANTINED;
	for (size_t k = 0; k < o->children_count; k++)
		if (o->children[k] == EXPORT_ORDER_ABSENT || !set->order.chosen[o->children[k]])
			return EXPORT_CHILD;
	return EXPORT_PREREQUISITE;
}

static int add_left(void *ctx, const unsigned char update_id[16], uint32_t revision,
		    struct error *err)
{
	struct export_set *set = ctx;

	(void)err;
	set->left = buf_grow(set->left, &set->left_capacity, set->left_count, sizeof *set->left);
	struct export_left *l = &set->left[set->left_count++];
	memcpy(l->update_id.bytes, update_id, sizeof l->update_id.bytes);
	l->revision = revision;
	return 0;
}

static size_t count_updates(const struct export_set *set)
{
	size_t count = 0;

	for (size_t i = 0; i < set->item_count; i++)
		if (set->relations[i].update >= count)
			count = set->relations[i].update + 1;
	return count;
}

int export_set_load(struct store *s, struct progress *progress, struct export_set *out,
		    struct error *err)
{
	CLEANUP(export_set_clear) struct export_set set = { .sources = NULL };

	if (export_read_sources(s, &set, err) < 0 ||
	    documents_each_without(s, add_left, &set, err) < 0)
		return -1;
	if (set.item_count == 0)
		return error_set(err, ERROR_WSUS_NOTHING,
				 "%zu revisions are here, none with a full document",
				 set.left_count);
	if (export_read_documents(s, &set, progress, err) < 0)
		return -1;
	export_order_make(set.relations, set.item_count, count_updates(&set), &set.order);
	for (size_t i = 0; i < set.item_count; i++) {
		set.items[i].reason = reason_of(&set, i);
		set.reasons[set.items[i].reason]++;
	}
	set.reasons[EXPORT_FRAGMENTS] = set.left_count;
	if (set.order.count == 0)
		return error_set(err, ERROR_WSUS_NOTHING,
				 "%zu full documents are here, none of them can be exported",
				 set.item_count);
	*out = set;
	set = (struct export_set){ .sources = NULL };
	return 0;
}

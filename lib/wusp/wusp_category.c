/* StartCategoryScan. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/wusp/sync.h"
#include "lib/wusp/wusp_internal.h"

#include <stdlib.h>
#include <string.h>

void wusp_category_clear(struct wusp_category_answer *a)
{
	free(a->preferred);
	free(a->in_error);
	*a = (struct wusp_category_answer){ NULL, NULL, 0, 0 };
}

static bool is_known(const struct wusp_graph *g, const struct catalog_guid *id)
{
	uint32_t node = wusp_graph_by_guid(g, id);

	return node != WUSP_NONE && g->type[node] == WUSP_CATEGORY;
}

static bool listed(const struct catalog_guid *list, size_t count, const struct catalog_guid *id)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(&list[i], id, sizeof *id) == 0)
			return true;
	return false;
}

static void add_once(struct catalog_guid *list, size_t *count, const struct catalog_guid *id)
{
	if (!listed(list, *count, id))
		list[(*count)++] = *id;
}

/* What one AND-group prefers; false when nothing can be preferred for all of them together. */
static bool judge_group(const struct wusp_graph *g, const struct wusp_category *wanted,
			size_t count, int32_t group, struct wusp_category_answer *out)
{
	const struct catalog_guid *product = NULL;
	size_t members = 0, products = 0;

	for (size_t i = 0; i < count; i++) {
		if (wanted[i].group != group)
			continue;
		if (!is_known(g, &wanted[i].id))
			return true; /* the group is dropped */
		members++;
		if (g->category_type[wusp_graph_by_guid(g, &wanted[i].id)] ==
		    CATALOG_CATEGORY_CLASSIFICATION)
			continue;
		products++;
		product = &wanted[i].id;
	}
	if (products != 1 || members > 2)
		return false;
	add_once(out->preferred, &out->preferred_count, product);
	return true;
}

int wusp_category_scan(const struct wusp_graph *g, const struct wusp_category *wanted, size_t count,
		       struct wusp_category_answer *out, struct error *err)
{
	bool all = true;

	if (count > LIMIT_WUSP_CATEGORIES)
		return error_set(err, ERROR_WUSP_PARAMETERS, "requestedCategories");
	out->preferred = buf_calloc(count + 1, sizeof *out->preferred);
	out->in_error = buf_calloc(count + 1, sizeof *out->in_error);
	for (size_t i = 0; i < count; i++) {
		if (!is_known(g, &wanted[i].id))
			add_once(out->in_error, &out->in_error_count, &wanted[i].id);
		if (!judge_group(g, wanted, count, wanted[i].group, out))
			all = false;
	}
	if (!all)
		out->preferred_count = 0;
	return 0;
}

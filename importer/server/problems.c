#include "importer/server/problems.h"

#include "importer/server/api_json.h"
#include "importer/server/deployed.h"
#include "importer/server/view.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/clients/approval.h"
#include "lib/clients/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void problems_clear(struct problems *p)
{
	free(p->items);
	*p = (struct problems){ 0 };
}

bool problems_is_note(enum wusp_problem_kind kind)
{
	return kind == WUSP_PROBLEM_CLAUSE;
}

static bool same(const struct problem *a, const struct problem *b)
{
	return a->kind == b->kind && a->group == b->group && a->revision == b->revision &&
	       memcmp(a->update_id, b->update_id, sizeof a->update_id) == 0;
}

/* By update, then group, as approval_list_all() sorts; the group 0 is any. */
static int by_place(const void *left, const void *right)
{
	const struct approval *a = left, *b = right;
	int order = memcmp(a->update_id, b->update_id, sizeof a->update_id);

	if (order != 0 || a->group == 0)
		return order;
	return a->group < b->group ? -1 : a->group > b->group;
}

static bool is_made(const struct approval_rows *made, const struct problem *p, int64_t group)
{
	struct approval key = { .group = group };

	memcpy(key.update_id, p->update_id, sizeof key.update_id);
	return made->count > 0 &&
	       bsearch(&key, made->items, made->count, sizeof key, by_place) != NULL;
}

/* Approved above: told of the group where it was. */
static bool is_inherited(const struct approval_rows *made, const struct problem *p)
{
	return !is_made(made, p, p->group) && is_made(made, p, 0);
}

static int add_group(const struct view *v, struct clients *clients,
		     const struct approval_rows *made, int64_t group, struct problems *out,
		     struct error *err)
{
	const struct group_set set = { .count = 1, .ids = { group } };
	CLEANUP(wusp_deploy_free)
	struct wusp_deployments *d = deployed_afresh(v, clients, &set, err);
	size_t count;

	if (!d)
		return -1;
	const struct wusp_problem *found = wusp_deploy_problems(d, &count);
	for (size_t i = 0; i < count; i++) {
		struct problem p = { .kind = found[i].kind, .group = group };

		memcpy(p.update_id, found[i].update_id.bytes, sizeof p.update_id);
		if (found[i].node != WUSP_NONE)
			p.revision = wusp_graph_node(view_graph(v), found[i].node).revision_id;
		/* A revision may have several clauses of one kind. */
		if ((out->count > 0 && same(&out->items[out->count - 1], &p)) ||
		    is_inherited(made, &p))
			continue;
		out->items = buf_grow(out->items, &out->capacity, out->count, sizeof *out->items);
		out->items[out->count++] = p;
	}
	return 0;
}

/* Groups without approvals of their own have the problems of the one above. */
int problems_find(const struct view *v, struct clients *clients, const struct group_list *groups,
		  struct problems *out, struct error *err)
{
	CLEANUP(approval_rows_clear) struct approval_rows made = { 0 };

	if (approval_list_all(clients, &made, err) < 0)
		return -1;
	for (size_t i = 0; i < groups->count; i++) {
		size_t at = 0;

		while (at < made.count && made.items[at].group != groups->items[i].id)
			at++;
		if (at < made.count &&
		    add_group(v, clients, &made, groups->items[i].id, out, err) < 0)
			return -1;
	}
	return 0;
}

static const char *group_name(const struct problem *p, const struct group_list *groups)
{
	const struct group *g = group_by_id(groups, p->group);

	return g ? g->name : "";
}

json_t *problems_json(const struct problem *p, const struct group_list *groups)
{
	char guid[STR_GUID_SIZE];
	json_t *o = json_object();

	str_from_guid(p->update_id, guid);
	api_json_put(o, "group", api_json_text(group_name(p, groups)));
	api_json_put(o, "update_id", json_string(guid));
	api_json_put(o, "problem", json_string(wusp_deploy_problem_name(p->kind)));
	api_json_put(o, "severity", json_string(problems_is_note(p->kind) ? "note" : "error"));
	api_json_put(o, "revision_id", p->revision > 0 ? json_integer(p->revision) : json_null());
	api_json_put(o, "message", json_string(wusp_deploy_problem_text(p->kind)));
	return o;
}

void problems_line(const struct problem *p, const struct group_list *groups,
		   char out[PROBLEMS_LINE])
{
	char guid[STR_GUID_SIZE];

	str_from_guid(p->update_id, guid);
	snprintf(out, PROBLEMS_LINE, "%s: approval of %s for '%s': %s (revision %d)",
		 error_id_text(ERROR_SERVER_DEPLOYMENT), guid, group_name(p, groups),
		 wusp_deploy_problem_text(p->kind), p->revision);
}

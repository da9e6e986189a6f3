#include "importer/server/deployed.h"

#include "importer/server/view.h"
#include "lib/base/buf.h"
#include "lib/clients/approval.h"
#include "lib/clients/group.h"
#include "lib/wusp/deploy.h"

#include <stdlib.h>
#include <string.h>

struct fill {
	struct clients *clients;
	const struct group_set *groups;
};

static enum wusp_action wire_action(enum approval_action a)
{
	switch (a) {
	case APPROVAL_INSTALL:
		return WUSP_INSTALL;
	case APPROVAL_OPTIONAL:
		return WUSP_OPTIONAL_INSTALL;
	case APPROVAL_UNINSTALL:
		return WUSP_UNINSTALL;
	case APPROVAL_DETECT:
		return WUSP_PRE_DEPLOYMENT_CHECK;
	case APPROVAL_BLOCK:
		return WUSP_BLOCK;
	}
	return WUSP_ACTION_NONE;
}

static struct wusp_approval from_row(const struct approval *a)
{
	struct wusp_approval out = {
		.action = wire_action(a->action),
		.is_assigned = a->is_assigned,
		/* a deployment's own id stays below those that are derived */
		.id = (int32_t)(a->id % WUSP_DERIVED_ID),
		.deadline = a->deadline,
		.last_change = a->last_change,
	};

	memcpy(out.update_id.bytes, a->update_id, sizeof out.update_id.bytes);
	return out;
}

/* For view_deployments(): what holds for a set of groups, declined updates among it. */
static long fill(void *ctx, struct wusp_approval **out, struct error *err)
{
	const struct fill *f = ctx;
	CLEANUP(approval_rows_clear) struct approval_rows rows = { 0 };
	CLEANUP(approval_declined_clear) struct approval_declined declined = { 0 };

	if (approval_list(f->clients, f->groups, &rows, err) < 0 ||
	    approval_declined_load(f->clients, &declined, err) < 0)
		return -1;
	size_t count = rows.count + declined.count;
	struct wusp_approval *list = buf_calloc(count + 1, sizeof *list);
	for (size_t i = 0; i < rows.count; i++)
		list[i] = from_row(&rows.items[i]);
	for (size_t i = 0; i < declined.count; i++) {
		struct wusp_approval *a = &list[rows.count + i];

		memcpy(a->update_id.bytes, declined.ids[i], sizeof a->update_id.bytes);
		a->declined = true;
	}
	*out = list;
	return (long)count;
}

/* FNV-1a: the same number for the same groups for ever, because clients carry it. */
static uint64_t scope_of(const struct group_set *groups)
{
	uint64_t hash = 0xCBF29CE484222325u;

	for (size_t i = 0; i < groups->count; i++)
		for (unsigned shift = 0; shift < 64; shift += 8)
			hash = (hash ^ ((uint64_t)groups->ids[i] >> shift & 0xFF)) * 0x100000001B3u;
	return hash;
}

const struct view_deployed *deployed_to(const struct view *v, struct clients *clients,
					const struct group_set *groups, int64_t version,
					struct error *err)
{
	struct fill f = { clients, groups };
	const struct view_scope scope = {
		.scope = scope_of(groups), .version = (uint64_t)version, .fill = fill, .ctx = &f
	};

	return view_deployments(v, &scope, err);
}

struct wusp_deployments *deployed_afresh(const struct view *v, struct clients *clients,
					 const struct group_set *groups, struct error *err)
{
	struct fill f = { clients, groups };
	struct wusp_approval *approvals = NULL;
	struct wusp_deployments *d = NULL;
	long count = fill(&f, &approvals, err);

	if (count >= 0)
		d = wusp_deploy(view_graph(v), approvals, (size_t)count, scope_of(groups));
	free(approvals);
	return d;
}

#include "importer/server/api_approvals.h"

#include "importer/server/access.h"
#include "importer/server/api_json.h"
#include "importer/server/client_json.h"
#include "importer/server/desk.h"
#include "importer/server/problems.h"
#include "importer/server/reply.h"
#include "importer/server/request.h"
#include "importer/server/service_internal.h"
#include "importer/server/session.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/store/parts.h"

#include <stdio.h>
#include <string.h>

enum parameter { UPDATE_ID, GROUP, ACTION, DEADLINE, OFFER, BY, PARAMETERS };

static int bad(struct error *err, const char *name, const char *want)
{
	return error_set(err, ERROR_SERVER_PARAMETER, "parameter '%s': not %s", name, want);
}

/* What a verb has on its desk, borrowed from the session of this thread. */
static void clear(struct desk *d)
{
	parts_free(d->parts);
	group_list_clear(&d->groups);
}
DEFINE_CLEANUP_IN_PLACE(struct desk, clear);

static int list(const struct desk *d, const unsigned char *update_id, int64_t group,
		struct reply *out, struct error *err)
{
	CLEANUP(approval_rows_clear) struct approval_rows made = { 0 };
	CLEANUP(json_decref) json_t *rows = json_array();

	if (approval_list_all(d->clients, &made, err) < 0)
		return -1;
	for (size_t i = 0; i < made.count; i++)
		if ((!group || made.items[i].group == group) &&
		    (!update_id || memcmp(made.items[i].update_id, update_id, 16) == 0))
			json_array_append_new(rows,
					      client_json_approval(&made.items[i], &d->groups));
	return reply_json(out, 200, json_pack("{s:O}", "approvals", rows), err);
}

static void note_file(void *ctx, const struct desk_update *u, const struct query_file *f)
{
	(void)u;
	json_array_append_new(ctx, api_json_file(f));
}

/* The refusal with the list of files, which a plain failure cannot carry. */
static int refuse(struct reply *out, const struct error *why, json_t *missing, struct error *err)
{
	return reply_json(out, reply_status(why),
			  json_pack("{s:{s:s, s:s, s:s}, s:O}", "error", "id",
				    error_id_text(why->id), "message", why->message, "next_step",
				    error_next_step(why->id), "missing", missing),
			  err);
}

static int approve(struct desk *d, const char *const *v, struct approval *a, struct reply *out,
		   struct error *err)
{
	CLEANUP(json_decref) json_t *missing = json_array();
	struct error why = ERROR_INIT;
	struct desk_update update;
	char what[DESK_WHAT];

	a->action = APPROVAL_INSTALL;
	a->is_assigned = !v[OFFER] || strcmp(v[OFFER], "0") == 0;
	snprintf(a->by, sizeof a->by, "%s", v[BY] ? v[BY] : "API");
	if (v[ACTION] && !approval_action_parse(v[ACTION], &a->action))
		return bad(err, "action", "install, optional, uninstall, detect or block");
	if (v[DEADLINE] && desk_time(v[DEADLINE], &a->deadline, err) < 0)
		return -1;
	if (desk_update(d->query, a->update_id, &update, err) < 0)
		return -1;
	if ((a->action == APPROVAL_INSTALL || a->action == APPROVAL_OPTIONAL) &&
	    desk_missing(d, &update, note_file, missing, err) < 0)
		return -1;
	desk_what(&update, what);
	if (approval_judge(&update.facts, a->action, what, &why) < 0) {
		if (why.id == ERROR_APPROVAL_FILES)
			return refuse(out, &why, missing, err);
		*err = why;
		return -1;
	}
	if (approval_set(d->clients, a, 1, clock_now(), err) < 0)
		return -1;
	return reply_json(out, 200, client_json_approval(a, &d->groups), err);
}

static int take_back(const struct desk *d, const unsigned char update_id[16], int64_t group,
		     struct reply *out, struct error *err)
{
	uint64_t removed;

	if (approval_unset(d->clients, update_id, group, clock_now(), &removed, err) < 0)
		return -1;
	if (removed == 0)
		return error_set(err, ERROR_APPROVAL_ABSENT, "it is not approved there");
	return reply_json(out, 200, json_pack("{s:I}", "removed", (json_int_t)removed), err);
}

int api_approvals(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	static const char *const names[PARAMETERS] = {
		[UPDATE_ID] = "update_id", [GROUP] = "group", [ACTION] = "action",
		[DEADLINE] = "deadline",   [OFFER] = "offer", [BY] = "by",
	};
	const bool adds = strcmp(q->method, "POST") == 0,
		   removes = strcmp(q->method, "DELETE") == 0;
	CLEANUP(clear) struct desk d = DESK_INIT;
	struct approval a = { .group = 0 };
	const char *v[PARAMETERS];

	(void)rest;
	if (access_check(q, err) < 0 ||
	    request_parameters(q, names, v, adds ? PARAMETERS : ACTION, err) < 0)
		return -1;
	if (v[UPDATE_ID] && !str_to_guid(v[UPDATE_ID], strlen(v[UPDATE_ID]), a.update_id))
		return bad(err, "update_id", "a GUID");
	if ((adds || removes) && !v[UPDATE_ID])
		return bad(err, "update_id", "given");
	if (adds && !v[GROUP])
		return bad(err, "group", "given");
	struct session *session = request_session(q, err);
	if (!session || !(d.clients = session_clients(session, err)) ||
	    group_list_load(d.clients, &d.groups, err) < 0)
		return -1;
	d.store = session->store;
	d.query = session->query;
	const struct group *g = v[GROUP] ? group_by_name(&d.groups, v[GROUP]) : NULL;
	if (v[GROUP] && !g)
		return error_set(err, ERROR_GROUP_ABSENT, "there is no such group");
	a.group = g ? g->id : 0;
	if (adds)
		return approve(&d, v, &a, out, err);
	if (removes)
		return take_back(&d, a.update_id, a.group, out, err);
	return list(&d, v[UPDATE_ID] ? a.update_id : NULL, a.group, out, err);
}

int api_approvals_problems(const struct request *q, const char *rest, struct reply *out,
			   struct error *err)
{
	CLEANUP(problems_clear) struct problems found = { 0 };
	CLEANUP(group_list_clear) struct group_list groups = { 0 };
	CLEANUP(json_decref) json_t *rows = json_array();

	(void)rest;
	if (access_check(q, err) < 0 || request_parameters(q, NULL, NULL, 0, err) < 0)
		return -1;
	struct session *session = request_session(q, err);
	struct clients *c = session ? session_clients(session, err) : NULL;
	if (!c)
		return -1;
	CLEANUP(view_put) const struct view *v = view_get(q->service->views);
	if (group_list_load(c, &groups, err) < 0 || problems_find(v, c, &groups, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < found.count; i++)
		json_array_append_new(rows, problems_json(&found.items[i], &groups));
	return reply_json(out, 200, json_pack("{s:O}", "problems", rows), err);
}

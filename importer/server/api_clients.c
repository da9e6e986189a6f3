#include "importer/server/api_clients.h"

#include "importer/server/access.h"
#include "importer/server/api_json.h"
#include "importer/server/client_json.h"
#include "importer/server/desk.h"
#include "importer/server/reply.h"
#include "importer/server/request.h"
#include "importer/server/session.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/clients/compliance.h"
#include "lib/clients/event.h"

#include <string.h>

enum { PAGE_DEFAULT = 100, EVENTS_SHOWN = 50 };

static int bad(struct error *err, const char *name, const char *want)
{
	return error_set(err, ERROR_SERVER_PARAMETER, "parameter '%s': not %s", name, want);
}

static int parse_limit(const char *text, uint64_t *out, struct error *err)
{
	*out = PAGE_DEFAULT;
	if (text && (!str_to_u64(text, strlen(text), LIMIT_API_PAGE, out) || *out == 0))
		return bad(err, "limit", "a number from 1 to 1000");
	return 0;
}

/* The group of a name; absent: 0, all. */
static int find_group(const struct group_list *groups, const char *name, int64_t *out,
		      struct error *err)
{
	const struct group *g = name ? group_by_name(groups, name) : NULL;

	*out = g ? g->id : 0;
	return name && !g ? error_set(err, ERROR_GROUP_ABSENT, "there is no such group") : 0;
}

static bool is(const struct request *q, const char *method)
{
	return strcmp(q->method, method) == 0;
}

static int answer_done(struct reply *out, const char *what, struct error *err)
{
	return reply_json(out, 200, json_pack("{s:s}", "done", what), err);
}

/* ---- computers ---- */

static bool in_group(const struct group_list *groups, const struct computer *m, int64_t group)
{
	bool inside = group == 0;

	for (size_t i = 0; !inside && i < m->groups.count; i++)
		inside = group_within(groups, m->groups.ids[i], group);
	return inside;
}

int api_clients_computers(const struct request *q, const char *rest, struct reply *out,
			  struct error *err)
{
	static const char *const names[] = { "limit", "after", "group" };
	CLEANUP(group_list_clear) struct group_list groups = { 0 };
	CLEANUP(json_decref) json_t *o = json_object();
	json_t *list = json_array();
	uint64_t limit, after = 0;
	const char *v[3];
	int64_t group;

	(void)rest;
	api_json_put(o, "computers", list);
	if (access_check(q, err) < 0 || request_parameters(q, names, v, 3, err) < 0 ||
	    parse_limit(v[0], &limit, err) < 0)
		return -1;
	if (v[1] && !str_to_u64(v[1], strlen(v[1]), INT64_MAX, &after))
		return bad(err, "after", "a value of 'next'");
	struct session *session = request_session(q, err);
	struct clients *c = session ? session_clients(session, err) : NULL;
	if (!c || group_list_load(c, &groups, err) < 0 ||
	    find_group(&groups, v[2], &group, err) < 0)
		return -1;
	struct computer m = { .id = (int64_t)after };
	int row;
	while ((row = computer_next(c, m.id, &m, err)) == 1) {
		if (!in_group(&groups, &m, group))
			continue;
		json_array_append_new(list, client_json_computer(&m, &groups));
		if (json_array_size(list) == limit)
			break;
	}
	if (row < 0)
		return -1;
	/* The last page may be full: the next one is then empty and says so. */
	api_json_put(o, "next", row == 1 ? json_sprintf("%lld", (long long)m.id) : json_null());
	return reply_json(out, 200, STEAL(o), err);
}

static bool collect_event(void *ctx, const struct event_row *e)
{
	json_array_append_new(ctx, client_json_event(e));
	return true;
}

static int show_computer(struct clients *c, const struct computer *m,
			 const struct group_list *groups, struct reply *out, struct error *err)
{
	CLEANUP(compliance_sets_free) struct compliance_sets *sets = compliance_sets_new(c, err);
	CLEANUP(compliance_detail_clear) struct compliance_detail d = { 0 };
	CLEANUP(json_decref) json_t *o = client_json_computer(m, groups);
	json_t *updates = json_array(), *events = json_array();
	const struct compliance_question question = { m, NULL, clock_now() };

	api_json_put(o, "updates", updates);
	api_json_put(o, "events", events);
	if (!sets || compliance_detail_load(c, sets, &question, &d, err) < 0 ||
	    event_list(c, m->id, EVENTS_SHOWN, collect_event, events, err) < 0)
		return -1;
	for (size_t i = 0; i < d.count; i++)
		if (d.items[i].state != COMPLIANCE_NOT_APPLICABLE)
			json_array_append_new(updates, client_json_item(&d.items[i]));
	return reply_json(out, 200, STEAL(o), err);
}

/* groups: "A;B"; "" for none. */
static int move_computer(struct clients *c, const struct computer *m,
			 const struct group_list *groups, const char *names, struct error *err)
{
	int64_t ids[LIMIT_GROUP_SET];
	size_t count = 0;

	while (*names) {
		char name[GROUP_NAME_SIZE];
		size_t len = strcspn(names, ";");

		if (len >= sizeof name || count == LIMIT_GROUP_SET)
			return bad(err, "groups", "at most 16 names with ';' between them");
		memcpy(name, names, len);
		name[len] = '\0';
		if (find_group(groups, name, &ids[count++], err) < 0)
			return -1;
		names += len + (names[len] == ';');
	}
	return computer_move(c, m->id, ids, count, err);
}

int api_clients_computer(const struct request *q, const char *rest, struct reply *out,
			 struct error *err)
{
	static const char *const names[] = { "groups" };
	CLEANUP(group_list_clear) struct group_list groups = { 0 };
	struct computer m;
	const char *v[1];
	bool moves = is(q, "POST");

	if (access_check(q, err) < 0 || request_parameters(q, names, v, 1, err) < 0)
		return -1;
	if (moves != (v[0] != NULL))
		return bad(err, "groups", "given, or not used here");
	struct session *session = request_session(q, err);
	struct clients *c = session ? session_clients(session, err) : NULL;
	int row = c ? computer_find(c, rest, &m, err) : -1;
	if (row <= 0)
		return row < 0 ? -1 : error_set(err, ERROR_COMPUTER_ABSENT, "no such computer");
	if (group_list_load(c, &groups, err) < 0)
		return -1;
	if (moves)
		return move_computer(c, &m, &groups, v[0], err) < 0
			       ? -1
			       : answer_done(out, "moved", err);
	if (is(q, "DELETE"))
		return computer_remove(c, m.id, err) < 0 ? -1 : answer_done(out, "removed", err);
	return show_computer(c, &m, &groups, out, err);
}

/* ---- groups ---- */

static int list_groups(struct clients *c, struct reply *out, struct error *err)
{
	CLEANUP(group_list_clear) struct group_list groups = { 0 };
	CLEANUP(json_decref) json_t *list = json_array();

	if (group_list_load(c, &groups, err) < 0)
		return -1;
	for (size_t i = 0; i < groups.count; i++) {
		const struct group *g = &groups.items[i];
		const struct group *parent = group_by_id(&groups, g->parent);
		char guid[STR_GUID_SIZE];
		json_t *o = json_object();

		str_from_guid(g->guid, guid);
		api_json_put(o, "id", json_string(guid));
		api_json_put(o, "name", api_json_text(g->name));
		api_json_put(o, "parent", api_json_text(parent ? parent->name : ""));
		json_array_append_new(list, o);
	}
	return reply_json(out, 200, json_pack("{s:O}", "groups", list), err);
}

int api_clients_groups(const struct request *q, const char *rest, struct reply *out,
		       struct error *err)
{
	static const char *const names[] = { "name", "parent" };
	const char *v[2];
	int64_t id;

	(void)rest;
	if (access_check(q, err) < 0 || request_parameters(q, names, v, 2, err) < 0)
		return -1;
	struct session *session = request_session(q, err);
	struct clients *c = session ? session_clients(session, err) : NULL;
	if (!c)
		return -1;
	if (!is(q, "POST") && !is(q, "DELETE"))
		return v[0] || v[1] ? bad(err, "name", "used here") : list_groups(c, out, err);
	if (!v[0])
		return bad(err, "name", "given");
	if (is(q, "DELETE"))
		return group_remove(c, v[0], err) < 0 ? -1 : answer_done(out, "removed", err);
	return group_add(c, v[0], v[1], &id, err) < 0 ? -1 : answer_done(out, "added", err);
}

/* ---- compliance ---- */

static int add_update(struct query *query, const struct compliance_update *u, json_t *list,
		      struct error *err)
{
	struct desk_update what;
	char guid[STR_GUID_SIZE];

	if (desk_update(query, u->update_id, &what, err) < 0)
		return -1;
	str_from_guid(u->update_id, guid);
	json_t *o = json_object();
	api_json_put(o, "update_id", json_string(guid));
	api_json_put(o, "kb", api_json_text(what.kb));
	api_json_put(o, "title", api_json_text(what.title));
	client_json_counts(o, "computers", &u->counts);
	json_array_append_new(list, o);
	return 0;
}

int api_clients_compliance(const struct request *q, const char *rest, struct reply *out,
			   struct error *err)
{
	static const char *const names[] = { "limit", "after", "group" };
	CLEANUP(group_list_clear) struct group_list groups = { 0 };
	CLEANUP(json_decref) json_t *o = json_object();
	unsigned char after[16] = { 0 };
	json_t *list = json_array();
	char next[STR_GUID_SIZE] = "";
	const char *v[3];
	uint64_t limit;
	int64_t group;

	(void)rest;
	api_json_put(o, "updates", list);
	if (access_check(q, err) < 0 || request_parameters(q, names, v, 3, err) < 0 ||
	    parse_limit(v[0], &limit, err) < 0)
		return -1;
	if (v[1] && !str_to_guid(v[1], strlen(v[1]), after))
		return bad(err, "after", "a value of 'next'");
	struct session *session = request_session(q, err);
	struct clients *c = session ? session_clients(session, err) : NULL;
	if (!c || group_list_load(c, &groups, err) < 0 ||
	    find_group(&groups, v[2], &group, err) < 0)
		return -1;
	CLEANUP(compliance_free) struct compliance *all = compliance_load(c, group, err);
	if (!all)
		return -1;
	for (size_t i = 0; i < compliance_updates(all) && !*next; i++) {
		const struct compliance_update *u = compliance_update(all, i);

		if (v[1] && memcmp(u->update_id, after, 16) <= 0)
			continue;
		if (add_update(session->query, u, list, err) < 0)
			return -1;
		if (json_array_size(list) == limit && i + 1 < compliance_updates(all))
			str_from_guid(u->update_id, next);
	}
	api_json_put(o, "computers", json_integer((json_int_t)compliance_computers(all)));
	api_json_put(o, "next", *next ? json_string(next) : json_null());
	return reply_json(out, 200, STEAL(o), err);
}

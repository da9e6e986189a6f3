/* report: counts per update, computer and group, from one pass over all of them. */
#include "importer/server/api_json.h"
#include "importer/server/client_json.h"
#include "importer/server/commands.h"
#include "importer/server/desk.h"
#include "importer/server/table.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/clients/compliance.h"

#include <stdio.h>
#include <string.h>

#define STATE_COLUMNS \
	"installed", "pending-reboot", "downloaded", "needed", "failed", "not-applicable", "unknown"

/* The group of --group, or of a name; 0 for all.  -1 when there is none. */
static int64_t group_id(const struct desk *d, const char *name, struct error *err)
{
	const struct group *g = name ? desk_group(d, name, err) : NULL;

	return !name ? 0 : g ? g->id : -1;
}

static int open_for(const struct cli_args *args, const char *group, struct desk *d,
		    struct compliance **out, struct error *err)
{
	if (desk_open(args, d, err) < 0)
		return -1;
	int64_t id = group_id(d, group, err);
	if (id < 0)
		return -1;
	*out = compliance_load(d->clients, id, err);
	return *out ? 0 : -1;
}

int cmd_report_updates(const struct cli_args *args, struct error *err)
{
	static const char *const columns[] = { "kb",          "update_id", "computers",
					       STATE_COLUMNS, "title",     NULL };
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	CLEANUP(compliance_free) struct compliance *all = NULL;
	CLEANUP(json_decref) json_t *rows = json_array();
	struct table t = { "updates", columns, NULL };

	if (open_for(args, cli_text(args, "group"), &d, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < compliance_updates(all); i++) {
		const struct compliance_update *u = compliance_update(all, i);
		struct desk_update what;
		char guid[STR_GUID_SIZE];

		if (desk_update(d.query, u->update_id, &what, err) < 0)
			return -1;
		str_from_guid(u->update_id, guid);
		json_t *o = json_pack("{s:s, s:o, s:o}", "update_id", guid, "kb",
				      api_json_text(what.kb), "title", api_json_text(what.title));
		client_json_counts(o, "computers", &u->counts);
		json_array_append_new(rows, o);
	}
	t.rows = STEAL(rows);
	return table_print(&t, args, err);
}

int cmd_report_computers(const struct cli_args *args, struct error *err)
{
	static const char *const columns[] = { "dns_name",     "client_id",   "groups",
					       "last_contact", "last_status", "updates",
					       STATE_COLUMNS,  NULL };
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	CLEANUP(compliance_free) struct compliance *all = NULL;
	CLEANUP(json_decref) json_t *rows = json_array();
	struct table t = { "computers", columns, NULL };

	if (open_for(args, cli_text(args, "group"), &d, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < compliance_computers(all); i++) {
		const struct compliance_computer *c = compliance_computer(all, i);
		struct computer m;
		int row = computer_next(d.clients, c->id - 1, &m, err);

		if (row < 0)
			return -1;
		if (row == 0 || m.id != c->id)
			continue; /* removed meanwhile */
		json_t *o = client_json_computer(&m, &d.groups);
		client_json_counts(o, "updates", &c->counts);
		json_array_append_new(rows, o);
	}
	t.rows = STEAL(rows);
	return table_print(&t, args, err);
}

/* ---- a group and those below it ---- */

struct summary {
	json_int_t computers, compliant, failed, reboot, lost, silent;
};

static int summarize(struct desk *d, const struct compliance *all, struct summary *s,
		     struct error *err)
{
	const int64_t lost = clock_now() - (int64_t)LIMIT_CONTACT_DAYS * 86400;

	for (size_t i = 0; i < compliance_computers(all); i++) {
		const struct compliance_computer *c = compliance_computer(all, i);
		const uint64_t *of = c->counts.of;
		struct computer m;
		int row = computer_next(d->clients, c->id - 1, &m, err);

		if (row < 0)
			return -1;
		if (row == 0 || m.id != c->id)
			continue;
		s->computers++;
		s->compliant += of[COMPLIANCE_INSTALLED] + of[COMPLIANCE_NOT_APPLICABLE] ==
				compliance_total(&c->counts);
		s->failed += of[COMPLIANCE_FAILED] > 0;
		s->reboot += of[COMPLIANCE_REBOOT] > 0;
		s->lost += m.last_contact < lost;
		s->silent += m.last_status == 0;
	}
	return 0;
}

static int add_group(struct desk *d, const struct group *g, json_t *rows, struct error *err)
{
	CLEANUP(compliance_free) struct compliance *all = compliance_load(d->clients, g->id, err);
	struct compliance_counts sum = { 0 };
	struct summary s = { 0 };

	if (!all || summarize(d, all, &s, err) < 0)
		return -1;
	for (size_t i = 0; i < compliance_computers(all); i++)
		for (int k = 0; k < COMPLIANCE_STATES_; k++)
			sum.of[k] += compliance_computer(all, i)->counts.of[k];
	json_t *o = json_pack("{s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I}", "group", g->name,
			      "parent", g->parent ? desk_group_name(d, g->parent) : NULL,
			      "computers", s.computers, "compliant", s.compliant, "with_failures",
			      s.failed, "restart_needed", s.reboot, "not_in_contact", s.lost,
			      "never_reported", s.silent);
	client_json_counts(o, "pairs", &sum);
	json_array_append_new(rows, o);
	return 0;
}

int cmd_report_group(const struct cli_args *args, struct error *err)
{
	static const char *const columns[] = { "group",          "computers",      "compliant",
					       "with_failures",  "restart_needed", "not_in_contact",
					       "never_reported", STATE_COLUMNS,    NULL };
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	CLEANUP(json_decref) json_t *rows = json_array();
	struct table t = { "groups", columns, NULL };

	if (desk_open(args, &d, err) < 0)
		return -1;
	const struct group *top = desk_group(&d, args->operands[0], err);
	if (!top || add_group(&d, top, rows, err) < 0)
		return -1;
	for (size_t i = 0; i < d.groups.count; i++) {
		const struct group *g = &d.groups.items[i];

		if (g != top && group_within(&d.groups, g->id, top->id) &&
		    add_group(&d, g, rows, err) < 0)
			return -1;
	}
	t.rows = STEAL(rows);
	return table_print(&t, args, err);
}

/* ---- approvals as they were made ---- */

int cmd_report_approvals(const struct cli_args *args, struct error *err)
{
	static const char *const columns[] = { "kb",     "update_id", "group",
					       "action", "deadline",  "is_assigned",
					       "by",     "title",     NULL };
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	CLEANUP(approval_rows_clear) struct approval_rows made = { 0 };
	CLEANUP(json_decref) json_t *rows = json_array();
	struct table t = { "approvals", columns, NULL };

	if (desk_open(args, &d, err) < 0 || approval_list_all(d.clients, &made, err) < 0)
		return -1;
	for (size_t i = 0; i < made.count; i++) {
		struct desk_update what;

		if (desk_update(d.query, made.items[i].update_id, &what, err) < 0)
			return -1;
		json_t *o = client_json_approval(&made.items[i], &d.groups);
		api_json_put(o, "kb", api_json_text(what.kb));
		api_json_put(o, "title", api_json_text(what.title));
		json_array_append_new(rows, o);
	}
	t.rows = STEAL(rows);
	return table_print(&t, args, err);
}

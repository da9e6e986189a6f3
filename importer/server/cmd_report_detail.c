/* report: one update, one computer, and why something is not installed. */
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

struct report {
	struct desk desk;
	struct compliance_sets *sets;
	json_t *rows;
};
#define REPORT_INIT               \
	{                         \
		.desk = DESK_INIT \
	}

static void report_clear(struct report *r)
{
	compliance_sets_free(r->sets);
	desk_close(&r->desk);
	json_decref(r->rows);
}
DEFINE_CLEANUP_IN_PLACE(struct report, report_clear);

static int report_open(const struct cli_args *args, struct report *r, struct error *err)
{
	if (desk_open(args, &r->desk, err) < 0)
		return -1;
	r->rows = json_array();
	r->sets = compliance_sets_new(r->desk.clients, err);
	return r->sets ? 0 : -1;
}

static int report_print(const struct cli_args *args, struct report *r, const char *name,
			const char *const *columns, struct error *err)
{
	struct table t = { name, columns, STEAL(r->rows) };

	return table_print(&t, args, err);
}

static void put_computer(json_t *o, const struct computer *m)
{
	api_json_put(o, "dns_name", api_json_text(m->dns_name));
	api_json_put(o, "client_id", json_string(m->client_id));
}

/* The KB number and title of an update; asked for again only when it is another one. */
static int put_update(struct report *r, const unsigned char update_id[16], struct desk_update *last,
		      json_t *o, struct error *err)
{
	if ((!last->known || memcmp(last->update_id, update_id, 16) != 0) &&
	    desk_update(r->desk.query, update_id, last, err) < 0)
		return -1;
	api_json_put(o, "kb", api_json_text(last->kb));
	api_json_put(o, "title", api_json_text(last->title));
	return 0;
}

/* ---- one update ---- */

static int update_rows(struct report *r, const struct desk_update *u, struct error *err)
{
	struct computer m = { .id = 0 };
	int row;

	while ((row = computer_next(r->desk.clients, m.id, &m, err)) == 1) {
		CLEANUP(compliance_detail_clear) struct compliance_detail d = { 0 };
		const struct compliance_question q = { &m, u->update_id, clock_now() };

		if (compliance_detail_load(r->desk.clients, r->sets, &q, &d, err) < 0)
			return -1;
		for (size_t i = 0; i < d.count; i++) {
			json_t *o = client_json_item(&d.items[i]);

			put_computer(o, &m);
			api_json_put(o, "kb", api_json_text(u->kb));
			json_array_append_new(r->rows, o);
		}
	}
	return row;
}

int cmd_report_update(const struct cli_args *args, struct error *err)
{
	static const char *const columns[] = { "dns_name", "client_id", "update_id", "state",
					       "why",      "result",    "failed_at", NULL };
	CLEANUP(report_clear) struct report r = REPORT_INIT;
	CLEANUP(desk_updates_clear) struct desk_updates updates = { 0 };

	if (report_open(args, &r, err) < 0 ||
	    desk_updates(&r.desk, args->operands, args->operand_count, &updates, err) < 0)
		return -1;
	for (size_t i = 0; i < updates.count; i++) {
		char what[DESK_WHAT];

		desk_what(&updates.items[i], what);
		/* What is not here cannot be approved; nobody has a state of it. */
		if (approval_judge(&updates.items[i].facts, APPROVAL_BLOCK, what, err) < 0 ||
		    update_rows(&r, &updates.items[i], err) < 0)
			return -1;
	}
	return report_print(args, &r, "computers", columns, err);
}

/* ---- one computer ---- */

int cmd_report_computer(const struct cli_args *args, struct error *err)
{
	static const char *const columns[] = { "kb",     "update_id", "action", "state", "why",
					       "result", "failed_at", "title",  NULL };
	CLEANUP(report_clear) struct report r = REPORT_INIT;
	CLEANUP(compliance_detail_clear) struct compliance_detail d = { 0 };
	struct desk_update last = { .known = false };
	struct computer m;

	if (report_open(args, &r, err) < 0)
		return -1;
	int row = computer_find(r.desk.clients, args->operands[0], &m, err);
	if (row <= 0)
		return row < 0 ? -1
			       : error_set(err, ERROR_COMPUTER_ABSENT,
					   "computer '%.127s': not known", args->operands[0]);
	const struct compliance_question q = { &m, NULL, clock_now() };
	if (compliance_detail_load(r.desk.clients, r.sets, &q, &d, err) < 0)
		return -1;
	for (size_t i = 0; i < d.count; i++) {
		if (d.items[i].state == COMPLIANCE_NOT_APPLICABLE && !cli_flag(args, "all"))
			continue;
		json_t *o = client_json_item(&d.items[i]);
		json_array_append_new(r.rows, o);
		if (put_update(&r, d.items[i].update_id, &last, o, err) < 0)
			return -1;
	}
	return report_print(args, &r, "updates", columns, err);
}

/* ---- why ---- */

/* Reasons that lie with the computer: one row for all its updates. */
static bool of_computer(const struct compliance_item *item)
{
	return item->why == COMPLIANCE_WHY_NO_CONTACT || item->why == COMPLIANCE_WHY_NO_REPORT ||
	       (item->state != COMPLIANCE_FAILED && item->state != COMPLIANCE_REBOOT &&
		item->why >= COMPLIANCE_WHY_DISK && item->why <= COMPLIANCE_WHY_FAILED);
}

static void add_computer_rows(struct report *r, const struct computer *m, const json_int_t *counts)
{
	for (int w = 0; w < COMPLIANCE_WHYS_; w++) {
		if (counts[w] == 0)
			continue;
		json_t *o = json_object();
		bool scan = w != COMPLIANCE_WHY_NO_CONTACT && w != COMPLIANCE_WHY_NO_REPORT;

		put_computer(o, m);
		api_json_put(o, "why", json_string(compliance_why_text((enum compliance_why)w)));
		api_json_put(o, "updates", json_integer(counts[w]));
		api_json_put(o, "result",
			     scan ? client_json_result((uint32_t)m->detection_error) : json_null());
		json_array_append_new(r->rows, o);
	}
}

static int why_of(struct report *r, const struct computer *m, struct desk_update *last,
		  struct error *err)
{
	CLEANUP(compliance_detail_clear) struct compliance_detail d = { 0 };
	const struct compliance_question q = { m, NULL, clock_now() };
	json_int_t counts[COMPLIANCE_WHYS_] = { 0 };

	if (compliance_detail_load(r->desk.clients, r->sets, &q, &d, err) < 0)
		return -1;
	for (size_t i = 0; i < d.count; i++) {
		const struct compliance_item *item = &d.items[i];

		/* Blocked and only detected is what was asked for. */
		if (item->why == COMPLIANCE_WHY_DONE || item->why == COMPLIANCE_WHY_BLOCKED ||
		    item->why == COMPLIANCE_WHY_DETECT)
			continue;
		if (of_computer(item)) {
			counts[item->why]++;
			continue;
		}
		json_t *o = client_json_item(item);
		json_array_append_new(r->rows, o);
		put_computer(o, m);
		api_json_put(o, "updates", json_integer(1));
		if (put_update(r, item->update_id, last, o, err) < 0)
			return -1;
	}
	add_computer_rows(r, m, counts);
	return 0;
}

int cmd_report_why(const struct cli_args *args, struct error *err)
{
	static const char *const columns[] = { "dns_name",  "client_id", "why",   "updates", "kb",
					       "update_id", "result",    "title", NULL };
	CLEANUP(report_clear) struct report r = REPORT_INIT;
	struct desk_update last = { .known = false };
	const char *group = cli_text(args, "group");
	struct computer m = { .id = 0 };
	int row;

	if (report_open(args, &r, err) < 0)
		return -1;
	const struct group *g = group ? desk_group(&r.desk, group, err) : NULL;
	if (group && !g)
		return -1;
	while ((row = computer_next(r.desk.clients, m.id, &m, err)) == 1) {
		bool inside = g == NULL;

		for (size_t i = 0; i < m.groups.count; i++)
			inside |= g && group_within(&r.desk.groups, m.groups.ids[i], g->id);
		if (inside && why_of(&r, &m, &last, err) < 0)
			return -1;
	}
	return row < 0 ? -1 : report_print(args, &r, "computers", columns, err);
}

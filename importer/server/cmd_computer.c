#include "importer/server/api_json.h"
#include "importer/server/client_json.h"
#include "importer/server/commands.h"
#include "importer/server/desk.h"
#include "importer/server/table.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/clients/computer.h"
#include "lib/clients/event.h"

#include <stdio.h>
#include <string.h>

enum { EVENTS_SHOWN = 50 };

static int find(struct desk *d, const char *what, struct computer *out, struct error *err)
{
	int row = computer_find(d->clients, what, out, err);

	if (row == 0)
		return error_set(err, ERROR_COMPUTER_ABSENT, "computer '%.127s': not known", what);
	return row < 0 ? -1 : 0;
}

static bool in_group(const struct desk *d, const struct computer *m, const struct group *g)
{
	bool inside = g == NULL;

	for (size_t i = 0; !inside && i < m->groups.count; i++)
		inside = group_within(&d->groups, m->groups.ids[i], g->id);
	return inside;
}

int cmd_computer_list(const struct cli_args *args, struct error *err)
{
	static const char *const columns[] = { "dns_name",     "client_id",   "groups",
					       "last_contact", "last_status", "os_version",
					       "address",      NULL };
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	const char *name = cli_text(args, "group");
	struct table t = { "computers", columns, NULL };
	struct computer m = { .id = 0 };
	int row;

	if (desk_open(args, &d, err) < 0)
		return -1;
	const struct group *g = name ? desk_group(&d, name, err) : NULL;
	if (name && !g)
		return -1;
	t.rows = json_array();
	while ((row = computer_next(d.clients, m.id, &m, err)) == 1)
		if (in_group(&d, &m, g))
			json_array_append_new(t.rows, client_json_computer(&m, &d.groups));
	if (row < 0) {
		json_decref(t.rows);
		return -1;
	}
	return table_print(&t, args, err);
}

static bool collect_event(void *ctx, const struct event_row *e)
{
	json_array_append_new(ctx, client_json_event(e));
	return true;
}

/* A value of a JSON object as one line. */
static void print_line(const char *key, const json_t *v)
{
	size_t i;
	json_t *item;

	if (json_is_null(v))
		return;
	printf("%s:", key);
	if (json_is_string(v))
		printf(" %s", json_string_value(v));
	else if (json_is_integer(v))
		printf(" %lld", (long long)json_integer_value(v));
	json_array_foreach(v, i, item) printf("%s %s", i ? ";" : "", json_string_value(item));
	putchar('\n');
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static void print_computer(json_t *o, const json_t *events)
{
	const char *key;
	json_t *v;
	size_t i;

	json_object_foreach(o, key, v) print_line(key, v);
	json_array_foreach(events, i, v) printf(
		"%s event %lld %s %s %s %s\n", text_of(v, "time"),
		(long long)json_integer_value(json_object_get(v, "event")), text_of(v, "meaning"),
		text_of(v, "update_id"), text_of(v, "result"), text_of(v, "text"));
}

int cmd_computer_show(const struct cli_args *args, struct error *err)
{
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	CLEANUP(json_decref) json_t *events = json_array();
	struct computer m;

	if (desk_open(args, &d, err) < 0 || find(&d, args->operands[0], &m, err) < 0 ||
	    event_list(d.clients, m.id, EVENTS_SHOWN, collect_event, events, err) < 0)
		return -1;
	json_t *o = client_json_computer(&m, &d.groups);
	if (args->json) {
		api_json_put(o, "events", json_incref(events));
		cli_print_json(o);
		return 0;
	}
	print_computer(o, events);
	json_decref(o);
	return 0;
}

int cmd_computer_move(const struct cli_args *args, struct error *err)
{
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	const char *names[LIMIT_GROUP_SET];
	int64_t ids[LIMIT_GROUP_SET];
	enum clients_targeting mode;
	struct computer m;

	size_t count = cli_list(args, "group", names, LIMIT_GROUP_SET);
	if (count > LIMIT_GROUP_SET)
		return error_set(err, ERROR_GROUP_LIMIT, "more than %u groups", LIMIT_GROUP_SET);
	if ((count == 0) != cli_flag(args, "unassign"))
		return error_set(err, ERROR_USAGE, "give either --group or --unassign");
	if (desk_open(args, &d, err) < 0 || clients_targeting(d.clients, &mode, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct group *g = desk_group(&d, names[i], err);

		if (!g)
			return -1;
		ids[i] = g->id;
	}
	for (size_t i = 0; i < args->operand_count; i++)
		if (find(&d, args->operands[i], &m, err) < 0)
			return -1;
	for (size_t i = 0; i < args->operand_count; i++) {
		if (find(&d, args->operands[i], &m, err) < 0 ||
		    computer_move(d.clients, m.id, ids, count, err) < 0)
			return -1;
		if (!args->json)
			printf("moved: %s\n", *m.dns_name ? m.dns_name : m.client_id);
	}
	if (mode == CLIENTS_TARGETING_CLIENT)
		cli_note(args, "client targeting is on: what a computer claims comes first");
	if (args->json)
		cli_print_json(json_pack("{s:I}", "moved", (json_int_t)args->operand_count));
	return 0;
}

/* Remove those without contact for days. */
static int remove_lost(struct desk *d, uint64_t days, uint64_t *removed, struct error *err)
{
	const int64_t before = clock_now() - (int64_t)days * 86400;
	struct computer m = { .id = 0 };
	int row;

	while ((row = computer_next(d->clients, m.id, &m, err)) == 1) {
		if (m.last_contact >= before)
			continue;
		if (computer_remove(d->clients, m.id, err) < 0)
			return -1;
		++*removed;
	}
	return row;
}

int cmd_computer_remove(const struct cli_args *args, struct error *err)
{
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	uint64_t days = 0, removed = 0;
	struct computer m;

	if (cli_number(args, "lost-days", 1, 36500, 0, &days, err) < 0)
		return -1;
	if ((args->operand_count == 0) == (days == 0))
		return error_set(err, ERROR_USAGE, "give either computers or --lost-days");
	if (desk_open(args, &d, err) < 0)
		return -1;
	for (size_t i = 0; i < args->operand_count; i++)
		if (find(&d, args->operands[i], &m, err) < 0)
			return -1;
	for (size_t i = 0; i < args->operand_count; i++, removed++)
		if (find(&d, args->operands[i], &m, err) < 0 ||
		    computer_remove(d.clients, m.id, err) < 0)
			return -1;
	if (days > 0 && remove_lost(&d, days, &removed, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:I}", "removed", (json_int_t)removed));
	else
		printf("removed %llu\n", (unsigned long long)removed);
	return 0;
}

#include "importer/server/commands.h"
#include "importer/server/desk.h"
#include "importer/server/table.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/clients/computer.h"

#include <stdio.h>

static int done(const struct cli_args *args, const char *what, const char *name)
{
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s}", "done", what, "group", name));
	else
		printf("%s: %s\n", what, name);
	return 0;
}

int cmd_group_add(const struct cli_args *args, struct error *err)
{
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	int64_t id;

	if (desk_open(args, &d, err) < 0 ||
	    group_add(d.clients, args->operands[0], cli_text(args, "parent"), &id, err) < 0)
		return -1;
	return done(args, "added", args->operands[0]);
}

int cmd_group_remove(const struct cli_args *args, struct error *err)
{
	CLEANUP(desk_close) struct desk d = DESK_INIT;

	if (desk_open(args, &d, err) < 0 || group_remove(d.clients, args->operands[0], err) < 0)
		return -1;
	return done(args, "removed", args->operands[0]);
}

int cmd_group_move(const struct cli_args *args, struct error *err)
{
	CLEANUP(desk_close) struct desk d = DESK_INIT;

	if (desk_open(args, &d, err) < 0 ||
	    group_move(d.clients, args->operands[0], cli_text(args, "parent"), clock_now(), err) <
		    0)
		return -1;
	return done(args, "moved", args->operands[0]);
}

/* Computers directly in each group. */
static int count_members(struct desk *d, size_t *counts, struct error *err)
{
	struct computer m = { .id = 0 };
	int row;

	while ((row = computer_next(d->clients, m.id, &m, err)) == 1)
		for (size_t i = 0; i < d->groups.count; i++)
			for (size_t k = 0; k < m.groups.count; k++)
				counts[i] += d->groups.items[i].id == m.groups.ids[k];
	return row;
}

int cmd_group_list(const struct cli_args *args, struct error *err)
{
	static const char *const columns[] = { "name", "parent", "computers", NULL };
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	struct table t = { "groups", columns, NULL };
	size_t counts[LIMIT_GROUPS + 2] = { 0 };

	if (desk_open(args, &d, err) < 0)
		return -1;
	if (d.groups.count > LIMIT_GROUPS + 2)
		return error_set(err, ERROR_CLIENTS_CORRUPT, "clients.db: more than %u groups",
				 LIMIT_GROUPS);
	if (count_members(&d, counts, err) < 0)
		return -1;
	t.rows = json_array();
	for (size_t i = 0; i < d.groups.count; i++) {
		const struct group *g = &d.groups.items[i];
		char guid[STR_GUID_SIZE];

		str_from_guid(g->guid, guid);
		json_array_append_new(t.rows,
				      json_pack("{s:s, s:s?, s:s, s:I}", "name", g->name, "parent",
						g->parent ? desk_group_name(&d, g->parent) : NULL,
						"id", guid, "computers", (json_int_t)counts[i]));
	}
	return table_print(&t, args, err);
}

/* report problems: approvals that have no effect, or less than they say. */
#include "importer/server/api_json.h"
#include "importer/server/commands.h"
#include "importer/server/desk.h"
#include "importer/server/problems.h"
#include "importer/server/table.h"
#include "importer/server/view.h"
#include "lib/base/error.h"

int cmd_report_problems(const struct cli_args *args, struct error *err)
{
	static const char *const columns[] = { "severity",    "problem", "kb",      "update_id",
					       "revision_id", "group",   "message", NULL };
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	CLEANUP(view_stop) struct view_keeper *views = NULL;
	CLEANUP(problems_clear) struct problems found = { 0 };
	CLEANUP(json_decref) json_t *rows = json_array();
	struct table t = { "problems", columns, NULL };
	int status = 0;

	if (desk_open(args, &d, err) < 0 || !(views = view_start(cli_text(args, "repo"), err)))
		return -1;
	CLEANUP(view_put) const struct view *v = view_get(views);
	if (problems_find(v, d.clients, &d.groups, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < found.count; i++) {
		const struct problem *p = &found.items[i];
		struct desk_update what;

		if (desk_update(d.query, p->update_id, &what, err) < 0)
			return -1;
		json_t *o = problems_json(p, &d.groups);
		api_json_put(o, "kb", api_json_text(what.kb));
		json_array_append_new(rows, o);
		if (!problems_is_note(p->kind))
			status = CLI_FINDINGS;
	}
	t.rows = STEAL(rows);
	return table_print(&t, args, err) < 0 ? -1 : status;
}

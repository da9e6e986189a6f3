#include "importer/server/commands.h"
#include "importer/server/desk.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"

#include <stdio.h>

int cmd_decline(const struct cli_args *args, struct error *err)
{
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	CLEANUP(desk_updates_clear) struct desk_updates updates = { 0 };
	char by[APPROVAL_BY_SIZE], what[DESK_WHAT];
	bool undo = cli_flag(args, "undo");

	if (desk_by(cli_text(args, "by"), by, err) < 0 || desk_open(args, &d, err) < 0 ||
	    desk_updates(&d, args->operands, args->operand_count, &updates, err) < 0)
		return -1;
	/* An update that is not here can be declined beforehand only by mistake. */
	for (size_t i = 0; i < updates.count && !undo; i++) {
		desk_what(&updates.items[i], what);
		if (approval_judge(&updates.items[i].facts, APPROVAL_BLOCK, what, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < updates.count; i++) {
		if (approval_decline(d.clients, updates.items[i].update_id, !undo, by, clock_now(),
				     err) < 0)
			return -1;
		desk_what(&updates.items[i], what);
		if (!args->json)
			printf("%s: %s\n", undo ? "no longer declined" : "declined", what);
	}
	if (args->json)
		cli_print_json(json_pack("{s:I}", undo ? "restored" : "declined",
					 (json_int_t)updates.count));
	return 0;
}

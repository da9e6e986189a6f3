#include "importer/server/commands.h"
#include "importer/server/desk.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/str.h"

#include <stdio.h>

/* Takes back in every group named, or everywhere. */
static int take_back(struct desk *d, const struct cli_args *args, const struct desk_update *u,
		     uint64_t *removed, struct error *err)
{
	const char *names[16];
	size_t count = cli_list(args, "group", names, 16);
	uint64_t n;

	if (count > 16)
		return error_set(err, ERROR_USAGE, "more than 16 groups");
	if (count == 0)
		return approval_unset(d->clients, u->update_id, 0, clock_now(), removed, err);
	for (size_t i = 0; i < count; i++) {
		const struct group *g = desk_group(d, names[i], err);

		if (!g || approval_unset(d->clients, u->update_id, g->id, clock_now(), &n, err) < 0)
			return -1;
		*removed += n;
	}
	return 0;
}

int cmd_unapprove(const struct cli_args *args, struct error *err)
{
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	CLEANUP(desk_updates_clear) struct desk_updates updates = { 0 };
	uint64_t all = 0;

	if (desk_open(args, &d, err) < 0 ||
	    desk_updates(&d, args->operands, args->operand_count, &updates, err) < 0)
		return -1;
	for (size_t i = 0; i < updates.count; i++) {
		char what[DESK_WHAT];
		uint64_t removed = 0;

		if (take_back(&d, args, &updates.items[i], &removed, err) < 0)
			return -1;
		desk_what(&updates.items[i], what);
		if (removed > 0 && !args->json)
			printf("taken back %llu: %s\n", (unsigned long long)removed, what);
		all += removed;
	}
	if (all == 0)
		return error_set(err, ERROR_APPROVAL_ABSENT,
				 "nothing of this is approved there: nothing was changed");
	if (args->json)
		cli_print_json(json_pack("{s:I}", "removed", (json_int_t)all));
	return 0;
}

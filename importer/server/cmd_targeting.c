#include "importer/server/commands.h"
#include "importer/server/desk.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"

#include <stdio.h>
#include <string.h>

int cmd_targeting(const struct cli_args *args, struct error *err)
{
	static const char *const words[] = {
		[CLIENTS_TARGETING_SERVER] = "server", [CLIENTS_TARGETING_CLIENT] = "client"
	};
	const char *wanted = args->operand_count ? args->operands[0] : NULL;
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	enum clients_targeting mode;

	if (desk_open(args, &d, err) < 0)
		return -1;
	for (int i = 0; wanted && i < 2; i++)
		if (strcmp(wanted, words[i]) == 0) {
			if (clients_set_targeting(d.clients, (enum clients_targeting)i, clock_now(),
						  err) < 0)
				return -1;
			wanted = NULL;
		}
	if (wanted)
		return error_set(err, ERROR_USAGE, "targeting %.40s: server or client", wanted);
	if (clients_targeting(d.clients, &mode, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s}", "targeting", words[mode]));
	else
		puts(words[mode]);
	return 0;
}

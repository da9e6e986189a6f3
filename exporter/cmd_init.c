#include "exporter/commands.h"
#include "lib/base/error.h"
#include "lib/store/store.h"

#include <stdio.h>

int cmd_init(const struct cli_args *args, struct error *err)
{
	const char *repo = cli_text(args, "repo");

	if (store_create(repo, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s}", "repository", repo));
	else
		printf("repository: %s\n", repo);
	return 0;
}

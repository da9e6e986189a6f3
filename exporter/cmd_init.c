#include "exporter/commands.h"
#include "lib/base/error.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/store.h"
#include "media/ledger.h"

#include <stdio.h>

static int begin_ledger(const char *repo, struct error *err)
{
	CLEANUP(store_close) struct store *s = store_open(repo, true, err);
	struct ledger_body body;

	ledger_begin(&body, "init");
	return s ? ledger_rows_add(s, body.text, err) : -1;
}

int cmd_init(const struct cli_args *args, struct error *err)
{
	const char *repo = cli_text(args, "repo");

	if (store_create(repo, err) < 0 || begin_ledger(repo, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s}", "repository", repo));
	else
		printf("repository: %s\n", repo);
	return 0;
}

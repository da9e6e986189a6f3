#include "exporter/commands.h"
#include "lib/base/error.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/rows.h"
#include "lib/store/store.h"
#include "media/ledger.h"

#include <stdio.h>

static int add_record(struct store *s, const char *kind, const char *series, struct error *err)
{
	struct ledger_body body;

	ledger_begin(&body, "withdraw");
	ledger_text(&body, "kind", kind);
	ledger_text(&body, "series", series);
	return ledger_rows_append(s, body.text, err);
}

int cmd_withdraw(const struct cli_args *args, struct error *err)
{
	const char *kind = args->operands[0], *series = args->operands[1];
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);

	if (!s)
		return -1;
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };
	if (db_begin(scope.db, err) < 0)
		return -1;
	int known = rows_withdraw(s, kind, series, err);
	if (known < 0)
		return -1;
	if (known == 0)
		return error_set(err, ERROR_SOURCE_ABSENT, "%s %s: no such catalog here", kind,
				 series);
	if (add_record(s, kind, series, err) < 0 || db_commit(scope.db, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s}", "kind", kind, "series", series));
	else
		printf("catalog %s %s is withdrawn: the next bundle of each channel says so\n",
		       kind, series);
	return 0;
}

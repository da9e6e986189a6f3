#include "importer/commands.h"
#include "verifier/care/ledger_verbs.h"

int cmd_ledger_show(const struct cli_args *args, struct error *err)
{
	return ledger_verbs_show(args, err);
}

int cmd_ledger_check(const struct cli_args *args, struct error *err)
{
	return ledger_verbs_check(args, err);
}

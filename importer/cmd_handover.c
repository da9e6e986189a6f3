#include "importer/commands.h"
#include "verifier/care/handover.h"

int cmd_handover(const struct cli_args *args, struct error *err)
{
	return handover_verb(args, err);
}

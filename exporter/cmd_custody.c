#include "exporter/commands.h"
#include "verifier/care/custody.h"

int cmd_custody(const struct cli_args *args, struct error *err)
{
	return custody_verb(args, err);
}

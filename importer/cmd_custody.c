#include "care/custody.h"
#include "importer/commands.h"

int cmd_custody(const struct cli_args *args, struct error *err)
{
	return custody_verb(args, err);
}

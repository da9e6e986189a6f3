#include "care/scrub_verb.h"
#include "exporter/commands.h"

int cmd_scrub(const struct cli_args *args, struct error *err)
{
	return scrub_verb(args, err);
}

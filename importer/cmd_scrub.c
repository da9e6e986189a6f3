#include "importer/commands.h"
#include "verifier/care/scrub_verb.h"

int cmd_scrub(const struct cli_args *args, struct error *err)
{
	return scrub_verb(args, err);
}

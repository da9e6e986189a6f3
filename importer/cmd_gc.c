#include "importer/commands.h"
#include "verifier/care/gc_verb.h"

int cmd_gc(const struct cli_args *args, struct error *err)
{
	return gc_verb(args, err);
}

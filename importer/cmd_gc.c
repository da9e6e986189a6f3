#include "care/gc_verb.h"
#include "importer/commands.h"

int cmd_gc(const struct cli_args *args, struct error *err)
{
	return gc_verb(args, err);
}

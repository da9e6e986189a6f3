#include "care/gc_verb.h"
#include "exporter/commands.h"

int cmd_gc(const struct cli_args *args, struct error *err)
{
	return gc_verb(args, err);
}

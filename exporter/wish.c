#include "exporter/wish.h"

#include "exporter/increment.h"
#include "lib/base/error.h"
#include "lib/cli/cli.h"

int wish_read(const struct cli_args *args, struct increment_wish *out, struct error *err)
{
	*out = (struct increment_wish){ .full = cli_flag(args, "full") };
	if (cli_number(args, "since", 1, INT64_MAX, 0, &out->since, err) < 0)
		return -1;
	if (out->full && out->since > 0)
		return error_set(err, ERROR_USAGE, "--full and --since exclude each other");
	return 0;
}

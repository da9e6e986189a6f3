#include "exporter/setting.h"

#include "lib/base/error.h"
#include "lib/cli/cli.h"
#include "lib/store/channel.h"

#include <stdio.h>

enum { OVERLAP_DEFAULT = 3, OVERLAP_MAX = 1000 };

static int read_sites(const struct cli_args *args, struct channel *c, struct error *err)
{
	const char *sites[CHANNEL_SITES + 1];
	size_t count = cli_list(args, "audience", sites, CHANNEL_SITES + 1);

	if (count == 0)
		return 0;
	return channel_set_sites(c, sites, count > CHANNEL_SITES ? CHANNEL_SITES + 1 : count, err);
}

int setting_read(const struct cli_args *args, struct channel *c, struct error *err)
{
	bool one_way = cli_flag(args, "one-way"), two_way = cli_flag(args, "two-way");
	uint64_t overlap;

	if (one_way && two_way)
		return error_set(err, ERROR_USAGE, "--one-way and --two-way exclude each other");
	if (one_way && !c->one_way)
		c->overlap = OVERLAP_DEFAULT;
	c->one_way = one_way || (c->one_way && !two_way);
	if (cli_number(args, "overlap", 0, OVERLAP_MAX, c->overlap, &overlap, err) < 0)
		return -1;
	if (cli_text(args, "overlap") && !c->one_way)
		return error_set(err, ERROR_USAGE, "--overlap is for one-way channels");
	c->overlap = c->one_way ? (uint32_t)overlap : 0;
	return read_sites(args, c, err);
}

void setting_text(const struct channel *c, char out[SETTING_TEXT_SIZE])
{
	if (c->one_way)
		snprintf(out, SETTING_TEXT_SIZE, "one-way, %u bundles in a row may get lost",
			 c->overlap);
	else
		snprintf(out, SETTING_TEXT_SIZE, "two-way");
}

#include "exporter/commands.h"
#include "exporter/sites.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/store/channel.h"
#include "lib/store/rows.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"
#include "verifier/care/status.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int list_sources(struct store *s, json_t *out, struct error *err)
{
	struct rows_source r = { 0 };
	int row;

	while ((row = rows_next_source(s, &r, err)) == 1) {
		char created[STR_TIME_SIZE] = "";
		uint64_t usable;

		if (rows_count_usable(s, r.id, &usable, err) < 0)
			return -1;
		if (r.source.created >= 0)
			str_from_time(r.source.created, created);
		json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:s, s:I, s:b}", "kind",
						     r.source.kind, "series", r.source.series,
						     "name", r.source.name, "created", created,
						     "updates_processed", (json_int_t)usable,
						     "with_content", r.content_expected));
	}
	return row;
}

static int add_channel(struct store *s, const struct channel *c, uint64_t stale_days, json_t *out,
		       struct error *err)
{
	json_t *sites =
		c->direction == CHANNEL_RECEIVED ? json_array() : sites_rows(s, c, stale_days, err);

	if (!sites)
		return -1;
	json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:o}", "name",
					     c->name, "audience", c->audience, "direction",
					     c->direction == CHANNEL_RECEIVED ? "received" : "sent",
					     "epoch", (json_int_t)c->epoch, "sequence",
					     (json_int_t)c->sequence, "trust_version",
					     (json_int_t)c->trust_version, "one_way", c->one_way,
					     "sites", sites));
	return 0;
}

static int list_channels(struct store *s, uint64_t stale_days, json_t *out, struct error *err)
{
	struct channel c = { 0 };
	int row;

	while ((row = channel_next(s, c.id, &c, err)) == 1)
		if (add_channel(s, &c, stale_days, out, err) < 0)
			return -1;
	return row;
}

static const char *text_of(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

static long long number_of(const json_t *row, const char *key)
{
	return (long long)json_integer_value(json_object_get(row, key));
}

static void print_text(const json_t *sources, const json_t *channels,
		       const struct stored_totals *totals)
{
	const json_t *row;
	size_t i;

	json_array_foreach(sources, i, row) printf(
		"catalog %s (%s) %s: %lld usable updates\n", text_of(row, "name"),
		text_of(row, "kind"), text_of(row, "created"), number_of(row, "updates_processed"));
	json_array_foreach(channels, i, row)
	{
		bool received = strcmp(text_of(row, "direction"), "received") == 0;

		printf("channel %s %s %s: epoch %lld, sequence %lld%s\n", text_of(row, "name"),
		       received ? "received at" : "to", text_of(row, "audience"),
		       number_of(row, "epoch"), number_of(row, "sequence"),
		       json_is_true(json_object_get(row, "one_way")) ? ", one-way" : "");
		sites_print(json_object_get(row, "sites"));
	}
	printf("objects: %llu, %llu bytes\n", (unsigned long long)totals->count,
	       (unsigned long long)totals->bytes);
}

int cmd_status(const struct cli_args *args, struct error *err)
{
	struct stored_totals totals;
	uint64_t stale_days;

	if (cli_number(args, "stale-days", 1, 36500, SITES_STALE_DAYS, &stale_days, err) < 0)
		return -1;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	if (!s || stored_count(s, &totals, err) < 0)
		return -1;
	json_t *sources = json_array(), *channels = json_array();
	int failed = list_sources(s, sources, err) < 0 ||
		     list_channels(s, stale_days, channels, err) < 0;
	if (failed) {
		json_decref(sources);
		json_decref(channels);
		return -1;
	}
	if (!args->json)
		print_text(sources, channels, &totals);
	json_t *all =
		json_pack("{s:o, s:o, s:I, s:I}", "catalogs", sources, "channels", channels,
			  "objects", (json_int_t)totals.count, "bytes", (json_int_t)totals.bytes);
	if (status_add(s, all, err) < 0) {
		json_decref(all);
		return -1;
	}
	if (args->json) {
		cli_print_json(all);
		return 0;
	}
	status_print(all);
	json_decref(all);
	return 0;
}

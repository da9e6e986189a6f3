#include "care/status.h"
#include "exporter/commands.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/store/channel.h"
#include "lib/store/rows.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"

#include <stdio.h>

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

static int list_channels(struct store *s, json_t *out, struct error *err)
{
	struct channel c = { 0 };
	int row;

	while ((row = channel_next(s, c.id, &c, err)) == 1)
		json_array_append_new(out, json_pack("{s:s, s:s, s:I, s:I, s:I}", "name", c.name,
						     "audience", c.audience, "epoch",
						     (json_int_t)c.epoch, "sequence",
						     (json_int_t)c.sequence, "trust_version",
						     (json_int_t)c.trust_version));
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
	json_array_foreach(channels, i, row) printf(
		"channel %s to %s: epoch %lld, sequence %lld\n", text_of(row, "name"),
		text_of(row, "audience"), number_of(row, "epoch"), number_of(row, "sequence"));
	printf("objects: %llu, %llu bytes\n", (unsigned long long)totals->count,
	       (unsigned long long)totals->bytes);
}

int cmd_status(const struct cli_args *args, struct error *err)
{
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	struct stored_totals totals;

	if (!s || stored_count(s, &totals, err) < 0)
		return -1;
	json_t *sources = json_array(), *channels = json_array();
	int failed = list_sources(s, sources, err) < 0 || list_channels(s, channels, err) < 0;
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

#include "exporter/sites.h"

#include "lib/base/clock.h"
#include "lib/store/channel.h"
#include "lib/store/receipts.h"
#include "lib/store/site.h"

#include <stdbool.h>
#include <stdio.h>

enum { DAY = 86400 };

struct report {
	struct store *store;
	const struct channel *channel;
	uint64_t stale_days;
	int64_t now, first; /* first: when the first bundle was written, 0: none was */
};

static int add_row(const struct report *r, const struct site *site, json_t *rows, struct error *err)
{
	const struct channel *c = r->channel;
	uint64_t confirmed = site->epoch == c->epoch ? site->sequence : 0;
	struct receipts_row last = { .recorded = 0 };
	int heard = receipts_newest(r->store, c->id, site->name, &last, err);

	if (heard < 0)
		return -1;
	int64_t since = heard == 1 ? last.recorded : r->first;
	bool stale = !c->one_way && since > 0 && r->now - since > (int64_t)r->stale_days * DAY;

	json_array_append_new(
		rows,
		json_pack("{s:s, s:I, s:I, s:I, s:o, s:b, s:b}", "site", site->name, "sequence",
			  (json_int_t)confirmed, "behind", (json_int_t)(c->sequence - confirmed),
			  "counter", (json_int_t)last.counter, "last_receipt_days",
			  heard == 1 ? json_integer((r->now - since) / DAY) : json_null(),
			  "unwitnessed", c->one_way && heard == 0, "stale", stale));
	return 0;
}

json_t *sites_rows(struct store *s, const struct channel *c, uint64_t stale_days, struct error *err)
{
	struct report r = { s, c, stale_days, clock_now(), 0 };
	struct channel_bundle first = { .recorded = 0 };
	struct site site = { .name = "" };
	int row = channel_find_bundle(s, c->id, c->epoch, 1, &first, err);

	if (row < 0)
		return NULL;
	r.first = first.recorded;
	json_t *rows = json_array();

	while ((row = site_each(s, c->id, &site, err)) == 1)
		if (add_row(&r, &site, rows, err) < 0) {
			row = -1;
			break;
		}
	if (row == 0)
		return rows;
	json_decref(rows);
	return NULL;
}

static long long number_of(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

static bool is_true(const json_t *row, const char *key)
{
	return json_is_true(json_object_get(row, key));
}

void sites_print(const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		printf("  site %s: confirmed %lld, %lld behind",
		       json_string_value(json_object_get(row, "site")), number_of(row, "sequence"),
		       number_of(row, "behind"));
		if (is_true(row, "unwitnessed"))
			printf(", one-way, unwitnessed");
		else if (json_is_null(json_object_get(row, "last_receipt_days")))
			printf(", no receipt yet");
		else
			printf(", last receipt (%lld) %lld days ago", number_of(row, "counter"),
			       number_of(row, "last_receipt_days"));
		printf("%s\n", is_true(row, "stale") ? ", stale" : "");
	}
}

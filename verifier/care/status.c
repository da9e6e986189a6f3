#include "verifier/care/status.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/care.h"
#include "media/ledger.h"
#include "media/object_table.h"
#include "verifier/care/ledger_verbs.h"

#include <stdio.h>
#include <string.h>

static json_t *time_json(int64_t seconds)
{
	char time[STR_TIME_SIZE];

	if (seconds <= 0)
		return json_null();
	str_from_time(seconds, time);
	return json_string(time);
}

static int add_totals(struct store *s, json_t *document, struct error *err)
{
	json_t *kinds = json_object();
	struct care_totals t;

	json_object_set_new(document, "kinds", kinds);
	if (care_total(s, &t, err) < 0)
		return -1;
	for (int k = 0; k < OBJECT_KINDS; k++)
		json_object_set_new(kinds, object_kind_name((enum object_kind)k),
				    json_pack("{s:I, s:I}", "objects", (json_int_t)t.objects[k],
					      "bytes", (json_int_t)t.bytes[k]));
	json_object_set_new(document, "free_bytes", json_integer((json_int_t)t.free_bytes));
	json_object_set_new(document, "scrub",
			    json_pack("{s:o, s:o, s:I, s:I}", "oldest", time_json(t.oldest_check),
				      "newest", time_json(t.newest_check), "never",
				      (json_int_t)t.never_checked, "lost", (json_int_t)t.lost));
	json_object_set_new(document, "damaged",
			    json_pack("{s:I, s:I}", "files", (json_int_t)t.damaged, "bytes",
				      (json_int_t)t.damaged_bytes));
	return 0;
}

static int add_bundles(struct store *s, json_t *document, struct error *err)
{
	json_t *all = json_array();
	struct care_channel c = { .id = 0 };
	int row;

	json_object_set_new(document, "bundles", all);
	while ((row = care_next_channel(s, &c, err)) == 1)
		json_array_append_new(all, json_pack("{s:s, s:s, s:I, s:o, s:o}", "channel", c.name,
						     "direction", c.received ? "received" : "sent",
						     "count", (json_int_t)c.bundles, "oldest",
						     time_json(c.oldest), "newest",
						     time_json(c.newest)));
	return row;
}

/* When each kind of event was last, and the ingest of each catalog. */
static int on_record(void *ctx, const struct ledger_record *r, struct error *err)
{
	const char *series = ledger_value(r, "series");
	char key[LEDGER_NAME_MAX + LEDGER_VALUE_MAX + 2];

	(void)err;
	snprintf(key, sizeof key, "%s%s%s", r->event, series ? " " : "", series ? series : "");
	json_object_set_new(ctx, key, time_json(r->time));
	return 0;
}

/* A ledger that does not hold is a finding here; "ledger check" is the verb that fails. */
static int add_ledger(struct store *s, json_t *document, struct error *err)
{
	json_t *last = json_object();
	struct ledger_reader r = { .file = "ledger", .record = on_record, .ctx = last };
	struct error problem = ERROR_INIT;
	char hex[DIGEST_HEX];

	(void)err;
	json_object_set_new(document, "last", last);
	int failed = ledger_verbs_read(s, &r, &problem);
	str_to_hex(r.head, sizeof r.head, hex);
	json_object_set_new(document, "ledger",
			    json_pack("{s:I, s:s, s:s}", "records", (json_int_t)r.count, "head",
				      hex, "problem", failed ? problem.message : ""));
	return 0;
}

int status_add(struct store *s, json_t *status, struct error *err)
{
	json_t *document = json_object();

	json_object_set_new(status, "care", document);
	return add_totals(s, document, err) < 0 || add_bundles(s, document, err) < 0 ||
			       add_ledger(s, document, err) < 0
		       ? -1
		       : 0;
}

/* ---- text ---- */

static long long number_of(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

/* "2026-01-31T12:00:00Z (12 days ago)" */
static void print_time(const char *what, const json_t *time)
{
	const char *text = json_string_value(time);
	int64_t then;

	if (!text || !str_to_time(text, strlen(text), &then))
		printf("%s never", what);
	else
		printf("%s %s (%lld days ago)", what, text,
		       (long long)(clock_now() - then) / 86400);
}

static void print_bundles(const json_t *bundles)
{
	const json_t *b;
	size_t i;

	json_array_foreach(bundles, i, b)
	{
		printf("bundles of %s, %s: %lld", json_string_value(json_object_get(b, "channel")),
		       json_string_value(json_object_get(b, "direction")), number_of(b, "count"));
		print_time(", oldest", json_object_get(b, "oldest"));
		print_time(", newest", json_object_get(b, "newest"));
		printf("\n");
	}
}

void status_print(const json_t *status)
{
	const json_t *document = json_object_get(status, "care"),
		     *scrub = json_object_get(document, "scrub"),
		     *damaged = json_object_get(document, "damaged"),
		     *ledger = json_object_get(document, "ledger"), *value;
	const char *problem = json_string_value(json_object_get(ledger, "problem")), *key;
	json_t *kinds = json_object_get(document, "kinds"),
	       *last = json_object_get(document, "last");

	json_object_foreach(kinds, key, value)
		printf("  %-8s %8lld objects %14lld bytes\n", key, number_of(value, "objects"),
		       number_of(value, "bytes"));
	printf("free: %lld bytes\n", number_of(document, "free_bytes"));
	print_time("checked: oldest", json_object_get(scrub, "oldest"));
	print_time(", newest", json_object_get(scrub, "newest"));
	printf("; never: %lld objects; lost: %lld\n", number_of(scrub, "never"),
	       number_of(scrub, "lost"));
	if (number_of(damaged, "files"))
		printf("set aside in damaged/: %lld files, %lld bytes\n",
		       number_of(damaged, "files"), number_of(damaged, "bytes"));
	print_bundles(json_object_get(document, "bundles"));
	json_object_foreach(last, key, value)
	{
		printf("last %s:", key);
		print_time("", value);
		printf("\n");
	}
	printf("ledger: %lld records, head %s\n", number_of(ledger, "records"),
	       json_string_value(json_object_get(ledger, "head")));
	if (problem && *problem)
		printf("ATTENTION: %s\n", problem);
}

#include "verifier/care/custody.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "media/ledger.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTE_SIZE = 1024 };

struct event {
	json_t *json; /* borrowed from all */
	const char *bundle;
	int64_t time;
	size_t order;
};

struct report {
	const struct custody_ledger *ledger; /* that is being read */
	int64_t time; /* of the newest record of it: a clock that was set back moves no record */
	const char *bundle; /* wanted, or NULL */
	json_t *all;        /* owns every event */
	struct event *events;
	size_t count, capacity;
};

static void report_clear(struct report *r)
{
	json_decref(r->all);
	free(r->events);
}
DEFINE_CLEANUP_IN_PLACE(struct report, report_clear);

/* ---- collecting ---- */

static int on_record(void *ctx, const struct ledger_record *record, struct error *err)
{
	struct report *r = ctx;
	const char *bundle = ledger_value(record, "bundle");
	json_t *values = NULL;
	char time[STR_TIME_SIZE];

	(void)err;
	if (record->time > r->time)
		r->time = record->time;
	if (!bundle || (r->bundle && strcmp(bundle, r->bundle) != 0))
		return 0;
	values = json_array();
	for (size_t i = 0; i < record->pair_count; i++)
		if (strcmp(record->pairs[i].key, "bundle") != 0)
			json_array_append_new(values, json_pack("[s, s]", record->pairs[i].key,
								record->pairs[i].value));
	str_from_time(record->time, time);
	json_t *json = json_pack("{s:s, s:s, s:s, s:I, s:s, s:o}", "bundle", bundle, "time", time,
				 "ledger", r->ledger->name, "number", (json_int_t)record->number,
				 "event", record->event, "values", values);
	json_array_append_new(r->all, json);
	r->events = buf_grow(r->events, &r->capacity, r->count, sizeof *r->events);
	r->events[r->count] =
		(struct event){ .json = json,
				.bundle = json_string_value(json_object_get(json, "bundle")),
				.time = r->time,
				.order = r->count };
	r->count++;
	return 0;
}

/* By time; within one ledger in the order of its records. */
static int compare(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	int by_bundle = strcmp(x->bundle, y->bundle);

	if (by_bundle != 0)
		return by_bundle;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* ---- what deserves attention ---- */

static const char *text_of(const json_t *event, const char *key)
{
	return json_string_value(json_object_get(event, key));
}

static const char *value_of(const json_t *event, const char *key)
{
	const json_t *pair;
	size_t i;

	json_array_foreach(json_object_get(event, "values"), i,
			   pair) if (strcmp(json_string_value(json_array_get(pair, 0)), key) ==
				     0) return json_string_value(json_array_get(pair, 1));
	return NULL;
}

static void note(json_t *attention, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(json_t *attention, const char *fmt, ...)
{
	char text[NOTE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	/* What was cut in the middle of a character is no string of JSON: cut that off too. */
	for (size_t n = (size_t)len < sizeof text ? (size_t)len : sizeof text - 1; n > 0; n--) {
		json_t *string = json_stringn(text, n);

		if (!string)
			continue;
		json_array_append_new(attention, string);
		return;
	}
}

static bool is_event(const json_t *e, const char *name)
{
	return strcmp(text_of(e, "event"), name) == 0;
}

/*
 * Whether event i may state this value, `last` being the one before.  A bundle may lie on several
 * media: each "media-write" brings one more, and what is handed over or read later is one of
 * these.  Where nobody said what there is, media that are read one after the other may differ.
 */
static bool may_state(const struct event *events, size_t i, const char *key, const char *last,
		      const char *value)
{
	const json_t *e = events[i].json;
	bool reading = is_event(e, "incomplete") || is_event(e, "import"), several = false;
	const char *stated = NULL;

	if (is_event(e, "media-write") || strcmp(last, value) == 0)
		return true;
	for (size_t k = 0; k < i; k++) {
		const json_t *before = events[k].json;
		const char *other = value_of(before, key);

		several |= is_event(before, "media-write");
		if (other && is_event(before, "media-write") && strcmp(other, value) == 0)
			return true;
		if (other && !is_event(before, "incomplete") && !is_event(before, "import"))
			stated = other;
	}
	return reading && (!stated || (!several && strcmp(stated, value) == 0));
}

/* A thing that must stay the same on the way: seal, serial number, MANIFEST. */
static void check_same(const struct event *events, size_t count, const char *key, const char *what,
		       json_t *attention)
{
	bool of_medium = strcmp(key, "manifest") != 0;
	const char *last = NULL;
	const json_t *before = NULL;

	for (size_t i = 0; i < count; i++) {
		const json_t *e = events[i].json;
		const char *value = value_of(e, key);

		if (!value)
			continue;
		bool same = !last || (of_medium ? may_state(events, i, key, last, value)
						: strcmp(last, value) == 0);
		if (!same)
			note(attention, "%s %s at %s (%s), but %s at %s (%s)", what, last,
			     text_of(before, "event"), text_of(before, "time"), value,
			     text_of(e, "event"), text_of(e, "time"));
		last = value;
		before = e;
	}
}

static void check_events(const struct event *events, size_t count, json_t *attention)
{
	check_same(events, count, "seal", "seal", attention);
	check_same(events, count, "serial", "serial number", attention);
	check_same(events, count, "manifest", "MANIFEST", attention);
	for (size_t i = 0; i < count; i++) {
		const json_t *e = events[i].json;
		const char *event = text_of(e, "event"), *id = value_of(e, "id"),
			   *message = value_of(e, "message"), *option = value_of(e, "option");

		if (strcmp(event, "refused") == 0)
			note(attention, "refused at %s: %s %s", text_of(e, "time"), id ? id : "",
			     message ? message : "");
		else if (strcmp(event, "override") == 0)
			note(attention, "overridden at %s: %s", text_of(e, "time"),
			     option ? option : "");
	}
}

/* ---- who signed, who has it ---- */

static void add_once(json_t *list, const char *text)
{
	const json_t *known;
	size_t i;

	json_array_foreach(list, i, known) if (strcmp(json_string_value(known), text) == 0) return;
	json_array_append_new(list, json_string(text));
}

/* Builders and approvers, by the records of who signed and of who verified on import. */
static void add_signers(const json_t *event, json_t *signers)
{
	const json_t *pair;
	size_t i;

	if (!is_event(event, "write") && !is_event(event, "approve") && !is_event(event, "import"))
		return;
	json_array_foreach(json_object_get(event, "values"), i,
			   pair) if (strcmp(json_string_value(json_array_get(pair, 0)), "signer") ==
				     0)
		add_once(signers, json_string_value(json_array_get(pair, 1)));
}

/* A receipt, or a person, said that a site holds it; or that it waits there for objects. */
static void add_site(const json_t *event, json_t *sites)
{
	const char *site = value_of(event, "site"), *counter = value_of(event, "counter");
	bool by_receipt = is_event(event, "receive"), waits = is_event(event, "need");

	if (!site || (!by_receipt && !waits && !is_event(event, "confirm")))
		return;
	json_t *by = waits || by_receipt ? json_sprintf("receipt %s", counter ? counter : "?")
					 : json_string("hand");
	json_array_append_new(sites, json_pack("{s:s, s:s, s:s, s:o}", "site", site, "state",
					       waits ? "waits for objects" : "imported", "time",
					       text_of(event, "time"), "by", by));
}

static json_t *bundle_json(const struct event *events, size_t count)
{
	json_t *list = json_array(), *attention = json_array(), *signers = json_array(),
	       *sites = json_array();

	for (size_t i = 0; i < count; i++) {
		json_array_append(list, events[i].json);
		add_signers(events[i].json, signers);
		add_site(events[i].json, sites);
	}
	check_events(events, count, attention);
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "bundle", events[0].bundle, "signers",
			 signers, "sites", sites, "events", list, "attention", attention);
}

json_t *custody_report(const struct custody_ledger *ledgers, size_t count, const char *bundle,
		       struct error *err)
{
	CLEANUP(report_clear) struct report r = { .bundle = bundle, .all = json_array() };

	for (size_t i = 0; i < count; i++) {
		struct ledger_reader reader = { .file = ledgers[i].name,
						.record = on_record,
						.ctx = &r };

		r.ledger = &ledgers[i];
		r.time = 0;
		if (ledgers[i].read(ledgers[i].ctx, &reader, err) < 0)
			return NULL;
	}
	if (bundle && r.count == 0) {
		error_set(err, ERROR_LEDGER_UNKNOWN,
			  "bundle %.100s: the ledger knows nothing of it", bundle);
		return NULL;
	}
	if (r.count > 0)
		qsort(r.events, r.count, sizeof *r.events, compare);
	json_t *bundles = json_array();
	for (size_t i = 0, end; i < r.count; i = end) {
		for (end = i + 1; end < r.count; end++)
			if (strcmp(r.events[end].bundle, r.events[i].bundle) != 0)
				break;
		json_array_append_new(bundles, bundle_json(r.events + i, end - i));
	}
	return json_pack("{s:o}", "bundles", bundles);
}

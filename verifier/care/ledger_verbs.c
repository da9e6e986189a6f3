#include "verifier/care/ledger_verbs.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/store.h"
#include "media/ledger.h"

#include <stdio.h>
#include <string.h>

static int feed(void *ctx, const char *line, size_t len, struct error *err)
{
	return ledger_feed(ctx, line, len, err);
}

int ledger_verbs_read(struct store *s, struct ledger_reader *r, struct error *err)
{
	return ledger_rows_each(s, 0, feed, r, err) < 0 ? -1 : ledger_finish(r, err);
}

/* ---- show ---- */

struct show {
	const char *bundle; /* or NULL */
	json_t *records;    /* NULL: print text */
};

static void print_record(const struct ledger_record *r)
{
	char time[STR_TIME_SIZE];

	str_from_time(r->time, time);
	printf("%llu %s %s", (unsigned long long)r->number, time, r->event);
	for (size_t i = 0; i < r->pair_count; i++)
		printf("  %s: %s", r->pairs[i].key, r->pairs[i].value);
	printf("\n");
}

static json_t *record_json(const struct ledger_record *r)
{
	char time[STR_TIME_SIZE], hex[DIGEST_HEX];
	json_t *values = json_array();

	str_from_time(r->time, time);
	str_to_hex(r->digest, sizeof r->digest, hex);
	for (size_t i = 0; i < r->pair_count; i++)
		json_array_append_new(values,
				      json_pack("[s, s]", r->pairs[i].key, r->pairs[i].value));
	return json_pack("{s:I, s:s, s:s, s:o, s:s}", "number", (json_int_t)r->number, "time", time,
			 "event", r->event, "values", values, "digest", hex);
}

static int show_record(void *ctx, const struct ledger_record *r, struct error *err)
{
	struct show *show = ctx;
	const char *bundle = ledger_value(r, "bundle");

	(void)err;
	if (show->bundle && (!bundle || strcmp(bundle, show->bundle) != 0))
		return 0;
	if (show->records)
		json_array_append_new(show->records, record_json(r));
	else
		print_record(r);
	return 0;
}

int ledger_verbs_show(const struct cli_args *args, struct error *err)
{
	struct show show = { .bundle = cli_text(args, "bundle") };
	struct ledger_reader r = { .file = "ledger", .record = show_record, .ctx = &show };
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);

	if (!s)
		return -1;
	show.records = args->json ? json_array() : NULL;
	int failed = ledger_verbs_read(s, &r, err);
	if (args->json && !failed)
		cli_print_json(json_pack("{s:O}", "records", show.records));
	json_decref(show.records);
	return failed;
}

/* ---- check ---- */

/* The text file beside the database: how many of its bytes are the same. */
struct compare {
	const unsigned char *bytes;
	size_t len, at;
	uint64_t records; /* that the file holds whole */
};

static int compare_line(void *ctx, const char *line, size_t len, struct error *err)
{
	struct compare *c = ctx;
	size_t left = c->len - c->at, n = len < left ? len : left;

	if (memcmp(c->bytes + c->at, line, n) != 0)
		return error_set(err, ERROR_LEDGER_FILE,
				 "ledger: record %llu of the file is not the one the database "
				 "holds",
				 (unsigned long long)c->records + 1);
	c->at += n;
	c->records += n == len;
	return 0;
}

/* *missing: records that a killed process did not copy to the file; the next writer does. */
static int check_file(struct store *s, uint64_t count, uint64_t *missing, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	struct compare c = { 0 };
	int found = file_load(store_dir(s), "ledger", LIMIT_LEDGER_BYTES, &bytes, &c.len, err);

	if (found < 0)
		return -1;
	c.bytes = found ? bytes : (const unsigned char *)"";
	if (ledger_rows_each(s, 0, compare_line, &c, err) < 0)
		return -1;
	*missing = count - c.records;
	if (c.at == c.len)
		return 0;
	if (!memchr(c.bytes + c.at, '\n', c.len - c.at))
		return error_set(err, ERROR_LEDGER_TORN,
				 "ledger: after record %llu, %zu bytes without an end",
				 (unsigned long long)c.records, c.len - c.at);
	return error_set(err, ERROR_LEDGER_FILE,
			 "ledger: the file goes on after record %llu, the newest in the database",
			 (unsigned long long)c.records);
}

static int check_head(struct store *s, const struct ledger_reader *r, struct error *err)
{
	unsigned char head[DIGEST_SHA256];
	uint64_t number;

	if (ledger_rows_head(s, &number, head, err) < 0)
		return -1;
	if (number == r->count && memcmp(head, r->head, sizeof head) == 0)
		return 0;
	return error_set(err, ERROR_LEDGER_SHORT,
			 "ledger: ends with record %llu, its head is that of record %llu",
			 (unsigned long long)r->count, (unsigned long long)number);
}

int ledger_verbs_check(const struct cli_args *args, struct error *err)
{
	struct ledger_reader r = { .file = "ledger" };
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	char hex[DIGEST_HEX];
	uint64_t missing = 0;

	if (!s || ledger_verbs_read(s, &r, err) < 0 || check_head(s, &r, err) < 0 ||
	    check_file(s, r.count, &missing, err) < 0)
		return -1;
	str_to_hex(r.head, sizeof r.head, hex);
	if (args->json) {
		cli_print_json(json_pack("{s:I, s:s, s:I}", "records", (json_int_t)r.count, "head",
					 hex, "not_in_file", (json_int_t)missing));
		return missing ? CLI_FINDINGS : 0;
	}
	printf("%llu records, every one follows from those before it\nhead %s\n",
	       (unsigned long long)r.count, hex);
	if (missing)
		printf("the file lacks the last %llu of them; the next command that writes adds "
		       "them\n",
		       (unsigned long long)missing);
	return missing ? CLI_FINDINGS : 0;
}

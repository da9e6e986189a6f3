#include "media/ledger.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

struct text {
	char bytes[65536];
	size_t len, count;
	unsigned char head[32];
};

static void add(struct text *t, const char *body)
{
	char hex[DIGEST_HEX];
	size_t at = t->len;

	t->len += (size_t)snprintf(t->bytes + at, sizeof t->bytes - at,
				   "%zu 2026-01-02T03:04:05Z %s", ++t->count, body);
	digest_link(t->head, t->bytes + at, t->len - at, t->head);
	str_to_hex(t->head, sizeof t->head, hex);
	t->len += (size_t)snprintf(t->bytes + t->len, sizeof t->bytes - t->len, " %s\n", hex);
}

static int result(const char *bytes, size_t len, size_t step, struct error *err)
{
	struct ledger_reader r = { .file = "ledger" };

	for (size_t at = 0; at < len; at += step)
		if (ledger_feed(&r, bytes + at, len - at < step ? len - at : step, err) < 0)
			return -1;
	return ledger_finish(&r, err);
}

static int keep(void *ctx, const struct ledger_record *r, struct error *err)
{
	(void)err;
	if (r->number != 2)
		return 0;
	assert_int_equal(r->time, 1767323045);
	assert_string_equal(r->event, "import");
	assert_int_equal(r->pair_count, 3);
	assert_string_equal(ledger_value(r, "seal"), "a b%\xc3\x84=");
	assert_string_equal(ledger_value(r, "n"), "7");
	assert_null(ledger_value(r, "none"));
	*(bool *)ctx = true;
	return 0;
}

static void what_is_written_is_read(void **state)
{
	struct text t = { .len = 0 };
	struct error err = ERROR_INIT;
	struct ledger_body b;
	bool seen = false;
	struct ledger_reader r = { .file = "ledger", .record = keep, .ctx = &seen };

	(void)state;
	ledger_begin(&b, "import");
	ledger_text(&b, "seal", "a b%\xc3\x84=");
	ledger_number(&b, "n", 7);
	ledger_text(&b, "absent", NULL);
	ledger_text(&b, "empty", "");
	ledger_text(&b, "odd", "x\n\x9b\xff");
	assert_string_equal(b.text, "import seal=a%20b%25%C3%84= n=7 odd=x???");
	add(&t, LEDGER_FIRST);
	add(&t, b.text);
	assert_int_equal(ledger_feed(&r, t.bytes, t.len, &err), 0);
	assert_int_equal(ledger_finish(&r, &err), 0);
	assert_no_error(err);
	assert_true(seen);
	assert_int_equal(r.count, 2);
	assert_memory_equal(r.head, t.head, 32);
	assert_int_equal(result(t.bytes, t.len, 1, &err), 0);
}

static void what_does_not_fit_is_said(void **state)
{
	struct text t = { .len = 0 };
	struct error err = ERROR_INIT;
	struct ledger_body b;
	char spaces[1001];

	(void)state;
	memset(spaces, ' ', 1000);
	spaces[1000] = '\0';
	ledger_begin(&b, "refused");
	for (int i = 0; i < 5; i++)
		ledger_text(&b, "path", spaces);
	assert_true(b.cut);
	assert_true(b.len < sizeof b.text);
	assert_string_equal(b.text + b.len - 8, " cut=yes");
	add(&t, LEDGER_FIRST);
	add(&t, b.text);
	ledger_begin(&b, "many");
	for (int i = 0; i < 100; i++)
		ledger_text(&b, "k", "v");
	assert_int_equal(b.pairs, LEDGER_PAIRS - 1);
	add(&t, b.text);
	assert_int_equal(result(t.bytes, t.len, t.len, &err), 0);
	assert_no_error(err);
}

static void bad_bodies_are_refused(void **state)
{
	static const char *const bodies[] = {
		"Import",
		"import ",
		"import a",
		"import a=",
		"import =b",
		"import  a=b",
		"import A=b",
		"import a=%",
		"import a=%2",
		"import a=%zz",
		"import a=%c3%84",
		"import a=%41",
		"import a=\xc3\x84",
		"import a=%C3",
		"import a=%0A",
		"import a=%C2%80",
		"import a=%ED%A0%80",
		"import a=%C0%A0",
		"import a=%7F",
		"abcdefghijabcdefghijabcdefghijab",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct text t = { .len = 0 };
		struct error err = ERROR_INIT;

		add(&t, LEDGER_FIRST);
		add(&t, bodies[i]);
		assert_int_equal(result(t.bytes, t.len, t.len, &err), -1);
		assert_error(err, ERROR_LEDGER_FORMAT, "line 2");
	}
}

static void limits_hold(void **state)
{
	struct text t = { .len = 0 };
	struct error err = ERROR_INIT;
	char body[LIMIT_LEDGER_LINE + 64] = "x";
	size_t used = 1;

	(void)state;
	/* 64 pairs are read, 65 are not. */
	for (int i = 0; i < LEDGER_PAIRS; i++)
		used += (size_t)snprintf(body + used, sizeof body - used, " k=v");
	add(&t, LEDGER_FIRST);
	add(&t, body);
	assert_int_equal(result(t.bytes, t.len, t.len, &err), 0);
	snprintf(body + used, sizeof body - used, " k=v");
	add(&t, body);
	assert_int_equal(result(t.bytes, t.len, t.len, &err), -1);
	assert_error(err, ERROR_LEDGER_FORMAT, "line 3: too many");
	/* A line of LIMIT_LEDGER_LINE bytes is read, one more is not. */
	for (size_t more = 0; more < 2; more++) {
		size_t want = LIMIT_LEDGER_LINE + more - 23 - 65;

		used = 1;
		while (want - used > 500)
			used += (size_t)snprintf(body + used, sizeof body - used, " k=%0400d", 0);
		snprintf(body + used, sizeof body - used, " k=%0*d", (int)(want - used - 3), 0);
		t = (struct text){ .len = 0 };
		add(&t, LEDGER_FIRST);
		add(&t, body);
		error_clear(&err);
		assert_int_equal(result(t.bytes, t.len, 7, &err), more ? -1 : 0);
	}
	assert_error(err, ERROR_MEDIA_LIMIT, "line 2: more than 4096");
	assert_true(ledger_is_stated("x"));
	memset(body, 'x', LEDGER_STATED_MAX + 1);
	body[LEDGER_STATED_MAX] = '\0';
	assert_true(ledger_is_stated(body));
	body[LEDGER_STATED_MAX] = 'x';
	body[LEDGER_STATED_MAX + 1] = '\0';
	assert_false(ledger_is_stated(body));
	assert_false(ledger_is_stated(""));
	assert_false(ledger_is_stated("a\tb"));
}

static void changes_are_located(void **state)
{
	struct text t = { .len = 0 }, other;
	struct error err = ERROR_INIT;

	(void)state;
	add(&t, LEDGER_FIRST);
	size_t second = t.len;
	add(&t, "write bundle=a-1-1");
	size_t third = t.len;
	add(&t, "import bundle=a-1-1");
	other = t;
	*strstr(other.bytes, "a-1-1") = 'b';
	assert_int_equal(result(other.bytes, other.len, 5, &err), -1);
	assert_error(err, ERROR_LEDGER_CHAIN, "line 2");
	error_clear(&err);
	memmove(other.bytes + second, t.bytes + third, t.len - third);
	assert_int_equal(result(other.bytes, t.len - third + second, 5, &err), -1);
	assert_error(err, ERROR_LEDGER_ORDER, "record 3 follows record 1");
	error_clear(&err);
	assert_int_equal(result(t.bytes + second, t.len - second, 5, &err), -1);
	assert_error(err, ERROR_LEDGER_ORDER, "record 2 follows record 0");
	error_clear(&err);
	assert_int_equal(result(t.bytes, t.len - 1, 5, &err), -1);
	assert_error(err, ERROR_LEDGER_TORN, "after record 2");
	error_clear(&err);
	other = (struct text){ .len = 0 };
	add(&other, "ledger format=2");
	assert_int_equal(result(other.bytes, other.len, 5, &err), -1);
	assert_error(err, ERROR_LEDGER_FORMAT, "record 1");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_does_not_fit_is_said),
		cmocka_unit_test(bad_bodies_are_refused),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(changes_are_located),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

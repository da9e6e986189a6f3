/* What the process that reads receipts may answer: nothing that is taken for more than it is. */
#include "exporter/receive_read.h"

#include "lib/base/error.h"
#include "lib/sandbox/sandbox_message.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = LIMIT_NOTE_BYTES + 4096 };

/* One answer to whatever is asked, made beforehand. */
struct script {
	struct buf answer;
};

static int say(void *ctx, const struct buf *request, struct buf *out, struct error *err)
{
	const struct script *s = ctx;

	(void)request;
	return buf_append(out, s->answer.bytes, s->answer.len, err);
}

static int serve(void *ctx, int fd)
{
	return sandbox_serve(&(struct sandbox_service){ .answer = say, .ctx = ctx, .max = ROOM },
			     fd);
}

static int end(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return EXIT_FAILURE;
}

static struct sandbox_process start(int (*run)(void *ctx, int fd), struct script *s)
{
	struct error err = ERROR_INIT;
	struct sandbox_process p;

	assert_int_equal(
		sandbox_start(
			&(struct sandbox_child){ .role = SANDBOX_PROVE, .run = run, .ctx = s }, &p,
			&err),
		0);
	return p;
}

static void put(struct script *s, const void *bytes, size_t len)
{
	struct error err = ERROR_INIT;

	assert_int_equal(sandbox_put(&s->answer, bytes, len, &err), 0);
}

static void signer_is(struct script *s, enum key_role role, const char *holder, const char *id)
{
	struct trust_signer by = { .role = role };

	snprintf(by.holder, sizeof by.holder, "%s", holder);
	memset(by.short_id, 'x', sizeof by.short_id);
	snprintf(by.short_id, sizeof by.short_id, "%s", id);
	put(s, &by, sizeof by);
}

static void refused(struct script *s, const char *what)
{
	CLEANUP(sandbox_end) struct sandbox_process p = start(serve, s);
	struct error err = ERROR_INIT;
	struct trust_signer by;

	assert_int_equal(receive_read_signer(&p, what, &by, &err), -1);
	assert_error(err, ERROR_SANDBOX_RECORD, what);
	buf_clear(&s->answer);
	s->answer = (struct buf)BUF_INIT(ROOM);
}

static void a_signer_is_a_signer(void **state)
{
	struct script s = { BUF_INIT(ROOM) };
	struct trust_signer by;
	struct error err = ERROR_INIT;

	(void)state;
	refused(&s, "nothing");
	put(&s, "short", 5);
	refused(&s, "a part of another size");
	signer_is(&s, KEY_ROLES_, "ines", "0123456789abcdef");
	refused(&s, "no role");
	signer_is(&s, KEY_ROLE_IMPORTER, "ines", "../../0123456789");
	refused(&s, "an id that leads elsewhere");
	signer_is(&s, KEY_ROLE_IMPORTER, "ines", "0123456789abcdef");
	put(&s, "more", 4);
	refused(&s, "more than was asked");
	signer_is(&s, KEY_ROLE_IMPORTER, "ines", "0123456789abcdef");
	CLEANUP(sandbox_end) struct sandbox_process p = start(serve, &s);
	assert_int_equal(receive_read_signer(&p, "good", &by, &err), 0);
	assert_string_equal(by.holder, "ines");
	buf_clear(&s.answer);
}

static void a_receipt_has_its_limit(void **state)
{
	CLEANUP(free) unsigned char *long_text = buf_calloc(1, LIMIT_RECEIPT_BYTES + 1);
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_RECEIPT_BYTES);
	struct script s = { BUF_INIT(ROOM) };
	struct error err = ERROR_INIT;

	(void)state;
	put(&s, long_text, LIMIT_RECEIPT_BYTES + 1);
	CLEANUP(sandbox_end) struct sandbox_process p = start(serve, &s);
	assert_int_equal(receive_read_receipt(&p, "long", &text, &err), -1);
	assert_error(err, ERROR_SANDBOX_RECORD, "long");
	buf_clear(&s.answer);
	s.answer = (struct buf)BUF_INIT(ROOM);
	put(&s, long_text, LIMIT_RECEIPT_BYTES);
	CLEANUP(sandbox_end) struct sandbox_process q = start(serve, &s);
	assert_int_equal(receive_read_receipt(&q, "longest", &text, &err), 0);
	assert_int_equal(text.len, LIMIT_RECEIPT_BYTES);
	buf_clear(&s.answer);
}

static void a_checkpoint_is_complete(void **state)
{
	struct receive_checkpoint c = { .file = BUF_INIT(LIMIT_NOTE_BYTES) };
	struct script s = { BUF_INIT(ROOM) };
	struct error err = ERROR_INIT;
	int64_t time = 1;

	(void)state;
	put(&s, "note", 4);
	put(&s, &time, sizeof time);
	CLEANUP(sandbox_end) struct sandbox_process p = start(serve, &s);
	assert_int_equal(receive_read_checkpoint(&p, "cut", "gapferry.site/main/site1", &c, &err),
			 -1);
	assert_error(err, ERROR_SANDBOX_RECORD, "cut");
	buf_clear(&c.file);
	buf_clear(&s.answer);
}

static void one_that_dies_is_named(void **state)
{
	CLEANUP(sandbox_end) struct sandbox_process p = start(end, NULL);
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_RECEIPT_BYTES);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(receive_read_receipt(&p, "gone", &text, &err), -1);
	assert_error(err, ERROR_SANDBOX_CRASHED, "gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signer_is_a_signer),
		cmocka_unit_test(a_receipt_has_its_limit),
		cmocka_unit_test(a_checkpoint_is_complete),
		cmocka_unit_test(one_that_dies_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

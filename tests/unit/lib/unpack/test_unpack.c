/* What workers answer: the truth, lies of every kind, nothing. */
#include "lib/unpack/unpack.h"

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_record.h"
#include "lib/crypto/digest.h"
#include "lib/sandbox/sandbox_message.h"
#include "lib/unpack/unpack_worker.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const char title[] = "<LocalizedProperties><Title>t</Title></LocalizedProperties>";
static const char broken[] = "<LocalizedProperties><Title>";

static void make_pack(struct buf *out)
{
	CLEANUP(pack_builder_free) struct pack_builder *b = pack_builder_new();
	unsigned char sha256[DIGEST_SHA256];
	struct error err = ERROR_INIT;

	digest_sha256(title, strlen(title), sha256);
	pack_builder_add(b, sha256, title, strlen(title));
	digest_sha256(broken, strlen(broken), sha256);
	pack_builder_add(b, sha256, broken, strlen(broken));
	assert_int_equal(pack_builder_finish(b, out, &err), 0);
}

static void as_title(void *ctx, const unsigned char sha256[32], char out[UNPACK_STREAMS + 1])
{
	(void)ctx, (void)sha256;
	memcpy(out, "l", 2);
}

static int open_patiently(int (*run)(void *ctx, int fd), bool separate, unsigned patience,
			  struct unpack_pack *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf pack = BUF_INIT(1 << 20);
	CLEANUP(unpack_free)
	struct unpack *u = unpack_new(
		&(struct unpack_options){
			.workers = 1, .separate = separate, .run = run, .patience = patience },
		err);

	assert_non_null(u);
	make_pack(&pack);
	struct unpack_request r = { pack.bytes, pack.len, "p", as_title, NULL, UNPACK_FORWARDS };
	return unpack_pack(u, &r, out, err);
}

static int open_with(int (*run)(void *ctx, int fd), bool separate, struct unpack_pack *out,
		     struct error *err)
{
	return open_patiently(run, separate, 0, out, err);
}

static void check_truth(bool separate)
{
	CLEANUP(unpack_pack_clear) struct unpack_pack p = { .count = 0 };
	CLEANUP(arena_clear) struct arena arena = ARENA_INIT;
	struct error err = ERROR_INIT;
	enum catalog_record_kind kind;
	union catalog_piece piece;

	assert_int_equal(open_with(NULL, separate, &p, &err), 0);
	assert_int_equal(p.count, 2);
	assert_int_equal(p.record_count, 2);
	assert_null(unpack_find(&p, 0, 'c'));
	assert_null(unpack_find(&p, 2, 'l'));
	const struct unpack_record *r = unpack_find(&p, 0, 'l');
	assert_non_null(r);
	assert_int_equal(catalog_record_read(r->bytes, r->len, &arena, &kind, &piece, &err), 0);
	assert_int_equal(kind, CATALOG_RECORD_FRAGMENT);
	assert_string_equal(piece.fragment.localized.title, "t");
	r = unpack_find(&p, 1, 'l');
	assert_non_null(r);
	assert_int_equal(catalog_record_read(r->bytes, r->len, &arena, &kind, &piece, &err), 0);
	assert_int_equal(kind, CATALOG_RECORD_MALFORMED);
	assert_int_equal(strncmp(piece.malformed.why, CATALOG_ELSEWHERE ": ", 3), 0);
	/* Every prefix of a record is refused, and so is a byte more. */
	r = unpack_find(&p, 0, 'l');
	for (size_t len = 0; len < r->len; len++) {
		assert_int_equal(catalog_record_read(r->bytes, len, &arena, &kind, &piece, &err),
				 -1);
		assert_int_equal(err.id, ERROR_SANDBOX_RECORD);
		error_clear(&err);
	}
	assert_int_equal(catalog_record_read(r->bytes, r->len + 1, &arena, &kind, &piece, &err),
			 -1);
}

static void fragments_come_back_as_records(void **state)
{
	(void)state;
	check_truth(false);
	check_truth(true);
}

static void text_comes_back_whole(void **state)
{
	CLEANUP(unpack_free)
	struct unpack *u = NULL;
	CLEANUP(buf_clear) struct buf packed = BUF_INIT(8 << 20);
	CLEANUP(free) unsigned char *text = buf_malloc(3 << 20), *out = NULL;
	struct error err = ERROR_INIT;
	size_t len;

	(void)state;
	for (size_t i = 0; i < 3 << 20; i++)
		text[i] = (unsigned char)(i * i >> 7);
	assert_int_equal(pack_compress(text, 3 << 20, &packed, &err), 0);
	u = unpack_new(&(struct unpack_options){ .workers = 2, .separate = true }, &err);
	assert_non_null(u);
	assert_int_equal(unpack_text(u, packed.bytes, packed.len, 3 << 20, "t", &out, &len, &err),
			 0);
	assert_int_equal(len, 3 << 20);
	assert_memory_equal(out, text, len);
	assert_int_equal(
		unpack_text(u, packed.bytes, packed.len, (3 << 20) - 1, "t", &out, &len, &err), -1);
	assert_int_equal(err.id, ERROR_PACK_FORMAT);
	error_clear(&err);
	assert_int_equal(unpack_text(u, "no frame", 8, 1 << 20, "t", &out, &len, &err), -1);
	assert_int_equal(err.id, ERROR_PACK_FORMAT);
}

/* ---- two sets ---- */

enum { MANY = 3 * UNPACK_AT_ONCE + 5 };

static void make_many(struct buf *out)
{
	CLEANUP(pack_builder_free) struct pack_builder *b = pack_builder_new();
	struct error err = ERROR_INIT;

	for (int i = 0; i < MANY; i++) {
		unsigned char sha256[DIGEST_SHA256];
		char text[100];

		snprintf(text, sizeof text,
			 "<LocalizedProperties><Title>%d</Title></LocalizedProperties>", i);
		digest_sha256(text, strlen(text), sha256);
		pack_builder_add(b, sha256, text, strlen(text));
	}
	assert_int_equal(pack_builder_finish(b, out, &err), 0);
}

static void both_sets_say_the_same(void **state)
{
	CLEANUP(buf_clear) struct buf pack = BUF_INIT(1 << 20);
	struct error err = ERROR_INIT;
	CLEANUP(unpack_free)
	struct unpack *u =
		unpack_new(&(struct unpack_options){ .workers = 1, .separate = true }, &err);
	CLEANUP(unpack_pack_clear) struct unpack_pack p = { .count = 0 }, q = { .count = 0 };
	unsigned char one[32], two[32];

	(void)state;
	make_many(&pack);
	struct unpack_request r = { pack.bytes, pack.len, "p", as_title, NULL, UNPACK_FORWARDS };
	assert_int_equal(unpack_pack(u, &r, &p, &err), 0);
	r.set = UNPACK_BACKWARDS;
	assert_int_equal(unpack_pack(u, &r, &q, &err), 0);
	assert_int_equal(q.record_count, MANY);
	/* The other way round on the wire, the same by entry. */
	assert_true(p.records[0].bytes < p.records[MANY - 1].bytes);
	assert_true(q.records[0].bytes > q.records[MANY - 1].bytes);
	unpack_digest(&p, one);
	unpack_digest(&q, two);
	assert_memory_equal(one, two, 32);
	q.answer[q.records[MANY / 2].bytes - q.answer + 6]++;
	unpack_digest(&q, two);
	assert_memory_not_equal(one, two, 32);
}

/* One frame as it comes; 0: the end of the message. */
static uint32_t next_frame(int fd, struct buf *out)
{
	struct error err = ERROR_INIT;
	uint32_t n = 0;

	assert_int_equal(recv(fd, &n, sizeof n, MSG_WAITALL), sizeof n);
	out->len = 0;
	if (n == 0)
		return 0;
	unsigned char *room = buf_room(out, n, &err);
	assert_non_null(room);
	assert_int_equal(recv(fd, room, n, MSG_WAITALL), n);
	out->len = n;
	return n;
}

static void ask_for_all(int fd, const struct buf *pack)
{
	CLEANUP(buf_clear) struct buf request = BUF_INIT(1 << 20);
	struct unpack_ask open = { .verb = UNPACK_OPEN },
			  parse = { .verb = UNPACK_PARSE, .items = MANY };
	struct error err = ERROR_INIT;

	assert_int_equal(buf_append(&request, &open, sizeof open, &err), 0);
	assert_int_equal(buf_append(&request, pack->bytes, pack->len, &err), 0);
	assert_int_equal(sandbox_send(fd, request.bytes, request.len, &err), 0);
	request.len = 0;
	assert_int_equal(buf_append(&request, &parse, sizeof parse, &err), 0);
	for (uint32_t i = 0; i < MANY; i++) {
		struct unpack_item item = { i, 'l' };

		assert_int_equal(buf_append(&request, &item, sizeof item, &err), 0);
	}
	assert_int_equal(sandbox_send(fd, request.bytes, request.len, &err), 0);
}

/* What is sent is out of reach: so many records at once, and no more. */
static void records_are_sent_before_the_next_are_made(void **state)
{
	CLEANUP(buf_clear) struct buf pack = BUF_INIT(1 << 20), frame = BUF_INIT(1 << 20);
	CLEANUP(sandbox_end) struct sandbox_process process = { .fd = -1 };
	struct sandbox_child child = { .role = SANDBOX_UNPACK, .run = unpack_worker_run };
	struct error err = ERROR_INIT;
	unsigned records = 0;

	(void)state;
	make_many(&pack);
	assert_int_equal(sandbox_start(&child, &process, &err), 0);
	ask_for_all(process.fd, &pack);
	while (next_frame(process.fd, &frame) > 0)
		; /* what the pack holds */
	for (size_t at = 1; next_frame(process.fd, &frame) > 0; at = 0) {
		unsigned count = 0;

		while (at < frame.len) {
			uint32_t len;

			memcpy(&len, frame.bytes + at, sizeof len);
			at += sizeof len + len;
			count++;
		}
		assert_int_equal(at, frame.len);
		records += count;
		assert_int_equal(count, records < MANY ? UNPACK_AT_ONCE : MANY % UNPACK_AT_ONCE);
	}
	assert_int_equal(records, MANY);
}

/* ---- liars ---- */

static bool next(int fd)
{
	struct buf request = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	struct error err = ERROR_INIT;
	int got = sandbox_receive(fd, &request, &err);

	buf_clear(&request);
	return got == 1;
}

static int say(int fd, const void *bytes, size_t len)
{
	struct error err = ERROR_INIT;

	return sandbox_send(fd, bytes, len, &err) < 0;
}

/* The first answer is as it should be: one fragment at [0, 1). */
static int open_honestly(int fd)
{
	struct {
		struct unpack_opened opened;
		struct pack_entry entry;
	} said = { { 1, 1 }, { .offset = 0, .size = 1 } };
	unsigned char message[1 + sizeof said] = { 0 };

	memcpy(message + 1, &said, sizeof said);
	return !next(fd) || say(fd, message, sizeof message) || !next(fd);
}

static int frame_too_long(void *ctx, int fd)
{
	uint32_t len = LIMIT_SANDBOX_FRAME + 1;

	(void)ctx;
	return !next(fd) || write(fd, &len, sizeof len) != sizeof len || next(fd);
}

static int endless(void *ctx, int fd)
{
	unsigned char *frame = buf_calloc(1, sizeof(uint32_t) + LIMIT_SANDBOX_FRAME);
	uint32_t len = LIMIT_SANDBOX_FRAME;
	ssize_t size = (ssize_t)(sizeof len + LIMIT_SANDBOX_FRAME);

	(void)ctx;
	memcpy(frame, &len, sizeof len);
	if (!next(fd))
		return 1;
	while (write(fd, frame, (size_t)size) == size)
		;
	return 0;
}

static int nothing(void *ctx, int fd)
{
	(void)ctx;
	return !next(fd) || say(fd, "", 0) || next(fd);
}

static int unknown_error(void *ctx, int fd)
{
	unsigned char said[] = { 1, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 'x' };

	(void)ctx;
	return !next(fd) || say(fd, said, sizeof said) || next(fd);
}

static int too_many_fragments(void *ctx, int fd)
{
	struct unpack_opened o = { LIMIT_PACK_BYTES, (uint64_t)LIMIT_PACK_ENTRIES + 1 };
	unsigned char said[1 + sizeof o] = { 0 };

	(void)ctx;
	memcpy(said + 1, &o, sizeof o);
	return !next(fd) || say(fd, said, sizeof said) || next(fd);
}

static int fragment_outside(void *ctx, int fd)
{
	struct {
		struct unpack_opened opened;
		struct pack_entry entry;
	} o = { { 100, 1 }, { .offset = 60, .size = 41 } };
	unsigned char said[1 + sizeof o] = { 0 };

	(void)ctx;
	memcpy(said + 1, &o, sizeof o);
	return !next(fd) || say(fd, said, sizeof said) || next(fd);
}

static int record_outside(void *ctx, int fd)
{
	static const unsigned char said[] = { 0, 5, 0, 0, 0, 1, 2, 3, 4 };

	(void)ctx;
	return open_honestly(fd) || say(fd, said, sizeof said) || next(fd);
}

static int say_record(int fd, uint32_t len)
{
	size_t all = 1 + sizeof len + len;
	unsigned char *said = buf_calloc(1, all);

	memcpy(said + 1, &len, sizeof len);
	return open_honestly(fd) || say(fd, said, all) || next(fd);
}

static int longest_record(void *ctx, int fd)
{
	(void)ctx;
	return say_record(fd, LIMIT_SANDBOX_RECORD);
}

static int longer_record(void *ctx, int fd)
{
	(void)ctx;
	return say_record(fd, LIMIT_SANDBOX_RECORD + 1);
}

static int no_record(void *ctx, int fd)
{
	static const unsigned char said[] = { 0 };

	(void)ctx;
	return open_honestly(fd) || say(fd, said, sizeof said) || next(fd);
}

static int one_record_more(void *ctx, int fd)
{
	static const unsigned char said[] = { 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1 };

	(void)ctx;
	return open_honestly(fd) || say(fd, said, sizeof said) || next(fd);
}

static int leaves(void *ctx, int fd)
{
	(void)ctx;
	return open_honestly(fd) ? 1 : 0;
}

static int crashes(void *ctx, int fd)
{
	(void)ctx;
	if (open_honestly(fd))
		return 1;
	__builtin_trap();
}

static void lies_are_refused(void **state)
{
	static const struct {
		int (*run)(void *ctx, int fd);
		enum error_id id;
		const char *text;
	} liars[] = {
		{ frame_too_long, ERROR_SANDBOX_RECORD, "longer than any message" },
		{ endless, ERROR_SANDBOX_RECORD, "longer than any message" },
		{ nothing, ERROR_SANDBOX_RECORD, "an answer that is none" },
		{ unknown_error, ERROR_SANDBOX_RECORD, "an unknown error" },
		{ too_many_fragments, ERROR_SANDBOX_RECORD, "a pack that cannot be" },
		{ fragment_outside, ERROR_SANDBOX_RECORD, "lies outside" },
		{ record_outside, ERROR_SANDBOX_RECORD, "ends beyond the answer" },
		{ longer_record, ERROR_SANDBOX_RECORD, "has 16777217 bytes, at most 16777216" },
		{ no_record, ERROR_SANDBOX_RECORD, "ends beyond the answer" },
		{ one_record_more, ERROR_SANDBOX_RECORD, "nobody asked for" },
		{ leaves, ERROR_SANDBOX_CRASHED, "no answer" },
		{ crashes, ERROR_SANDBOX_CRASHED, "signal" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(liars); i++) {
		CLEANUP(unpack_pack_clear) struct unpack_pack p = { .count = 0 };
		struct error err = ERROR_INIT;

		assert_int_equal(open_with(liars[i].run, true, &p, &err), -1);
		assert_error(err, liars[i].id, liars[i].text);
		assert_int_equal(p.count, 0);
	}
}

static void a_record_may_be_as_long_as_a_fragment(void **state)
{
	CLEANUP(unpack_pack_clear) struct unpack_pack p = { .count = 0 };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(open_with(longest_record, true, &p, &err), 0);
	assert_int_equal(p.record_count, 1);
	assert_int_equal(p.records[0].len, LIMIT_SANDBOX_RECORD);
}

/* ---- who says nothing ---- */

/* A worker cannot sleep: it waits for what never comes, or computes. */
static int never_answers(void *ctx, int fd)
{
	(void)ctx;
	return !next(fd) || next(fd);
}

static int never_reads(void *ctx, int fd)
{
	volatile bool forever = true;

	(void)ctx, (void)fd;
	while (forever)
		;
	return 0;
}

static int stops_in_the_middle(void *ctx, int fd)
{
	static const uint32_t len = 100;

	(void)ctx;
	return !next(fd) || write(fd, &len, sizeof len) != sizeof len || write(fd, "", 1) != 1 ||
	       next(fd);
}

static int opens_and_hangs(void *ctx, int fd)
{
	return open_honestly(fd) || never_reads(ctx, fd);
}

static void silence_is_not_waited_for(void **state)
{
	static int (*const silent[])(void *ctx, int fd) = { never_answers, never_reads,
							    stops_in_the_middle, opens_and_hangs };

	(void)state;
	for (size_t i = 0; i < COUNT(silent); i++) {
		CLEANUP(unpack_pack_clear) struct unpack_pack p = { .count = 0 };
		struct error err = ERROR_INIT;

		assert_int_equal(open_patiently(silent[i], true, 200, &p, &err), -1);
		assert_error(err, ERROR_SANDBOX_SILENT, "p: nothing came from its process for 1 s");
	}
}

/* More than a socket holds, for one that takes nothing. */
static void a_message_that_nobody_takes_is_given_up(void **state)
{
	CLEANUP(unpack_free)
	struct unpack *u = NULL;
	CLEANUP(free) unsigned char *text = buf_calloc(1, 8 << 20), *out = NULL;
	struct error err = ERROR_INIT;
	size_t len;

	(void)state;
	u = unpack_new(
		&(struct unpack_options){
			.workers = 1, .separate = true, .run = never_reads, .patience = 200 },
		&err);
	assert_non_null(u);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(unpack_text(u, text, 8 << 20, 1, "t", &out, &len, &err), -1);
		assert_error(err, ERROR_SANDBOX_SILENT, "t: nothing came");
		error_clear(&err);
	}
}

/* ---- records ---- */

static void round_trip(enum catalog_record_kind kind, const void *piece, union catalog_piece *out,
		       struct arena *arena)
{
	CLEANUP(buf_clear) struct buf one = BUF_INIT(1 << 20), two = BUF_INIT(1 << 20);
	struct error err = ERROR_INIT;
	enum catalog_record_kind found;

	assert_int_equal(catalog_record_write(kind, piece, &one, &err), 0);
	assert_int_equal(catalog_record_read(one.bytes, one.len, arena, &found, out, &err), 0);
	assert_int_equal(found, kind);
	assert_int_equal(catalog_record_write(kind, out, &two, &err), 0);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.bytes, two.bytes, one.len);
}

static void an_update_survives(void **state)
{
	static const struct catalog_guid ids[] = { { { 1 } }, { { 2 } }, { { 3 } } };
	static const struct catalog_group groups[] = { { ids, 1 }, { ids + 1, 2 } };
	static const uint32_t numbers[] = { 7, UINT32_MAX };
	static const struct catalog_category categories[] = { { CATALOG_CATEGORY_PRODUCT,
								{ { 9 } } } };
	static const char *const languages[] = { "en", "de" };
	static const struct catalog_sha1 payload[] = { { { 4 } } };
	static const struct catalog_licence licences[] = { { .sha1 = { { 5 } },
							     .language = "cs" } };
	static const struct catalog_problem problems[] = { { CATALOG_RULE_REVISION_DUPLICATE, 17,
							     "value", "detail" } };
	const struct catalog_update u = {
		.revision_id = 12,
		.revision_number = 3,
		.has_update_id = true,
		.update_id = { { 6 } },
		.creation = -5,
		.creation_text = "then",
		.default_language = "en",
		.is_leaf = true,
		.action = CATALOG_ACTION_UNKNOWN,
		.action_text = "Explode",
		.prerequisites = groups,
		.prerequisites_count = 2,
		.superseded_by = numbers,
		.superseded_by_count = 2,
		.categories = categories,
		.categories_count = 1,
		.languages = languages,
		.languages_count = 2,
		.payload = payload,
		.payload_count = 1,
		.licences = licences,
		.licences_count = 1,
		.offset = 99,
		.problems = { problems, 1 },
	};
	CLEANUP(arena_clear) struct arena arena = ARENA_INIT;
	union catalog_piece out;

	(void)state;
	round_trip(CATALOG_RECORD_UPDATE, &u, &out, &arena);
	assert_int_equal(out.update.revision_id, 12);
	assert_int_equal(out.update.creation, -5);
	assert_int_equal(out.update.prerequisites[1].count, 2);
	assert_memory_equal(&out.update.prerequisites[1].any_of[1], &ids[2], sizeof ids[2]);
	assert_int_equal(out.update.superseded_by[1], UINT32_MAX);
	assert_int_equal(out.update.categories[0].type, CATALOG_CATEGORY_PRODUCT);
	assert_string_equal(out.update.languages[1], "de");
	assert_string_equal(out.update.licences[0].language, "cs");
	assert_string_equal(out.update.problems.items[0].detail, "detail");
	assert_int_equal(out.update.problems.items[0].rule, CATALOG_RULE_REVISION_DUPLICATE);
}

static void refuse(const struct buf *record, size_t at, unsigned char byte)
{
	CLEANUP(arena_clear) struct arena arena = ARENA_INIT;
	unsigned char *bytes = buf_malloc(record->len);
	struct error err = ERROR_INIT;
	enum catalog_record_kind kind;
	union catalog_piece out;

	memcpy(bytes, record->bytes, record->len);
	bytes[at] = byte;
	assert_int_equal(catalog_record_read(bytes, record->len, &arena, &kind, &out, &err), -1);
	assert_int_equal(err.id, ERROR_SANDBOX_RECORD);
	free(bytes);
}

/* Offsets of struct catalog_location: kind, stream, has_sha1, 20 bytes, length of the URL. */
static void values_outside_their_range_are_refused(void **state)
{
	CLEANUP(buf_clear) struct buf record = BUF_INIT(4096);
	struct catalog_location l = { .has_sha1 = true, .url = "http" };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(catalog_record_write(CATALOG_RECORD_LOCATION, &l, &record, &err), 0);
	refuse(&record, 0, 0);
	refuse(&record, 0, CATALOG_RECORD_KINDS_);
	refuse(&record, 0, 255);
	refuse(&record, 1, 'c');
	refuse(&record, 2, 2);
	refuse(&record, 23, 255);
	refuse(&record, 26, 255);
	refuse(&record, 27, 0);
	refuse(&record, record.len - 1, 255); /* how many problems */
	record.len = 0;
	struct catalog_malformed m = { "why", ERROR_XML_SYNTAX, 0 };
	assert_int_equal(catalog_record_write(CATALOG_RECORD_MALFORMED, &m, &record, &err), 0);
	refuse(&record, 2 + 4 + 3 + 3, 255); /* an error that there is not */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments_come_back_as_records),
		cmocka_unit_test(text_comes_back_whole),
		cmocka_unit_test(both_sets_say_the_same),
		cmocka_unit_test(records_are_sent_before_the_next_are_made),
		cmocka_unit_test(lies_are_refused),
		cmocka_unit_test(a_record_may_be_as_long_as_a_fragment),
		cmocka_unit_test(silence_is_not_waited_for),
		cmocka_unit_test(a_message_that_nobody_takes_is_given_up),
		cmocka_unit_test(an_update_survives),
		cmocka_unit_test(values_outside_their_range_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

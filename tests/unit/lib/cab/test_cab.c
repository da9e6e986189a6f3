/* What a good cabinet gives, however it is read; and that damage never passes. */
#include "tests/unit/lib/cab/writer.h"

#include <malloc.h>

static const struct writer_member mixed[] = {
	{ "empty-first", 0, 0, 0x20, NULL }, { "dir\\a", 20, 0, 0x20, NULL },
	{ "dir/b", 40000, 0, 0x21, NULL },   { "nothing", 0, 0, 0x20, NULL },
	{ "c", 25536, 0, 0x20, NULL },       { "d\xc3\xa9", 40, 1, 0xa0, NULL },
	{ "e", 32768, 1, 0x20, NULL },       { "f", 1, 2, 0x20, NULL },
	{ "empty-last", 0, 2, 0x20, NULL },
};

/* Small, and with every kind of reserve: for changing it byte by byte. */
static const struct writer_member small[] = {
	{ "a", 20, 0, 0x20, NULL },
	{ "x\\b", 41, 0, 0x20, NULL },
	{ "c", 0, 1, 0x20, NULL },
	{ "d", 30, 1, 0x20, NULL },
};

static struct writer *writer_mixed(void)
{
	struct writer *w = calloc(1, sizeof *w);

	*w = (struct writer){ .types = { 0, 1, 0 },
			      .folder_count = 3,
			      .members = mixed,
			      .member_count = COUNT(mixed) };
	writer_build(w);
	return w;
}

static struct writer *writer_small(void)
{
	struct writer *w = calloc(1, sizeof *w);

	*w = (struct writer){ .types = { 0, 1 },
			      .folder_count = 2,
			      .members = small,
			      .member_count = COUNT(small),
			      .reserve = true,
			      .header_reserve = 5,
			      .folder_reserve = 3,
			      .block_reserve = 2 };
	writer_build(w);
	return w;
}

static void assert_content(const struct reading *r, const struct writer *w)
{
	size_t at = 0;

	assert_int_equal(r->members, w->member_count);
	for (unsigned m = 0; m < w->member_count; m++) {
		assert_int_equal(r->sizes[m], w->members[m].size);
		for (size_t i = 0; i < w->members[m].size; i++)
			assert_int_equal(r->bytes[at++], writer_byte(&w->members[m], m, i));
	}
	assert_int_equal(at, r->len);
}

/* A source that gives a few bytes at a time and fails after some. */
struct dribble {
	struct source base;
	const struct writer *w;
	size_t at, step, fail_at;
};

static ssize_t dribble_read(struct source *s, void *buf, size_t len, struct error *err)
{
	struct dribble *d = (struct dribble *)s;
	size_t n = d->w->len - d->at;

	if (d->at >= d->fail_at)
		return error_set(err, ERROR_FILE_READ, "the stick was pulled");
	if (n > len)
		n = len;
	if (n > d->step)
		n = d->step;
	memcpy(buf, d->w->bytes + d->at, n);
	d->at += n;
	return (ssize_t)n;
}

static void members_are_right_whatever_the_steps(void **state)
{
	static const size_t steps[] = { 1, 7, 4096, 131072 };
	struct writer *w = writer_mixed();
	struct reading *r = calloc(1, sizeof *r);

	(void)state;
	for (size_t i = 0; i < COUNT(steps) * COUNT(steps); i++) {
		struct dribble d = { { dribble_read }, w, 0, steps[i / 4], SIZE_MAX };
		struct error err = ERROR_INIT;

		assert_int_equal(reading_all(&d.base, steps[i % 4], r, &err), 0);
		assert_no_error(err);
		assert_content(r, w);
	}
	free(r);
	free(w);
}

static void reserves_are_passed_over(void **state)
{
	struct writer *w = writer_small();
	struct reading *r = calloc(1, sizeof *r);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(reading_bytes(w->bytes, w->len, r, &err), 0);
	assert_no_error(err);
	assert_content(r, w);
	free(r);
	free(w);
}

static void names_and_info_are_reported(void **state)
{
	struct writer *w = writer_mixed();
	struct error err = ERROR_INIT;
	struct source_memory src;
	struct cab_member m;

	(void)state;
	source_memory_init(&src, w->bytes, w->len);
	CLEANUP(cab_close) struct cab *c = cab_open(&src.base, "t.cab", &err);
	assert_non_null(c);
	const struct cab_info *info = cab_info(c);
	assert_int_equal(info->members, COUNT(mixed));
	assert_int_equal(info->folders, 3);
	assert_int_equal(info->cabinet_bytes, w->len);
	assert_int_equal(info->output_bytes, 20 + 40000 + 25536 + 40 + 32768 + 1);
	assert_int_equal(info->set_id, 1234);
	assert_int_equal(info->method, CAB_STORED);
	assert_false(info->has_signature);
	char byte;
	assert_int_equal(cab_read(c, &byte, 1, &err), 0);
	for (size_t i = 0; i < COUNT(mixed); i++) {
		assert_int_equal(cab_next(c, &m, &err), 1);
		assert_string_equal(m.name, i == 1 ? "dir/a" : mixed[i].name);
	}
	assert_int_equal(cab_next(c, &m, &err), 0);
	assert_int_equal(cab_next(c, &m, &err), 0);
	assert_int_equal(cab_read(c, &byte, 1, &err), 0);
	free(w);
}

/* The case that the library below gets wrong: members of earlier folders left unread. */
static void unread_members_do_not_shift_later_ones(void **state)
{
	struct writer *w = writer_mixed();

	(void)state;
	for (unsigned want = 0; want < COUNT(mixed); want++) {
		struct error err = ERROR_INIT;
		struct source_memory src;
		struct cab_member m;
		unsigned char first[1];

		source_memory_init(&src, w->bytes, w->len);
		CLEANUP(cab_close) struct cab *c = cab_open(&src.base, "t.cab", &err);
		assert_non_null(c);
		for (unsigned i = 0; i <= want; i++)
			assert_int_equal(cab_next(c, &m, &err), 1);
		assert_int_equal(cab_read(c, first, 1, &err), mixed[want].size > 0);
		if (mixed[want].size > 0)
			assert_int_equal(first[0], writer_byte(&mixed[want], want, 0));
	}
	free(w);
}

/* levels cabinets, each the only member of the next; the reader must open them all. */
static int open_nested(const unsigned char *bytes, size_t len, unsigned levels, struct error *err)
{
	struct source_memory src;
	struct cab *open[4] = { NULL };
	struct source *below = &src.base;
	struct cab_member m;
	int r = 0;

	source_memory_init(&src, bytes, len);
	for (unsigned i = 0; r == 0 && i < levels; i++) {
		open[i] = cab_open(below, "t.cab", err);
		r = open[i] && cab_next(open[i], &m, err) == 1 ? 0 : -1;
		below = r == 0 ? cab_member_source(open[i]) : NULL;
	}
	for (unsigned i = levels; r == 0 && i-- > 0;)
		while ((r = cab_next(open[i], &m, err)) > 0)
			continue;
	for (unsigned i = levels; i-- > 0;)
		cab_close(open[i]);
	return r;
}

static void cabinets_nest_to_the_limit(void **state)
{
	struct writer *w[3] = { writer_small() };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct error err = ERROR_INIT;

		if (i > 0) {
			struct writer_member m = { "in.cab", (uint32_t)w[i - 1]->len, 0, 0x20,
						   w[i - 1]->bytes };

			w[i] = calloc(1, sizeof *w[i]);
			*w[i] = (struct writer){
				.types = { 1 }, .folder_count = 1, .members = &m, .member_count = 1
			};
			writer_build(w[i]);
		}
		int r = open_nested(w[i]->bytes, w[i]->len, i + 1, &err);

		if (i < 2)
			assert_int_equal(r, 0);
		else
			assert_error(err, ERROR_CAB_LIMIT, "nested deeper than 2");
	}
	for (unsigned i = 0; i < 3; i++)
		free(w[i]);
}

static void a_failing_source_is_reported_and_stays(void **state)
{
	struct writer *w = writer_mixed();
	struct reading *r = calloc(1, sizeof *r);

	(void)state;
	for (size_t at = 0; at < w->len; at += 997) {
		struct dribble d = { { dribble_read }, w, 0, 100, at };
		struct error err = ERROR_INIT;

		assert_int_equal(reading_all(&d.base, 4096, r, &err), -1);
		assert_error(err, ERROR_FILE_READ, "t.cab: the stick was pulled");
	}
	struct dribble d = { { dribble_read }, w, 0, 100, w->len - 200 };
	struct error err = ERROR_INIT, again = ERROR_INIT;
	struct cab_member m;
	char byte;
	CLEANUP(cab_close) struct cab *c = cab_open(&d.base, "t.cab", &err);
	while (cab_next(c, &m, &err) > 0)
		continue;
	assert_error(err, ERROR_FILE_READ, "pulled");
	assert_int_equal(cab_next(c, &m, &again), -1);
	assert_string_equal(again.message, err.message);
	error_clear(&again);
	assert_int_equal(cab_read(c, &byte, 1, &again), -1);
	assert_string_equal(again.message, err.message);
	free(r);
	free(w);
}

static void every_truncation_is_refused(void **state)
{
	struct writer *w = writer_small();
	struct reading *r = calloc(1, sizeof *r);

	(void)state;
	for (size_t len = 0; len < w->len; len++) {
		struct error err = ERROR_INIT;

		assert_int_equal(reading_bytes(w->bytes, len, r, &err), -1);
		assert_error(err, ERROR_CAB_TRUNCATED,
			     len < 36 ? "too short for a cabinet" : "the stream ends here");
	}
	free(r);
	free(w);
}

/* Bytes that say nothing about the content: set id and number, reserves, times, attributes, names.
 */
static bool is_free(const struct writer *w, size_t at)
{
	if ((at >= 32 && at < 36) || (at >= 40 && at < 45))
		return true;
	for (unsigned i = 0; i < w->folder_count; i++)
		if (at >= w->folders[i] + 8 && at < w->folders[i] + 11)
			return true;
	for (unsigned i = 0; i < w->member_count; i++)
		if (at >= w->entries[i] + 10 && at < w->entries[i] + 16 + strlen(small[i].name))
			return true;
	return false;
}

static void every_flipped_bit_is_refused_or_without_effect(void **state)
{
	struct writer *w = writer_small();
	struct reading *r = calloc(1, sizeof *r);
	size_t refused = 0;

	(void)state;
	for (size_t bit = 0; bit < w->len * 8; bit++) {
		struct error err = ERROR_INIT;

		w->bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
		if (reading_bytes(w->bytes, w->len, r, &err) < 0)
			refused++;
		else if (!is_free(w, bit / 8))
			fail_msg("byte %zu bit %zu: the change was not noticed", bit / 8, bit % 8);
		else
			assert_content(r, w);
		w->bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	assert_true(refused > w->len * 4);
	free(r);
	free(w);
}

/* LZX with right checksums and a match that reaches back before the first byte. */
static const unsigned char reaches_back[] = {
	0x4d, 0x53, 0x43, 0x46, 0x00, 0x00, 0x00, 0x00, 0xb6, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x2c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x01, 0x01, 0x00,
	0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x01, 0x00,
	0x03, 0x15, 0x30, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x50,
	0x00, 0x60, 0x20, 0x00, 0x63, 0x5c, 0x31, 0x00, 0xbd, 0x5c, 0xed, 0xe5, 0x6e, 0x00,
	0x30, 0x03, 0x00, 0x10, 0x02, 0x33, 0x00, 0x00, 0x00, 0x00, 0x22, 0x00, 0x00, 0x55,
	0x0c, 0x34, 0x06, 0xcf, 0xa2, 0x3d, 0xd5, 0x9c, 0xce, 0xec, 0x44, 0x04, 0xea, 0x1c,
	0x02, 0x5f, 0x55, 0x01, 0x48, 0xf5, 0xfb, 0xf7, 0xd4, 0xfc, 0x00, 0x00, 0x00, 0x00,
	0x34, 0x00, 0x00, 0x30, 0x07, 0x31, 0x01, 0xfa, 0x7e, 0x37, 0xfb, 0x6a, 0xbe, 0xef,
	0xa0, 0xfa, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x1f, 0x02, 0xff, 0xff,
	0xa2, 0xf0, 0x08, 0x3f, 0xad, 0xa3, 0x3e, 0x03, 0x8c, 0x70, 0xd2, 0x0b, 0x63, 0x66,
	0x4e, 0xc9, 0xe9, 0x5c, 0x77, 0x8d, 0x24, 0xd8, 0xf7, 0x0a, 0x8d, 0x38, 0x20, 0xf9,
	0xdd, 0x41, 0x94, 0x7f, 0x69, 0x13, 0xb6, 0xbd, 0xb9, 0x63, 0x59, 0x66, 0x60, 0x94,
};

/* Memory that was never written must not come out: whatever it holds, the bytes are the same. */
static void matches_before_the_start_find_zeros(void **state)
{
	struct reading *r[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct error err = ERROR_INIT;

		r[i] = calloc(1, sizeof *r[i]);
		/* A sanitizer refuses this: there it only proves that the bytes are decoded. */
		(void)mallopt(M_PERTURB, i == 0 ? 0x11 : 0xee);
		assert_int_equal(reading_bytes(reaches_back, sizeof reaches_back, r[i], &err), 0);
		assert_no_error(err);
	}
	mallopt(M_PERTURB, 0);
	assert_int_equal(r[0]->len, 816);
	assert_memory_equal(r[0]->bytes, r[1]->bytes, 816);
	free(r[0]);
	free(r[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_right_whatever_the_steps),
		cmocka_unit_test(reserves_are_passed_over),
		cmocka_unit_test(names_and_info_are_reported),
		cmocka_unit_test(unread_members_do_not_shift_later_ones),
		cmocka_unit_test(cabinets_nest_to_the_limit),
		cmocka_unit_test(a_failing_source_is_reported_and_stays),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(matches_before_the_start_find_zeros),
		cmocka_unit_test(every_flipped_bit_is_refused_or_without_effect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

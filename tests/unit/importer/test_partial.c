/* Objects in pieces: what is on record, what is not believed, what goes into the content store. */
#include "importer/partial.h"

#include "lib/store/store.h"
#include "tests/unit/folder.h"
#include "tests/unit/repository.h"

enum { SIZE = 100000 };

struct scene {
	struct repository repository;
	struct temporary folder;
	struct store *store;
	unsigned char bytes[SIZE], sha256[32];
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	repository_create(&s->repository);
	temporary_create(&s->folder);
	s->store = repository_open(&s->repository, true);
	for (size_t i = 0; i < SIZE; i++)
		s->bytes[i] = (unsigned char)(i * 31 + i / 256);
	digest_sha256(s->bytes, SIZE, s->sha256);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	store_close(s->store);
	temporary_remove(&s->folder);
	repository_remove(&s->repository);
	free(s);
	return 0;
}

static struct partial *open_it(const struct scene *s, bool create)
{
	struct error err = ERROR_INIT;
	struct partial *p = partial_open(s->folder.dir, s->sha256, SIZE, create, &err);

	assert_no_error(err);
	return p;
}

static void put(struct scene *s, struct partial *p, size_t first, size_t len)
{
	struct error err = ERROR_INIT;

	assert_int_equal(partial_write(p, s->bytes + first, first, len, &err), 0);
	assert_no_error(err);
}

static void pieces_join(void **state)
{
	struct scene *s = *state;
	struct error err = ERROR_INIT;

	assert_null(open_it(s, false));
	assert_int_equal(partial_bytes(s->folder.dir, s->sha256, SIZE), 0);
	struct partial *p = open_it(s, true);
	put(s, p, 5000, 1000);
	put(s, p, 90000, 10000);
	put(s, p, 0, 4000);
	assert_true(partial_has(p, 0, 4000));
	assert_false(partial_has(p, 0, 4001));
	assert_false(partial_has(p, 3999, 1002));
	put(s, p, 4000, 1000); /* between two */
	assert_true(partial_has(p, 0, 6000));
	put(s, p, 5500, 20000); /* over the end of one */
	assert_true(partial_has(p, 0, 25500));
	assert_false(partial_is_complete(p));
	assert_int_equal(partial_save(p, &err), 0);
	put(s, p, 30000, 10); /* not saved: not on record */
	partial_free(p);

	assert_in_range(partial_bytes(s->folder.dir, s->sha256, SIZE), 25500, SIZE);
	p = open_it(s, false);
	assert_true(partial_has(p, 0, 25500));
	assert_true(partial_has(p, 90000, 10000));
	assert_false(partial_has(p, 30000, 10));
	put(s, p, 25500, 64500);
	assert_true(partial_is_complete(p));
	assert_int_equal(partial_finish(p, s->store, &err), 0);
	assert_no_error(err);
	partial_free(p);
	assert_int_equal(content_check(s->store, s->sha256, SIZE, &err), 1);
	assert_null(open_it(s, false));
}

static void records_that_make_no_sense_count_for_nothing(void **state)
{
	static const char *const records[] = { "0 10\n5 20\n",    "20 30\n0 10\n", "0 100001\n",
					       "10 10\n",         "0 10",          "a b\n",
					       "0 10\n\n20 30\n", "0 10\n10 20\n", "-1 5\n" };
	struct scene *s = *state;
	char hex[DIGEST_HEX], name[DIGEST_HEX + 8];

	for (size_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", s->sha256[i]);
	snprintf(name, sizeof name, "%s.have", hex);
	partial_free(open_it(s, true));
	temporary_write(&s->folder, name, "0 10\n20 30\n", 11);
	struct partial *p = open_it(s, false);
	assert_true(partial_has(p, 0, 10) && partial_has(p, 20, 10));
	partial_free(p);
	for (size_t i = 0; i < COUNT(records); i++) {
		temporary_write(&s->folder, name, records[i], strlen(records[i]));
		p = open_it(s, false);
		assert_false(partial_has(p, 0, 1));
		assert_false(partial_has(p, 20, 1));
		partial_free(p);
	}
	/* A record whose file is gone speaks of another one. */
	temporary_write(&s->folder, name, "0 100000\n", 9);
	assert_int_equal(unlinkat(s->folder.dir, hex, 0), 0);
	p = open_it(s, true);
	assert_false(partial_has(p, 0, 1));
	partial_free(p);
}

static void wrong_bytes_are_dropped(void **state)
{
	struct scene *s = *state;
	struct error err = ERROR_INIT;
	struct partial *p = open_it(s, true);

	s->bytes[777] ^= 1;
	put(s, p, 0, SIZE);
	assert_true(partial_is_complete(p));
	assert_int_equal(partial_finish(p, s->store, &err), -1);
	assert_int_equal(err.id, ERROR_CONTENT_DIGEST);
	partial_free(p);
	error_clear(&err);
	assert_int_equal(content_check(s->store, s->sha256, SIZE, &err), 0);
	assert_null(open_it(s, false));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(pieces_join),
		TEST(records_that_make_no_sense_count_for_nothing),
		TEST(wrong_bytes_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Volumes whole and in segments, in several directories: what is at hand, gaps, copies. */
#include "verifier/volumes.h"

#include "lib/base/limits.h"
#include "tests/unit/verifier/bundle.h"
#include "verifier/verify.h"

#include <sys/resource.h>

static const uint64_t sizes[] = { 9 * (uint64_t)(1 << 20) };

static void segments_make_a_volume(void **state)
{
	struct error err = ERROR_INIT;
	struct bundle b;
	struct temporary more;
	unsigned char byte, *bytes;

	(void)state;
	bundle_make(&b, sizes, 1, 16 << 20);
	temporary_create(&more);
	uint64_t size = object_table_volume_size(b.objects, 1), at = 0, len;
	bytes = bundle_volume(&b, 1);
	assert_int_equal(unlinkat(b.folder.dir, "vol-0001.tar", 0), 0);
	temporary_write(&b.folder, "vol-0001.s000000", bytes, VOLUME_CHUNK);
	temporary_write(&more, "vol-0001.s000002", bytes + 2 * VOLUME_CHUNK,
			size - 2 * VOLUME_CHUNK);

	CLEANUP(verify_close)
	struct verified_bundle *v = verify_open(b.folder.path, b.trust, VERIFY_COMPLETE, &err);
	assert_no_error(err);
	assert_int_equal(verify_add_dir(v, more.path, &err), 0);
	assert_int_equal(verify_volume(v, 1, &err), -1);
	assert_error(err, ERROR_VOLUME_MISSING, "chunks 000001-000001");
	error_clear(&err);
	assert_true(volumes_gap(verify_places(v), 1, &at, &len));
	assert_int_equal(at, VOLUME_CHUNK);
	assert_int_equal(len, VOLUME_CHUNK);
	assert_true(verify_has(v, 1, 0, VOLUME_CHUNK));
	assert_false(verify_has(v, 1, 0, VOLUME_CHUNK + 1));
	assert_true(verify_has(v, 1, 2 * VOLUME_CHUNK, size - 2 * VOLUME_CHUNK));

	/* What is missing comes, and a damaged copy of chunk 0 with it. */
	bytes[100] ^= 1;
	temporary_write(&more, "vol-0001.tar", bytes, size);
	bytes[100] ^= 1;
	assert_int_equal(verify_add_dir(v, more.path, &err), 0);
	assert_int_equal(verify_volumes(v, &err), 0);
	CLEANUP(free) unsigned char *chunk = buf_malloc(VOLUME_CHUNK);
	size_t got;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(verify_read_chunk(v, 1, i, chunk, &got, &err), 0);
		assert_memory_equal(chunk, bytes + i * VOLUME_CHUNK, got);
	}
	assert_int_equal(volumes_read_copy(verify_places(v), 1, 1, &byte, 1, 100, &err), 1);
	assert_int_equal(byte, bytes[100] ^ 1);
	assert_int_equal(volumes_read_copy(verify_places(v), 1, 2, &byte, 1, 100, &err), 0);
	free(bytes);
	temporary_remove(&more);
	bundle_remove(&b);
}

/* More files than may be open at once. */
static void segments_are_many(void **state)
{
	enum { COUNT_OF = 3000 };
	const uint64_t size = COUNT_OF * (uint64_t)VOLUME_CHUNK - 7;
	struct error err = ERROR_INIT;
	struct temporary folder;
	struct rlimit before;
	uint64_t at = 0, len;
	unsigned char byte;

	(void)state;
	temporary_create(&folder);
	for (unsigned i = 0; i < COUNT_OF; i++) {
		char name[VOLUME_FILE_SIZE];
		const unsigned char mark = (unsigned char)(i % 251);

		volume_file_name(
			&(struct volume_file){ .kind = VOLUME_SEGMENT, .number = 1, .chunk = i },
			name);
		temporary_write(&folder, name, &mark, 1);
		CLEANUP(file_close) int fd = openat(folder.dir, name, O_WRONLY | O_CLOEXEC);
		assert_int_equal(
			ftruncate(fd, (off_t)(i + 1 < COUNT_OF ? VOLUME_CHUNK : VOLUME_CHUNK - 7)),
			0);
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 128, before.rlim_max }), 0);
	CLEANUP(volumes_free) struct volumes *v = volumes_new(&size, 1);
	assert_int_equal(volumes_add_dir(v, folder.dir, folder.path, false, &err), 0);
	assert_int_equal(volumes_open(v, 1, &err), 0);
	assert_false(volumes_gap(v, 1, &at, &len));
	assert_true(volumes_has(v, 1, 0, size));
	for (unsigned i = 0; i < COUNT_OF; i += 37) {
		assert_int_equal(volumes_read(v, 1, &byte, 1, i * (uint64_t)VOLUME_CHUNK, &err), 0);
		assert_int_equal(byte, i % 251);
	}
	/* One of those that are not open grows, one goes. */
	temporary_write(&folder, "vol-0001.s002999", "x", 1);
	assert_int_equal(unlinkat(folder.dir, "vol-0001.s002998", 0), 0);
	assert_int_equal(volumes_read(v, 1, &byte, 1, 2999 * (uint64_t)VOLUME_CHUNK, &err), -1);
	assert_error(err, ERROR_VOLUME_SIZE, "vol-0001.s002999: 1 bytes now");
	error_clear(&err);
	assert_int_equal(volumes_read(v, 1, &byte, 1, 2998 * (uint64_t)VOLUME_CHUNK, &err), -1);
	assert_error(err, ERROR_VOLUME_MISSING, "vol-0001.s002998: not there any more");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	temporary_remove(&folder);
}

/* Empty files from number `from` on, up to the one before `to`. */
static void make_files(const struct temporary *t, const char *form, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		char name[32];

		snprintf(name, sizeof name, "%s%06u", form, i);
		assert_int_equal(mknodat(t->dir, name, S_IFREG | 0600, 0), 0);
	}
}

static int look(const struct temporary *t, struct error *err)
{
	static const uint64_t largest = LIMIT_VOLUME_BYTES;
	struct volumes *v = volumes_new(&largest, 1);
	int result = volumes_add_dir(v, t->dir, "medium", false, err);

	volumes_free(v);
	return result;
}

static void files_on_media_are_limited(void **state)
{
	struct error err = ERROR_INIT;
	struct temporary t;

	(void)state;
	temporary_create(&t);
	make_files(&t, "vol-0001.s", 0, LIMIT_SEGMENTS);
	assert_int_equal(look(&t, &err), 0);
	make_files(&t, "vol-0001.s", LIMIT_SEGMENTS, LIMIT_SEGMENTS + 1);
	assert_int_equal(look(&t, &err), -1);
	assert_error(err, ERROR_MEDIA_LIMIT, "more than 65536 segments");
	error_clear(&err);
	assert_int_equal(unlinkat(t.dir, "vol-0001.s000000", 0), 0);
	make_files(&t, "other", LIMIT_SEGMENTS, LIMIT_MEDIUM_FILES);
	assert_int_equal(look(&t, &err), 0);
	make_files(&t, "other", LIMIT_MEDIUM_FILES, LIMIT_MEDIUM_FILES + 1);
	assert_int_equal(look(&t, &err), -1);
	assert_error(err, ERROR_LIMIT_BYTES, "more than 131072");
	temporary_remove(&t);
}

static void segments_have_whole_chunks(void **state)
{
	const uint64_t volume = 2 * (uint64_t)VOLUME_CHUNK + 5;

	(void)state;
	assert_true(volume_segment_fits(0, VOLUME_CHUNK, volume));
	assert_true(volume_segment_fits(1, VOLUME_CHUNK + 5, volume));
	assert_true(volume_segment_fits(2, 5, volume));
	assert_false(volume_segment_fits(0, 0, volume));
	assert_false(volume_segment_fits(0, 5, volume));
	assert_false(volume_segment_fits(2, 6, volume));
	assert_false(volume_segment_fits(3, 1, volume));
	assert_false(volume_segment_fits(UINT64_MAX, 1, volume));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_make_a_volume),
		cmocka_unit_test(segments_are_many),
		cmocka_unit_test(files_on_media_are_limited),
		cmocka_unit_test(segments_have_whole_chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

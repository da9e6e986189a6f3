/* Volumes with any byte damaged: headers, data, padding, trailer; and where it is said to be. */
#include "verifier/stream.h"

#include "media/chunk_table.h"
#include "tests/unit/verifier/bundle.h"
#include "verifier/verify.h"

struct fixture {
	struct bundle bundle;
	struct verified_bundle *opened;
};

static void start(struct fixture *f, const uint64_t *sizes, size_t count, uint64_t limit)
{
	struct error err = ERROR_INIT;

	bundle_make(&f->bundle, sizes, count, limit);
	f->opened = verify_open(f->bundle.folder.path, f->bundle.trust, VERIFY_COMPLETE, &err);
	assert_no_error(err);
	assert_int_equal(verify_volumes(f->opened, &err), 0);
}

static void stop(struct fixture *f)
{
	verify_close(f->opened);
	bundle_remove(&f->bundle);
}

static int check(struct fixture *f, unsigned threads, struct error *err)
{
	const struct stream_options options = { .threads = threads, .sink = &stream_check };

	error_clear(err);
	return stream_volumes(f->opened, &options, err);
}

static void flip(struct fixture *f, uint32_t volume, uint64_t at)
{
	char name[VOLUME_NAME_SIZE];

	volume_name(volume, name);
	bundle_flip(&f->bundle, name, at);
}

/* Where a damaged byte lies decides which error it must give. */
static enum error_id expected(const struct fixture *f, uint32_t volume, uint64_t at)
{
	const struct object_table *t = f->bundle.objects;

	for (size_t i = object_table_volume_first(t, volume);
	     i < object_table_volume_first(t, volume + 1); i++) {
		struct object_part p = object_table_get(t, i);

		if (at >= p.offset && at < p.offset + p.length)
			return ERROR_OBJECT_DIGEST;
	}
	return ERROR_VOLUME_FRAME;
}

static void damage(struct fixture *f, uint32_t volume, uint64_t at)
{
	struct error err = ERROR_INIT;

	flip(f, volume, at);
	assert_int_equal(check(f, 2, &err), -1);
	if (err.id != expected(f, volume, at))
		fail_msg("volume %u byte %llu: %s", volume, (unsigned long long)at, err.message);
	assert_non_null(strstr(err.message, "chunk 000000 (4 MiB from byte 0)"));
	flip(f, volume, at);
}

static void every_byte_of_a_volume_is_checked(void **state)
{
	static const uint64_t sizes[] = { 700, 513, 512, 511, 1, 0 };
	struct error err = ERROR_INIT;
	struct fixture f;

	(void)state;
	start(&f, sizes, COUNT(sizes), 1 << 20);
	assert_int_equal(check(&f, 2, &err), 0);
	assert_int_equal(stream_total(f.opened), object_table_volume_size(f.bundle.objects, 1));
	for (uint64_t at = 0; at < object_table_volume_size(f.bundle.objects, 1); at++)
		damage(&f, 1, at);
	assert_int_equal(check(&f, 1, &err), 0);
	stop(&f);
}

static void every_edge_of_a_split_object_is_checked(void **state)
{
	static const uint64_t sizes[] = { 2500000, 700 };
	struct error err = ERROR_INIT;
	struct fixture f;

	(void)state;
	start(&f, sizes, COUNT(sizes), 1 << 20);
	assert_int_equal(object_table_volumes(f.bundle.objects), 3);
	assert_int_equal(check(&f, 2, &err), 0);
	for (size_t i = 0; i < object_table_count(f.bundle.objects); i++) {
		struct object_part p = object_table_get(f.bundle.objects, i);
		uint64_t end = object_table_volume_size(f.bundle.objects, p.volume);
		const uint64_t edges[] = { p.offset - USTAR_BLOCK,
					   p.offset - 1,
					   p.offset,
					   p.offset + p.length / 2,
					   p.offset + p.length - 1,
					   p.offset + p.length,
					   end - USTAR_TRAILER,
					   end - 1 };

		for (size_t k = 0; k < COUNT(edges); k++)
			damage(&f, p.volume, edges[k]);
	}
	stop(&f);
}

static void damage_is_located(void **state)
{
	/* The trailer of this volume lies half in chunk 2, half in chunk 3. */
	static const uint64_t sizes[] = { 3 * (uint64_t)VOLUME_CHUNK - 512 - 512 };
	static const struct {
		uint64_t at;
		enum error_id id;
		const char *text;
	} rows[] = {
		{ 0, ERROR_VOLUME_FRAME, "vol-0001.tar chunk 000000 (4 MiB from byte 0)" },
		{ 512, ERROR_OBJECT_DIGEST, "vol-0001.tar chunk 000000 (4 MiB from byte 0)" },
		{ VOLUME_CHUNK - 1, ERROR_OBJECT_DIGEST, "chunk 000000 (4 MiB from byte 0)" },
		{ VOLUME_CHUNK, ERROR_OBJECT_DIGEST, "chunk 000001 (4 MiB from byte 4194304)" },
		{ 2 * VOLUME_CHUNK - 1, ERROR_OBJECT_DIGEST, "chunk 000001 " },
		{ 2 * VOLUME_CHUNK, ERROR_OBJECT_DIGEST, "chunk 000002 (4 MiB from byte 8388608)" },
		{ 3 * VOLUME_CHUNK - 513, ERROR_OBJECT_DIGEST, "chunk 000002 " },
		{ 3 * VOLUME_CHUNK - 512, ERROR_VOLUME_FRAME, "chunk 000002 " },
		{ 3 * VOLUME_CHUNK, ERROR_VOLUME_FRAME, "chunk 000003 (4 MiB from byte 12582912)" },
		{ 3 * VOLUME_CHUNK + 511, ERROR_VOLUME_FRAME, "chunk 000003 " },
	};
	struct error err = ERROR_INIT;
	struct fixture f;

	(void)state;
	start(&f, sizes, 1, 16 << 20);
	assert_int_equal(object_table_volume_size(f.bundle.objects, 1), 3 * VOLUME_CHUNK + 512);
	for (size_t i = 0; i < COUNT(rows); i++) {
		flip(&f, 1, rows[i].at);
		assert_int_equal(check(&f, 2, &err), -1);
		assert_error(err, rows[i].id, rows[i].text);
		flip(&f, 1, rows[i].at);
	}
	stop(&f);
}

struct problems {
	size_t count;
	struct error first, last;
};

static void on_problem(void *ctx, const struct error *problem)
{
	struct problems *p = ctx;

	if (p->count++ == 0)
		p->first = *problem;
	p->last = *problem;
}

static void all_problems_are_told_in_order(void **state)
{
	static const uint64_t sizes[] = { 1500000, 5000, 4000, 3000 };
	struct error err = ERROR_INIT;
	struct fixture f;

	(void)state;
	start(&f, sizes, COUNT(sizes), 1 << 20);
	for (unsigned threads = 1; threads <= 3; threads++) {
		struct problems p = { 0 };
		const struct stream_options options = { .threads = threads,
							.sink = &stream_check,
							.problem = on_problem,
							.problem_ctx = &p };
		size_t first;

		assert_int_equal(stream_volumes(f.opened, &options, &err), 0);
		for (size_t i = 0; i < COUNT(sizes); i += 3) {
			assert_int_equal(
				object_table_find(f.bundle.objects, f.bundle.sha256[i], &first), 1);
			struct object_part part = object_table_get(f.bundle.objects, first);
			flip(&f, part.volume, part.offset + 7);
		}
		p = (struct problems){ 0 };
		assert_int_equal(stream_volumes(f.opened, &options, &err), 1);
		assert_no_error(err);
		assert_int_equal(p.count, 2);
		assert_int_equal(p.first.id, ERROR_OBJECT_DIGEST);
		assert_int_equal(p.last.id, ERROR_OBJECT_DIGEST);
		for (size_t i = 0; i < COUNT(sizes); i += 3) {
			char hex[DIGEST_HEX];

			for (size_t k = 0; k < 32; k++)
				snprintf(hex + 2 * k, 3, "%02x", f.bundle.sha256[i][k]);
			assert_non_null(strstr(i == 0 ? p.first.message : p.last.message, hex));
			assert_int_equal(
				object_table_find(f.bundle.objects, f.bundle.sha256[i], &first), 1);
			struct object_part part = object_table_get(f.bundle.objects, first);
			flip(&f, part.volume, part.offset + 7);
		}
	}
	stop(&f);
}

static void chunks_prove_one_volume(void **state)
{
	static const uint64_t sizes[] = { 5700000, 5600000 }; /* a volume of two chunks for each */
	struct error err = ERROR_INIT;
	struct problems p = { 0 };
	struct fixture f;

	(void)state;
	start(&f, sizes, COUNT(sizes), 6 << 20);
	const struct stream_options quick = { .threads = 2 };
	const struct stream_options all = { .threads = 2,
					    .problem = on_problem,
					    .problem_ctx = &p };
	assert_int_equal(stream_chunks(f.opened, 1, &quick, &err), 0);
	assert_int_equal(stream_chunks(f.opened, 2, &quick, &err), 0);
	flip(&f, 1, 3);
	flip(&f, 1, VOLUME_CHUNK + 3);
	assert_int_equal(stream_chunks(f.opened, 2, &quick, &err), 0);
	assert_int_equal(stream_chunks(f.opened, 1, &quick, &err), -1);
	assert_error(err, ERROR_CHUNK_DIGEST, "vol-0001.tar chunk 000000 (4 MiB from byte 0)");
	error_clear(&err);
	assert_int_equal(stream_chunks(f.opened, 1, &all, &err), 1);
	assert_int_equal(p.count, 2);
	assert_error(p.last, ERROR_CHUNK_DIGEST, "chunk 000001 (4 MiB from byte 4194304)");
	stop(&f);
}

/* One pass proves objects and chunks: also where a chunk belongs to several items or volumes. */
static void a_lying_chunk_table_is_noticed(void **state)
{
	static const uint64_t sizes[] = { 20000000, 17000000, 9000000, 3000000,
					  2900000,  2800000,  5000,    0 };
	struct error err = ERROR_INIT;
	struct fixture f;

	(void)state;
	start(&f, sizes, COUNT(sizes), 18 << 20);
	const struct chunk_table *t = verify_chunks(f.opened);
	assert_true(chunk_table_volumes(t) > 2);
	for (unsigned threads = 1; threads <= 3; threads++) {
		_Atomic uint64_t done = 0;
		const struct stream_options options = {
			.threads = threads, .sink = &stream_check, .done = &done, .chunks = true
		};

		assert_int_equal(stream_volumes(f.opened, &options, &err), 0);
		assert_int_equal(done, stream_total(f.opened));
		for (uint32_t v = 1; v <= chunk_table_volumes(t); v++) {
			for (size_t i = 0; i < chunk_table_count(t, v); i++) {
				uintptr_t digest = (uintptr_t)chunk_table_digest(t, v, i);
				char text[64];

				snprintf(text, sizeof text, "vol-%04u.tar chunk %06zu ", v, i);
				((unsigned char *)digest)[31] ^= 1;
				assert_int_equal(stream_volumes(f.opened, &options, &err), -1);
				assert_error(err, ERROR_CHUNK_DIGEST, text);
				error_clear(&err);
				((unsigned char *)digest)[31] ^= 1;
			}
		}
		flip(&f, 2, 5000000);
		assert_int_equal(stream_volumes(f.opened, &options, &err), -1);
		assert_error(err, ERROR_OBJECT_DIGEST, "vol-0002.tar chunk 000001 ");
		error_clear(&err);
		flip(&f, 2, 5000000);
	}
	stop(&f);
}

static void objects_load_alone(void **state)
{
	static const uint64_t sizes[] = { 2500000, 5000, 0 };
	struct error err = ERROR_INIT;
	struct fixture f;

	(void)state;
	start(&f, sizes, COUNT(sizes), 1 << 20); /* the first one in three parts */
	for (size_t i = 0; i < COUNT(sizes); i++) {
		unsigned char *bytes;
		size_t len;

		assert_int_equal(
			stream_load(f.opened, f.bundle.sha256[i], sizes[i], &bytes, &len, &err), 0);
		assert_int_equal(len, sizes[i]);
		assert_memory_equal(bytes, f.bundle.contents[i], len);
		free(bytes);
	}
	unsigned char *none, unknown[32] = { 1 };
	size_t len;
	assert_int_equal(stream_load(f.opened, f.bundle.sha256[0], sizes[0] - 1, &none, &len, &err),
			 -1);
	assert_int_equal(err.id, ERROR_LIMIT_BYTES);
	error_clear(&err);
	assert_int_equal(stream_load(f.opened, unknown, 100, &none, &len, &err), -1);
	assert_int_equal(err.id, ERROR_OBJECT_UNKNOWN);
	error_clear(&err);
	flip(&f, 3, 600);
	assert_int_equal(stream_load(f.opened, f.bundle.sha256[0], sizes[0], &none, &len, &err),
			 -1);
	assert_int_equal(err.id, ERROR_OBJECT_DIGEST);
	stop(&f);
}

/* A medium that goes away while it is read. */
static void a_shrunken_volume_is_an_error(void **state)
{
	static const uint64_t sizes[] = { 5000, 10 };
	struct error err = ERROR_INIT;
	struct fixture f;

	(void)state;
	start(&f, sizes, COUNT(sizes), 1 << 20);
	CLEANUP(file_close) int fd = openat(f.bundle.folder.dir, "vol-0001.tar", O_RDWR);
	assert_int_equal(ftruncate(fd, 3000), 0);
	assert_int_equal(check(&f, 2, &err), -1);
	assert_int_equal(err.id, ERROR_FILE_READ);
	assert_int_equal(err.class, ERROR_CLASS_MISSING);
	assert_non_null(strstr(err.message, "chunk 000000"));
	stop(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_of_a_volume_is_checked),
		cmocka_unit_test(every_edge_of_a_split_object_is_checked),
		cmocka_unit_test(damage_is_located),
		cmocka_unit_test(all_problems_are_told_in_order),
		cmocka_unit_test(chunks_prove_one_volume),
		cmocka_unit_test(a_lying_chunk_table_is_noticed),
		cmocka_unit_test(objects_load_alone),
		cmocka_unit_test(a_shrunken_volume_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Genuine cabinets and reproducers of other readers' faults; skipped when they are not at hand. */
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/source.h"
#include "lib/cab/cab.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int open_data(const char *folder)
{
	const char *shared = getenv("GAPFERRY_SHARED");
	char path[512];

	snprintf(path, sizeof path, "%s/data/%s", shared ? shared : "../shared", folder);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The current member is the file name in dir, byte for byte. */
static void assert_same(struct cab *c, const struct cab_member *m, int dir, const char *name)
{
	static unsigned char got[65536], want[65536];
	struct error err = ERROR_INIT;
	CLEANUP(file_close) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	uint64_t total = 0;
	ssize_t n;

	if (fd < 0)
		fail_msg("%s: no such file to compare with", name);
	while ((n = cab_read(c, got, sizeof got, &err)) > 0) {
		assert_int_equal(read(fd, want, (size_t)n), n);
		assert_memory_equal(got, want, (size_t)n);
		total += (uint64_t)n;
	}
	assert_no_error(err);
	assert_int_equal(read(fd, want, 1), 0);
	assert_int_equal(total, m->size);
}

static void cabinets_with_several_folders(void **state)
{
	static const char *const cabs[] = { "sil_none.cab", "skip_none.cab", "skip_mszip.cab",
					    "skip_lzx21.cab", "multi.cab" };
	static const char *const plain[][2] = {
		{ "a", "a20" },   { "b", "b40" },   { "c", "c100" },
		{ "d/t1", "t1" }, { "d/t2", "t2" }, { "t3", "t3" }
	};
	CLEANUP(file_close) int dir = open_data("wsusscn2/cab-edge-cases");

	(void)state;
	if (dir < 0)
		skip();
	for (unsigned last_only = 0; last_only < 2; last_only++) {
		for (size_t i = 0; i < COUNT(cabs); i++) {
			CLEANUP(file_close) int fd = openat(dir, cabs[i], O_RDONLY | O_CLOEXEC);
			struct error err = ERROR_INIT;
			struct source_fd src;
			struct cab_member m;

			source_fd_init(&src, fd, cabs[i]);
			CLEANUP(cab_close) struct cab *c = cab_open(&src.base, cabs[i], &err);
			assert_no_error(err);
			while (cab_next(c, &m, &err) > 0)
				for (size_t k = 0; k < COUNT(plain); k++)
					if (strcmp(m.name, plain[k][0]) == 0 &&
					    (!last_only || m.index + 1 == cab_info(c)->members))
						assert_same(c, &m, dir, plain[k][1]);
			assert_no_error(err);
			assert_true(m.index >= 1);
		}
	}
}

/* Signed by Microsoft, LZX, 4951 members inside; the list of updates is compared with its copy. */
static void a_signed_scan_catalog(void **state)
{
	CLEANUP(file_close) int dir = open_data("wsusscn2/wsusscan-kb2999226-2015");
	struct error err = ERROR_INIT;
	struct source_fd src;
	struct cab_member m;
	uint64_t total = 0;

	(void)state;
	if (dir < 0)
		skip();
	CLEANUP(file_close) int fd = openat(dir, "WSUSSCAN.cab", O_RDONLY | O_CLOEXEC);
	source_fd_init(&src, fd, "WSUSSCAN.cab");
	CLEANUP(cab_close) struct cab *outer = cab_open(&src.base, "WSUSSCAN.cab", &err);
	assert_no_error(err);
	assert_true(cab_info(outer)->has_signature);
	assert_int_equal(cab_info(outer)->signature_offset, 156096);
	assert_int_equal(cab_info(outer)->signature_bytes, 15688);
	assert_int_equal(cab_info(outer)->window_bits, 21);
	assert_int_equal(cab_next(outer, &m, &err), 1);
	assert_string_equal(m.name, "package.cab");

	CLEANUP(cab_close)
	struct cab *inner = cab_open(cab_member_source(outer), "package.cab", &err);
	assert_no_error(err);
	assert_int_equal(cab_info(inner)->members, 4951);
	assert_int_equal(cab_info(inner)->reserve_bytes, 6144);
	while (cab_next(inner, &m, &err) > 0) {
		total += m.size;
		if (strcmp(m.name, "package.xml") == 0)
			assert_same(inner, &m, dir, "package.xml");
	}
	assert_no_error(err);
	assert_int_equal(total, 2082095);
	assert_int_equal(m.index, 4950);
	assert_string_equal(m.name, "package.xml");
	assert_int_equal(cab_next(outer, &m, &err), 0);
}

/* Shards of the two-level catalog, read through the outer cabinet. */
static void a_sharded_scan_catalog(void **state)
{
	CLEANUP(file_close) int dir = open_data("wsusscn2/vuls-fixture-2026");
	struct error err = ERROR_INIT;
	struct source_fd src;
	struct cab_member m;
	unsigned compared = 0;

	(void)state;
	if (dir < 0)
		skip();
	CLEANUP(file_close) int fd = openat(dir, "wsusscn2.cab", O_RDONLY | O_CLOEXEC);
	source_fd_init(&src, fd, "wsusscn2.cab");
	CLEANUP(cab_close) struct cab *outer = cab_open(&src.base, "wsusscn2.cab", &err);
	assert_no_error(err);
	while (cab_next(outer, &m, &err) > 0) {
		struct cab_member shard = m;
		char path[600];

		if (m.index == 0) {
			assert_same(outer, &m, dir, "extracted/index.xml");
			continue;
		}
		CLEANUP(cab_close)
		struct cab *inner = cab_open(cab_member_source(outer), shard.name, &err);
		assert_no_error(err);
		for (; cab_next(inner, &m, &err) > 0; compared++) {
			snprintf(path, sizeof path, "extracted/%.*s/%s",
				 (int)strlen(shard.name) - 4, shard.name, m.name);
			assert_same(inner, &m, dir, path);
		}
		assert_no_error(err);
	}
	assert_no_error(err);
	assert_int_equal(compared, 1 + 8 + 3);
}

static void wsus_export_packages(void **state)
{
	static const struct {
		const char *name;
		uint64_t output;
	} rows[] = { { "WSUS-2015-06-10-proto1.8.cab", 10757288 },
		     { "WSUS-2020-04-21-proto1.20.cab", 14270503 },
		     { "CONSTRUCTED-leaf-with-file.cab", 58078 } };
	CLEANUP(file_close) int dir = open_data("wsusutil");

	(void)state;
	if (dir < 0)
		skip();
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(file_close) int fd = openat(dir, rows[i].name, O_RDONLY | O_CLOEXEC);
		struct error err = ERROR_INIT;
		struct source_fd src;
		struct cab_member m;

		source_fd_init(&src, fd, rows[i].name);
		CLEANUP(cab_close) struct cab *c = cab_open(&src.base, rows[i].name, &err);
		assert_no_error(err);
		assert_int_equal(cab_info(c)->output_bytes, rows[i].output);
		assert_int_equal(cab_next(c, &m, &err), 1);
		assert_string_equal(m.name, "package.xml");
		if (i == 2)
			assert_same(c, &m, dir, "CONSTRUCTED-leaf-with-file.package.xml");
		assert_int_equal(cab_next(c, &m, &err), 1);
		assert_string_equal(m.name, "metadata.txt");
		assert_int_equal(cab_next(c, &m, &err), 0);
		assert_no_error(err);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(cabinets_with_several_folders),
		cmocka_unit_test(a_signed_scan_catalog),
		cmocka_unit_test(a_sharded_scan_catalog),
		cmocka_unit_test(wsus_export_packages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

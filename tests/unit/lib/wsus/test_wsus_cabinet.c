#include "lib/wsus/wsus_cabinet.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

static uint32_t number(const unsigned char *p, unsigned width)
{
	uint32_t value = 0;

	while (width-- > 0)
		value = value << 8 | p[width];
	return value;
}

/* The plain text of the only folder, each block unpacked on its own; the caller frees it. */
static unsigned char *unpack(const unsigned char *cab, size_t len, size_t *out_len)
{
	size_t at = number(cab + 6184, 4), blocks = number(cab + 6188, 2), done = 0;
	unsigned char *out = buf_malloc(blocks * 32768 + 1);

	for (size_t i = 0; i < blocks; i++) {
		size_t packed = number(cab + at + 4, 2), plain = number(cab + at + 6, 2);
		z_stream z = { .next_in = (unsigned char *)(uintptr_t)(cab + at + 10),
			       .avail_in = (uInt)(packed - 2) };

		assert_true(at + 8 + packed <= len && packed <= 32780 && plain <= 32768);
		assert_true(plain == 32768 || i + 1 == blocks);
		assert_memory_equal(cab + at + 8, "CK", 2);
		assert_int_equal(inflateInit2(&z, -15), Z_OK);
		if (i > 0)
			assert_int_equal(inflateSetDictionary(&z, out + done - 32768, 32768), Z_OK);
		z.next_out = out + done;
		z.avail_out = (uInt)plain;
		assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
		assert_int_equal(z.avail_out, 0);
		inflateEnd(&z);
		done += plain;
		at += 8 + packed;
	}
	assert_int_equal(at, len);
	*out_len = done;
	return out;
}

static void round_trip(size_t first, size_t second, bool random)
{
	char dir[] = "/tmp/cabinet-XXXXXX";
	struct error err = ERROR_INIT;
	unsigned char *plain = buf_malloc(first + second + 1);
	uint64_t value = 1;

	for (size_t i = 0; i < first + second; i++) {
		value = value * 6364136223846793005ull + 1442695040888963407ull;
		plain[i] = (unsigned char)(random ? value >> 56 : i / 100);
	}
	assert_non_null(mkdtemp(dir));
	CLEANUP(file_close) int fd = file_open_dir(dir, &err);
	struct wsus_cabinet *c = wsus_cabinet_begin(fd, "c.cab", 1600000000, &err);
	assert_non_null(c);
	wsus_cabinet_member(c, "package.xml");
	assert_int_equal(wsus_cabinet_append(c, plain, first, &err), 0);
	wsus_cabinet_member(c, "metadata.txt");
	for (size_t i = 0; i < second; i += 1000)
		assert_int_equal(wsus_cabinet_append(c, plain + first + i,
						     second - i < 1000 ? second - i : 1000, &err),
				 0);
	assert_int_equal(wsus_cabinet_commit(c, &err), 0);
	assert_no_error(err);
	CLEANUP(free) unsigned char *cab = NULL;
	size_t len, got;
	assert_int_equal(file_load(fd, "c.cab", 1u << 30, &cab, &len, &err), 1);
	assert_int_equal(number(cab + 8, 4), len);
	assert_int_equal(number(cab + 6192, 4), first);
	assert_int_equal(number(cab + 6192 + 28, 4), second);
	assert_int_equal(number(cab + 6192 + 28 + 4, 4), first);
	CLEANUP(free) unsigned char *back = unpack(cab, len, &got);
	assert_int_equal(got, first + second);
	assert_memory_equal(back, plain, got);
	free(plain);
	assert_int_equal(faccessat(fd, "c.cab.part", F_OK, 0), -1);
	unlinkat(fd, "c.cab", 0);
	rmdir(dir);
}

static void every_size_comes_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 32767, 32768, 32769, 100000 };

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (size_t k = 0; k < COUNT(sizes); k++) {
			round_trip(sizes[i], sizes[k], false);
			round_trip(sizes[i], sizes[k], true);
		}
}

static void a_folder_has_an_end(void **state)
{
	char dir[] = "/tmp/cabinet-XXXXXX";
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(WSUS_CABINET_BYTES, 2147450880u);
	assert_non_null(mkdtemp(dir));
	CLEANUP(file_close) int fd = file_open_dir(dir, &err);
	CLEANUP(wsus_cabinet_abandon)
	struct wsus_cabinet *c = wsus_cabinet_begin(fd, "c.cab", 0, &err);
	wsus_cabinet_member(c, "package.xml");
	assert_int_equal(wsus_cabinet_append(c, "x", 1, &err), 0);
	/* The length is refused before the first byte is looked at. */
	assert_int_equal(wsus_cabinet_append(c, "x", (size_t)WSUS_CABINET_BYTES, &err), -1);
	assert_error(err, ERROR_WSUS_FOLDER, "more than 2147450880 bytes");
	wsus_cabinet_abandon(STEAL(c));
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_comes_back),
		cmocka_unit_test(a_folder_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The cabinet writer against the arithmetic of the format, read back byte by byte. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/tools/cab_write.h"
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct place {
	char path[64];
	int dirfd;
};

static int set_up(void **state)
{
	struct place *p = buf_calloc(1, sizeof *p);
	struct error err = ERROR_INIT;

	snprintf(p->path, sizeof p->path, "/tmp/gapferry-cab-XXXXXX");
	assert_non_null(mkdtemp(p->path));
	p->dirfd = file_open_dir(p->path, &err);
	*state = p;
	return p->dirfd < 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	unlinkat(p->dirfd, "t.cab", 0);
	file_close(p->dirfd);
	rmdir(p->path);
	free(p);
	return 0;
}

static struct cab_write *new_cab(const struct place *p, bool lzx, uint16_t reserve)
{
	struct error err = ERROR_INIT;
	struct cab_write *w = cab_write_new(&(struct cab_write_options){ .dirfd = p->dirfd,
									 .name = "t.cab",
									 .lzx = lzx,
									 .reserve = reserve,
									 .time = 1784048400 },
					    &err);

	assert_non_null(w);
	return w;
}

static unsigned get16(const unsigned char *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static uint32_t get32(const unsigned char *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

/* The checksum as [MS-CAB] words it, one byte at a time. */
static uint32_t sum(const unsigned char *p, size_t len, uint32_t seed)
{
	size_t i = 0;

	for (; i + 4 <= len; i += 4)
		seed ^= get32(p + i);
	if (len - i == 3)
		seed ^= (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];
	else if (len - i == 2)
		seed ^= (uint32_t)p[i] << 8 | p[i + 1];
	else if (len - i == 1)
		seed ^= p[i];
	return seed;
}

/* Walks the block chain; stored bytes must be 0, 1, 2 ... modulo 251. */
static void check_blocks(const unsigned char *b, size_t len, size_t folder, size_t plain)
{
	size_t at = get32(b + folder), blocks = get16(b + folder + 4), seen = 0;
	bool stored = get16(b + folder + 6) == 0;

	for (; blocks > 0; blocks--) {
		unsigned size = get16(b + at + 4), out = get16(b + at + 6);

		assert_int_equal(get32(b + at), sum(b + at + 4, 4, sum(b + at + 8, size, 0)));
		assert_int_equal(out, plain - seen < 32768 ? plain - seen : 32768);
		for (size_t i = 0; stored && i < size; i++)
			assert_int_equal(b[at + 8 + i], (seen + i) % 251);
		seen += out;
		at += 8 + size;
	}
	assert_int_equal(seen, plain);
	assert_int_equal(at, len);
}

static void every_field_is_right(void **state)
{
	static const struct {
		bool lzx;
		uint16_t reserve;
		size_t sizes[3];
	} rows[] = {
		{ false, 0, { 0, 0, 0 } },          { false, 6144, { 1, 32767, 0 } },
		{ false, 20, { 32768, 1, 70001 } }, { true, 6144, { 5, 0, 300000 } },
		{ true, 0, { 32768, 32768, 3 } },
	};
	unsigned char *bytes = buf_malloc(400000);

	for (size_t i = 0; i < 400000; i++)
		bytes[i] = (unsigned char)(i % 251);
	for (size_t r = 0; r < COUNT(rows); r++) {
		CLEANUP(cab_write_free)
		struct cab_write *w = new_cab(*state, rows[r].lzx, rows[r].reserve);
		struct error err = ERROR_INIT;
		unsigned char *cab;
		size_t len, plain = 0, head = 36 + (rows[r].reserve ? 4u + rows[r].reserve : 0);

		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(
				cab_write_add(w, "c\\1", bytes + plain, rows[r].sizes[i], &err), 0);
			plain += rows[r].sizes[i];
		}
		assert_int_equal(cab_write_finish(w, &err), 0);
		assert_int_equal(file_load(((struct place *)*state)->dirfd, "t.cab", 1 << 20, &cab,
					   &len, &err),
				 1);
		assert_memory_equal(cab, "MSCF\0\0\0\0", 8);
		assert_int_equal(get32(cab + 8), len);
		assert_int_equal(get32(cab + 16), head + 8);
		assert_int_equal(get16(cab + 28), 3);
		assert_int_equal(get16(cab + head + 6), rows[r].lzx ? 0x1503 : 0);
		for (size_t i = 0, at = head + 8, offset = 0; i < 3; i++, at += 20) {
			assert_int_equal(get32(cab + at), rows[r].sizes[i]);
			assert_int_equal(get32(cab + at + 4), offset);
			assert_int_equal(get16(cab + at + 10), 46 << 9 | 7 << 5 | 14);
			assert_int_equal(get16(cab + at + 12), 17 << 11);
			assert_string_equal((char *)cab + at + 16, "c\\1");
			offset += rows[r].sizes[i];
		}
		check_blocks(cab, len, head, plain);
		free(cab);
	}
	free(bytes);
}

static void members_are_counted(void **state)
{
	CLEANUP(cab_write_free) struct cab_write *w = new_cab(*state, false, 0);
	struct error err = ERROR_INIT;

	for (unsigned i = 0; i < CAB_MEMBERS_MAX; i++)
		assert_int_equal(cab_write_member(w, "x", &err), 0);
	assert_int_equal(cab_write_member(w, "x", &err), -1);
	assert_error(err, ERROR_LIMIT_BYTES, "t.cab: more than 65535 members");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_field_is_right, set_up, tear_down),
		cmocka_unit_test_setup_teardown(members_are_counted, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "exporter/shard.h"

#include "lib/base/error.h"
#include "lib/base/source.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { BLOCK = 32768, TABLES = 36 + 8 + 16 + 2 };

static unsigned char *put(unsigned char *at, unsigned width, uint32_t value)
{
	for (unsigned i = 0; i < width; i++)
		*at++ = (unsigned char)(value >> 8 * i);
	return at;
}

/* A cabinet with one stored member "a" of size zeros, whose checksums are easy to tell. */
static void make_cabinet(struct buf *out, uint32_t size)
{
	const uint32_t blocks = (size + BLOCK - 1) / BLOCK, total = TABLES + blocks * 8 + size;
	struct error err = ERROR_INIT;
	unsigned char *at = buf_room(out, total, &err);

	assert_no_error(err);
	memset(at, 0, total);
	at = put(at, 4, 0x4643534d);
	at = put(at + 4, 4, total);
	at = put(at + 4, 4, 36 + 8); /* where the table of members is */
	at = put(at + 4, 2, 0x0103);
	at = put(at, 2, 1);
	at = put(at, 2, 1);
	at = put(at + 6, 4, TABLES);
	at = put(at, 2, blocks);
	at = put(at + 2, 4, size);
	at = put(at + 4 + 2, 4, 0x53dc46f5);
	at = put(at + 2, 2, 'a');
	for (uint32_t left = size; left > 0;) {
		uint32_t len = left < BLOCK ? left : BLOCK;

		at = put(at, 4, len | len << 16);
		at = put(at, 4, len | len << 16) + len;
		left -= len;
	}
	out->len = total;
}

/* What is larger is not read into memory, but as a stream (wsusscn2.c). */
static void an_inner_cabinet_in_memory(void **state)
{
	(void)state;
	for (uint32_t size = LIMIT_SHARD_BYTES; size <= LIMIT_SHARD_BYTES + 1; size++) {
		CLEANUP(buf_clear) struct buf file = BUF_INIT(LIMIT_SHARD_BYTES + (1u << 20));
		CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_SHARD_BYTES + 1);
		struct error err = ERROR_INIT;
		struct source_memory src;
		struct cab_member m;

		make_cabinet(&file, size);
		source_memory_init(&src, file.bytes, file.len);
		CLEANUP(cab_close) struct cab *cab = cab_open(&src.base, "outer", &err);
		assert_no_error(err);
		assert_int_equal(cab_next(cab, &m, &err), 1);
		assert_int_equal(m.size, size);
		int result = shard_load("outer", cab, &m, LIMIT_SHARD_BYTES, &out, &err);
		if (size == LIMIT_SHARD_BYTES) {
			assert_no_error(err);
			assert_int_equal(result, 0);
			assert_int_equal(out.len, size);
		} else {
			assert_int_equal(result, -1);
			assert_error(err, ERROR_SCAN_LIMIT, "67108865 bytes, more than 67108864");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_inner_cabinet_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lib/base/buf.h"
#include "media/ustar.h"
#include "media/volume.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void header_has_the_canonical_bytes(void **state)
{
	unsigned char h[USTAR_BLOCK];
	unsigned sum = 8 * ' ';

	(void)state;
	ustar_header("abc.cab", 0x1ffffffffull, h);
	assert_string_equal((char *)h, "abc.cab");
	assert_memory_equal(h + 100,
			    "0000444\0"
			    "0000000\0"
			    "0000000\0",
			    24);
	assert_memory_equal(h + 124,
			    "77777777777\0"
			    "00000000000\0",
			    24);
	assert_int_equal(h[156], '0');
	assert_memory_equal(h + 257,
			    "ustar\0"
			    "00",
			    8);
	assert_memory_equal(h + 329,
			    "0000000\0"
			    "0000000\0",
			    16);
	for (size_t i = 0; i < USTAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? 0 : h[i];
	assert_int_equal(strtoul((char *)h + 148, NULL, 8), sum);
	assert_memory_equal(h + 154, "\0 ", 2);
}

static void every_bit_counts(void **state)
{
	unsigned char h[USTAR_BLOCK];

	(void)state;
	ustar_header("abc", 5, h);
	assert_true(ustar_matches(h, "abc", 5));
	assert_false(ustar_matches(h, "abd", 5));
	assert_false(ustar_matches(h, "abc", 6));
	for (size_t bit = 0; bit < 8 * USTAR_BLOCK; bit++) {
		h[bit / 8] ^= (unsigned char)(1u << bit % 8);
		assert_false(ustar_matches(h, "abc", 5));
		h[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
}

static void padding_fills_the_block(void **state)
{
	static const struct {
		uint64_t size, padding, member;
	} rows[] = {
		{ 0, 0, 512 },    { 1, 511, 1024 },   { 511, 1, 1024 },
		{ 512, 0, 1024 }, { 513, 511, 1536 }, { (8ull << 30) - 1, 1, (8ull << 30) + 512 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(ustar_padding(rows[i].size), rows[i].padding);
		assert_int_equal(volume_member_bytes(rows[i].size), rows[i].member);
	}
}

/* Sizes where readers of tar have gone wrong: blocks, signed and unsigned 32 bits, the last one. */
static const uint64_t sizes[] = { 0,          1,
				  511,        512,
				  513,        (1ull << 31) - 1,
				  1ull << 31, (1ull << 32) - 1,
				  1ull << 32, USTAR_SIZE_MAX };

/* The name of a member: the longest ones too. */
static void member_name(size_t i, char out[USTAR_NAME_MAX + 1])
{
	memset(out, 'n', USTAR_NAME_MAX);
	out[i % 2 ? USTAR_NAME_MAX : 8] = '\0';
	out[0] = (char)('a' + i);
}

static void lists(const char *command, const char *want)
{
	char have[4000] = "";
	FILE *out = popen(command, "r");

	assert_non_null(out);
	have[fread(have, 1, sizeof have - 1, out)] = '\0';
	assert_int_equal(pclose(out), 0);
	assert_string_equal(have, want);
}

/* GNU tar and bsdtar list every member exactly as we mean it, and say nothing else. */
static void other_readers_agree(void **state)
{
	char path[] = "/tmp/gapferry-ustar-XXXXXX", command[400];
	char want[4000] = "", names[4000] = "", member[USTAR_NAME_MAX + 1];
	unsigned char header[USTAR_BLOCK];
	int fd = mkstemp(path);
	uint64_t at = 0;
	size_t len = 0, names_len = 0;

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		member_name(i, member);
		ustar_header(member, sizes[i], header);
		assert_int_equal(pwrite(fd, header, sizeof header, (off_t)at), sizeof header);
		at += volume_member_bytes(sizes[i]);
		len += (size_t)snprintf(want + len, sizeof want - len,
					"-r--r--r-- 0/0 %llu 1970-01-01 00:00:00 %s\n",
					(unsigned long long)sizes[i], member);
		names_len += (size_t)snprintf(names + names_len, sizeof names - names_len,
					      "-r--r--r-- %llu %s\n", (unsigned long long)sizes[i],
					      member);
	}
	assert_int_equal(ftruncate(fd, (off_t)(at + USTAR_TRAILER)), 0);
	close(fd);
	snprintf(command, sizeof command,
		 "TZ=UTC tar -tv --full-time --numeric-owner -f %s 2>&1 | tr -s ' '", path);
	lists(command, want);
	snprintf(command, sizeof command,
		 "bsdtar -tvf %s 2>&1 | awk 'NF != 9 { print } { print $1, $5, $9 }'", path);
	lists(command, names);
	unlink(path);
}

static void volume_names_are_exact(void **state)
{
	static const char *const bad[] = { "vol-0000.tar", "vol-001.tar",  "vol-00001.tar",
					   "vol-0001.TAR", "vol-+001.tar", "par-0001.tar",
					   "vol_0001.tar", "vol-0001,tar" };
	char name[VOLUME_NAME_SIZE];
	uint32_t number;

	(void)state;
	for (uint32_t i = 1; i <= 9999; i++) {
		volume_name(i, name);
		assert_true(volume_number(name, strlen(name), &number));
		assert_int_equal(number, i);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(volume_number(bad[i], strlen(bad[i]), &number));
	assert_int_equal(volume_chunks(0), 0);
	assert_int_equal(volume_chunks(1), 1);
	assert_int_equal(volume_chunks(VOLUME_CHUNK), 1);
	assert_int_equal(volume_chunks(VOLUME_CHUNK + 1), 2);
	assert_int_equal(volume_chunks(1ull << 40), 262144);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_has_the_canonical_bytes),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(padding_fills_the_block),
		cmocka_unit_test(other_readers_agree),
		cmocka_unit_test(volume_names_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

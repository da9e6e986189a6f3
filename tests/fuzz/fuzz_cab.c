/*
 * Any bytes as a cabinet, and the same bytes with every block's checksum made right, so that
 * the decompressor is reached.  Either all members come out whole and the sizes add up, or there
 * is one error and it stays.
 */
#include "lib/base/error.h"
#include "lib/base/source.h"
#include "lib/cab/cab.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_MAX = 1 << 20, FOLDERS_MAX = 16 };

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int fact)
{
	if (!fact)
		abort();
}

static uint32_t number(const unsigned char *p, unsigned width)
{
	uint32_t value = 0;

	while (width-- > 0)
		value = value << 8 | p[width];
	return value;
}

static uint32_t sum(const unsigned char *p, size_t len)
{
	uint32_t value = 0, rest = 0;

	for (; len >= 4; p += 4, len -= 4)
		value ^= number(p, 4);
	while (len-- > 0)
		rest = rest << 8 | *p++;
	return value ^ rest;
}

/* Follow the chain of every folder as far as it lies within the bytes. */
static void seal(unsigned char *b, size_t size)
{
	size_t at = 36, reserve = 0, folder_reserve = 0;

	if (size < 40)
		return;
	if (b[30] & 4) {
		at = 40 + number(b + 36, 2);
		folder_reserve = b[38];
		reserve = b[39];
	}
	for (uint32_t i = 0; i < number(b + 26, 2) && i < FOLDERS_MAX && at + 8 <= size; i++) {
		size_t block = number(b + at, 4);
		uint32_t left = number(b + at + 4, 2);

		at += 8 + folder_reserve;
		for (; left > 0 && block >= 36 && block + 8 + reserve <= size; left--) {
			size_t data = block + 8 + reserve, len = number(b + block + 4, 2);

			if (len > size - data)
				break;
			uint32_t right = sum(b + data, len) ^ sum(b + block + 4, 4 + reserve);

			for (unsigned k = 0; k < 4; k++)
				b[block + k] = (unsigned char)(right >> 8 * k);
			block = data + len;
		}
	}
}

static void read_cabinet(struct source *src, unsigned depth, size_t *budget)
{
	static unsigned char out[4096];
	struct error err = ERROR_INIT, again = ERROR_INIT;
	struct cab_member m;
	uint64_t total = 0;
	uint32_t count = 0;
	int more;

	CLEANUP(cab_close) struct cab *c = cab_open(src, "fuzz", &err);
	require((c != NULL) == (err.id == ERROR_NONE));
	if (!c)
		return;
	while ((more = cab_next(c, &m, &err)) > 0) {
		ssize_t n;
		uint64_t got = 0;

		require(m.index == count++ && m.name[0] != '/' && strncmp(m.name, "../", 3) != 0);
		require(!strstr(m.name, "/../"));
		total += m.size;
		if (strstr(m.name, ".cab")) {
			read_cabinet(cab_member_source(c), depth + 1, budget);
			continue;
		}
		/* Every fourth is left to cab_next(). */
		while (m.index % 4 != 3 && (n = cab_read(c, out, sizeof out, &err)) != 0) {
			if (n < 0 || *budget < (size_t)n)
				return;
			*budget -= (size_t)n;
			got += (uint64_t)n;
		}
		require(m.index % 4 == 3 || got == m.size);
	}
	require((more < 0) == (err.id != ERROR_NONE));
	require(cab_next(c, &m, &again) == more && strcmp(err.message, again.message) == 0);
	if (more == 0)
		require(count == cab_info(c)->members && total == cab_info(c)->output_bytes);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	unsigned char *copy = malloc(size ? size : 1);
	struct source_memory src;

	memcpy(copy, data, size);
	for (int round = 0; round < 2; round++) {
		size_t budget = OUTPUT_MAX;

		source_memory_init(&src, copy, size);
		read_cabinet(&src.base, 1, &budget);
		seal(copy, size);
	}
	free(copy);
	return 0;
}

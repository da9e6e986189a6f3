/*
 * Any bytes as the header of a member of a stream: what is accepted is generated again from its
 * name and size, and the name stays below the bundle's directory.
 */
#include "lib/base/error.h"
#include "media/stream_member.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int fact)
{
	if (!fact)
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	unsigned char block[USTAR_BLOCK] = { 0 }, again[USTAR_BLOCK];
	struct error err = ERROR_INIT;
	struct stream_member m;

	memcpy(block, data, size < sizeof block ? size : sizeof block);
	/* The right checksum is hard to guess: give it to every second input. */
	if (size > 0 && size % 2 == 0) {
		unsigned sum = 0;

		memset(block + 148, ' ', 8);
		for (size_t i = 0; i < sizeof block; i++)
			sum += block[i];
		for (size_t i = 0; i < 6; i++)
			block[148 + i] = (unsigned char)('0' + (sum >> (3 * (5 - i)) & 7));
		block[154] = '\0';
	}
	if (stream_member_parse(block, 0, &m, &err) < 0) {
		require(err.id == ERROR_STREAM_FORMAT);
		return 0;
	}
	if (m.kind == STREAM_MEMBER_END)
		return 0;
	ustar_header(m.name, m.size, again);
	require(memcmp(block, again, sizeof block) == 0);
	require(m.name[0] != '/' && m.name[0] != '.' && !strstr(m.name, "/.") &&
		!strstr(m.name, "//"));
	return 0;
}

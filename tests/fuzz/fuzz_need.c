/*
 * Arbitrary bytes as a need list: exactly one of list and error; writing what was read gives the
 * same bytes.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "media/need.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	CLEANUP(need_clear) struct need n = { .epoch = 0 };
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_NEED_BYTES);
	struct error err = ERROR_INIT;
	int failed = need_parse(data, size, &n, &err);

	require((failed == 0) == (err.id == ERROR_NONE));
	if (failed)
		return 0;
	require(n.holds < n.sequence);
	require(need_write(&n, &text, &err) == 0);
	require(text.len == size && memcmp(text.bytes, data, size) == 0);
	return 0;
}

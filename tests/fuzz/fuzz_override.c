/* Arbitrary bytes as a permission: writing what was read gives the same bytes. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "media/override.h"

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
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_OVERRIDE_BYTES);
	struct error err = ERROR_INIT;
	struct override o;
	int failed = override_parse(data, size, &o, &err);

	require((failed == 0) == (err.id == ERROR_NONE));
	if (failed)
		return 0;
	require(override_write(&o, &text, &err) == 0);
	require(text.len == size && memcmp(text.bytes, data, size) == 0);
	return 0;
}

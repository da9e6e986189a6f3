/* Arbitrary bytes as a selection: writing what was read gives the same bytes. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/select/rules.h"

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
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_SELECTION_BYTES);
	struct error err = ERROR_INIT;
	static struct rules r;
	int failed = rules_parse(data, size, &r, &err);

	require((failed == 0) == (err.id == ERROR_NONE));
	if (failed)
		return 0;
	require(rules_write(&r, &text, &err) == 0);
	require(text.len == size && memcmp(text.bytes, data, size) == 0);
	return 0;
}

/* Whatever chunk_table accepts, in whatever pieces, is written back byte for byte. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "media/chunk_table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct chunk_table *t CLEANUP(chunk_table_free) = chunk_table_new();
	struct buf out CLEANUP(buf_clear) = BUF_INIT(size + 1);
	struct error err = ERROR_INIT;
	size_t cut = size > 0 ? data[size / 2] % size : 0;
	int result = chunk_table_feed(t, data, cut, &err) ||
		     chunk_table_feed(t, data + cut, size - cut, &err) ||
		     chunk_table_finish(t, &err);

	if ((result == 0) != (err.id == ERROR_NONE))
		abort();
	if (result)
		return 0;
	for (uint32_t v = 1; v <= chunk_table_volumes(t); v++) {
		if (chunk_table_write(t, v, &out, &err))
			abort();
	}
	if (out.len != size || (size > 0 && memcmp(out.bytes, data, size) != 0))
		abort();
	return 0;
}

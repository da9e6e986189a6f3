/* Whatever sum_table_parse() accepts is written back byte for byte. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "media/sum_table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct sum_table parsed CLEANUP(sum_table_clear) = { .count = 0 };
	struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_SUMS_BYTES);
	struct error err = ERROR_INIT;
	int result = sum_table_parse(data, size, &parsed, &err);

	if ((result == 0) != (err.id == ERROR_NONE))
		abort();
	if (result)
		return 0;
	if (sum_table_write(&parsed, &out, &err))
		abort();
	if (out.len != size || (size > 0 && memcmp(out.bytes, data, size) != 0))
		abort();
	return 0;
}

/* Whatever manifest_parse() accepts is written back byte for byte. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "media/manifest.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct manifest parsed;
	struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_SUMS_BYTES);
	struct error err = ERROR_INIT;
	int result = manifest_parse(data, size, &parsed, &err);

	if ((result == 0) != (err.id == ERROR_NONE))
		abort();
	if (result)
		return 0;
	if (manifest_write(&parsed, &out, &err))
		abort();
	if (out.len != size || (size > 0 && memcmp(out.bytes, data, size) != 0))
		abort();
	return 0;
}

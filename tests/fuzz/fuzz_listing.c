/* Whatever listing_parse() accepts is written back byte for byte. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/pack/listing.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	CLEANUP(listing_clear) struct listing l = { 0 };
	CLEANUP(buf_clear) struct buf out = BUF_INIT(size + 1);
	struct error err = ERROR_INIT;
	int result = listing_parse(data, size, "fuzz", &l, &err);

	if ((result == 0) != (err.id == ERROR_NONE))
		abort();
	if (result)
		return 0;
	if (listing_write(&l, &out, &err) != 0 || out.len != size ||
	    memcmp(out.bytes, data, size) != 0)
		abort();
	return 0;
}

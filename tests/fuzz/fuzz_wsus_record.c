/*
 * Any bytes as metadata.txt.  Invariants: exactly one of success and error; a file that has no
 * oddities and was read to its end is what writing its records again gives, byte for byte.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/source.h"
#include "lib/wsus/wsus_record.h"

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
	CLEANUP(buf_clear) struct buf out = BUF_INIT(SIZE_MAX);
	struct error err = ERROR_INIT, inner = ERROR_INIT;
	struct source_memory memory;
	struct wsus_record record;
	int more;

	source_memory_init(&memory, data, size);
	CLEANUP(wsus_reader_free) struct wsus_reader *r = wsus_reader_new(&memory.base, "m");
	while ((more = wsus_reader_next(r, &record, &err)) == 1) {
		require(wsus_units(record.xml, record.len) == record.units);
		require(record.offset + record.len < size);
		require(wsus_record_head(record.update_id, record.revision, record.xml, record.len,
					 &out, &inner) == 0);
		require(buf_append(&out, record.xml, record.len, &inner) == 0);
		require(buf_append(&out, "\r\n", 2, &inner) == 0);
	}
	require((more == 0) == (err.id == ERROR_NONE));
	struct wsus_oddities odd = wsus_reader_oddities(r);
	if (more == 0 && !odd.mark && odd.newlines == 0)
		require(out.len == size && (size == 0 || memcmp(out.bytes, data, size) == 0));
	return 0;
}

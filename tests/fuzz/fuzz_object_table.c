/*
 * Whatever object_table accepts, in whatever pieces, is written back byte for
 * byte, and its objects are complete and found by their digests.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "media/object_table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* The parts of the object that begins with part i, by look-up: their lengths make its size. */
static void check_object(const struct object_table *t, size_t i)
{
	struct object_part p = object_table_get(t, i);
	uint64_t covered = p.length;
	size_t found;

	if (p.part > 1)
		return;
	if (object_table_find(t, p.sha256, &found) != 1 || found != i)
		abort();
	while (object_table_next(t, &found)) {
		struct object_part q = object_table_get(t, found);

		if (q.first != covered || q.part != ++p.part || q.volume <= p.volume)
			abort();
		p.volume = q.volume;
		covered += q.length;
	}
	if (covered != p.size)
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct object_table *t CLEANUP(object_table_free) = object_table_new();
	struct buf out CLEANUP(buf_clear) = BUF_INIT(size + 1);
	struct error err = ERROR_INIT;
	size_t cut = size > 0 ? data[size / 2] % size : 0;
	int result = object_table_feed(t, data, cut, &err) ||
		     object_table_feed(t, data + cut, size - cut, &err) ||
		     object_table_finish(t, &err);

	if ((result == 0) != (err.id == ERROR_NONE))
		abort();
	if (result)
		return 0;
	for (size_t i = 0; i < object_table_assumed_count(t); i++) {
		struct object_part p = object_table_assumed_get(t, i);
		size_t found;

		if (object_table_assumed_write(t, i, &out, &err))
			abort();
		if (object_table_assumed_find(t, p.sha256, &found) != 1 || found != i ||
		    object_table_find(t, p.sha256, &found) != 0)
			abort();
	}
	for (size_t i = 0; i < object_table_count(t); i++) {
		if (object_table_write(t, i, &out, &err))
			abort();
		check_object(t, i);
	}
	if (out.len != size || (size > 0 && memcmp(out.bytes, data, size) != 0))
		abort();
	return 0;
}

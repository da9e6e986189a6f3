/*
 * Any bytes as a Range header for an object whose size the first eight bytes give: parts lie in
 * the object and do not exceed it in total, a lone part that is printed and parsed again is
 * itself, and the answer does not depend on anything else.
 */
#include "importer/server/range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int fact)
{
	if (!fact)
		abort();
}

static void check_parts(const struct range_set *set, uint64_t size)
{
	uint64_t total = 0;

	require(set->count >= 1 && set->count <= LIMIT_RANGES);
	for (size_t i = 0; i < set->count; i++) {
		const struct range *r = &set->items[i];
		struct range_set again;
		char text[64];
		int len = snprintf(text, sizeof text, "bytes=%llu-%llu",
				   (unsigned long long)r->first, (unsigned long long)r->last);

		require(r->first <= r->last && r->last < size);
		require(!__builtin_add_overflow(total, r->last - r->first + 1, &total));
		require(range_parse(text, (size_t)len, size, &again) == RANGE_PARTS);
		require(again.count == 1 && again.items[0].first == r->first &&
			again.items[0].last == r->last);
	}
	require(total <= size);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static struct range_set set, twin;
	uint64_t object = 0;

	if (size < sizeof object)
		return 0;
	memcpy(&object, data, sizeof object);
	const char *text = (const char *)data + sizeof object;
	size_t len = size - sizeof object;
	enum range_answer answer = range_parse(text, len, object, &set);

	require(range_parse(text, len, object, &twin) == answer && twin.count == set.count);
	if (answer == RANGE_PARTS)
		check_parts(&set, object);
	if (answer == RANGE_UNSATISFIABLE)
		require(set.count == 0);
	return 0;
}

/*
 * Arbitrary bytes as a delta: exactly one of delta and error; writing what was read gives the same
 * bytes.  Then as a base list and a result list: the delta between them makes the one of the
 * other; and applied to a list that it was not made for, it never gives an unproved one.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/pack/delta.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { DOCUMENTS_MAX = 64 };

static void require(int condition)
{
	if (!condition)
		abort();
}

/* Two lists out of four bytes per document. */
static void make_list(const unsigned char *data, size_t size, struct delta_list *out)
{
	static const char streams[] = "cefhlsux";

	out->entries = buf_calloc(DOCUMENTS_MAX, sizeof *out->entries);
	for (size_t i = 0; i + 4 <= size && out->count < DOCUMENTS_MAX; i += 4) {
		struct listing_entry e = { .stream = streams[data[i] & 7],
					   .revision = data[i] >> 3,
					   .offset = (uint64_t)data[i + 2] << 8 | data[i + 3] };

		e.sha256[0] = data[i + 1] & 3;
		if (out->count == 0 || listing_compare(&out->entries[out->count - 1], &e) < 0)
			out->entries[out->count++] = e;
	}
}

static void apply_to_another(const struct delta_list *base, const struct delta *d)
{
	CLEANUP(delta_list_clear) struct delta_list out = { 0 };
	struct error err = ERROR_INIT;
	unsigned char digest[32];

	if (delta_apply(base, d, &out, &err) < 0) {
		require(err.id == ERROR_DELTA_APPLY);
		return;
	}
	listing_digest(out.entries, out.count, digest);
	require(out.count == d->documents && memcmp(digest, d->result, sizeof digest) == 0);
}

static void between_lists(const unsigned char *data, size_t size)
{
	CLEANUP(delta_list_clear) struct delta_list base = { 0 };
	CLEANUP(delta_list_clear) struct delta_list result = { 0 };
	CLEANUP(delta_list_clear) struct delta_list again = { 0 };
	CLEANUP(delta_clear) struct delta d = { .count = 0 };
	struct error err = ERROR_INIT;

	make_list(data, size / 2, &base);
	make_list(data + size / 2, size - size / 2, &result);
	delta_compute(&base, &result, &d);
	require(delta_apply(&base, &d, &again, &err) == 0 && again.count == result.count);
	for (size_t i = 0; i < again.count; i++)
		require(again.entries[i].offset == result.entries[i].offset);
	apply_to_another(&result, &d);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	CLEANUP(delta_clear) struct delta d = { .count = 0 };
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_LISTING_BYTES);
	struct error err = ERROR_INIT;

	int failed = delta_parse(data, size, "fuzz", &d, &err);
	require((failed == 0) == (err.id == ERROR_NONE));
	if (!failed) {
		struct delta_list nothing = { 0 };

		require(delta_is(data, size));
		require(delta_write(&d, 0, d.count, &text, &err) == 0);
		require(text.len == size && memcmp(text.bytes, data, size) == 0);
		apply_to_another(&nothing, &d);
	}
	between_lists(data, size);
	return 0;
}

/*
 * Arbitrary bytes as a pack, and as the content of a genuine frame: exactly one of pack and
 * error; the entries of a pack cover it without a gap and have the digests they claim; what a
 * builder makes of them opens again to the same bytes.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/crypto/digest.h"
#include "lib/pack/pack.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_entries(const struct pack *p)
{
	size_t at = p->count > 0 ? p->entries[0].offset : p->len;

	for (size_t i = 0; i < p->count; i++) {
		unsigned char sha256[DIGEST_SHA256];

		require(p->entries[i].offset == at && p->entries[i].size <= p->len - at);
		digest_sha256(p->bytes + at, p->entries[i].size, sha256);
		require(memcmp(sha256, p->entries[i].sha256, sizeof sha256) == 0);
		at += p->entries[i].size;
	}
	require(at == p->len);
}

static void check_rebuild(const struct pack *p)
{
	CLEANUP(pack_builder_free) struct pack_builder *b = pack_builder_new();
	CLEANUP(buf_clear) struct buf out = BUF_INIT(SIZE_MAX);
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < p->count; i++)
		pack_builder_add(b, p->entries[i].sha256, p->bytes + p->entries[i].offset,
				 p->entries[i].size);
	require(p->count == 0 || pack_builder_header(b) == p->entries[0].offset);
	require(pack_builder_finish(b, &out, &err) == 0);
	CLEANUP(pack_free) struct pack *again = pack_open(out.bytes, out.len, "again", &err);
	require(again && again->len == p->len && memcmp(again->bytes, p->bytes, p->len) == 0);
}

static void open_pack(const unsigned char *bytes, size_t len)
{
	struct error err = ERROR_INIT;
	CLEANUP(pack_free) struct pack *p = pack_open(bytes, len, "fuzz", &err);

	require((p != NULL) == (err.id == ERROR_NONE));
	if (!p)
		return;
	check_entries(p);
	check_rebuild(p);
}

/* Entry lines for arbitrary bytes: the reader's happy path cannot be guessed. */
static void open_genuine(const unsigned char *data, size_t size)
{
	CLEANUP(pack_builder_free) struct pack_builder *b = pack_builder_new();
	CLEANUP(buf_clear) struct buf out = BUF_INIT(SIZE_MAX);
	struct error err = ERROR_INIT;

	for (size_t at = 0; at < size;) {
		size_t len = data[at] % 64, left = size - at;
		unsigned char sha256[DIGEST_SHA256];

		len = len + 1 < left ? len + 1 : left;
		digest_sha256(data + at, len, sha256);
		pack_builder_add(b, sha256, data + at, len);
		at += len;
	}
	require(pack_builder_finish(b, &out, &err) == 0);
	open_pack(out.bytes, out.len);
	if (size > 2) { /* one damaged byte: any answer, as long as it is one */
		out.bytes[(data[0] + 256u * data[1]) % out.len] ^= data[2];
		open_pack(out.bytes, out.len);
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	CLEANUP(buf_clear) struct buf frame = BUF_INIT(SIZE_MAX);
	CLEANUP(buf_clear) struct buf plain = BUF_INIT(SIZE_MAX);
	struct error err = ERROR_INIT;
	unsigned char *out = NULL;
	size_t len = 0;

	open_pack(data, size);
	require(pack_compress(data, size, &frame, &err) == 0);
	require(pack_decompress(frame.bytes, frame.len, size, "fuzz", &out, &len, &err) == 0);
	require(len == size && (size == 0 || memcmp(out, data, size) == 0));
	free(out);
	open_pack(frame.bytes, frame.len);
	require(buf_printf(&plain, &err, "gapferry-pack 1\n") == 0);
	require(buf_append(&plain, data, size, &err) == 0);
	require(pack_compress(plain.bytes, plain.len, &frame, &err) == 0);
	open_pack(frame.bytes, frame.len);
	open_genuine(data, size);
	return 0;
}

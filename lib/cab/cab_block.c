#include "lib/cab/cab_internal.h"

#include "lib/base/error.h"

#include <endian.h>
#include <inttypes.h>
#include <string.h>

/* The XOR of little-endian 32-bit words; the bytes left over count as one big-endian number. */
static uint32_t checksum(const unsigned char *p, size_t len, uint32_t seed)
{
	uint64_t wide = 0;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, p, 8);
		wide ^= word;
	}
	wide = le64toh(wide);
	uint32_t sum = seed ^ (uint32_t)wide ^ (uint32_t)(wide >> 32);

	if (len >= 4) {
		sum ^= cab_le32(p);
		p += 4;
		len -= 4;
	}
	uint32_t rest = 0;

	for (size_t i = 0; i < len; i++)
		rest = rest << 8 | p[i];
	return sum ^ rest;
}

static uint32_t stored_max(enum cab_method method)
{
	if (method == CAB_STORED)
		return CAB_BLOCK_OUTPUT;
	return method == CAB_MSZIP ? CAB_BLOCK_OUTPUT + 12 : CAB_BLOCK_STORED;
}

void cab_block_start(struct cab_block *b, struct cab_input *in, const struct cab_table *t,
		     unsigned folder)
{
	b->in = in;
	b->folder = &t->folders[folder];
	b->folder_index = folder;
	b->reserve = t->block_reserve;
	b->done = 0;
}

static int bad_block(const struct cab_block *b, uint64_t at, const char *cause, struct error *err)
{
	return error_set(err, ERROR_CAB_CHAIN,
			 "%s: offset %" PRIu64 ": block %" PRIu32 " of folder %u: %s", b->in->label,
			 at, b->done, b->folder_index, cause);
}

/* The sizes in the header of the block at offset at, against what is left of the folder. */
static int check_sizes(const struct cab_block *b, uint64_t at, struct error *err)
{
	const struct cab_folder *f = b->folder;
	uint64_t before = (uint64_t)b->done * CAB_BLOCK_OUTPUT;
	bool last = b->done + 1 == f->blocks;
	uint64_t output = last ? f->output - before : CAB_BLOCK_OUTPUT;
	uint64_t end = b->in->at + b->data_bytes;

	if (b->output_bytes != output)
		return bad_block(b, at, "its decompressed size does not fit the members", err);
	if (b->data_bytes == 0 || b->data_bytes > stored_max(f->method))
		return bad_block(b, at, "its stored size is impossible", err);
	if (f->method == CAB_STORED && b->data_bytes != b->output_bytes)
		return bad_block(b, at, "is not compressed, but its two sizes differ", err);
	if (end > f->end)
		return bad_block(b, at, "reaches beyond the end of its folder", err);
	if (last && end != f->end)
		return bad_block(b, at, "is the last, but does not end where the folder ends", err);
	return 0;
}

int cab_block_next(struct cab_block *b, struct error *err)
{
	if (b->done == b->folder->blocks)
		return 0;
	uint64_t at = b->in->at;
	unsigned char *header = b->room;

	if (cab_input_read(b->in, header, CAB_BLOCK_HEADER + b->reserve, err) < 0)
		return -1;
	b->data = header + CAB_BLOCK_HEADER + b->reserve;
	b->data_bytes = cab_le16(header + 4);
	b->output_bytes = cab_le16(header + 6);
	if (check_sizes(b, at, err) < 0 || cab_input_read(b->in, b->data, b->data_bytes, err) < 0)
		return -1;

	/* Zero would mean "not computed": only right when that is the sum. */
	uint32_t sum = checksum(header + 4, 4 + b->reserve, checksum(b->data, b->data_bytes, 0));
	if (sum != cab_le32(header))
		return error_set(err, ERROR_CAB_CHECKSUM,
				 "%s: offset %" PRIu64 ": block %" PRIu32 " of folder %u: checksum "
				 "is %08" PRIx32 ", recorded is %08" PRIx32 "%s",
				 b->in->label, at, b->done, b->folder_index, sum, cab_le32(header),
				 cab_le32(header) ? "" : " (none)");
	b->done++;
	return 1;
}

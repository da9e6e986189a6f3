#include "lib/cab/cab_internal.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	FLAG_PREVIOUS = 1,
	FLAG_NEXT = 2,
	FLAG_RESERVE = 4,
	RESERVE_MAX = 60000,    /* cbCFHeader, by the format's own rule */
	SIGNATURE_RESERVE = 20, /* what an Authenticode signature needs there */
	SIGNATURE_MARK = 0x00100000,
	MEMBER_MIN = 16 + 2, /* CFFILE, one character, terminator */
	MEMBER_MAX = 16 + LIMIT_CAB_NAME + 1,
};

static int bad_header(const struct cab_input *in, uint64_t at, const char *cause, struct error *err)
{
	return error_set(err, ERROR_CAB_HEADER, "%s: offset %" PRIu64 ": %s", in->label, at, cause);
}

/* The 36 bytes of CFHEADER; *flags and *files_at are for the next steps. */
static int read_header(struct cab_table *t, struct cab_input *in, unsigned *flags,
		       uint32_t *files_at, struct error *err)
{
	unsigned char h[36];

	if (cab_input_read(in, h, sizeof h, err) < 0)
		return -1;
	if (memcmp(h, "MSCF", 4) != 0)
		return bad_header(in, 0, "not a cabinet (no MSCF)", err);
	if (h[24] != 3 || h[25] != 1)
		return bad_header(in, 24, "the version is not 1.3", err);
	if (cab_le32(h + 4) != 0 || cab_le32(h + 12) != 0 || cab_le32(h + 20) != 0)
		return bad_header(in, 4, "a reserved field is not zero", err);
	*flags = cab_le16(h + 30);
	if (*flags & (FLAG_PREVIOUS | FLAG_NEXT))
		return error_set(err, ERROR_CAB_SPANNED,
				 "%s: offset 30: one part of a cabinet spanned over several files",
				 in->label);
	if (*flags & ~(unsigned)FLAG_RESERVE)
		return bad_header(in, 30, "unknown flags", err);

	*files_at = cab_le32(h + 16);
	t->info.cabinet_bytes = cab_le32(h + 8);
	t->info.folders = cab_le16(h + 26);
	t->info.members = cab_le16(h + 28);
	t->info.set_id = cab_le16(h + 32);
	if (t->info.cabinet_bytes < sizeof h)
		return bad_header(in, 8, "the size of the cabinet is impossible", err);
	if (t->info.members == 0 || t->info.folders == 0)
		return error_set(err, ERROR_CAB_COUNT,
				 "%s: offset 26: no %s (a 16-bit count wraps at 65536)", in->label,
				 t->info.members == 0 ? "members" : "folders");
	if (t->info.folders > LIMIT_CAB_FOLDERS)
		return error_set(err, ERROR_CAB_LIMIT,
				 "%s: offset 26: %" PRIu32 " folders, at most %u are read",
				 in->label, t->info.folders, LIMIT_CAB_FOLDERS);
	in->expected = t->info.cabinet_bytes;
	return 0;
}

/* Where the header says a signature lies: it must begin at the cabinet's end. */
static int read_signature(struct cab_table *t, struct cab_input *in, struct error *err)
{
	unsigned char r[SIGNATURE_RESERVE];
	uint64_t at = in->at;

	if (cab_input_read(in, r, sizeof r, err) < 0)
		return -1;
	uint32_t offset = cab_le32(r + 4), size = cab_le32(r + 8);

	if (cab_le32(r) != SIGNATURE_MARK || (offset == 0 && size == 0))
		return 0;
	if (offset != t->info.cabinet_bytes || size == 0)
		return error_set(err, ERROR_CAB_TAIL,
				 "%s: offset %" PRIu64 ": a signature of %" PRIu32
				 " bytes at %" PRIu32
				 " is announced, but the cabinet ends at %" PRIu64,
				 in->label, at, size, offset, t->info.cabinet_bytes);
	if (cab_le32(r + 12) != 0 || cab_le32(r + 16) != 0)
		return error_set(err, ERROR_CAB_TAIL,
				 "%s: offset %" PRIu64 ": the last 8 bytes of the signature record "
				 "are not zero",
				 in->label, at + 12);
	if (size > LIMIT_CAB_SIGNATURE_BYTES)
		return error_set(err, ERROR_CAB_LIMIT,
				 "%s: offset %" PRIu64 ": a signature of %" PRIu32
				 " bytes, at most %u are read",
				 in->label, at + 8, size, LIMIT_CAB_SIGNATURE_BYTES);
	t->info.has_signature = true;
	t->info.signature_offset = offset;
	t->info.signature_bytes = size;
	return 0;
}

static int read_reserve(struct cab_table *t, struct cab_input *in, struct error *err)
{
	unsigned char r[4];

	if (cab_input_read(in, r, sizeof r, err) < 0)
		return -1;
	t->info.reserve_bytes = cab_le16(r);
	t->folder_reserve = r[2];
	t->block_reserve = r[3];
	if (t->info.reserve_bytes > RESERVE_MAX)
		return bad_header(in, 36, "the reserved area is larger than the format allows",
				  err);
	if (t->info.reserve_bytes == SIGNATURE_RESERVE)
		return read_signature(t, in, err);
	return cab_input_skip(in, t->info.reserve_bytes, err);
}

/* The low four bits are the method; LZX keeps its window in bits 8 to 12. */
static bool decode_type(struct cab_folder *f)
{
	f->method = (enum cab_method)(f->type & 0xf);
	f->window_bits = 0;
	if (f->method != CAB_LZX)
		return f->type == CAB_STORED || f->type == CAB_MSZIP;
	f->window_bits = f->type >> 8;
	return (f->type & 0xf0) == 0 && f->window_bits >= 15 && f->window_bits <= 21;
}

static int read_folder(struct cab_table *t, struct cab_input *in, uint32_t i, struct error *err)
{
	struct cab_folder *f = &t->folders[i];
	unsigned char r[8];
	uint64_t at = in->at;

	if (cab_input_read(in, r, sizeof r, err) < 0 ||
	    cab_input_skip(in, t->folder_reserve, err) < 0)
		return -1;
	f->start = cab_le32(r);
	f->blocks = cab_le16(r + 4);
	f->type = cab_le16(r + 6);
	f->end = t->info.cabinet_bytes;
	if (!decode_type(f))
		return error_set(err, ERROR_CAB_METHOD,
				 "%s: offset %" PRIu64 ": folder %" PRIu32
				 ": compression 0x%04x is not supported%s",
				 in->label, at + 6, i, (unsigned)f->type,
				 (f->type & 0xf) == 2 ? " (Quantum)" : "");
	if (i > 0)
		t->folders[i - 1].end = f->start;
	if (f->start > t->info.cabinet_bytes || (i > 0 && f->start < t->folders[i - 1].start))
		return error_set(err, ERROR_CAB_TABLE,
				 "%s: offset %" PRIu64 ": folder %" PRIu32
				 ": its data begins at %" PRIu64
				 ", which is out of order or beyond the cabinet",
				 in->label, at, i, f->start);
	return 0;
}

/* The member table lies between the folders and the first block, without gaps. */
static int read_members(struct cab_table *t, struct cab_input *in, uint32_t files_at,
			struct error *err)
{
	uint64_t start = t->folders[0].start;
	uint64_t members = t->info.members;

	if (files_at != in->at)
		return error_set(err, ERROR_CAB_TABLE,
				 "%s: offset 16: the member table is said to begin at %" PRIu32
				 ", the folders end at %" PRIu64,
				 in->label, files_at, in->at);
	if (start < in->at || start - in->at < members * MEMBER_MIN ||
	    start - in->at > members * MEMBER_MAX)
		return error_set(err, ERROR_CAB_COUNT,
				 "%s: offset %" PRIu64 ": the data begins at %" PRIu64
				 ", which cannot leave room for exactly %" PRIu64
				 " members (a 16-bit count wraps at 65536)",
				 in->label, in->at, start, members);
	t->size = (size_t)(start - in->at);
	t->bytes = buf_malloc(t->size);
	if (cab_input_read(in, t->bytes, t->size, err) < 0)
		return -1;
	return cab_table_members(t, in, err);
}

/* A folder holds exactly the blocks its members need, in a place that can hold them. */
static int check_folder(const struct cab_table *t, const struct cab_input *in, uint32_t i,
			struct error *err)
{
	const struct cab_folder *f = &t->folders[i];
	uint64_t need = (f->output + CAB_BLOCK_OUTPUT - 1) / CAB_BLOCK_OUTPUT;
	uint64_t header = CAB_BLOCK_HEADER + t->block_reserve;
	uint64_t room = f->end - f->start;

	if (need != f->blocks)
		return error_set(err, ERROR_CAB_COUNT,
				 "%s: folder %" PRIu32 ": its members need %" PRIu64
				 " blocks, the header counts %" PRIu32 " (16 bits wrap at 65536)",
				 in->label, i, need, f->blocks);
	if (room < need * (header + 1) || room > need * (header + CAB_BLOCK_STORED))
		return error_set(err, ERROR_CAB_TABLE,
				 "%s: folder %" PRIu32 ": %" PRIu64
				 " blocks cannot fill bytes %" PRIu64 " to %" PRIu64,
				 in->label, i, need, f->start, f->end);
	return 0;
}

int cab_table_read(struct cab_table *t, struct cab_input *in, struct error *err)
{
	unsigned flags = 0;
	uint32_t files_at = 0;

	if (read_header(t, in, &flags, &files_at, err) < 0)
		return -1;
	if ((flags & FLAG_RESERVE) && read_reserve(t, in, err) < 0)
		return -1;
	t->folders = buf_calloc(t->info.folders, sizeof *t->folders);
	for (uint32_t i = 0; i < t->info.folders; i++)
		if (read_folder(t, in, i, err) < 0)
			return -1;
	t->info.method = t->folders[0].method;
	t->info.window_bits = t->folders[0].window_bits;
	if (read_members(t, in, files_at, err) < 0)
		return -1;

	for (uint32_t i = 0; i < t->info.folders; i++) {
		if (check_folder(t, in, i, err) < 0)
			return -1;
		t->info.output_bytes += t->folders[i].output;
	}
	if (t->info.output_bytes > LIMIT_CAB_OUTPUT_BYTES ||
	    t->info.output_bytes > t->info.cabinet_bytes * LIMIT_CAB_RATIO)
		return error_set(err, ERROR_CAB_LIMIT,
				 "%s: %" PRIu64 " bytes would become %" PRIu64, in->label,
				 t->info.cabinet_bytes, t->info.output_bytes);
	return 0;
}

void cab_table_clear(struct cab_table *t)
{
	free(t->folders);
	free(t->entries);
	free(t->bytes);
	*t = (struct cab_table){ .bytes = NULL };
}

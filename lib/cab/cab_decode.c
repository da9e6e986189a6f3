/*
 * Decompression of one folder by libarchive.
 *
 * What libarchive reads is a cabinet we write: one folder, one member "d" as long as the whole
 * folder's output, then the blocks of the real cabinet, already proved, with their checksum set to
 * zero (not to be checked again).  Members are cut from the output by our own table, so nothing
 * is ever skipped and no name is converted by the locale.  No seek or skip call is offered.
 *
 * In front of an LZX folder goes another one, member "p": zeros as long as the window.  The
 * packaged libarchive lets a match reach back before the first byte, where its window is
 * uninitialised memory; it keeps the window from one folder to the next, so such a match finds
 * zeros.
 */
#include "lib/cab/cab_internal.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEADER = 36, /* CFHEADER without reserve */
	FOLDER = 8,
	MEMBER = 16 + 2, /* CFFILE, one letter and its terminator */
	HEAD_MAX = HEADER + 2 * (FOLDER + MEMBER),
	PRIME_START = 16, /* bytes of LZX before the zeros: block header, then R0, R1, R2 */
	PRIME_MAX = CAB_BLOCK_HEADER + PRIME_START + CAB_BLOCK_OUTPUT,
};

struct cab_decode {
	struct archive *archive;
	struct cab_block *blocks;
	struct error failed; /* what a block had wrong, found while libarchive pulled */
	uint64_t at;         /* decompressed bytes handed out */
	bool open;           /* the entry was read */
	uint32_t prime;      /* bytes of zeros in front: the window of LZX, else 0 */
	uint32_t prime_sent;
	size_t head_bytes; /* 0 when sent */
	unsigned char head[HEAD_MAX];
	unsigned char zeros[PRIME_MAX];
};

static void put_folder(unsigned char *p, uint64_t start, uint32_t blocks, uint16_t type)
{
	cab_put32(p, (uint32_t)start);
	cab_put16(p + 4, blocks);
	cab_put16(p + 6, type);
}

static void put_member(unsigned char *p, char name, uint64_t size, uint32_t folder)
{
	cab_put32(p, (uint32_t)size);
	cab_put16(p + 8, folder);
	p[10] = 0x21; /* 1980-01-01 */
	p[16] = (unsigned char)name;
}

/* No number overflows 32 bits: a folder's blocks have at most 65535 * 38920 bytes. */
static void write_head(struct cab_decode *d)
{
	const struct cab_block *b = d->blocks;
	const struct cab_folder *f = b->folder;
	uint32_t folders = d->prime > 0 ? 2 : 1, frames = d->prime / CAB_BLOCK_OUTPUT;
	uint64_t prime = d->prime > 0 ? PRIME_START + d->prime + frames * CAB_BLOCK_HEADER : 0;
	uint64_t data = f->end - f->start - (uint64_t)f->blocks * b->reserve;
	unsigned char *h = d->head, *folder = h + HEADER, *member = folder + folders * FOLDER;

	d->head_bytes = HEADER + folders * (FOLDER + MEMBER);
	memcpy(h, "MSCF", 4);
	cab_put32(h + 8, (uint32_t)(d->head_bytes + prime + data));
	cab_put32(h + 16, HEADER + folders * FOLDER);
	h[24] = 3;
	h[25] = 1;
	cab_put16(h + 26, folders);
	cab_put16(h + 28, folders);
	if (d->prime > 0) {
		put_folder(folder, d->head_bytes, frames, f->type);
		put_member(member, 'p', d->prime, 0);
		folder += FOLDER;
		member += MEMBER;
	}
	put_folder(folder, d->head_bytes + prime, f->blocks, f->type);
	put_member(member, 'd', f->output, folders - 1);
}

/*
 * One block of zeros in an uncompressed LZX block that spans the whole window: a zero bit (no
 * translation), three bits of type 3, 24 bits of size, padding; then R0, R1, R2 as they begin.
 */
static la_ssize_t feed_zeros(struct cab_decode *d, const void **bytes)
{
	unsigned char *p = d->zeros, *start = p + CAB_BLOCK_HEADER;
	uint32_t size = CAB_BLOCK_OUTPUT, bits = 3u << 28 | d->prime << 4;

	memset(p, 0, sizeof d->zeros);
	if (d->prime_sent == 0) {
		size += PRIME_START;
		cab_put16(start, bits >> 16);
		cab_put16(start + 2, bits);
		for (unsigned i = 4; i < PRIME_START; i += 4)
			cab_put32(start + i, 1);
	}
	cab_put16(p + 4, size);
	cab_put16(p + 6, CAB_BLOCK_OUTPUT);
	d->prime_sent += CAB_BLOCK_OUTPUT;
	*bytes = p;
	return (la_ssize_t)(CAB_BLOCK_HEADER + size);
}

static la_ssize_t feed(struct archive *a, void *context, const void **bytes)
{
	struct cab_decode *d = context;
	struct cab_block *b = d->blocks;

	if (d->head_bytes > 0) {
		size_t n = d->head_bytes;

		d->head_bytes = 0;
		*bytes = d->head;
		return (la_ssize_t)n;
	}
	if (d->prime_sent < d->prime)
		return feed_zeros(d, bytes);
	if (d->failed.id != ERROR_NONE)
		return ARCHIVE_FATAL;
	int more = cab_block_next(b, &d->failed);
	if (more < 0) {
		archive_set_error(a, EIO, "input");
		return ARCHIVE_FATAL;
	}
	if (more == 0)
		return 0;
	/* The reserve, if any, and the true header lie in front of the data and are spent. */
	unsigned char *header = b->data - CAB_BLOCK_HEADER;

	cab_put32(header, 0);
	cab_put16(header + 4, b->data_bytes);
	cab_put16(header + 6, b->output_bytes);
	*bytes = header;
	return (la_ssize_t)(CAB_BLOCK_HEADER + b->data_bytes);
}

struct cab_decode *cab_decode_new(struct cab_block *b)
{
	struct cab_decode *d = buf_calloc(1, sizeof *d);

	d->blocks = b;
	if (b->folder->method == CAB_LZX)
		d->prime = 1u << b->folder->window_bits;
	write_head(d);
	d->archive = archive_read_new();
	if (!d->archive || archive_read_support_format_cab(d->archive) != ARCHIVE_OK)
		abort(); /* out of memory: nothing else can fail here */
	return d;
}

/* The failure of the input if there was one, else what libarchive says. */
static int failure(const struct cab_decode *d, struct error *err)
{
	const struct cab_block *b = d->blocks;

	if (d->failed.id != ERROR_NONE) {
		*err = d->failed;
		return -1;
	}
	const char *text = archive_error_string(d->archive);
	char shown[CAB_NAME_SHOWN];

	cab_name_show(text ? text : "its output ends too early", shown);
	return error_set(
		err, ERROR_CAB_DECODE,
		"%s: offset %" PRIu64 ": folder %u cannot be decompressed near block %" PRIu32
		" (byte %" PRIu64 " of its output): %s",
		b->in->label, b->in->at, b->folder_index, b->done ? b->done - 1 : 0, d->at, shown);
}

/* A warning would be about the name, which is ours. */
static bool next_entry(struct cab_decode *d)
{
	struct archive_entry *entry;
	int r = archive_read_next_header(d->archive, &entry);

	return r == ARCHIVE_OK || r == ARCHIVE_WARN;
}

/* Read the zeros that go before. */
static bool drain_prime(struct cab_decode *d)
{
	const void *data;
	size_t n = 0;
	la_int64_t offset;
	uint64_t total = 0;
	int r;

	if (!next_entry(d))
		return false;
	while ((r = archive_read_data_block(d->archive, &data, &n, &offset)) == ARCHIVE_OK && n > 0)
		total += n;
	return r == ARCHIVE_EOF && total == d->prime;
}

static int open_entry(struct cab_decode *d, struct error *err)
{
	if (archive_read_open(d->archive, d, NULL, feed, NULL) != ARCHIVE_OK)
		return failure(d, err);
	if ((d->prime > 0 && !drain_prime(d)) || !next_entry(d))
		return failure(d, err);
	d->open = true;
	return 0;
}

int cab_decode_next(struct cab_decode *d, const unsigned char **bytes, size_t *len,
		    struct error *err)
{
	const struct cab_folder *f = d->blocks->folder;
	const void *data = NULL;
	size_t n = 0;
	la_int64_t offset = 0;

	if (!d->open && open_entry(d, err) < 0)
		return -1;
	int r = archive_read_data_block(d->archive, &data, &n, &offset);

	if (r == ARCHIVE_EOF && d->at == f->output && d->blocks->done == f->blocks)
		return 0;
	if (r != ARCHIVE_OK || n == 0 || offset < 0 || (uint64_t)offset != d->at ||
	    n > f->output - d->at)
		return failure(d, err);
	d->at += n;
	*bytes = data;
	*len = n;
	return 1;
}

void cab_decode_free(struct cab_decode *d)
{
	if (!d)
		return;
	archive_read_free(d->archive); /* nothing is written, so nothing can be lost */
	free(d);
}

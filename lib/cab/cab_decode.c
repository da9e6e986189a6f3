/*
 * Decompression of one folder by libarchive.
 *
 * What libarchive reads is a cabinet we write: one folder, one member "d" as long as the whole
 * folder's output, then the blocks of the real cabinet, already proved, with their checksum set to
 * zero (not to be checked again).  Members are cut from the output by our own table, so nothing
 * is ever skipped and no name is converted by the locale.  No seek or skip call is offered.
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
	MEMBER = 16 + 2, /* CFFILE and "d" with its terminator */
	HEAD = HEADER + FOLDER + MEMBER
};

struct cab_decode {
	struct archive *archive;
	struct cab_block *blocks;
	struct error failed; /* what a block had wrong, found while libarchive pulled */
	uint64_t at;         /* decompressed bytes handed out */
	bool open;           /* the entry was read */
	bool head_sent;
	unsigned char head[HEAD];
};

static void write_head(struct cab_decode *d)
{
	const struct cab_block *b = d->blocks;
	const struct cab_folder *f = b->folder;
	uint64_t data = f->end - f->start - (uint64_t)f->blocks * b->reserve;
	unsigned char *h = d->head;

	memcpy(h, "MSCF", 4);
	cab_put32(h + 8, (uint32_t)(HEAD + data));
	cab_put32(h + 16, HEADER + FOLDER);
	h[24] = 3;
	h[25] = 1;
	cab_put16(h + 26, 1);
	cab_put16(h + 28, 1);
	cab_put32(h + HEADER, HEAD);
	cab_put16(h + HEADER + 4, f->blocks);
	cab_put16(h + HEADER + 6, f->type);
	cab_put32(h + HEADER + FOLDER, (uint32_t)f->output);
	h[HEADER + FOLDER + 10] = 0x21; /* 1980-01-01 */
	h[HEAD - 2] = 'd';
}

static la_ssize_t feed(struct archive *a, void *context, const void **bytes)
{
	struct cab_decode *d = context;
	struct cab_block *b = d->blocks;

	if (!d->head_sent) {
		d->head_sent = true;
		*bytes = d->head;
		return HEAD;
	}
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

static int open_entry(struct cab_decode *d, struct error *err)
{
	struct archive_entry *entry;

	if (archive_read_open(d->archive, d, NULL, feed, NULL) != ARCHIVE_OK)
		return failure(d, err);
	int r = archive_read_next_header(d->archive, &entry);

	/* A warning is about the name, which is ours. */
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
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

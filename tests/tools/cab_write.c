#include "tests/tools/cab_write.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "tests/tools/lzx.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	HEADER = 36,
	FOLDER = 8,
	MEMBER = 16,
	DATA = 8,
	FLAG_RESERVE = 4,
	TYPE_LZX = 3 | LZX_WINDOW_BITS << 8,
	ATTRIBUTE_ARCHIVE = 0x20,
	BUFFERED = 1 << 20,
	NAME_MAX_BYTES = 255,
};

struct cab_write {
	struct cab_write_options options;
	char *name;
	struct lzx *lzx; /* NULL when stored */
	int spool;       /* the CFDATA blocks */
	uint64_t spooled;
	unsigned char *pending; /* not yet in the spool */
	size_t pending_len;
	unsigned char frame[LZX_FRAME]; /* stored: the block being filled */
	size_t frame_len;
	struct buf directory; /* CFFILE entries; the size of the newest is still missing */
	size_t member_at;
	uint64_t member_size, folder_size;
	uint32_t members, blocks;
	uint16_t date, time;
};

static void put16(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)v;
	p[1] = (unsigned char)(v >> 8);
}

static void put32(unsigned char *p, uint64_t v)
{
	put16(p, (uint32_t)v & 0xffff);
	put16(p + 2, (uint32_t)(v >> 16) & 0xffff);
}

/* The sum of [MS-CAB] 3.1: words folded with xor, the odd bytes at the end in reverse. */
static uint32_t checksum(const unsigned char *p, size_t len, uint32_t sum)
{
	uint32_t rest = 0;

	for (; len >= 4; len -= 4, p += 4)
		sum ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
		       (uint32_t)p[3] << 24;
	for (size_t i = 0; i < len; i++)
		rest = rest << 8 | p[i];
	return sum ^ rest;
}

static int flush(struct cab_write *w, struct error *err)
{
	if (file_write_at(w->spool, w->name, w->pending, w->pending_len, w->spooled, err) < 0)
		return -1;
	w->spooled += w->pending_len;
	w->pending_len = 0;
	return 0;
}

static int add_block(void *ctx, const unsigned char *bytes, size_t len, size_t plain,
		     struct error *err)
{
	struct cab_write *w = ctx;

	if (w->blocks == CAB_BLOCKS_MAX)
		return error_set(err, ERROR_LIMIT_BYTES, "%s: more than %d blocks of 32 KiB",
				 w->name, CAB_BLOCKS_MAX);
	if (w->pending_len + DATA + len > BUFFERED && flush(w, err) < 0)
		return -1;
	unsigned char *p = w->pending + w->pending_len;

	put16(p + 4, (uint32_t)len);
	put16(p + 6, (uint32_t)plain);
	memcpy(p + DATA, bytes, len);
	put32(p, checksum(p + 4, 4, checksum(bytes, len, 0)));
	w->pending_len += DATA + len;
	w->blocks++;
	return 0;
}

static uint32_t number(const char *text, size_t len)
{
	uint64_t value = 0;

	while (len > 1 && *text == '0') {
		text++;
		len--;
	}
	(void)str_to_u64(text, len, 9999, &value); /* digits of our own making */
	return (uint32_t)value;
}

/* MS-DOS date and time: 1980 to 2107, two seconds. */
static void set_time(struct cab_write *w, int64_t seconds)
{
	char text[STR_TIME_SIZE];

	str_from_time(seconds < 315532800 ? 315532800 : seconds, text);
	w->date = (uint16_t)((number(text, 4) - 1980) << 9 | number(text + 5, 2) << 5 |
			     number(text + 8, 2));
	w->time = (uint16_t)(number(text + 11, 2) << 11 | number(text + 14, 2) << 5 |
			     number(text + 17, 2) / 2);
}

static int open_spool(int dirfd, const char *name, struct error *err)
{
	char temporary[NAME_MAX_BYTES + 8];

	snprintf(temporary, sizeof temporary, "%s.spool", name);
	int fd =
		openat(dirfd, temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", temporary);
	unlinkat(dirfd, temporary, 0);
	return fd;
}

struct cab_write *cab_write_new(const struct cab_write_options *options, struct error *err)
{
	int spool = open_spool(options->dirfd, options->name, err);

	if (spool < 0)
		return NULL;
	struct cab_write *w = buf_calloc(1, sizeof *w);

	w->options = *options;
	w->name = buf_strdup(options->name);
	w->spool = spool;
	w->pending = buf_malloc(BUFFERED);
	w->directory =
		(struct buf)BUF_INIT((size_t)CAB_MEMBERS_MAX * (MEMBER + NAME_MAX_BYTES + 1));
	if (options->lzx)
		w->lzx = lzx_new(add_block, w);
	set_time(w, options->time);
	return w;
}

/* The size of the newest member goes into its entry once it is known. */
static int end_member(struct cab_write *w, struct error *err)
{
	if (w->members == 0)
		return 0;
	if (w->member_size > UINT32_MAX || w->folder_size > UINT32_MAX)
		return error_set(err, ERROR_LIMIT_BYTES, "%s: a member of more than 4 GiB",
				 w->name);
	put32(w->directory.bytes + w->member_at, w->member_size);
	return 0;
}

int cab_write_member(struct cab_write *w, const char *name, struct error *err)
{
	unsigned char entry[MEMBER] = { 0 };

	if (end_member(w, err) < 0)
		return -1;
	if (w->members == CAB_MEMBERS_MAX)
		return error_set(err, ERROR_LIMIT_BYTES, "%s: more than %d members", w->name,
				 CAB_MEMBERS_MAX);
	if (strlen(name) > NAME_MAX_BYTES)
		return error_set(err, ERROR_LIMIT_BYTES, "%s: a member name of %zu bytes", w->name,
				 strlen(name));
	put32(entry + 4, w->folder_size);
	put16(entry + 10, w->date);
	put16(entry + 12, w->time);
	put16(entry + 14, ATTRIBUTE_ARCHIVE);
	w->member_at = w->directory.len;
	w->member_size = 0;
	w->members++;
	if (buf_append(&w->directory, entry, sizeof entry, err) < 0)
		return -1;
	return buf_append(&w->directory, name, strlen(name) + 1, err);
}

static int store(struct cab_write *w, const unsigned char *p, size_t len, struct error *err)
{
	while (len > 0) {
		size_t room = sizeof w->frame - w->frame_len, part = len < room ? len : room;

		memcpy(w->frame + w->frame_len, p, part);
		w->frame_len += part;
		p += part;
		len -= part;
		if (w->frame_len < sizeof w->frame)
			continue;
		if (add_block(w, w->frame, w->frame_len, w->frame_len, err) < 0)
			return -1;
		w->frame_len = 0;
	}
	return 0;
}

int cab_write_data(struct cab_write *w, const void *bytes, size_t len, struct error *err)
{
	w->member_size += len;
	w->folder_size += len;
	return w->lzx ? lzx_write(w->lzx, bytes, len, err) : store(w, bytes, len, err);
}

int cab_write_add(struct cab_write *w, const char *name, const void *bytes, size_t len,
		  struct error *err)
{
	if (cab_write_member(w, name, err) < 0)
		return -1;
	return cab_write_data(w, bytes, len, err);
}

static int end_data(struct cab_write *w, struct error *err)
{
	if (end_member(w, err) < 0)
		return -1;
	if (w->lzx && lzx_finish(w->lzx, err) < 0)
		return -1;
	if (w->frame_len > 0 && add_block(w, w->frame, w->frame_len, w->frame_len, err) < 0)
		return -1;
	return flush(w, err);
}

/* Everything before the CFDATA blocks. */
static int make_head(struct cab_write *w, struct buf *head, struct error *err)
{
	size_t reserve = w->options.reserve ? 4u + w->options.reserve : 0;
	size_t folder_at = HEADER + reserve, members_at = folder_at + FOLDER;
	uint64_t data_at = members_at + w->directory.len, size = data_at + w->spooled;
	unsigned char *p = buf_room(head, members_at, err);

	if (!p)
		return -1;
	if (size > INT32_MAX)
		return error_set(err, ERROR_LIMIT_BYTES, "%s: a cabinet of more than 2 GiB",
				 w->name);
	memset(p, 0, members_at);
	memcpy(p, "MSCF", 4);
	put32(p + 8, size);
	put32(p + 16, members_at);
	p[24] = 3; /* version 1.3 */
	p[25] = 1;
	put16(p + 26, 1);
	put16(p + 28, w->members);
	if (reserve > 0) {
		put16(p + 30, FLAG_RESERVE);
		put16(p + HEADER, w->options.reserve);
	}
	put32(p + folder_at, data_at);
	put16(p + folder_at + 4, w->blocks);
	put16(p + folder_at + 6, w->lzx ? TYPE_LZX : 0);
	head->len = members_at;
	return buf_append(head, w->directory.bytes, w->directory.len, err);
}

int cab_write_finish(struct cab_write *w, struct error *err)
{
	CLEANUP(buf_clear) struct buf head = BUF_INIT(w->directory.max + (128u << 10));

	if (end_data(w, err) < 0 || make_head(w, &head, err) < 0)
		return -1;
	CLEANUP(file_close)
	int fd = openat(w->options.dirfd, w->name,
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", w->name);
	if (file_write_at(fd, w->name, head.bytes, head.len, 0, err) < 0)
		return -1;
	for (uint64_t at = 0; at < w->spooled;) {
		size_t part = w->spooled - at < BUFFERED ? (size_t)(w->spooled - at) : BUFFERED;

		if (file_read_at(w->spool, w->name, w->pending, part, at, err) < 0 ||
		    file_write_at(fd, w->name, w->pending, part, head.len + at, err) < 0)
			return -1;
		at += part;
	}
	return 0;
}

void cab_write_free(struct cab_write *w)
{
	if (!w)
		return;
	lzx_free(w->lzx);
	file_close(w->spool);
	buf_clear(&w->directory);
	free(w->pending);
	free(w->name);
	free(w);
}

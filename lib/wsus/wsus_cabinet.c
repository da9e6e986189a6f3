#include "lib/wsus/wsus_cabinet.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum {
	RESERVE = 6144,
	FOLDER_AT = 40 + RESERVE,
	FILES_AT = FOLDER_AT + 8,
	FILE_SIZE = 16,
	NAME_MAX_LEN = 12,
	HEAD_MAX = FILES_AT + WSUS_CABINET_MEMBERS * (FILE_SIZE + NAME_MAX_LEN + 1),
	BLOCK_HEAD = 8,
	BLOCK_MAX = WSUS_CABINET_BLOCK + 12, /* what MSZIP allows a block */
	BUFFER = 1 << 20,
};

struct member {
	char name[NAME_MAX_LEN + 1];
	uint32_t start, size;
};

struct wsus_cabinet {
	int dirfd, fd;
	char *name, *temporary;
	int64_t time;
	z_stream deflate;
	bool deflating;
	struct member members[WSUS_CABINET_MEMBERS];
	size_t member_count;
	uint64_t plain; /* bytes of all members so far */
	uint64_t at;    /* where the next block goes in the file */
	uint32_t blocks;
	size_t data; /* where the first block lies: behind the table of members */
	struct buf out;
	size_t block_len, before_len;
	unsigned char block[WSUS_CABINET_BLOCK], before[WSUS_CABINET_BLOCK];
};

static void put16(unsigned char *p, uint32_t value)
{
	p[0] = (unsigned char)value;
	p[1] = (unsigned char)(value >> 8);
}

static void put32(unsigned char *p, uint32_t value)
{
	put16(p, value);
	put16(p + 2, value >> 16);
}

struct wsus_cabinet *wsus_cabinet_begin(int dirfd, const char *name, int64_t when,
					struct error *err)
{
	CLEANUP(wsus_cabinet_abandon) struct wsus_cabinet *c = buf_calloc(1, sizeof *c);
	size_t room = strlen(name) + sizeof ".part";

	c->dirfd = dirfd;
	c->fd = -1;
	c->name = buf_strdup(name);
	c->time = when;
	c->out = (struct buf)BUF_INIT(BUFFER + BLOCK_HEAD + BLOCK_MAX);
	if (deflateInit2(&c->deflate, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 9,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		error_set(err, ERROR_WSUS_DEFLATE, "%s: zlib does not start", name);
		return NULL;
	}
	c->deflating = true;
	c->temporary = buf_malloc(room);
	snprintf(c->temporary, room, "%s.part", name);
	if (unlinkat(dirfd, c->temporary, 0) == 0 || errno == ENOENT)
		c->fd = openat(dirfd, c->temporary,
			       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (c->fd < 0) {
		error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", c->temporary);
		free(STEAL(c->temporary));
		return NULL;
	}
	/* The names are known beforehand, so the blocks can follow at once. */
	c->data = FILES_AT + 2 * FILE_SIZE + sizeof "package.xml" + sizeof "metadata.txt";
	c->at = c->data;
	return STEAL(c);
}

void wsus_cabinet_abandon(struct wsus_cabinet *c)
{
	if (!c)
		return;
	if (c->temporary)
		unlinkat(c->dirfd, c->temporary, 0);
	file_close(c->fd);
	if (c->deflating)
		deflateEnd(&c->deflate);
	buf_clear(&c->out);
	free(c->temporary);
	free(c->name);
	free(c);
}

/* ---- blocks ---- */

/* Checksum of MS-CAB: 32-bit words, little-endian, the rest of a word big-endian. */
static uint32_t checksum(const unsigned char *p, size_t len, uint32_t value)
{
	uint32_t rest = 0;

	for (; len >= 4; p += 4, len -= 4)
		value ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
			 (uint32_t)p[3] << 24;
	while (len-- > 0)
		rest = rest << 8 | *p++;
	return value ^ rest;
}

/* What does not get smaller is one stored block of deflate. */
static size_t store_block(const struct wsus_cabinet *c, unsigned char *out)
{
	out[0] = 1;
	put16(out + 1, (uint32_t)c->block_len);
	put16(out + 3, ~(uint32_t)c->block_len);
	memcpy(out + 5, c->block, c->block_len);
	return 5 + c->block_len;
}

/* Every block is a deflate stream of its own that may refer to the block before it. */
static size_t compress_block(struct wsus_cabinet *c, unsigned char *out, size_t room)
{
	z_stream *z = &c->deflate;

	deflateReset(z);
	if (c->before_len > 0)
		deflateSetDictionary(z, c->before, (uInt)c->before_len);
	z->next_in = c->block;
	z->avail_in = (uInt)c->block_len;
	z->next_out = out;
	z->avail_out = (uInt)room;
	if (deflate(z, Z_FINISH) != Z_STREAM_END)
		return store_block(c, out);
	return room - z->avail_out;
}

static int flush(struct wsus_cabinet *c, struct error *err)
{
	if (c->out.len > 0 &&
	    file_write_at(c->fd, c->temporary, c->out.bytes, c->out.len, c->at, err) < 0)
		return -1;
	c->at += c->out.len;
	c->out.len = 0;
	return 0;
}

static int end_block(struct wsus_cabinet *c, struct error *err)
{
	unsigned char *head = buf_room(&c->out, BLOCK_HEAD + BLOCK_MAX, err);

	if (!head)
		return -1;
	unsigned char *data = head + BLOCK_HEAD;
	data[0] = 'C';
	data[1] = 'K';
	size_t len = 2 + compress_block(c, data + 2, WSUS_CABINET_BLOCK + 5);
	put16(head + 4, (uint32_t)len);
	put16(head + 6, (uint32_t)c->block_len);
	put32(head, checksum(head + 4, 4, checksum(data, len, 0)));
	c->out.len += BLOCK_HEAD + len;
	c->blocks++;
	memcpy(c->before, c->block, c->block_len);
	c->before_len = c->block_len;
	c->block_len = 0;
	return c->out.len >= BUFFER ? flush(c, err) : 0;
}

void wsus_cabinet_member(struct wsus_cabinet *c, const char *name)
{
	assert(c->member_count < WSUS_CABINET_MEMBERS && strlen(name) <= NAME_MAX_LEN);
	struct member *m = &c->members[c->member_count++];

	snprintf(m->name, sizeof m->name, "%s", name);
	m->start = (uint32_t)c->plain;
}

int wsus_cabinet_append(struct wsus_cabinet *c, const void *bytes, size_t len, struct error *err)
{
	const unsigned char *p = bytes;

	if (len > WSUS_CABINET_BYTES - c->plain)
		return error_set(err, ERROR_WSUS_FOLDER, "%s: more than %llu bytes", c->name,
				 (unsigned long long)WSUS_CABINET_BYTES);
	c->plain += len;
	c->members[c->member_count - 1].size += (uint32_t)len;
	while (len > 0) {
		size_t room = WSUS_CABINET_BLOCK - c->block_len, n = len < room ? len : room;

		memcpy(c->block + c->block_len, p, n);
		c->block_len += n;
		p += n;
		len -= n;
		if (c->block_len == WSUS_CABINET_BLOCK && end_block(c, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- the head ---- */

static void dos_time(int64_t when, unsigned char *date, unsigned char *clock)
{
	time_t seconds = (time_t)when;
	struct tm t;

	gmtime_r(&seconds, &t);
	put16(date, (uint32_t)((t.tm_year - 80) << 9 | (t.tm_mon + 1) << 5 | t.tm_mday));
	put16(clock, (uint32_t)(t.tm_hour << 11 | t.tm_min << 5 | t.tm_sec / 2));
}

static size_t put_members(const struct wsus_cabinet *c, unsigned char *head)
{
	size_t at = FILES_AT;

	for (size_t i = 0; i < c->member_count; i++) {
		const struct member *m = &c->members[i];
		unsigned char *p = head + at;
		size_t len = strlen(m->name) + 1;

		put32(p, m->size);
		put32(p + 4, m->start);
		dos_time(c->time, p + 10, p + 12);
		put16(p + 14, 0x20); /* the archive bit */
		memcpy(p + FILE_SIZE, m->name, len);
		at += FILE_SIZE + len;
	}
	return at;
}

static int write_head(struct wsus_cabinet *c, struct error *err)
{
	unsigned char *head = buf_calloc(1, HEAD_MAX);

	memcpy(head, "MSCF", 4);
	put32(head + 8, (uint32_t)c->at);
	put32(head + 16, FILES_AT);
	head[24] = 3; /* version 1.3 */
	head[25] = 1;
	put16(head + 26, 1);
	put16(head + 28, (uint32_t)c->member_count);
	put16(head + 30, 4); /* there is a reserve */
	put16(head + 36, RESERVE);
	put32(head + FOLDER_AT, (uint32_t)c->data);
	put16(head + FOLDER_AT + 4, c->blocks);
	put16(head + FOLDER_AT + 6, 1); /* MSZIP */
	size_t len = put_members(c, head);
	assert(len == c->data);
	int failed = file_write_at(c->fd, c->temporary, head, len, 0, err);
	free(head);
	return failed;
}

int wsus_cabinet_commit(struct wsus_cabinet *cabinet, struct error *err)
{
	CLEANUP(wsus_cabinet_abandon) struct wsus_cabinet *c = cabinet;

	if ((c->block_len > 0 && end_block(c, err) < 0) || flush(c, err) < 0)
		return -1;
	if (c->at > UINT32_MAX)
		return error_set(err, ERROR_WSUS_FOLDER, "%s: larger than a cabinet can be",
				 c->name);
	if (write_head(c, err) < 0 || file_sync(c->fd, c->temporary, err) < 0)
		return -1;
	if (renameat(c->dirfd, c->temporary, c->dirfd, c->name) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot rename into place",
				       c->name);
	free(STEAL(c->temporary));
	return file_sync(c->dirfd, c->name, err);
}

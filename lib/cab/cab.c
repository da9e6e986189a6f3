/*
 * The reader: members are windows on the output of their folder, taken in order.
 *
 * Invariant: of the folder that is open, left + (the sizes of its later members) bytes have not
 * been handed out.  A folder is closed only when all its blocks were read.
 */
#include "lib/cab/cab_internal.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/source.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct member_source {
	struct source base; /* first: read is called with its address */
	struct cab *cab;
};

struct cab {
	struct cab_input in;
	struct cab_table table;
	struct cab_block blocks;
	struct cab_decode *decode; /* of the open folder; NULL when it is stored */
	bool folder_open;
	bool ended;               /* the tail was checked */
	uint32_t next;            /* member that cab_next() returns */
	uint32_t folder;          /* to be opened next, or open */
	uint64_t left;            /* of the current member */
	const unsigned char *out; /* decoded, not handed out */
	size_t out_len;
	struct error failed; /* reported by every call from then on */
	unsigned depth;
	struct member_source member;
};

static int report(const struct cab *c, struct error *err)
{
	*err = c->failed;
	return -1;
}

/* More decoded bytes of the open folder into c->out: 1, 0 when there are none, -1. */
static int fill(struct cab *c)
{
	if (c->decode)
		return cab_decode_next(c->decode, &c->out, &c->out_len, &c->failed);
	int more = cab_block_next(&c->blocks, &c->failed);

	if (more > 0) {
		c->out = c->blocks.data;
		c->out_len = c->blocks.output_bytes;
	}
	return more;
}

static void open_folder(struct cab *c)
{
	const struct cab_folder *f = &c->table.folders[c->folder];

	cab_block_start(&c->blocks, &c->in, &c->table, c->folder);
	if (f->method != CAB_STORED && f->output > 0)
		c->decode = cab_decode_new(&c->blocks);
	c->folder_open = true;
}

/* All members were read, so the decoder must agree that nothing is left: it proves it here. */
static int close_folder(struct cab *c)
{
	int more = fill(c);

	if (more < 0)
		return -1;
	assert(more == 0); /* both kinds of folder give exactly folder.output bytes, or fail */
	cab_decode_free(STEAL(c->decode));
	c->folder_open = false;
	c->folder++;
	return 0;
}

/* Close folders before `target` and open that one. */
static int seek_folder(struct cab *c, uint32_t target)
{
	for (;;) {
		if (!c->folder_open)
			open_folder(c);
		if (c->folder == target)
			return 0;
		if (close_folder(c) < 0)
			return -1;
	}
}

/* Take up to len bytes of what is left of the member: *bytes is borrowed until the next call. */
static int take(struct cab *c, size_t len, const unsigned char **bytes, size_t *got)
{
	if (c->out_len == 0 && fill(c) < 0)
		return -1;
	assert(c->out_len > 0); /* members fill their folder exactly: some of it is left */
	size_t n = c->out_len < len ? c->out_len : len;

	if (n > c->left)
		n = (size_t)c->left;
	*bytes = c->out;
	*got = n;
	c->out += n;
	c->out_len -= n;
	c->left -= n;
	return 0;
}

static int drain(struct cab *c)
{
	const unsigned char *bytes;
	size_t n;

	while (c->left > 0)
		if (take(c, SIZE_MAX, &bytes, &n) < 0)
			return -1;
	return 0;
}

/* After the last member: the remaining folders are empty, then the signature, then nothing. */
static int finish(struct cab *c)
{
	if (seek_folder(c, c->table.info.folders - 1) < 0 || close_folder(c) < 0 ||
	    cab_input_skip(&c->in, c->table.info.signature_bytes, &c->failed) < 0 ||
	    cab_input_end(&c->in, &c->failed) < 0)
		return -1;
	c->ended = true;
	return 0;
}

static ssize_t member_read(struct source *s, void *buf, size_t len, struct error *err)
{
	return cab_read(((struct member_source *)s)->cab, buf, len, err);
}

struct cab *cab_open(struct source *src, const char *label, struct error *err)
{
	CLEANUP(cab_close) struct cab *c = buf_calloc(1, sizeof *c);

	c->in.source = src;
	c->in.label = buf_strdup(label);
	c->member = (struct member_source){ .base = { member_read }, .cab = c };
	c->depth = 1;
	if (src->read == member_read)
		c->depth += ((struct member_source *)src)->cab->depth;
	if (c->depth > LIMIT_CAB_DEPTH) {
		error_set(err, ERROR_CAB_LIMIT, "%s: offset 0: cabinets are nested deeper than %d",
			  label, LIMIT_CAB_DEPTH);
		return NULL;
	}
	if (cab_table_read(&c->table, &c->in, err) < 0)
		return NULL;
	return STEAL(c);
}

const struct cab_info *cab_info(const struct cab *c)
{
	return &c->table.info;
}

bool cab_holds(const struct cab *c, const char *name)
{
	for (uint32_t i = 0; i < c->table.info.members; i++)
		if (strcasecmp(c->table.bytes + c->table.entries[i].name, name) == 0)
			return true;
	return false;
}

int cab_next(struct cab *c, struct cab_member *m, struct error *err)
{
	if (c->failed.id != ERROR_NONE || drain(c) < 0)
		return report(c, err);
	if (c->ended)
		return 0;
	if (c->next == c->table.info.members)
		return finish(c) < 0 ? report(c, err) : 0;

	const struct cab_entry *e = &c->table.entries[c->next];

	if (seek_folder(c, e->folder) < 0)
		return report(c, err);
	c->left = e->size;
	*m = (struct cab_member){ .name = c->table.bytes + e->name,
				  .size = e->size,
				  .index = c->next };
	c->next++;
	return 1;
}

ssize_t cab_read(struct cab *c, void *buf, size_t len, struct error *err)
{
	const unsigned char *bytes;
	size_t n;

	if (c->failed.id != ERROR_NONE)
		return report(c, err);
	if (len == 0 || c->left == 0)
		return 0;
	if (take(c, len, &bytes, &n) < 0)
		return report(c, err);
	memcpy(buf, bytes, n);
	return (ssize_t)n;
}

struct source *cab_member_source(struct cab *c)
{
	return &c->member.base;
}

void cab_close(struct cab *c)
{
	if (!c)
		return;
	cab_decode_free(c->decode);
	cab_table_clear(&c->table);
	free(c->in.label);
	free(c);
}

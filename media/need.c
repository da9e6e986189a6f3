#include "media/need.h"

#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "media/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_LINES = 6, FIELDS_MAX = 3 };

static const char magic[] = "gapferry-need 1";

void need_clear(struct need *n)
{
	free(n->listings);
	free(n->objects);
	*n = (struct need){ .epoch = 0 };
}

void need_add_listing(struct need *n, const unsigned char digest[32])
{
	n->listings =
		buf_grow(n->listings, &n->listing_capacity, n->listing_count, sizeof *n->listings);
	memcpy(n->listings[n->listing_count++], digest, sizeof *n->listings);
}

void need_add_object(struct need *n, const unsigned char sha256[32], uint64_t size)
{
	n->objects = buf_grow(n->objects, &n->object_capacity, n->object_count, sizeof *n->objects);
	struct need_object *o = &n->objects[n->object_count++];

	memcpy(o->sha256, sha256, sizeof o->sha256);
	o->size = size;
}

uint64_t need_bytes(const struct need *n)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < n->object_count; i++)
		bytes += n->objects[i].size;
	return bytes;
}

/* ---- writing ---- */

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, 32); /* a digest, or a structure that begins with one */
}

static void sort(struct need *n)
{
	size_t kept = 0;

	if (n->listing_count > 0)
		qsort(n->listings, n->listing_count, sizeof *n->listings, compare);
	for (size_t i = 0; i < n->listing_count; i++)
		if (kept == 0 || compare(n->listings[kept - 1], n->listings[i]) != 0)
			memmove(n->listings[kept++], n->listings[i], sizeof *n->listings);
	n->listing_count = kept;
	kept = 0;
	if (n->object_count > 0)
		qsort(n->objects, n->object_count, sizeof *n->objects, compare);
	for (size_t i = 0; i < n->object_count; i++)
		if (kept == 0 || compare(&n->objects[kept - 1], &n->objects[i]) != 0)
			n->objects[kept++] = n->objects[i];
	n->object_count = kept;
}

int need_write(struct need *n, struct buf *out, struct error *err)
{
	char hex[65];

	sort(n);
	str_to_hex(n->manifest, sizeof n->manifest, hex);
	if (buf_printf(out, err, "%s\nchannel %s\nsite %s\nepoch %u\nbundle %llu %s\nholds %llu\n",
		       magic, n->channel, n->site, n->epoch, (unsigned long long)n->sequence, hex,
		       (unsigned long long)n->holds) < 0)
		return -1;
	for (size_t i = 0; i < n->listing_count; i++) {
		str_to_hex(n->listings[i], sizeof *n->listings, hex);
		if (buf_printf(out, err, "listing %s\n", hex) < 0)
			return -1;
	}
	for (size_t i = 0; i < n->object_count; i++) {
		str_to_hex(n->objects[i].sha256, sizeof n->objects[i].sha256, hex);
		if (buf_printf(out, err, "object %s %llu\n", hex,
			       (unsigned long long)n->objects[i].size) < 0)
			return -1;
	}
	return buf_printf(out, err, "end %zu\n",
			  HEAD_LINES + n->listing_count + n->object_count + 1);
}

/* ---- parsing ---- */

struct parse {
	struct need *need;
	const struct text_line *line;
	bool ended;
};

static int name(const struct parse *p, const struct text_field *f, char *out, struct error *err)
{
	if (!text_is_name(f->bytes, f->len, MANIFEST_NAME_SIZE - 1))
		return text_fail(p->line, err, "the name is not 1 to 63 of A-Za-z0-9._-");
	memcpy(out, f->bytes, f->len);
	out[f->len] = '\0';
	return 0;
}

static int number(const struct parse *p, const struct text_field *f, struct text_range range,
		  uint64_t *out, struct error *err)
{
	return text_number(p->line, f, &range, out, err);
}

static int bundle_line(const struct parse *p, const struct text_field *f, struct error *err)
{
	return number(p, f + 1, (struct text_range){ "sequence", 1, INT64_MAX }, &p->need->sequence,
		      err) < 0
		       ? -1
		       : text_hex(p->line, f + 2, "digest", p->need->manifest, 32, err);
}

/* Lines 2 to HEAD_LINES. */
static int head_line(const struct parse *p, struct error *err)
{
	static const struct {
		const char *key;
		size_t fields;
	} keys[] = {
		{ "channel", 2 }, { "site", 2 }, { "epoch", 2 }, { "bundle", 3 }, { "holds", 2 }
	};
	size_t k = (size_t)p->line->number - 2;
	struct text_field f[FIELDS_MAX];
	uint64_t value = 0;
	int failed;

	if (text_split(p->line, f, keys[k].fields, err) < 0)
		return -1;
	if (!text_is(f, keys[k].key))
		return text_fail(p->line, err, "not the key '%s'", keys[k].key);
	switch (k) {
	case 0:
		return name(p, f + 1, p->need->channel, err);
	case 1:
		return name(p, f + 1, p->need->site, err);
	case 2:
		failed = number(p, f + 1, (struct text_range){ "epoch", 1, UINT32_MAX }, &value,
				err);
		p->need->epoch = (uint32_t)value;
		return failed;
	case 3:
		return bundle_line(p, f, err);
	default:
		return number(p, f + 1, (struct text_range){ "sequence", 0, p->need->sequence - 1 },
			      &p->need->holds, err);
	}
}

static int listing_line(const struct parse *p, struct error *err)
{
	struct need *n = p->need;
	struct text_field f[2];
	unsigned char digest[32];

	if (text_split(p->line, f, 2, err) < 0 ||
	    text_hex(p->line, f + 1, "digest", digest, sizeof digest, err) < 0)
		return -1;
	if (n->object_count > 0 ||
	    (n->listing_count > 0 && compare(n->listings[n->listing_count - 1], digest) >= 0))
		return text_fail(p->line, err, "out of order");
	need_add_listing(n, digest);
	return 0;
}

static int object_line(const struct parse *p, struct error *err)
{
	struct need *n = p->need;
	struct text_field f[3];
	unsigned char digest[32];
	uint64_t size;

	if (text_split(p->line, f, 3, err) < 0 ||
	    text_hex(p->line, f + 1, "digest", digest, sizeof digest, err) < 0 ||
	    number(p, f + 2, (struct text_range){ "size", 0, LIMIT_OBJECT_BYTES }, &size, err) < 0)
		return -1;
	if (n->object_count > 0 && compare(&n->objects[n->object_count - 1], digest) >= 0)
		return text_fail(p->line, err, "out of order");
	need_add_object(n, digest, size);
	return 0;
}

static int end_line(struct parse *p, struct error *err)
{
	struct text_field f[2];
	uint64_t lines;

	if (text_split(p->line, f, 2, err) < 0 ||
	    number(p, f + 1, (struct text_range){ "line count", 1, INT64_MAX }, &lines, err) < 0)
		return -1;
	if (!text_is(f, "end"))
		return text_fail(p->line, err, "not a listing, object or end line");
	if (lines != p->line->number)
		return text_fail(p->line, err, "end says %llu lines", (unsigned long long)lines);
	p->ended = true;
	return 0;
}

static int parse_line(void *ctx, const struct text_line *line, struct error *err)
{
	struct parse *p = ctx;

	p->line = line;
	if (line->number == 1)
		return line->len == sizeof magic - 1 && memcmp(line->bytes, magic, line->len) == 0
			       ? 0
			       : text_fail(line, err, "not '%s'", magic);
	if (p->ended)
		return text_fail(line, err, "text after the end line");
	if (line->number <= HEAD_LINES)
		return head_line(p, err);
	if (line->len > 8 && memcmp(line->bytes, "listing ", 8) == 0)
		return listing_line(p, err);
	if (line->len > 7 && memcmp(line->bytes, "object ", 7) == 0)
		return object_line(p, err);
	return end_line(p, err);
}

int need_parse(const void *bytes, size_t len, struct need *out, struct error *err)
{
	CLEANUP(need_clear) struct need n = { .epoch = 0 };
	struct parse p = { .need = &n };
	struct text_reader r = { .file = "need list",
				 .id = ERROR_NEED_FORMAT,
				 .max_bytes = LIMIT_NEED_BYTES,
				 .max_lines = LIMIT_OBJECTS + LIMIT_LISTINGS + HEAD_LINES + 1,
				 .line = parse_line,
				 .ctx = &p };

	if (text_feed(&r, bytes, len, err) < 0 || text_finish(&r, err) < 0)
		return -1;
	if (!p.ended)
		return error_set(err, ERROR_NEED_FORMAT, "need list line %llu: no end line",
				 (unsigned long long)r.lines + 1);
	*out = n;
	n = (struct need){ .epoch = 0 };
	return 0;
}

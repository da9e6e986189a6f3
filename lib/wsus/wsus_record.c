#include "lib/wsus/wsus_record.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/source.h"
#include "lib/base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT = 64 << 10, HEAD = 36 + 1 + 8 + 1 + 8 + 1, HEX = 8 };

struct wsus_reader {
	struct source *source;
	char *label;
	struct wsus_oddities oddities;
	uint64_t records;
	uint64_t at; /* of input[from], in the stream */
	size_t from, len;
	bool ended;
	struct buf xml;
	unsigned char input[INPUT];
};

struct wsus_reader *wsus_reader_new(struct source *src, const char *label)
{
	struct wsus_reader *r = buf_calloc(1, sizeof *r);

	r->source = src;
	r->label = buf_strdup(label);
	r->xml = (struct buf)BUF_INIT(LIMIT_FRAGMENT_BYTES);
	return r;
}

void wsus_reader_free(struct wsus_reader *r)
{
	if (!r)
		return;
	buf_clear(&r->xml);
	free(r->label);
	free(r);
}

struct wsus_oddities wsus_reader_oddities(const struct wsus_reader *r)
{
	return r->oddities;
}

static int refuse(const struct wsus_reader *r, enum error_id id, const char *cause,
		  struct error *err)
{
	return error_set(err, id, "%s: record %" PRIu64 ", offset %" PRIu64 ": %s", r->label,
			 r->records + 1, r->at, cause);
}

/* At least `want` bytes at input + from, fewer only at the end: how many there are, or -1. */
static ssize_t fill(struct wsus_reader *r, size_t want, struct error *err)
{
	while (r->len - r->from < want && !r->ended) {
		if (r->from > 0) {
			memmove(r->input, r->input + r->from, r->len - r->from);
			r->len -= r->from;
			r->from = 0;
		}
		ssize_t n = r->source->read(r->source, r->input + r->len, INPUT - r->len, err);

		if (n < 0)
			return -1;
		r->ended = n == 0;
		r->len += (size_t)n;
	}
	return (ssize_t)(r->len - r->from);
}

static void take(struct wsus_reader *r, size_t n)
{
	r->from += n;
	r->at += n;
}

/* ---- UTF-8 ---- */

/*
 * Bytes of the character at p, of which `left` are there; 0 when it is not valid, and SIZE_MAX
 * when more bytes are needed to know.
 */
static size_t character(const unsigned char *p, size_t left)
{
	static const unsigned char low[] = { [0xE0] = 0xA0, [0xF0] = 0x90 };
	unsigned char first = p[0], from = 0x80, to = 0xBF;
	size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

	if (first == 0 || (first >= 0x80 && first < 0xC2) || first > 0xF4)
		return 0;
	if (first == 0xE0 || first == 0xF0)
		from = low[first];
	if (first == 0xED)
		to = 0x9F; /* the surrogates are no characters */
	if (first == 0xF4)
		to = 0x8F;
	for (size_t i = 1; i < size; i++) {
		if (i == left)
			return SIZE_MAX;
		if (p[i] < from || p[i] > to)
			return 0;
		from = 0x80;
		to = 0xBF;
	}
	return size;
}

size_t wsus_units(const void *text, size_t len)
{
	const unsigned char *p = text;
	size_t units = 0;

	while (len > 0) {
		size_t n = character(p, len);

		if (n == 0 || n == SIZE_MAX)
			return SIZE_MAX;
		units += n == 4 ? 2 : 1;
		p += n;
		len -= n;
	}
	return units;
}

/* ---- a record ---- */

/* Exactly eight lower-case hex digits and a comma. */
static bool read_hex(const unsigned char *p, uint32_t *out)
{
	unsigned char bytes[HEX / 2];

	if (p[HEX] != ',' || !str_from_hex((const char *)p, HEX, bytes, sizeof bytes))
		return false;
	*out = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
	return true;
}

static int read_head(struct wsus_reader *r, struct wsus_record *out, struct error *err)
{
	const unsigned char *p = r->input + r->from;

	for (size_t i = 0; i < 36; i++)
		if (p[i] >= 'A' && p[i] <= 'F')
			return refuse(r, ERROR_WSUS_RECORD, "the update id is not in lower case",
				      err);
	if (!str_to_guid((const char *)p, 36, out->update_id) || p[36] != ',')
		return refuse(r, ERROR_WSUS_RECORD, "no update id", err);
	if (!read_hex(p + 37, &out->revision))
		return refuse(r, ERROR_WSUS_RECORD, "no revision of eight lower-case hex digits",
			      err);
	if (!read_hex(p + 46, &out->units))
		return refuse(r, ERROR_WSUS_RECORD, "no length of eight lower-case hex digits",
			      err);
	if (out->units > LIMIT_WSUS_UNITS)
		return refuse(r, ERROR_WSUS_LIMIT, "longer than any genuine document", err);
	return 0;
}

/* As many characters of the input as belong to the record; -1. */
static int take_text(struct wsus_reader *r, uint32_t *units, struct error *err)
{
	const unsigned char *p = r->input + r->from;
	size_t left = r->len - r->from, n = 0;

	while (*units > 0 && n < left) {
		size_t size = character(p + n, left - n);

		if (size == SIZE_MAX)
			break;
		if (size == 0)
			return refuse(r, ERROR_WSUS_RECORD, "the text is not UTF-8", err);
		if (size == 4 && *units == 1)
			return refuse(r, ERROR_WSUS_RECORD, "the length ends inside of a character",
				      err);
		*units -= size == 4 ? 2 : 1;
		n += size;
	}
	if (buf_append(&r->xml, p, n, err) < 0)
		return error_wrap(err, "%s: record %" PRIu64, r->label, r->records + 1);
	take(r, n);
	return 0;
}

static int read_text(struct wsus_reader *r, uint32_t units, struct error *err)
{
	r->xml.len = 0;
	while (units > 0) {
		ssize_t have = fill(r, 4, err);
		uint32_t before = units;

		if (have < 0 || take_text(r, &units, err) < 0)
			return -1;
		if (units == before)
			return refuse(r, ERROR_WSUS_RECORD, "the file ends inside of the text",
				      err);
	}
	return 0;
}

static int read_end(struct wsus_reader *r, struct error *err)
{
	ssize_t have = fill(r, 2, err);
	const unsigned char *p = r->input + r->from;

	if (have < 0)
		return -1;
	if (have >= 2 && p[0] == '\r' && p[1] == '\n') {
		take(r, 2);
		return 0;
	}
	/* A CR before it belongs to the end of the line: the length is one too large. */
	bool swallowed = r->xml.len > 0 && r->xml.bytes[r->xml.len - 1] == '\r';
	if (have < 1 || p[0] != '\n' || swallowed)
		return refuse(r, ERROR_WSUS_RECORD, "no end of line where the length ends", err);
	r->oddities.newlines++;
	take(r, 1);
	return 0;
}

static void skip_mark(struct wsus_reader *r)
{
	static const unsigned char mark[3] = { 0xEF, 0xBB, 0xBF };

	if (r->at > 0 || r->len < 3 || memcmp(r->input, mark, 3) != 0)
		return;
	r->oddities.mark = true;
	take(r, 3);
}

int wsus_reader_next(struct wsus_reader *r, struct wsus_record *out, struct error *err)
{
	ssize_t have = fill(r, 3 + HEAD, err);

	if (have < 0)
		return -1;
	skip_mark(r);
	have = fill(r, HEAD, err);
	if (have <= 0)
		return have < 0 ? -1 : 0;
	if (have < HEAD)
		return refuse(r, ERROR_WSUS_RECORD, "the file ends inside of a record's head", err);
	if (r->records == LIMIT_CATALOG_UPDATES)
		return refuse(r, ERROR_WSUS_LIMIT, "more records than any genuine package has",
			      err);
	*out = (struct wsus_record){ .offset = r->at };
	if (read_head(r, out, err) < 0)
		return -1;
	take(r, HEAD);
	if (read_text(r, out->units, err) < 0 || read_end(r, err) < 0)
		return -1;
	r->records++;
	out->xml = r->xml.bytes ? (const void *)r->xml.bytes : "";
	out->len = r->xml.len;
	return 1;
}

int wsus_record_head(const unsigned char update_id[16], uint32_t revision, const void *xml,
		     size_t len, struct buf *out, struct error *err)
{
	size_t units = wsus_units(xml, len);
	char guid[STR_GUID_SIZE];

	str_from_guid(update_id, guid);
	if (units == SIZE_MAX)
		return error_set(err, ERROR_WSUS_RECORD, "%s.%" PRIu32 ": the text is not UTF-8",
				 guid, revision);
	if (units > LIMIT_WSUS_UNITS)
		return error_set(err, ERROR_WSUS_LIMIT, "%s.%" PRIu32 ": %zu characters", guid,
				 revision, units);
	return buf_printf(out, err, "%s,%08" PRIx32 ",%08zx,", guid, revision, units);
}

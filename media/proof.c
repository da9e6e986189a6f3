#include "media/proof.h"

#include "lib/base/base64.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "gapferry-proof 1";

enum { DATA_BYTES = 48 }; /* of a file in one line */

struct reading {
	struct proof *proof;
	enum { MAGIC, LINE, PLACE, PATH, DATA, DONE } state;
	size_t want; /* bytes of the last file */
};

/* ---- files ---- */

static bool is_name(const char *name, size_t len)
{
	const char *slash = memchr(name, '/', len);
	size_t first = slash ? (size_t)(slash - name) : len;

	return len < PROOF_NAME_SIZE && text_is_name(name, first, PROOF_NAME_SIZE) &&
	       (!slash || text_is_name(slash + 1, len - first - 1, PROOF_NAME_SIZE));
}

int proof_add(struct proof *p, const char *name, const void *bytes, size_t len, struct error *err)
{
	size_t at = 0;

	if (p->count == LIMIT_PROOF_FILES || !is_name(name, strlen(name)))
		return error_set(err, ERROR_PROOF_FORMAT, "proof: a file too many, or its name");
	while (at < p->count && strcmp(p->files[at].name, name) < 0)
		at++;
	if (at < p->count && strcmp(p->files[at].name, name) == 0)
		return error_set(err, ERROR_PROOF_FORMAT, "proof: %s twice", name);
	memmove(&p->files[at + 1], &p->files[at], (p->count - at) * sizeof *p->files);
	p->count++;
	p->files[at] = (struct proof_file){ .bytes = buf_malloc(len + 1), .len = len };
	snprintf(p->files[at].name, sizeof p->files[at].name, "%s", name);
	if (len > 0)
		memcpy(p->files[at].bytes, bytes, len);
	return 0;
}

const struct proof_file *proof_find(const struct proof *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->files[i].name, name) == 0)
			return &p->files[i];
	return NULL;
}

void proof_clear(struct proof *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->files[i].bytes);
	p->count = 0;
}

/* ---- reading ---- */

/* "<key> " in front of the line: what follows. */
static bool has_key(const struct text_line *line, const char *key, struct text_field *rest)
{
	size_t len = strlen(key);

	if (line->len <= len || memcmp(line->bytes, key, len) != 0 || line->bytes[len] != ' ')
		return false;
	*rest = (struct text_field){ line->bytes + len + 1, line->len - len - 1 };
	return true;
}

static int take_head(struct reading *r, const struct text_line *line, struct error *err)
{
	static const struct text_range place = { "place", 0, LIMIT_OBJECTS };
	struct text_field rest = { line->bytes, line->len };

	if (r->state == MAGIC && !text_is(&rest, magic))
		return text_fail(line, err, "\"%s\" expected", magic);
	if (r->state == LINE) {
		if (!has_key(line, "line", &rest))
			return text_fail(line, err, "\"line\" expected");
		memcpy(r->proof->line, rest.bytes, rest.len);
		r->proof->line[rest.len] = '\0';
	}
	if (r->state == PLACE && !has_key(line, "place", &rest))
		return text_fail(line, err, "\"place\" expected");
	if (r->state == PLACE && text_number(line, &rest, &place, &r->proof->index, err) < 0)
		return -1;
	r->state++;
	return 0;
}

/* "file <size> <name>" */
static int begin_file(struct reading *r, const struct text_line *line, struct error *err)
{
	static const struct text_range size_range = { "size", 0, LIMIT_PROOF_BYTES };
	struct proof *p = r->proof;
	char name[PROOF_NAME_SIZE];
	struct text_field fields[3];
	uint64_t size;

	if (text_split(line, fields, 3, err) < 0 ||
	    text_number(line, &fields[1], &size_range, &size, err) < 0)
		return -1;
	if (!text_is(&fields[0], "file") || !is_name(fields[2].bytes, fields[2].len))
		return text_fail(line, err, "not a file, or not a name");
	snprintf(name, sizeof name, "%.*s", (int)fields[2].len, fields[2].bytes);
	if (p->count > 0 && strcmp(p->files[p->count - 1].name, name) >= 0)
		return text_fail(line, err, "files are not sorted");
	if (proof_add(p, name, NULL, 0, err) < 0)
		return -1;
	p->files[p->count - 1].bytes = buf_realloc(p->files[p->count - 1].bytes, size + 1, 1);
	r->want = size;
	r->state = DATA;
	return 0;
}

static int take_data(struct reading *r, const struct text_line *line, struct error *err)
{
	struct proof_file *f = &r->proof->files[r->proof->count - 1];
	size_t n = r->want - f->len < DATA_BYTES ? r->want - f->len : DATA_BYTES;

	if (!str_from_base64(line->bytes, line->len, f->bytes + f->len, n))
		return text_fail(line, err, "not %zu bytes in base64", n);
	f->len += n;
	return 0;
}

static int finish(struct reading *r, const struct text_line *line, const struct text_field *rest,
		  struct error *err)
{
	const struct text_range range = { "end", line->number, line->number };
	uint64_t lines;

	r->state = DONE;
	return text_number(line, rest, &range, &lines, err);
}

static int take_line(void *ctx, const struct text_line *line, struct error *err)
{
	struct reading *r = ctx;
	struct proof *p = r->proof;
	struct text_field rest;

	if (r->state <= PLACE)
		return take_head(r, line, err);
	if (r->state == DONE)
		return text_fail(line, err, "a line after the end");
	if (r->state == DATA && p->files[p->count - 1].len < r->want)
		return take_data(r, line, err);
	if (has_key(line, "end", &rest))
		return finish(r, line, &rest, err);
	if (r->state == DATA || !has_key(line, "path", &rest))
		return begin_file(r, line, err);
	if (p->path.count == TREE_LEVELS)
		return text_fail(line, err, "too many hashes");
	return text_hex(line, &rest, "path", p->path.hashes[p->path.count++], TREE_HASH, err);
}

int proof_parse(const void *bytes, size_t len, struct proof *out, struct error *err)
{
	struct reading reading = { .proof = out };
	struct text_reader r = { .file = "proof",
				 .id = ERROR_PROOF_FORMAT,
				 .max_bytes = LIMIT_PROOF_BYTES,
				 .max_lines = LIMIT_PROOF_BYTES / 2,
				 .line = take_line,
				 .ctx = &reading };

	if (text_feed(&r, bytes, len, err) < 0 || text_finish(&r, err) < 0)
		return -1;
	return reading.state == DONE
		       ? 0
		       : error_set(err, ERROR_PROOF_FORMAT, "proof: the end is missing");
}

/* ---- writing ---- */

static int write_file(const struct proof_file *f, uint64_t *lines, struct buf *out,
		      struct error *err)
{
	char text[BASE64_LENGTH(DATA_BYTES) + 1];

	if (buf_printf(out, err, "file %zu %s\n", f->len, f->name) < 0)
		return -1;
	++*lines;
	for (size_t at = 0; at < f->len; at += DATA_BYTES, ++*lines) {
		base64_encode(f->bytes + at, f->len - at < DATA_BYTES ? f->len - at : DATA_BYTES,
			      text);
		if (buf_printf(out, err, "%s\n", text) < 0)
			return -1;
	}
	return 0;
}

int proof_write(const struct proof *p, struct buf *out, struct error *err)
{
	uint64_t lines = 4 + p->path.count;
	char hex[DIGEST_HEX];

	if (buf_printf(out, err, "%s\nline %s\nplace %llu\n", magic, p->line,
		       (unsigned long long)p->index) < 0)
		return -1;
	for (size_t i = 0; i < p->path.count; i++) {
		str_to_hex(p->path.hashes[i], TREE_HASH, hex);
		if (buf_printf(out, err, "path %s\n", hex) < 0)
			return -1;
	}
	for (size_t i = 0; i < p->count; i++)
		if (write_file(&p->files[i], &lines, out, err) < 0)
			return -1;
	return buf_printf(out, err, "end %llu\n", (unsigned long long)lines);
}

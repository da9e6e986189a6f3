#include "media/checkpoint.h"

#include "lib/base/base64.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"

#include <stdio.h>
#include <string.h>

/* U+2014 and a space. */
#define DASH "\xe2\x80\x94 "

enum { ROOT_TEXT = BASE64_LENGTH(TREE_HASH), DASH_LENGTH = sizeof DASH - 1 };

/* What is left of the file. */
struct rest {
	const char *at;
	size_t left;
	unsigned line;
};

static int wrong(const struct rest *r, const char *what, struct error *err)
{
	return error_set(err, ERROR_LOG_FORMAT, "checkpoint line %u: %s", r->line, what);
}

/* The next line without its LF; false when there is none that is complete. */
static bool take_line(struct rest *r, const char **line, size_t *len)
{
	const char *end = memchr(r->at, '\n', r->left);

	r->line++;
	if (!end)
		return false;
	*line = r->at;
	*len = (size_t)(end - r->at);
	r->left -= *len + 1;
	r->at = end + 1;
	return true;
}

bool checkpoint_is_name(const char *bytes, size_t len)
{
	if (len == 0 || len >= CHECKPOINT_NAME_SIZE || bytes[0] < 'a' || bytes[0] > 'z')
		return false;
	for (size_t i = 0; i < len; i++)
		if (bytes[i] <= ' ' || bytes[i] > '~' || bytes[i] == '+')
			return false;
	return true;
}

static int parse_text(struct rest *r, struct checkpoint *out, struct error *err)
{
	const char *line;
	size_t len;

	if (!take_line(r, &line, &len) || !checkpoint_is_name(line, len))
		return wrong(r, "not the name of a log", err);
	memcpy(out->origin, line, len);
	out->origin[len] = '\0';
	if (!take_line(r, &line, &len) || !str_to_u64(line, len, INT64_MAX, &out->head.size))
		return wrong(r, "not a plain number of leaves", err);
	if (!take_line(r, &line, &len) || !str_from_base64(line, len, out->head.root, TREE_HASH))
		return wrong(r, "not 32 bytes in base64", err);
	return 0;
}

/* Bytes that a base64 text of this length and padding stands for. */
static size_t decoded_length(const char *text, size_t len)
{
	size_t padding = 0;

	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	return len / 4 * 3 - padding;
}

static int parse_signature(const struct rest *r, const char *line, size_t len,
			   struct checkpoint_signature *out, struct error *err)
{
	unsigned char bytes[CHECKPOINT_ID + CHECKPOINT_VALUE_MAX];

	if (len < DASH_LENGTH || memcmp(line, DASH, DASH_LENGTH) != 0)
		return wrong(r, "not a signature line", err);
	line += DASH_LENGTH;
	len -= DASH_LENGTH;
	const char *space = memchr(line, ' ', len);
	size_t name = space ? (size_t)(space - line) : len;

	if (!space || !checkpoint_is_name(line, name))
		return wrong(r, "not the name of a key", err);
	const char *text = space + 1;
	size_t text_len = len - name - 1;

	if (text_len < 8 || text_len % 4 != 0 || text_len > BASE64_LENGTH(sizeof bytes))
		return wrong(r, "a signature of a wrong length", err);
	size_t size = decoded_length(text, text_len);

	if (size <= CHECKPOINT_ID || size > sizeof bytes ||
	    !str_from_base64(text, text_len, bytes, size))
		return wrong(r, "a signature that is not base64", err);
	memcpy(out->name, line, name);
	out->name[name] = '\0';
	memcpy(out->id, bytes, CHECKPOINT_ID);
	out->len = size - CHECKPOINT_ID;
	memcpy(out->value, bytes + CHECKPOINT_ID, out->len);
	return 0;
}

int checkpoint_parse(const void *bytes, size_t len, struct checkpoint_note *out, struct error *err)
{
	struct rest r = { bytes, len, 0 };
	const char *line;
	size_t line_len;

	if (len > LIMIT_NOTE_BYTES)
		return error_set(err, ERROR_LOG_FORMAT, "checkpoint: %zu bytes, at most %u", len,
				 LIMIT_NOTE_BYTES);
	out->count = 0;
	if (parse_text(&r, &out->checkpoint, err) < 0)
		return -1;
	out->text_len = len - r.left;
	if (r.left == 0)
		return 0;
	if (!take_line(&r, &line, &line_len) || line_len != 0)
		return wrong(&r, "an extension line", err);
	do {
		if (out->count == LIMIT_NOTE_SIGNATURES)
			return wrong(&r, "too many signatures", err);
		if (!take_line(&r, &line, &line_len))
			return wrong(&r, "it does not end in LF", err);
		if (parse_signature(&r, line, line_len, &out->signatures[out->count], err) < 0)
			return -1;
		out->count++;
	} while (r.left > 0);
	return 0;
}

int checkpoint_write(const struct checkpoint *c, struct buf *out, struct error *err)
{
	char root[ROOT_TEXT + 1];

	base64_encode(c->head.root, TREE_HASH, root);
	return buf_printf(out, err, "%s\n%llu\n%s\n", c->origin, (unsigned long long)c->head.size,
			  root);
}

int checkpoint_write_signature(const struct checkpoint_signature *s, bool first, struct buf *out,
			       struct error *err)
{
	unsigned char bytes[CHECKPOINT_ID + CHECKPOINT_VALUE_MAX];
	char text[BASE64_LENGTH(sizeof bytes) + 1];

	memcpy(bytes, s->id, CHECKPOINT_ID);
	memcpy(bytes + CHECKPOINT_ID, s->value, s->len);
	base64_encode(bytes, CHECKPOINT_ID + s->len, text);
	return buf_printf(out, err, "%s" DASH "%s %s\n", first ? "\n" : "", s->name, text);
}

int checkpoint_write_cosigned(const struct checkpoint *c, int64_t time, struct buf *out,
			      struct error *err)
{
	if (buf_printf(out, err, "cosignature/v1\ntime %lld\n", (long long)time) < 0)
		return -1;
	return checkpoint_write(c, out, err);
}

#include "media/tlog_proof.h"

#include "lib/base/base64.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"

#include <string.h>

/* The first line, and the word before the number in the second one. */
struct form {
	const char *magic, *key;
};

static const struct form inclusion = { "c2sp.org/tlog-proof@v1", "index " };
static const struct form growth = { "gapferry-log-growth 1", "old " };

static int wrong(const char *what, struct error *err)
{
	return error_set(err, ERROR_LOG_FORMAT, "proof of a place in the log: %s", what);
}

/* The line at *at, without its LF; NULL when there is none. */
static const char *take_line(const char **at, size_t *left, size_t *len)
{
	const char *line = *at, *end = memchr(line, '\n', *left);

	if (!end)
		return NULL;
	*len = (size_t)(end - line);
	*left -= *len + 1;
	*at = end + 1;
	return line;
}

static int parse(const struct form *form, const void *bytes, size_t len, struct tlog_proof *out,
		 struct error *err)
{
	const size_t key_len = strlen(form->key);
	const char *at = bytes, *line;
	size_t left = len, line_len;

	out->path.count = 0;
	if (len > LIMIT_TLOG_PROOF_BYTES)
		return wrong("too many bytes", err);
	line = take_line(&at, &left, &line_len);
	if (!line || line_len != strlen(form->magic) || memcmp(line, form->magic, line_len) != 0)
		return wrong("its first line is another", err);
	line = take_line(&at, &left, &line_len);
	if (!line || line_len <= key_len || memcmp(line, form->key, key_len) != 0 ||
	    !str_to_u64(line + key_len, line_len - key_len, INT64_MAX, &out->index))
		return wrong("no number", err);
	while ((line = take_line(&at, &left, &line_len)) && line_len > 0) {
		if (out->path.count == TREE_LEVELS)
			return wrong("too many hashes", err);
		if (!str_from_base64(line, line_len, out->path.hashes[out->path.count++],
				     TREE_HASH))
			return wrong("a hash that is not 32 bytes in base64", err);
	}
	return line ? checkpoint_parse(at, left, &out->note, err) : wrong("no checkpoint", err);
}

int tlog_proof_parse(const void *bytes, size_t len, struct tlog_proof *out, struct error *err)
{
	return parse(&inclusion, bytes, len, out, err);
}

int tlog_proof_parse_growth(const void *bytes, size_t len, struct tlog_proof *out,
			    struct error *err)
{
	return parse(&growth, bytes, len, out, err);
}

static int write(const struct form *form, uint64_t number, const struct audit_path *path,
		 const void *note, size_t note_len, struct buf *out, struct error *err)
{
	char text[BASE64_LENGTH(TREE_HASH) + 1];

	if (buf_printf(out, err, "%s\n%s%llu\n", form->magic, form->key,
		       (unsigned long long)number) < 0)
		return -1;
	for (size_t i = 0; i < path->count; i++) {
		base64_encode(path->hashes[i], TREE_HASH, text);
		if (buf_printf(out, err, "%s\n", text) < 0)
			return -1;
	}
	if (buf_append(out, "\n", 1, err) < 0)
		return -1;
	return buf_append(out, note, note_len, err);
}

int tlog_proof_write(uint64_t index, const struct audit_path *path, const void *note,
		     size_t note_len, struct buf *out, struct error *err)
{
	return write(&inclusion, index, path, note, note_len, out, err);
}

int tlog_proof_write_growth(uint64_t old, const struct audit_path *path, const void *note,
			    size_t note_len, struct buf *out, struct error *err)
{
	return write(&growth, old, path, note, note_len, out, err);
}

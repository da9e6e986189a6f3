#include "media/scan.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char magic[] = "GR1 ", prefix[] = "QR-Code:";
enum { MAGIC = sizeof magic - 1, PREFIX = sizeof prefix - 1 };

size_t scan_count(size_t len)
{
	return (len + SCAN_PART - 1) / SCAN_PART;
}

void scan_write(const char *receipt, size_t len, size_t k, char out[SCAN_TEXT_SIZE])
{
	size_t n = scan_count(len), size = (len + n - 1) / n, from = size * (k - 1);
	int head = snprintf(out, SCAN_TEXT_SIZE, "%s%zu/%zu ", magic, k, n);
	size_t at = (size_t)head;

	if (size > len - from)
		size = len - from;
	for (size_t i = 0; i < size; i++) {
		char c = receipt[from + i];

		out[at++] = (char)(c == '\n' ? '|' : c == ' ' ? '~' : c);
	}
	out[at] = '\0';
}

/* ---- reading ---- */

struct part {
	const char *text;
	size_t len;
};

struct join {
	uint64_t count; /* of codes; 0 before the first */
	struct part parts[SCAN_PARTS];
	size_t line;
};

static int malformed(const struct join *j, const char *cause, struct error *err)
{
	return error_set(err, ERROR_SCAN_FORMAT, "scanned text line %zu: %s", j->line, cause);
}

static bool is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= 0x20 || text[i] > 0x7e)
			return false;
	return true;
}

static int take(struct join *j, const char *text, size_t len, struct error *err)
{
	if (len >= PREFIX && memcmp(text, prefix, PREFIX) == 0) {
		text += PREFIX;
		len -= PREFIX;
	}
	const char *end = text + len, *number = text + MAGIC;
	const char *slash = len > MAGIC ? memchr(number, '/', (size_t)(end - number)) : NULL;
	const char *space = slash ? memchr(slash, ' ', (size_t)(end - slash)) : NULL;
	uint64_t k, n;

	if (len < MAGIC || memcmp(text, magic, MAGIC) != 0 || !space ||
	    !str_to_u64(number, (size_t)(slash - number), SCAN_PARTS, &k) ||
	    !str_to_u64(slash + 1, (size_t)(space - slash - 1), SCAN_PARTS, &n) || k < 1 || k > n)
		return malformed(j, "not 'GR1 <k>/<n> <part>'", err);
	struct part part = { space + 1, (size_t)(end - space - 1) }, *known = &j->parts[k - 1];

	if (part.len == 0 || !is_printable(part.text, part.len))
		return malformed(j, "the part is empty or not plain text", err);
	if (j->count != 0 && j->count != n)
		return malformed(j, "a code of another receipt", err);
	j->count = n;
	if (known->text && (known->len != part.len || memcmp(known->text, part.text, part.len)))
		return malformed(j, "this code was read before with another text", err);
	*known = part;
	return 0;
}

static int take_lines(struct join *j, const char *at, size_t len, struct error *err)
{
	while (len > 0) {
		const char *lf = memchr(at, '\n', len);
		size_t all = lf ? (size_t)(lf - at) + 1 : len, used = lf ? all - 1 : all;

		j->line++;
		if (used > 0 && at[used - 1] == '\r')
			used--;
		if (used > 0 && take(j, at, used, err) < 0)
			return -1;
		at += all;
		len -= all;
	}
	return 0;
}

static int check_complete(const struct join *j, struct error *err)
{
	char missing[SCAN_PARTS * 4] = "";
	size_t len = 0;

	if (j->count == 0)
		return error_set(err, ERROR_SCAN_MISSING, "the scanned text holds no code");
	for (size_t k = 0; k < j->count; k++)
		if (!j->parts[k].text)
			len += (size_t)snprintf(missing + len, sizeof missing - len, " %zu", k + 1);
	if (len > 0)
		return error_set(err, ERROR_SCAN_MISSING, "of %llu codes these are missing:%s",
				 (unsigned long long)j->count, missing);
	return 0;
}

int scan_join(const void *bytes, size_t len, struct buf *out, struct error *err)
{
	struct join j = { 0 };

	if (len > LIMIT_SCAN_BYTES)
		return error_set(err, ERROR_MEDIA_LIMIT, "scanned text: more than %u bytes",
				 LIMIT_SCAN_BYTES);
	if (take_lines(&j, bytes, len, err) < 0 || check_complete(&j, err) < 0)
		return -1;
	size_t start = out->len;

	for (size_t k = 0; k < j.count; k++)
		if (buf_append(out, j.parts[k].text, j.parts[k].len, err) < 0)
			return -1;
	for (size_t i = start; i < out->len; i++)
		if (out->bytes[i] == '|' || out->bytes[i] == '~')
			out->bytes[i] = out->bytes[i] == '|' ? '\n' : ' ';
	return 0;
}

/*
 * One table describes the lines; reading and writing both walk it, so they
 * cannot differ.  A line that may be absent has "-" in the place of its values.
 */
#include "media/receipt.h"

#include "lib/base/base64.h"
#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/text.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 2 };

enum type { NONE, NAME, NUMBER, TIME, DIGEST };

struct column {
	enum type type;
	size_t at;    /* of the value in struct receipt */
	uint64_t min; /* of a number */
	uint64_t max; /* of a number; bytes of a name */
};

struct row {
	const char *key;
	struct column columns[COLUMNS];
	bool optional; /* "-" instead of the columns when the bool at `has` is false */
	size_t has;
};

#define AT(field) offsetof(struct receipt, field)
#define COUNT(field)                                    \
	{                                               \
		{                                       \
			NUMBER, AT(field), 0, INT64_MAX \
		}                                       \
	}

static const char file_name[] = "receipt";

static const struct row rows[] = {
	{ "channel", { { NAME, AT(channel), 0, RECEIPT_NAME_SIZE - 1 } }, false, 0 },
	{ "site", { { NAME, AT(site), 0, RECEIPT_NAME_SIZE - 1 } }, false, 0 },
	{ "epoch", { { NUMBER, AT(epoch), 1, UINT32_MAX } }, false, 0 },
	{ "counter", { { NUMBER, AT(counter), 1, INT64_MAX } }, false, 0 },
	{ "previous", { { DIGEST, AT(previous), 0, 0 } }, true, AT(has_previous) },
	{ "made", { { TIME, AT(made), 0, 0 } }, false, 0 },
	{ "sequence", COUNT(sequence), false, 0 },
	{ "manifest", { { DIGEST, AT(manifest), 0, 0 } }, true, AT(has_manifest) },
	{ "catalog-root", { { DIGEST, AT(catalog_root), 0, 0 } }, true, AT(has_root) },
	{ "processed", COUNT(processed), false, 0 },
	{ "quarantined", COUNT(quarantined), false, 0 },
	{ "objects",
	  { { NUMBER, AT(objects), 0, INT64_MAX }, { NUMBER, AT(bytes), 0, INT64_MAX } },
	  false,
	  0 },
	{ "pending",
	  { { NUMBER, AT(pending_sequence), 1, INT64_MAX }, { DIGEST, AT(pending), 0, 0 } },
	  true,
	  AT(has_pending) },
	{ "need",
	  { { NUMBER, AT(need_count), 0, INT64_MAX }, { DIGEST, AT(need), 0, 0 } },
	  true,
	  AT(has_need) },
	{ "repaired", COUNT(repaired), false, 0 },
	{ "scrub",
	  { { TIME, AT(scrub), 0, 0 }, { NUMBER, AT(scrub_bad), 0, INT64_MAX } },
	  true,
	  AT(scrubbed) },
	{ "trust-version", { { NUMBER, AT(trust_version), 1, UINT32_MAX } }, false, 0 },
	{ "version", { { NAME, AT(version), 0, RECEIPT_VERSION_SIZE - 1 } }, false, 0 },
};
enum { ROWS = sizeof rows / sizeof *rows, TEXT_LINES = ROWS + 2 };

static size_t column_count(const struct row *row)
{
	size_t n = 0;

	while (n < COLUMNS && row->columns[n].type != NONE)
		n++;
	return n;
}

/* What more than one line has to say, or NULL. */
static const char *broken_rule(const struct receipt *r)
{
	if (r->counter == 1 && r->has_previous)
		return "the first receipt has no previous one";
	if (r->has_manifest != (r->sequence > 0) || r->has_root != (r->sequence > 0))
		return "manifest and catalog-root must be - for sequence 0 and only then";
	if (r->has_pending && r->pending_sequence <= r->sequence)
		return "the pending bundle is not newer than the one imported";
	return NULL;
}

/* ---- reading ---- */

struct parse {
	struct receipt_file *file;
	const struct text_line *line;
	size_t bytes; /* of the lines so far */
	bool last;    /* a signature line that was not full: none may follow */
};

static int take_value(const struct parse *p, const char *key, const struct column *c,
		      const struct text_field *f, struct error *err)
{
	void *at = (char *)&p->file->receipt + c->at;
	struct text_range range = { key, c->min, c->max };

	switch (c->type) {
	case NAME:
		if (!text_is_name(f->bytes, f->len, c->max))
			return text_fail(p->line, err, "%s is not 1 to %llu of A-Za-z0-9._-", key,
					 (unsigned long long)c->max);
		memcpy(at, f->bytes, f->len);
		return 0;
	case NUMBER:
		return text_number(p->line, f, &range, at, err);
	case TIME:
		if (!str_to_time(f->bytes, f->len, at))
			return text_fail(p->line, err, "the time is not YYYY-MM-DDThh:mm:ssZ");
		return 0;
	case DIGEST:
		return text_hex(p->line, f, key, at, DIGEST_SHA256, err);
	case NONE:
	default:
		return 0;
	}
}

static int take_row(const struct parse *p, const struct row *row, struct error *err)
{
	size_t key = strlen(row->key), count = column_count(row);
	const struct text_line *line = p->line;
	struct text_field f[1 + COLUMNS];

	if (line->len <= key || memcmp(line->bytes, row->key, key) != 0 || line->bytes[key] != ' ')
		return text_fail(line, err, "not the key '%s'", row->key);
	if (row->optional) {
		bool *has = (bool *)((char *)&p->file->receipt + row->has);

		*has = line->len != key + 2 || line->bytes[key + 1] != '-';
		if (!*has)
			return 0;
	}
	if (text_split(line, f, 1 + count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (take_value(p, row->key, &row->columns[i], &f[1 + i], err) < 0)
			return -1;
	return 0;
}

static int take_end(const struct parse *p, struct error *err)
{
	struct text_field f[2];
	uint64_t lines;

	if (text_split(p->line, f, 2, err) < 0)
		return -1;
	if (!text_is(&f[0], "end"))
		return text_fail(p->line, err, "not the key 'end'");
	return text_number(p->line, &f[1], &(struct text_range){ "end", TEXT_LINES, TEXT_LINES },
			   &lines, err);
}

/* Bytes that a field of base64 stands for, or 0. */
static size_t decoded_size(const struct text_field *f)
{
	size_t padding = 0;

	if (f->len % 4 != 0)
		return 0;
	while (padding < 2 && padding < f->len && f->bytes[f->len - 1 - padding] == '=')
		padding++;
	return f->len / 4 * 3 - padding;
}

static int take_signature(struct parse *p, struct error *err)
{
	struct receipt_file *out = p->file;
	struct text_field f[2];

	if (text_split(p->line, f, 2, err) < 0)
		return -1;
	size_t size = decoded_size(&f[1]);

	if (!text_is(&f[0], "signature"))
		return text_fail(p->line, err, "not the key 'signature'");
	if (p->last || size == 0 || size > RECEIPT_SIGNATURE_LINE ||
	    size > LIMIT_RECEIPT_SIGNATURE - out->signature_len ||
	    !str_from_base64(f[1].bytes, f[1].len, out->signature + out->signature_len, size))
		return text_fail(p->line, err, "not a line of %d bytes in base64",
				 RECEIPT_SIGNATURE_LINE);
	out->signature_len += size;
	p->last = size < RECEIPT_SIGNATURE_LINE;
	return 0;
}

static int take_line(void *ctx, const struct text_line *line, struct error *err)
{
	struct parse *p = ctx;

	p->line = line;
	p->bytes += line->len + 1;
	if (line->number == 1) {
		if (line->len != strlen(RECEIPT_MAGIC) ||
		    memcmp(line->bytes, RECEIPT_MAGIC, line->len) != 0)
			return text_fail(line, err, "not '%s'", RECEIPT_MAGIC);
		return 0;
	}
	if (line->number < TEXT_LINES)
		return take_row(p, &rows[line->number - 2], err);
	if (line->number > TEXT_LINES)
		return take_signature(p, err);
	p->file->signed_len = p->bytes;
	return take_end(p, err);
}

int receipt_parse(const void *bytes, size_t len, struct receipt_file *out, struct error *err)
{
	struct parse p = { .file = out };
	struct text_reader r = { .file = file_name,
				 .id = ERROR_RECEIPT_FORMAT,
				 .max_bytes = LIMIT_RECEIPT_BYTES,
				 .max_lines = LIMIT_RECEIPT_BYTES,
				 .line = take_line,
				 .ctx = &p };

	memset(out, 0, sizeof *out);
	if (text_feed(&r, bytes, len, err) < 0 || text_finish(&r, err) < 0)
		return -1;
	if (out->signature_len == 0)
		return error_set(err, ERROR_RECEIPT_FORMAT, "%s: it ends before the signature",
				 file_name);
	const char *broken = broken_rule(&out->receipt);
	if (broken)
		return error_set(err, ERROR_RECEIPT_FORMAT, "%s: %s", file_name, broken);
	return 0;
}

/* ---- writing ---- */

static int put_time(int64_t seconds, struct buf *out, struct error *err)
{
	char text[STR_TIME_SIZE];
	int64_t again;

	str_from_time(seconds, text);
	if (!str_to_time(text, STR_TIME_SIZE - 1, &again) || again != seconds)
		return error_set(err, ERROR_MEDIA_VALUE,
				 "%s: a time is outside the years 1970 to 9999", file_name);
	return buf_printf(out, err, " %s", text);
}

static int put_value(const struct receipt *r, const char *key, const struct column *c,
		     struct buf *out, struct error *err)
{
	const void *at = (const char *)r + c->at;
	char hex[DIGEST_HEX];
	uint64_t number;
	int64_t seconds;

	switch (c->type) {
	case NAME:
		if (!text_is_name(at, strnlen(at, c->max + 1), c->max))
			return error_set(err, ERROR_MEDIA_VALUE, "%s: %s is not a name", file_name,
					 key);
		return buf_printf(out, err, " %s", (const char *)at);
	case NUMBER:
		memcpy(&number, at, sizeof number);
		if (number < c->min || number > c->max)
			return error_set(err, ERROR_MEDIA_VALUE, "%s: %s is out of range",
					 file_name, key);
		return buf_printf(out, err, " %llu", (unsigned long long)number);
	case TIME:
		memcpy(&seconds, at, sizeof seconds);
		return put_time(seconds, out, err);
	case DIGEST:
		str_to_hex(at, DIGEST_SHA256, hex);
		return buf_printf(out, err, " %s", hex);
	case NONE:
	default:
		return 0;
	}
}

static int put_row(const struct receipt *r, const struct row *row, struct buf *out,
		   struct error *err)
{
	const bool *has = (const bool *)((const char *)r + row->has);

	if (buf_printf(out, err, "%s", row->key) < 0)
		return -1;
	if (row->optional && !*has)
		return buf_printf(out, err, " -\n");
	for (size_t i = 0; i < column_count(row); i++)
		if (put_value(r, row->key, &row->columns[i], out, err) < 0)
			return -1;
	return buf_printf(out, err, "\n");
}

int receipt_write(const struct receipt *r, struct buf *out, struct error *err)
{
	const char *broken = broken_rule(r);

	if (broken)
		return error_set(err, ERROR_MEDIA_VALUE, "%s: %s", file_name, broken);
	if (buf_printf(out, err, RECEIPT_MAGIC "\n") < 0)
		return -1;
	for (size_t i = 0; i < ROWS; i++)
		if (put_row(r, &rows[i], out, err) < 0)
			return -1;
	return buf_printf(out, err, "end %d\n", TEXT_LINES);
}

int receipt_write_signature(const unsigned char *signature, size_t len, struct buf *out,
			    struct error *err)
{
	char line[BASE64_LENGTH(RECEIPT_SIGNATURE_LINE) + 1];

	if (len == 0 || len > LIMIT_RECEIPT_SIGNATURE)
		return error_set(err, ERROR_RECEIPT_SIGNATURE,
				 "%s: a signature of %zu bytes, at most %u fit", file_name, len,
				 LIMIT_RECEIPT_SIGNATURE);
	for (size_t at = 0; at < len; at += RECEIPT_SIGNATURE_LINE) {
		size_t size = len - at < RECEIPT_SIGNATURE_LINE ? len - at : RECEIPT_SIGNATURE_LINE;

		base64_encode(signature + at, size, line);
		if (buf_printf(out, err, "signature %s\n", line) < 0)
			return -1;
	}
	return 0;
}

void receipt_file_name(const struct receipt *r, char out[RECEIPT_FILE_SIZE])
{
	snprintf(out, RECEIPT_FILE_SIZE, "receipt-%s-%s-%llu.txt", r->channel, r->site,
		 (unsigned long long)r->counter);
}

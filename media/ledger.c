#include "media/ledger.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/lines.h"

#include <stdio.h>
#include <string.h>

/* A record ends in a space and the digest; a cut one says so, in room kept for it. */
enum { TAIL = DIGEST_HEX, TIME_LEN = STR_TIME_SIZE - 1 };
static const char cut_mark[] = " cut=yes";

/* ---- characters ---- */

/* Bytes of the printable UTF-8 character at p, 0 when there is none.  No controls, no surrogates.
 */
static size_t character(const unsigned char *p, size_t left)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0x20 },
		      { 0xe0, 0xc0, 0xa0 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };

	for (size_t n = 0; n < 4 && n < left; n++) {
		uint32_t code = p[0] & (unsigned char)~forms[n].mask;

		if ((p[0] & forms[n].mask) != forms[n].lead)
			continue;
		for (size_t i = 1; i <= n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (p[i] & 0x3f);
		}
		return code < forms[n].least || code == 0x7f ||
				       (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff
			       ? 0
			       : n + 1;
	}
	return 0;
}

static bool is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = character((const unsigned char *)text + i, len - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

/* What stands for itself in a value; everything else is %XX. */
static bool is_plain(unsigned char c)
{
	return c > 0x20 && c < 0x7f && c != '%';
}

bool ledger_is_stated(const char *value)
{
	size_t len = strlen(value);

	return len > 0 && len <= LEDGER_STATED_MAX && is_printable(value, len);
}

/* ---- writing ---- */

void ledger_begin(struct ledger_body *b, const char *event)
{
	*b = (struct ledger_body){ .len = 0 };
	b->len = (size_t)snprintf(b->text, LEDGER_NAME_MAX + 1, "%s", event);
}

static size_t encode(const char *value, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (is_plain(c))
			out[n++] = (char)c;
		else
			n += (size_t)snprintf(out + n, 4, "%%%02X", c);
	}
	return n;
}

/* Printable bytes of text, at most LEDGER_VALUE_MAX, never half a character. */
static size_t clean(const char *text, char out[LEDGER_VALUE_MAX])
{
	size_t left = strlen(text), len = 0;

	while (left > 0) {
		size_t n = character((const unsigned char *)text, left), take = n ? n : 1;

		if (len + take > LEDGER_VALUE_MAX)
			break;
		if (n)
			memcpy(out + len, text, n);
		else
			out[len] = '?';
		len += take;
		text += take;
		left -= take;
	}
	return len;
}

void ledger_text(struct ledger_body *b, const char *key, const char *value)
{
	char plain[LEDGER_VALUE_MAX], encoded[3 * LEDGER_VALUE_MAX + 1];
	size_t key_len = strlen(key);

	if (!value || !*value || b->cut)
		return;
	size_t len = encode(plain, clean(value, plain), encoded);
	if (b->pairs + 1 == LEDGER_PAIRS ||
	    b->len + 2 + key_len + len + sizeof cut_mark > sizeof b->text) {
		memcpy(b->text + b->len, cut_mark, sizeof cut_mark);
		b->len += sizeof cut_mark - 1;
		b->cut = true;
		return;
	}
	b->len += (size_t)snprintf(b->text + b->len, sizeof b->text - b->len, " %s=%.*s", key,
				   (int)len, encoded);
	b->pairs++;
}

void ledger_number(struct ledger_body *b, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	ledger_text(b, key, text);
}

void ledger_digest(struct ledger_body *b, const char *key, const unsigned char sha256[32])
{
	char hex[DIGEST_HEX];

	str_to_hex(sha256, DIGEST_SHA256, hex);
	ledger_text(b, key, hex);
}

/* ---- reading ---- */

const char *ledger_value(const struct ledger_record *r, const char *key)
{
	for (size_t i = 0; i < r->pair_count; i++)
		if (strcmp(r->pairs[i].key, key) == 0)
			return r->pairs[i].value;
	return NULL;
}

static int malformed(const struct ledger_reader *r, const char *what, struct error *err)
{
	return error_set(err, ERROR_LEDGER_FORMAT, "%s line %llu: %s", r->file,
			 (unsigned long long)r->count + 1, what);
}

static bool is_name(const char *text, size_t len)
{
	if (len == 0 || len > LEDGER_NAME_MAX || text[0] < 'a' || text[0] > 'z')
		return false;
	for (size_t i = 1; i < len; i++) {
		char c = text[i];

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-')
			return false;
	}
	return true;
}

/* Decode in place; the length, or 0 when the spelling is not the one a writer uses. */
static size_t decode(char *text, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '%') {
			char again[4];

			if (len - i < 3 || !str_from_any_hex(text + i + 1, 2, &c, 1) || is_plain(c))
				return 0;
			snprintf(again, sizeof again, "%%%02X", c);
			if (memcmp(again, text + i, 3) != 0)
				return 0;
			i += 2;
		} else if (!is_plain(c)) {
			return 0;
		}
		text[out++] = (char)c;
	}
	return out <= LEDGER_VALUE_MAX && is_printable(text, out) ? out : 0;
}

/* The body of a record, NUL-terminated; it is taken apart in place. */
static int parse_body(const struct ledger_reader *r, char *at, struct ledger_record *out,
		      struct error *err)
{
	char *space = strchr(at, ' ');

	out->event = at;
	if (!is_name(at, space ? (size_t)(space - at) : strlen(at)))
		return malformed(r, "not an event", err);
	while (space) {
		*space = '\0';
		at = space + 1;
		space = strchr(at, ' ');
		char *end = space ? space : at + strlen(at);
		char *equals = memchr(at, '=', (size_t)(end - at));

		if (!equals || !is_name(at, (size_t)(equals - at)))
			return malformed(r, "not key=value", err);
		if (out->pair_count == LEDGER_PAIRS)
			return malformed(r, "too many values", err);
		size_t len = decode(equals + 1, (size_t)(end - equals - 1));
		if (len == 0)
			return malformed(r, "a value that no writer would write", err);
		*equals = '\0';
		/* Where the value was decoded to nothing shorter, this is the space or the end. */
		equals[1 + len] = '\0';
		out->pairs[out->pair_count++] = (struct ledger_pair){ at, equals + 1 };
	}
	return 0;
}

/* Does the digest of the line follow from the line and the digest before it? */
static int check_chain(const struct ledger_reader *r, const char *line, size_t len,
		       struct ledger_record *out, struct error *err)
{
	unsigned char actual[DIGEST_SHA256];

	if (!str_from_hex(line + len - (TAIL - 1), TAIL - 1, out->digest, sizeof out->digest))
		return malformed(r, "does not end in 64 lower-case hex digits", err);
	digest_link(r->head, line, len - TAIL, actual);
	if (memcmp(actual, out->digest, sizeof actual) == 0)
		return 0;
	return error_set(err, ERROR_LEDGER_CHAIN,
			 "%s line %llu: its digest does not follow from record %llu before it: one "
			 "of the two was changed",
			 r->file, (unsigned long long)r->count + 1, (unsigned long long)r->count);
}

static int check_number(const struct ledger_reader *r, uint64_t number, struct error *err)
{
	uint64_t want = r->count + 1;

	if (number == want)
		return 0;
	if (number > want)
		return error_set(err, ERROR_LEDGER_ORDER,
				 "%s line %llu: record %llu follows record %llu: those between "
				 "were removed or moved",
				 r->file, (unsigned long long)want, (unsigned long long)number,
				 (unsigned long long)r->count);
	return error_set(err, ERROR_LEDGER_ORDER,
			 "%s line %llu: record %llu follows record %llu: it was moved, repeated or "
			 "inserted",
			 r->file, (unsigned long long)want, (unsigned long long)number,
			 (unsigned long long)r->count);
}

static int take_line(void *ctx, const char *line, size_t len, struct error *err)
{
	struct ledger_reader *r = ctx;
	struct ledger_record out = { .number = 0 };
	char body[LIMIT_LEDGER_LINE + 1];
	const char *space = memchr(line, ' ', len);
	size_t at = space ? (size_t)(space - line) + 1 : 0;

	/* number, time, at least one byte of event, digest */
	if (!space || len < at + TIME_LEN + 2 + TAIL || line[at + TIME_LEN] != ' ' ||
	    line[len - TAIL] != ' ' || memchr(line, '\0', len))
		return malformed(r, "not '<number> <time> <event> ... <digest>'", err);
	if (!str_to_u64(line, at - 1, INT64_MAX, &out.number) ||
	    !str_to_time(line + at, TIME_LEN, &out.time))
		return malformed(r, "not a number and a time", err);
	if (check_number(r, out.number, err) < 0 || check_chain(r, line, len, &out, err) < 0)
		return -1;
	at += TIME_LEN + 1;
	len -= at + TAIL;
	memcpy(body, line + at, len);
	body[len] = '\0';
	if (r->count == 0 && strcmp(body, LEDGER_FIRST) != 0)
		return malformed(r, "record 1 does not say '" LEDGER_FIRST "'", err);
	if (parse_body(r, body, &out, err) < 0)
		return -1;
	r->count++;
	memcpy(r->head, out.digest, sizeof r->head);
	return r->record ? r->record(r->ctx, &out, err) : 0;
}

static int too_long(void *ctx, struct error *err)
{
	const struct ledger_reader *r = ctx;

	return error_set(err, ERROR_MEDIA_LIMIT, "%s line %llu: more than %u bytes", r->file,
			 (unsigned long long)r->count + 1, LIMIT_LEDGER_LINE);
}

int ledger_feed(struct ledger_reader *r, const void *bytes, size_t len, struct error *err)
{
	struct lines lines = { r->part, sizeof r->part, &r->held, take_line, too_long, r };

	if (len > LIMIT_LEDGER_BYTES - r->bytes)
		return error_set(err, ERROR_MEDIA_LIMIT, "%s: more than %u bytes", r->file,
				 LIMIT_LEDGER_BYTES);
	r->bytes += len;
	return lines_feed(&lines, bytes, len, err);
}

int ledger_finish(const struct ledger_reader *r, struct error *err)
{
	if (r->held == 0)
		return 0;
	return error_set(err, ERROR_LEDGER_TORN, "%s: after record %llu, %zu bytes without an end",
			 r->file, (unsigned long long)r->count, r->held);
}

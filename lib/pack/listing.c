#include "lib/pack/listing.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/pack/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char streams[] = "cefhlsux";

bool listing_is_word(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len == 0 || len > max || text[0] == '-' || text[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			  (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
		if (!ok)
			return false;
	}
	return true;
}

int listing_compare(const void *a, const void *b)
{
	const struct listing_entry *x = a, *y = b;

	if (x->stream != y->stream)
		return x->stream < y->stream ? -1 : 1;
	if (x->revision != y->revision)
		return x->revision < y->revision ? -1 : 1;
	return strcmp(x->key, y->key);
}

/* Catalogs have a hundred thousand lines, written several times for every bundle: no printf. */
static char *put_number(char *at, uint64_t n)
{
	char digits[20];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	while (count > 0)
		*at++ = digits[--count];
	return at;
}

size_t listing_root_line(const struct listing_entry *e, char out[LISTING_LINE_SIZE])
{
	const char *key = e->key[0] ? e->key : "-";
	size_t len = strlen(key);
	char *at = out;

	*at++ = e->stream;
	*at++ = ' ';
	at = put_number(at, e->revision);
	*at++ = ' ';
	memcpy(at, key, len);
	at += len;
	*at++ = ' ';
	str_to_hex(e->sha256, DIGEST_SHA256, at);
	at += 2 * DIGEST_SHA256;
	*at++ = '\n';
	*at = '\0';
	return (size_t)(at - out);
}

size_t listing_root_source(const struct listing_source *s, char out[LISTING_LINE_SIZE * 2])
{
	char hex[DIGEST_HEX];

	str_to_hex(s->cabinet, DIGEST_SHA256, hex);
	return (size_t)snprintf(out, LISTING_LINE_SIZE * 2, "source %s %s %s\n", s->kind, s->series,
				hex);
}

size_t listing_line(const struct listing_entry *e, char out[LISTING_LINE_SIZE])
{
	char *at = out + listing_root_line(e, out) - 1; /* the offset replaces the LF */

	*at++ = ' ';
	at = put_number(at, e->offset);
	*at++ = '\n';
	*at = '\0';
	return (size_t)(at - out);
}

void listing_digest(const struct listing_entry *entries, size_t count, unsigned char out[32])
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	char line[LISTING_LINE_SIZE];

	for (size_t i = 0; i < count; i++)
		digest_update(d, line, listing_line(&entries[i], line));
	digest_final(d, out);
}

int listing_write_source(const struct listing_source *s, struct buf *out, struct error *err)
{
	char hex[DIGEST_HEX], created[STR_TIME_SIZE] = "-";

	str_to_hex(s->cabinet, DIGEST_SHA256, hex);
	if (s->created >= 0)
		str_from_time(s->created, created);
	return buf_printf(out, err, "source %s %s %s %llu %s %s\n", s->kind, s->series, hex,
			  (unsigned long long)s->cabinet_size, created, s->name);
}

int listing_write(const struct listing *l, struct buf *out, struct error *err)
{
	char line[LISTING_LINE_SIZE];

	if (buf_printf(out, err, "gapferry-listing 1\n") < 0 ||
	    listing_write_source(&l->source, out, err) < 0 ||
	    buf_printf(out, err, "part %u %u\nfragments %zu\n", l->part, l->parts, l->count) < 0)
		return -1;
	for (size_t i = 0; i < l->count; i++)
		if (buf_append(out, line, listing_line(&l->entries[i], line), err) < 0)
			return -1;
	return 0;
}

/* ---- parsing ---- */

bool listing_read_source(const struct words *w, struct listing_source *s)
{
	s->created = -1;
	return w->count == 7 && words_is(w, 0, "source") &&
	       words_copy(w, 1, s->kind, sizeof s->kind) &&
	       words_copy(w, 2, s->series, sizeof s->series) && words_digest(w, 3, s->cabinet) &&
	       words_number(w, 4, LIMIT_OBJECT_BYTES, &s->cabinet_size) &&
	       (words_is(w, 5, "-") || str_to_time(w->text[5], w->len[5], &s->created)) &&
	       words_copy(w, 6, s->name, sizeof s->name);
}

bool listing_read_document(const struct words *w, size_t first, struct listing_entry *e)
{
	uint64_t revision;

	if (w->count < first + 3 || w->len[first] != 1 ||
	    !memchr(streams, w->text[first][0], sizeof streams - 1))
		return false;
	e->stream = w->text[first][0];
	e->key[0] = '\0';
	if (!words_number(w, first + 1, UINT32_MAX, &revision) ||
	    (!words_is(w, first + 2, "-") && !words_copy(w, first + 2, e->key, sizeof e->key)))
		return false;
	e->revision = (uint32_t)revision;
	return true;
}

static bool parse_entry(const struct words *w, struct listing_entry *e)
{
	return w->count == 5 && listing_read_document(w, 0, e) && words_digest(w, 3, e->sha256) &&
	       words_number(w, 4, INT64_MAX, &e->offset);
}

int listing_read_part(struct words *w, uint32_t *part, uint32_t *parts, struct error *err)
{
	uint64_t k, n;

	if (words_next(w, err) < 0)
		return -1;
	if (w->count != 3 || !words_is(w, 0, "part") ||
	    !words_number(w, 1, LISTING_PARTS_MAX, &k) ||
	    !words_number(w, 2, LISTING_PARTS_MAX, &n) || k < 1 || k > n)
		return words_fail(w, "bad part", err);
	*part = (uint32_t)k;
	*parts = (uint32_t)n;
	return 0;
}

static int parse_head(struct words *w, struct listing *l, uint64_t *count, struct error *err)
{
	if (words_next(w, err) < 0)
		return -1;
	if (w->count != 2 || !words_is(w, 0, "gapferry-listing") || !words_is(w, 1, "1"))
		return words_fail(w, "not a catalog listing", err);
	if (words_next(w, err) < 0)
		return -1;
	if (!listing_read_source(w, &l->source))
		return words_fail(w, "bad source", err);
	if (listing_read_part(w, &l->part, &l->parts, err) < 0 || words_next(w, err) < 0)
		return -1;
	if (w->count != 2 || !words_is(w, 0, "fragments") ||
	    !words_number(w, 1, LISTING_PART_ENTRIES, count))
		return words_fail(w, "bad count", err);
	return 0;
}

int listing_parse(const void *text, size_t len, const char *label, struct listing *out,
		  struct error *err)
{
	struct words w = { .at = text,
			   .end = (const char *)text + len,
			   .label = label,
			   .id = ERROR_LISTING_FORMAT };
	CLEANUP(listing_clear) struct listing l = { 0 };
	uint64_t count = 0;

	if (parse_head(&w, &l, &count, err) < 0)
		return -1;
	l.entries = buf_calloc((size_t)count, sizeof *l.entries);
	for (; l.count < count; l.count++) {
		if (words_next(&w, err) < 0)
			return -1;
		if (!parse_entry(&w, &l.entries[l.count]) ||
		    (l.count > 0 &&
		     listing_compare(&l.entries[l.count - 1], &l.entries[l.count]) >= 0))
			return words_fail(&w, "bad or out of order", err);
	}
	if (w.at != w.end)
		return error_set(err, ERROR_LISTING_FORMAT, "%s: text after the last fragment",
				 label);
	*out = l;
	l = (struct listing){ 0 };
	return 0;
}

void listing_clear(struct listing *l)
{
	free(l->entries);
	*l = (struct listing){ 0 };
}

#include "lib/pack/listing.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 8 };

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

size_t listing_root_line(const struct listing_entry *e, char out[LISTING_LINE_SIZE])
{
	char hex[DIGEST_HEX];

	str_to_hex(e->sha256, DIGEST_SHA256, hex);
	return (size_t)snprintf(out, LISTING_LINE_SIZE, "%c %u %s %s\n", e->stream, e->revision,
				e->key[0] ? e->key : "-", hex);
}

size_t listing_root_source(const struct listing_source *s, char out[LISTING_LINE_SIZE * 2])
{
	char hex[DIGEST_HEX];

	str_to_hex(s->cabinet, DIGEST_SHA256, hex);
	return (size_t)snprintf(out, LISTING_LINE_SIZE * 2, "source %s %s %s\n", s->kind, s->series,
				hex);
}

int listing_write(const struct listing *l, struct buf *out, struct error *err)
{
	const struct listing_source *s = &l->source;
	char hex[DIGEST_HEX], created[STR_TIME_SIZE] = "-", line[LISTING_LINE_SIZE];

	str_to_hex(s->cabinet, DIGEST_SHA256, hex);
	if (s->created >= 0)
		str_from_time(s->created, created);
	if (buf_printf(out, err, "gapferry-listing 1\nsource %s %s %s %llu %s %s\npart %u %u\n",
		       s->kind, s->series, hex, (unsigned long long)s->cabinet_size, created,
		       s->name, l->part, l->parts) < 0 ||
	    buf_printf(out, err, "fragments %zu\n", l->count) < 0)
		return -1;
	for (size_t i = 0; i < l->count; i++) {
		size_t n = listing_root_line(&l->entries[i], line);

		n--; /* the offset replaces the LF */
		n += (size_t)snprintf(line + n, sizeof line - n, " %llu\n",
				      (unsigned long long)l->entries[i].offset);
		if (buf_append(out, line, n, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- parsing ---- */

struct words {
	const char *text[WORDS_MAX];
	size_t len[WORDS_MAX];
	size_t count;
};

struct cursor {
	const char *at, *end, *label;
	size_t line;
};

/* Next line split at single spaces; -1 when there is none or it has too many words. */
static int next_words(struct cursor *c, struct words *w, struct error *err)
{
	const char *lf = memchr(c->at, '\n', (size_t)(c->end - c->at));

	c->line++;
	if (!lf || lf - c->at > LISTING_LINE_SIZE * 2)
		return error_set(err, ERROR_LISTING_FORMAT, "%s: line %zu: missing or too long",
				 c->label, c->line);
	w->count = 0;
	for (const char *p = c->at; p <= lf;) {
		const char *space = memchr(p, ' ', (size_t)(lf - p));

		if (!space)
			space = lf;
		if (space == p || w->count == WORDS_MAX)
			return error_set(err, ERROR_LISTING_FORMAT, "%s: line %zu: bad spacing",
					 c->label, c->line);
		w->text[w->count] = p;
		w->len[w->count++] = (size_t)(space - p);
		p = space + 1;
	}
	c->at = lf + 1;
	return 0;
}

static bool word_is(const struct words *w, size_t i, const char *text)
{
	return i < w->count && w->len[i] == strlen(text) &&
	       memcmp(w->text[i], text, w->len[i]) == 0;
}

/* Copy word i, which must be a plain word, into out. */
static bool word_copy(const struct words *w, size_t i, char *out, size_t size)
{
	if (i >= w->count || w->len[i] >= size || memchr(w->text[i], '\0', w->len[i]))
		return false;
	memcpy(out, w->text[i], w->len[i]);
	out[w->len[i]] = '\0';
	return listing_is_word(out, size - 1);
}

static bool word_number(const struct words *w, size_t i, uint64_t max, uint64_t *out)
{
	return i < w->count && str_to_u64(w->text[i], w->len[i], max, out);
}

static bool parse_source(const struct words *w, struct listing_source *s)
{
	s->created = -1;
	return w->count == 7 && word_is(w, 0, "source") &&
	       word_copy(w, 1, s->kind, sizeof s->kind) &&
	       word_copy(w, 2, s->series, sizeof s->series) &&
	       str_from_hex(w->text[3], w->len[3], s->cabinet, DIGEST_SHA256) &&
	       word_number(w, 4, LIMIT_OBJECT_BYTES, &s->cabinet_size) &&
	       (word_is(w, 5, "-") || str_to_time(w->text[5], w->len[5], &s->created)) &&
	       word_copy(w, 6, s->name, sizeof s->name);
}

static bool parse_entry(const struct words *w, struct listing_entry *e)
{
	uint64_t revision;

	if (w->count != 5 || w->len[0] != 1 || !memchr(streams, w->text[0][0], sizeof streams - 1))
		return false;
	e->stream = w->text[0][0];
	e->key[0] = '\0';
	if (!word_number(w, 1, UINT32_MAX, &revision) ||
	    (!word_is(w, 2, "-") && !word_copy(w, 2, e->key, sizeof e->key)) ||
	    !str_from_hex(w->text[3], w->len[3], e->sha256, DIGEST_SHA256) ||
	    !word_number(w, 4, INT64_MAX, &e->offset))
		return false;
	e->revision = (uint32_t)revision;
	return true;
}

static int parse_head(struct cursor *c, struct listing *l, uint64_t *count, struct error *err)
{
	struct words w = { 0 };
	uint64_t part = 0, parts = 0;

	if (next_words(c, &w, err) < 0)
		return -1;
	if (w.count != 2 || !word_is(&w, 0, "gapferry-listing") || !word_is(&w, 1, "1"))
		return error_set(err, ERROR_LISTING_FORMAT, "%s: not a catalog listing", c->label);
	if (next_words(c, &w, err) < 0)
		return -1;
	if (!parse_source(&w, &l->source))
		return error_set(err, ERROR_LISTING_FORMAT, "%s: line 2: bad source", c->label);
	if (next_words(c, &w, err) < 0)
		return -1;
	if (w.count != 3 || !word_is(&w, 0, "part") || !word_number(&w, 1, 100000, &part) ||
	    !word_number(&w, 2, 100000, &parts) || part < 1 || part > parts)
		return error_set(err, ERROR_LISTING_FORMAT, "%s: line 3: bad part", c->label);
	l->part = (uint32_t)part;
	l->parts = (uint32_t)parts;
	if (next_words(c, &w, err) < 0)
		return -1;
	if (w.count != 2 || !word_is(&w, 0, "fragments") ||
	    !word_number(&w, 1, LISTING_PART_ENTRIES, count))
		return error_set(err, ERROR_LISTING_FORMAT, "%s: line 4: bad count", c->label);
	return 0;
}

int listing_parse(const void *text, size_t len, const char *label, struct listing *out,
		  struct error *err)
{
	struct cursor c = { .at = text, .end = (const char *)text + len, .label = label };
	CLEANUP(listing_clear) struct listing l = { 0 };
	uint64_t count = 0;

	if (parse_head(&c, &l, &count, err) < 0)
		return -1;
	l.entries = buf_calloc((size_t)count, sizeof *l.entries);
	for (; l.count < count; l.count++) {
		struct words w = { 0 };

		if (next_words(&c, &w, err) < 0)
			return -1;
		if (!parse_entry(&w, &l.entries[l.count]) ||
		    (l.count > 0 &&
		     listing_compare(&l.entries[l.count - 1], &l.entries[l.count]) >= 0))
			return error_set(err, ERROR_LISTING_FORMAT,
					 "%s: line %zu: bad or out of order", label, c.line);
	}
	if (c.at != c.end)
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

#include "lib/pack/delta.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/pack/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "gapferry-delta 1\n";

void delta_clear(struct delta *d)
{
	free(d->changes);
	*d = (struct delta){ .count = 0 };
}

void delta_list_clear(struct delta_list *l)
{
	free(l->entries);
	*l = (struct delta_list){ 0 };
}

bool delta_is(const void *text, size_t len)
{
	return len >= sizeof magic - 1 && memcmp(text, magic, sizeof magic - 1) == 0;
}

static void add_change(struct delta *d, enum delta_kind kind, const struct listing_entry *e)
{
	d->changes = buf_grow(d->changes, &d->capacity, d->count, sizeof *d->changes);
	struct delta_change *c = &d->changes[d->count++];

	*c = (struct delta_change){ kind, *e };
	if (kind != DELTA_PUT)
		memset(c->entry.sha256, 0, sizeof c->entry.sha256);
	if (kind == DELTA_REMOVE)
		c->entry.offset = 0;
}

/* ---- writing ---- */

uint32_t delta_parts(const struct delta *d)
{
	return d->count == 0
		       ? 1
		       : (uint32_t)((d->count + LISTING_PART_ENTRIES - 1) / LISTING_PART_ENTRIES);
}

static size_t change_line(const struct delta_change *c, char out[LISTING_LINE_SIZE + 2])
{
	const struct listing_entry *e = &c->entry;
	const char *key = e->key[0] ? e->key : "-";

	out[0] = (char)c->kind;
	out[1] = ' ';
	if (c->kind == DELTA_PUT)
		return 2 + listing_line(e, out + 2);
	size_t n = 2 + (size_t)snprintf(out + 2, LISTING_LINE_SIZE, "%c %u %s", e->stream,
					e->revision, key);
	if (c->kind == DELTA_MOVE)
		n += (size_t)snprintf(out + n, LISTING_LINE_SIZE + 2 - n, " %llu",
				      (unsigned long long)e->offset);
	out[n] = '\n';
	return n + 1;
}

int delta_write(const struct delta *d, size_t first, size_t count, struct buf *out,
		struct error *err)
{
	char base[DIGEST_HEX], result[DIGEST_HEX], line[LISTING_LINE_SIZE + 2];

	str_to_hex(d->base, sizeof d->base, base);
	str_to_hex(d->result, sizeof d->result, result);
	if (buf_append(out, magic, sizeof magic - 1, err) < 0 ||
	    listing_write_source(&d->source, out, err) < 0 ||
	    buf_printf(out, err, "base %s\nresult %s %llu\npart %u %u\nchanges %zu\n", base, result,
		       (unsigned long long)d->documents, d->part, d->parts, count) < 0)
		return -1;
	for (size_t i = first; i < first + count; i++)
		if (buf_append(out, line, change_line(&d->changes[i], line), err) < 0)
			return -1;
	return 0;
}

/* ---- parsing ---- */

static bool parse_change(const struct words *w, struct delta_change *c)
{
	struct listing_entry *e = &c->entry;

	if (w->len[0] != 1 || !listing_read_document(w, 1, e))
		return false;
	c->kind = (enum delta_kind)w->text[0][0];
	switch (c->kind) {
	case DELTA_PUT:
		return w->count == 6 && words_digest(w, 4, e->sha256) &&
		       words_number(w, 5, INT64_MAX, &e->offset);
	case DELTA_REMOVE:
		return w->count == 4;
	case DELTA_MOVE:
		return w->count == 5 && words_number(w, 4, INT64_MAX, &e->offset);
	}
	return false;
}

static int parse_head(struct words *w, struct delta *d, uint64_t *count, struct error *err)
{
	if (words_next(w, err) < 0)
		return -1;
	if (w->count != 2 || !words_is(w, 0, "gapferry-delta") || !words_is(w, 1, "1"))
		return words_fail(w, "not a delta", err);
	if (words_next(w, err) < 0)
		return -1;
	if (!listing_read_source(w, &d->source))
		return words_fail(w, "bad source", err);
	if (words_next(w, err) < 0)
		return -1;
	if (w->count != 2 || !words_is(w, 0, "base") || !words_digest(w, 1, d->base))
		return words_fail(w, "bad base", err);
	if (words_next(w, err) < 0)
		return -1;
	if (w->count != 3 || !words_is(w, 0, "result") || !words_digest(w, 1, d->result) ||
	    !words_number(w, 2, LIMIT_DELTA_DOCUMENTS, &d->documents))
		return words_fail(w, "bad result", err);
	if (listing_read_part(w, &d->part, &d->parts, err) < 0 || words_next(w, err) < 0)
		return -1;
	if (w->count != 2 || !words_is(w, 0, "changes") ||
	    !words_number(w, 1, LISTING_PART_ENTRIES, count))
		return words_fail(w, "bad count", err);
	return 0;
}

int delta_parse(const void *text, size_t len, const char *label, struct delta *out,
		struct error *err)
{
	struct words w = { .at = text,
			   .end = (const char *)text + len,
			   .label = label,
			   .id = ERROR_DELTA_FORMAT };
	CLEANUP(delta_clear) struct delta d = { .count = 0 };
	uint64_t count = 0;

	if (parse_head(&w, &d, &count, err) < 0)
		return -1;
	d.changes = buf_calloc((size_t)count, sizeof *d.changes);
	d.capacity = (size_t)count;
	for (; d.count < count; d.count++) {
		struct delta_change *c = &d.changes[d.count];

		if (words_next(&w, err) < 0)
			return -1;
		if (!parse_change(&w, c) ||
		    (d.count > 0 && listing_compare(&c[-1].entry, &c->entry) >= 0))
			return words_fail(&w, "bad or out of order", err);
	}
	if (w.at != w.end)
		return error_set(err, ERROR_DELTA_FORMAT, "%s: text after the last change", label);
	*out = d;
	d = (struct delta){ .count = 0 };
	return 0;
}

/* ---- offsets ---- */

/*
 * A document that base and result have with the same bytes.  In the master document such pieces
 * keep their distance from each other, so only the first one behind a change needs its offset.
 */
struct kept {
	uint64_t base;
	size_t entry;  /* of the result */
	size_t change; /* plus 1; 0: none says where it lies */
};

static bool in_master(char stream)
{
	return stream == 'h' || stream == 'u' || stream == 'f';
}

static int compare_kept(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->base != y->base)
		return x->base < y->base ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* base + shift in two's complement, both below 2^63: right whenever the result is, too. */
static uint64_t shifted(uint64_t base, uint64_t shift)
{
	return base + shift;
}

/* ---- computing ---- */

static void add_kept(struct kept *kept, size_t *count, const struct listing_entry *base,
		     size_t entry)
{
	kept[(*count)++] = (struct kept){ base->offset, entry, 0 };
}

/* DELTA_MOVE for each kept document that the shift of the one before does not explain. */
static void find_moves(const struct delta_list *result, struct kept *kept, size_t count,
		       struct delta *out)
{
	uint64_t shift = 0;

	if (count > 0)
		qsort(kept, count, sizeof *kept, compare_kept);
	for (size_t i = 0; i < count; i++) {
		const struct listing_entry *e = &result->entries[kept[i].entry];
		bool master = in_master(e->stream);

		if (e->offset == shifted(kept[i].base, master ? shift : 0))
			continue;
		add_change(out, DELTA_MOVE, e);
		if (master)
			shift = e->offset - kept[i].base;
	}
}

static int compare_changes(const void *a, const void *b)
{
	const struct delta_change *x = a, *y = b;

	return listing_compare(&x->entry, &y->entry);
}

void delta_compute(const struct delta_list *base, const struct delta_list *result,
		   struct delta *out)
{
	listing_digest(base->entries, base->count, out->base);
	listing_digest(result->entries, result->count, out->result);
	delta_changes(base, result, out);
}

void delta_changes(const struct delta_list *base, const struct delta_list *result,
		   struct delta *out)
{
	struct kept *kept = buf_calloc(result->count, sizeof *kept);
	size_t b = 0, r = 0, count = 0;

	out->documents = result->count;
	out->count = 0;
	while (b < base->count || r < result->count) {
		int order = b == base->count ? 1
			    : r == result->count
				    ? -1
				    : listing_compare(&base->entries[b], &result->entries[r]);

		if (order < 0) {
			add_change(out, DELTA_REMOVE, &base->entries[b++]);
			continue;
		}
		if (order > 0 ||
		    memcmp(base->entries[b].sha256, result->entries[r].sha256, 32) != 0)
			add_change(out, DELTA_PUT, &result->entries[r]);
		else
			add_kept(kept, &count, &base->entries[b], r);
		b += order == 0;
		r++;
	}
	find_moves(result, kept, count, out);
	free(kept);
	if (out->count > 0)
		qsort(out->changes, out->count, sizeof *out->changes, compare_changes);
}

/* ---- applying ---- */

static int misfit(const struct delta_change *c, const char *cause, struct error *err)
{
	return error_set(err, ERROR_DELTA_APPLY, "delta: change %c of document %c/%u %s: %s",
			 (char)c->kind, c->entry.stream, c->entry.revision, c->entry.key, cause);
}

struct merge {
	const struct delta_list *base;
	const struct delta *delta;
	struct delta_list result;
	struct kept *kept;
	size_t kept_count;
};

static void merge_clear(struct merge *m)
{
	delta_list_clear(&m->result);
	free(m->kept);
}
DEFINE_CLEANUP_IN_PLACE(struct merge, merge_clear);

/* One change, to base document b when that is the same one (else NULL). */
static int merge_change(struct merge *m, size_t change, const struct listing_entry *b,
			struct error *err)
{
	const struct delta_change *c = &m->delta->changes[change];

	if (c->kind == DELTA_PUT) {
		if (b && memcmp(b->sha256, c->entry.sha256, 32) == 0)
			return misfit(c, "the base has it with these bytes", err);
		m->result.entries[m->result.count++] = c->entry;
		return 0;
	}
	if (!b)
		return misfit(c, "not in the base", err);
	if (c->kind == DELTA_REMOVE)
		return 0;
	add_kept(m->kept, &m->kept_count, b, m->result.count);
	m->kept[m->kept_count - 1].change = change + 1;
	m->result.entries[m->result.count++] = *b;
	return 0;
}

static int merge_all(struct merge *m, struct error *err)
{
	const struct delta_list *base = m->base;
	const struct delta *d = m->delta;
	size_t b = 0, c = 0;

	while (b < base->count || c < d->count) {
		int order = b == base->count ? 1
			    : c == d->count
				    ? -1
				    : listing_compare(&base->entries[b], &d->changes[c].entry);

		if (order < 0) {
			add_kept(m->kept, &m->kept_count, &base->entries[b], m->result.count);
			m->result.entries[m->result.count++] = base->entries[b++];
			continue;
		}
		if (merge_change(m, c++, order == 0 ? &base->entries[b] : NULL, err) < 0)
			return -1;
		b += order == 0;
	}
	return 0;
}

static int place(struct merge *m, struct error *err)
{
	uint64_t shift = 0;

	if (m->kept_count > 0)
		qsort(m->kept, m->kept_count, sizeof *m->kept, compare_kept);
	for (size_t i = 0; i < m->kept_count; i++) {
		const struct kept *k = &m->kept[i];
		struct listing_entry *e = &m->result.entries[k->entry];
		bool master = in_master(e->stream);
		uint64_t want = shifted(k->base, master ? shift : 0);

		if (k->change) {
			const struct delta_change *c = &m->delta->changes[k->change - 1];

			if (c->entry.offset == want)
				return misfit(c, "it lies there without being told", err);
			want = c->entry.offset;
			if (master)
				shift = want - k->base;
		}
		if (want > INT64_MAX)
			return error_set(err, ERROR_DELTA_APPLY,
					 "delta: document %c/%u %s would lie before the beginning",
					 e->stream, e->revision, e->key);
		e->offset = want;
	}
	return 0;
}

int delta_apply(const struct delta_list *base, const struct delta *d, struct delta_list *out,
		struct error *err)
{
	CLEANUP(merge_clear) struct merge m = { .base = base, .delta = d };
	unsigned char digest[DIGEST_SHA256];

	m.result.entries = buf_calloc(base->count + d->count, sizeof *m.result.entries);
	m.kept = buf_calloc(base->count, sizeof *m.kept);
	if (merge_all(&m, err) < 0 || place(&m, err) < 0)
		return -1;
	listing_digest(m.result.entries, m.result.count, digest);
	if (m.result.count != d->documents || memcmp(digest, d->result, sizeof digest) != 0)
		return error_set(err, ERROR_DELTA_APPLY,
				 "delta: %zu documents come out, which are not the %llu stated",
				 m.result.count, (unsigned long long)d->documents);
	*out = m.result;
	m.result = (struct delta_list){ 0 };
	return 0;
}

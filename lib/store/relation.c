#include "lib/store/relation.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/varint.h"
#include "lib/catalog/catalog.h"

#include <stdbool.h>
#include <string.h>

enum { VERSION_BYTE = 1 };

static void put_revisions(struct varint_writer *w, const uint32_t *ids, size_t count)
{
	varint_put(w, count);
	for (size_t i = 0; i < count; i++)
		varint_put(w, ids[i]);
}

static void put_all(struct varint_writer *w, const struct catalog_revision *r,
		    int64_t (*identity)(void *ctx, const struct catalog_guid *guid), void *ctx)
{
	varint_put(w, VERSION_BYTE);
	varint_put(w, r->prerequisites_count);
	for (size_t i = 0; i < r->prerequisites_count; i++) {
		const struct catalog_group *g = &r->prerequisites[i];

		varint_put(w, g->count);
		for (size_t k = 0; k < g->count; k++)
			varint_put(w, (uint64_t)identity(ctx, &g->any_of[k]));
	}
	put_revisions(w, r->superseded_by, r->superseded_by_count);
	put_revisions(w, r->bundled_by, r->bundled_by_count);
	varint_put(w, r->categories_count);
	for (size_t i = 0; i < r->categories_count; i++) {
		varint_put(w, r->categories[i].type);
		varint_put(w, (uint64_t)identity(ctx, &r->categories[i].id));
	}
	varint_put(w, r->languages_count);
	for (size_t i = 0; i < r->languages_count; i++) {
		size_t len = strlen(r->languages[i]);

		varint_put(w, len);
		varint_put_bytes(w, r->languages[i], len);
	}
}

int relation_write(const struct catalog_revision *r,
		   int64_t (*identity)(void *ctx, const struct catalog_guid *guid), void *ctx,
		   struct buf *out, struct error *err)
{
	struct varint_writer w = { .out = *out };

	put_all(&w, r, identity, ctx);
	*out = w.out;
	if (w.full)
		return error_set(err, ERROR_LIMIT_BYTES, "more than %zu bytes", out->max);
	return 0;
}

/* ---- reading ---- */

struct cursor {
	const unsigned char *at, *end;
	bool broken;
};

/* One number of at most max, in its shortest form. */
static uint64_t take(struct cursor *c, uint64_t max)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 63 && c->at < c->end; shift += 7) {
		unsigned char byte = *c->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (value > max || (byte == 0 && shift > 0))
			break;
		return value;
	}
	c->broken = true;
	return 0;
}

/* A count of things of at least one byte each: never more than the bytes left. */
static uint64_t take_count(struct cursor *c)
{
	uint64_t count = take(c, INT64_MAX);

	if (count > (uint64_t)(c->end - c->at))
		c->broken = true;
	return c->broken ? 0 : count;
}

static void read_groups(struct cursor *c, const struct relation_visitor *v)
{
	for (uint64_t groups = take_count(c); groups > 0 && !c->broken; groups--) {
		uint64_t alternatives = take_count(c);

		if (!c->broken && v->group)
			v->group(v->ctx);
		for (; alternatives > 0 && !c->broken; alternatives--) {
			uint64_t identity = take(c, INT64_MAX);

			if (!c->broken && v->alternative)
				v->alternative(v->ctx, (int64_t)identity);
		}
	}
}

static void read_revisions(struct cursor *c, void (*visit)(void *ctx, uint32_t revision), void *ctx)
{
	for (uint64_t count = take_count(c); count > 0 && !c->broken; count--) {
		uint64_t revision = take(c, UINT32_MAX);

		if (!c->broken && visit)
			visit(ctx, (uint32_t)revision);
	}
}

static void read_categories(struct cursor *c, const struct relation_visitor *v)
{
	for (uint64_t count = take_count(c); count > 0 && !c->broken; count--) {
		unsigned type = (unsigned)take(c, CATALOG_CATEGORY_PRODUCT);
		uint64_t identity = take(c, INT64_MAX);

		if (!c->broken && v->category)
			v->category(v->ctx, type, (int64_t)identity);
	}
}

static void read_languages(struct cursor *c, const struct relation_visitor *v)
{
	for (uint64_t count = take_count(c); count > 0 && !c->broken; count--) {
		uint64_t len = take_count(c);

		c->broken |= len > 0 && memchr(c->at, '\0', (size_t)len) != NULL;
		if (c->broken)
			break;
		if (v->language)
			v->language(v->ctx, (const char *)c->at, (size_t)len);
		c->at += len;
	}
}

int relation_read(const void *bytes, size_t len, const struct relation_visitor *v,
		  struct error *err)
{
	struct cursor c = { .at = bytes };

	if (len == 0 || *c.at++ != VERSION_BYTE)
		return error_set(err, ERROR_DB_CORRUPT, "relations of a revision: unknown version");
	c.end = c.at + len - 1;
	read_groups(&c, v);
	read_revisions(&c, v->superseded_by, v->ctx);
	read_revisions(&c, v->bundled_by, v->ctx);
	read_categories(&c, v);
	read_languages(&c, v);
	if (c.broken || c.at != c.end)
		return error_set(err, ERROR_DB_CORRUPT, "relations of a revision: damaged");
	return 0;
}

#include "lib/store/relation.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/catalog/catalog.h"

#include <stdbool.h>
#include <string.h>

enum { VERSION_BYTE = 1 };

static int put(struct buf *out, uint64_t value, struct error *err)
{
	unsigned char bytes[10];
	size_t n = 0;

	do {
		bytes[n] = (unsigned char)(value & 0x7f);
		value >>= 7;
		if (value)
			bytes[n] |= 0x80;
		n++;
	} while (value);
	return buf_append(out, bytes, n, err);
}

static int put_revisions(struct buf *out, const uint32_t *ids, size_t count, struct error *err)
{
	int failed = put(out, count, err);

	for (size_t i = 0; i < count && !failed; i++)
		failed = put(out, ids[i], err);
	return failed;
}

static int put_groups(const struct catalog_revision *r,
		      int64_t (*identity)(void *ctx, const struct catalog_guid *guid), void *ctx,
		      struct buf *out, struct error *err)
{
	int failed = put(out, r->prerequisites_count, err);

	for (size_t i = 0; i < r->prerequisites_count && !failed; i++) {
		const struct catalog_group *g = &r->prerequisites[i];

		failed = put(out, g->count, err);
		for (size_t k = 0; k < g->count && !failed; k++)
			failed = put(out, (uint64_t)identity(ctx, &g->any_of[k]), err);
	}
	return failed;
}

int relation_write(const struct catalog_revision *r,
		   int64_t (*identity)(void *ctx, const struct catalog_guid *guid), void *ctx,
		   struct buf *out, struct error *err)
{
	static const unsigned char version = VERSION_BYTE;

	if (buf_append(out, &version, 1, err) < 0 || put_groups(r, identity, ctx, out, err) < 0 ||
	    put_revisions(out, r->superseded_by, r->superseded_by_count, err) < 0 ||
	    put_revisions(out, r->bundled_by, r->bundled_by_count, err) < 0 ||
	    put(out, r->categories_count, err) < 0)
		return -1;
	for (size_t i = 0; i < r->categories_count; i++)
		if (put(out, r->categories[i].type, err) < 0 ||
		    put(out, (uint64_t)identity(ctx, &r->categories[i].id), err) < 0)
			return -1;
	if (put(out, r->languages_count, err) < 0)
		return -1;
	for (size_t i = 0; i < r->languages_count; i++) {
		size_t len = strlen(r->languages[i]);

		if (put(out, len, err) < 0 || buf_append(out, r->languages[i], len, err) < 0)
			return -1;
	}
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

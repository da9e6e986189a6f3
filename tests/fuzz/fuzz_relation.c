/* Whatever relation_read() accepts is, as a revision, written back byte for byte. */
#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/catalog/catalog.h"
#include "lib/store/relation.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* A revision under construction; no list is longer than the input. */
struct made {
	struct arena arena;
	size_t most;
	struct catalog_revision revision;
	struct catalog_group *groups;
	struct catalog_guid *ids;
	size_t ids_count;
	uint32_t *superseded, *bundled;
	struct catalog_category *categories;
	const char **languages;
};

static struct catalog_guid guid_of(int64_t identity)
{
	struct catalog_guid g = { { 0 } };

	memcpy(g.bytes, &identity, sizeof identity);
	return g;
}

static int64_t identity_of(void *ctx, const struct catalog_guid *g)
{
	int64_t identity;

	(void)ctx;
	memcpy(&identity, g->bytes, sizeof identity);
	return identity;
}

static void on_group(void *ctx)
{
	struct made *m = ctx;

	m->groups[m->revision.prerequisites_count++] =
		(struct catalog_group){ .any_of = m->ids + m->ids_count };
}

static void on_alternative(void *ctx, int64_t identity)
{
	struct made *m = ctx;

	m->ids[m->ids_count++] = guid_of(identity);
	m->groups[m->revision.prerequisites_count - 1].count++;
}

static void on_superseded(void *ctx, uint32_t revision)
{
	struct made *m = ctx;

	m->superseded[m->revision.superseded_by_count++] = revision;
}

static void on_bundled(void *ctx, uint32_t revision)
{
	struct made *m = ctx;

	m->bundled[m->revision.bundled_by_count++] = revision;
}

static void on_category(void *ctx, unsigned type, int64_t identity)
{
	struct made *m = ctx;

	m->categories[m->revision.categories_count++] =
		(struct catalog_category){ (enum catalog_category_type)type, guid_of(identity) };
}

static void on_language(void *ctx, const char *text, size_t len)
{
	struct made *m = ctx;

	m->languages[m->revision.languages_count++] = arena_text(&m->arena, text, len);
}

static void make(struct made *m)
{
	m->groups = arena_alloc(&m->arena, m->most * sizeof *m->groups);
	m->ids = arena_alloc(&m->arena, m->most * sizeof *m->ids);
	m->superseded = arena_alloc(&m->arena, m->most * sizeof *m->superseded);
	m->bundled = arena_alloc(&m->arena, m->most * sizeof *m->bundled);
	m->categories = arena_alloc(&m->arena, m->most * sizeof *m->categories);
	m->languages = arena_alloc(&m->arena, m->most * sizeof *m->languages);
	m->revision.prerequisites = m->groups;
	m->revision.superseded_by = m->superseded;
	m->revision.bundled_by = m->bundled;
	m->revision.categories = m->categories;
	m->revision.languages = m->languages;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct made m = { .arena = ARENA_INIT, .most = size + 1 };
	const struct relation_visitor v = { on_group,   on_alternative, on_superseded,
					    on_bundled, on_category,    on_language,
					    &m };
	CLEANUP(buf_clear) struct buf out = BUF_INIT(SIZE_MAX);
	struct error err = ERROR_INIT;

	make(&m);
	int result = relation_read(data, size, &v, &err);
	if ((result == 0) != (err.id == ERROR_NONE))
		abort();
	if (result == 0) {
		if (relation_write(&m.revision, identity_of, NULL, &out, &err) != 0)
			abort();
		if (out.len != size || memcmp(out.bytes, data, size) != 0)
			abort();
	}
	arena_clear(&m.arena);
	return 0;
}

#include "exporter/index.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/hash.h"
#include "lib/base/str.h"
#include "lib/xml/xml.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHARDS_MAX = 4096 };

/* ---- index.xml ---- */

struct parse {
	struct index *index;
	unsigned depth;
};

static const struct xml_attribute *attribute(const struct xml_attribute *attrs, size_t count,
					     const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(attrs[i].name, name) == 0)
			return &attrs[i];
	return NULL;
}

static bool is(const struct xml_attribute *a, const char *want)
{
	return a && a->len == strlen(want) && memcmp(a->value, want, a->len) == 0;
}

/* RANGESTART rises from cabinet to cabinet, and no name comes twice. */
static int check_shard(const struct index *x, const struct index_shard *shard, struct error *err)
{
	for (size_t i = 0; i < x->count; i++) {
		const struct index_shard *other = &x->shards[i];

		if (strcmp(other->name, shard->name) == 0)
			return error_set(err, ERROR_SCAN_INDEX, "index.xml: %s is listed twice",
					 shard->name);
		if (shard->has_range && other->has_range &&
		    other->range_start >= shard->range_start)
			return error_set(err, ERROR_SCAN_INDEX,
					 "index.xml: %s: RANGESTART does not rise", shard->name);
	}
	return 0;
}

static int add_shard(struct index *x, const struct xml_attribute *attrs, size_t count,
		     struct error *err)
{
	const struct xml_attribute *name = attribute(attrs, count, "NAME");
	const struct xml_attribute *range = attribute(attrs, count, "RANGESTART");
	struct index_shard shard = { .has_range = range != NULL,
				     .has_files = is(attribute(attrs, count, "FILESDIR"), "1") };
	uint64_t start = 0;

	if (!name || name->len == 0 || name->len >= sizeof shard.name)
		return error_set(err, ERROR_SCAN_INDEX, "index.xml: a CAB without a usable NAME");
	if (x->count == SHARDS_MAX)
		return error_set(err, ERROR_SCAN_INDEX, "index.xml: more than %d cabinets",
				 SHARDS_MAX);
	memcpy(shard.name, name->value, name->len);
	if (range && !str_to_u64(range->value, range->len, UINT32_MAX, &start))
		return error_set(err, ERROR_SCAN_INDEX,
				 "index.xml: %s: RANGESTART '%.*s' is no number", shard.name,
				 range->len > 40 ? 40 : (int)range->len, range->value);
	shard.range_start = (uint32_t)start;
	if (check_shard(x, &shard, err) < 0)
		return -1;
	x->shards = buf_grow(x->shards, &x->capacity, x->count, sizeof *x->shards);
	x->shards[x->count++] = shard;
	return 0;
}

static int on_start(void *ctx, const char *name, const struct xml_attribute *attrs, size_t count,
		    struct error *err)
{
	static const char *const elements[] = { "INDEX", "CABLIST", "CAB" };
	struct parse *p = ctx;

	if (p->depth >= 3 || strcmp(name, elements[p->depth]) != 0)
		return error_set(err, ERROR_SCAN_INDEX, "index.xml: unexpected element %.40s",
				 name);
	p->depth++;
	if (p->depth == 1 && !is(attribute(attrs, count, "VERSION"), "1"))
		return error_set(err, ERROR_SCAN_INDEX, "index.xml: VERSION is not 1");
	if (p->depth == 2 && !is(attribute(attrs, count, "XOR"), "0"))
		return error_set(err, ERROR_SCAN_INDEX, "index.xml: XOR is not 0");
	return p->depth == 3 ? add_shard(p->index, attrs, count, err) : 0;
}

static int on_end(void *ctx, const char *name, struct error *err)
{
	struct parse *p = ctx;

	(void)name, (void)err;
	p->depth--;
	return 0;
}

int index_parse(struct index *x, const void *bytes, size_t len, struct error *err)
{
	static const struct xml_handler handler = { .start = on_start, .end = on_end };
	struct parse p = { .index = x };
	CLEANUP(xml_reader_free) struct xml_reader *r = xml_reader_new(&handler, &p, "index.xml");

	if (xml_reader_feed(r, bytes, len, err) < 0 || xml_reader_finish(r, err) < 0)
		return -1;
	if (x->count == 0)
		return error_set(err, ERROR_SCAN_INDEX, "index.xml: lists no cabinet");
	return 0;
}

int index_package(struct index *x, const char *name, struct error *err)
{
	if (x->count == 0)
		return 0; /* old layout, or index.xml comes later: index_finish() cannot know */
	for (size_t i = 0; i < x->count; i++) {
		if (strcmp(x->shards[i].name, name) != 0)
			continue;
		x->shards[i].seen = true;
		return 0;
	}
	return error_set(err, ERROR_SCAN_INDEX, "index.xml does not list %s", name);
}

int index_finish(const struct index *x, struct error *err)
{
	for (size_t i = 0; i < x->count; i++)
		if (!x->shards[i].seen)
			return error_set(err, ERROR_SCAN_INDEX,
					 "index.xml lists %s, which is not there",
					 x->shards[i].name);
	return 0;
}

void index_clear(struct index *x)
{
	free(x->shards);
	free(x->revisions);
	free(x->locations);
	*x = (struct index){ 0 };
}

/* ---- what was seen: open addressing, seeded so that chosen ids cannot collide ---- */

static bool revision_insert(uint32_t *table, size_t size, uint64_t seed, uint32_t revision)
{
	for (size_t i = hash_number(seed, revision) & (size - 1);; i = (i + 1) & (size - 1)) {
		if (table[i] == revision)
			return true;
		if (table[i] == 0) {
			table[i] = revision;
			return false;
		}
	}
}

static void draw_seed(struct index *x)
{
	if (x->revision_size == 0 && x->location_size == 0)
		x->seed = hash_seed();
}

bool index_seen(struct index *x, uint32_t revision)
{
	draw_seed(x);
	if (x->revision_count * 2 >= x->revision_size) {
		size_t size = x->revision_size ? x->revision_size * 2 : 4096;
		uint32_t *table = buf_calloc(size, sizeof *table);

		for (size_t i = 0; i < x->revision_size; i++)
			if (x->revisions[i]) /* all are distinct */
				(void)revision_insert(table, size, x->seed, x->revisions[i]);
		free(x->revisions);
		x->revisions = table;
		x->revision_size = size;
	}
	bool known = revision_insert(x->revisions, x->revision_size, x->seed, revision);
	x->revision_count += !known;
	return known;
}

static bool location_insert(unsigned char (*table)[20], size_t size, uint64_t seed,
			    const unsigned char sha1[20])
{
	static const unsigned char none[20];

	for (size_t i = hash_bytes(seed, sha1, 20) & (size - 1);; i = (i + 1) & (size - 1)) {
		if (memcmp(table[i], sha1, 20) == 0)
			return true;
		if (memcmp(table[i], none, 20) == 0) {
			memcpy(table[i], sha1, 20);
			return false;
		}
	}
}

bool index_seen_location(struct index *x, const unsigned char sha1[20])
{
	static const unsigned char none[20];

	if (memcmp(sha1, none, sizeof none) == 0)
		return true; /* named by its place: zero marks an empty slot */
	draw_seed(x);
	if (x->location_count * 2 >= x->location_size) {
		size_t size = x->location_size ? x->location_size * 2 : 4096;
		unsigned char(*table)[20] = buf_calloc(size, sizeof *table);

		for (size_t i = 0; i < x->location_size; i++)
			if (memcmp(x->locations[i], none, sizeof none) != 0) /* all are distinct */
				(void)location_insert(table, size, x->seed, x->locations[i]);
		free(x->locations);
		x->locations = table;
		x->location_size = size;
	}
	bool known = location_insert(x->locations, x->location_size, x->seed, sha1);
	x->location_count += !known;
	return known;
}

/* ---- names of members ---- */

static const struct {
	const char *prefix;
	char stream;
	bool language;
} layouts[] = {
	{ "c/", 'c', false },        { "x/", 'x', false },        { "l/", 'l', true },
	{ "e/", 'e', true },         { "s/", 's', false },        { "core/", 'c', false },
	{ "extended/", 'x', false }, { "localized/", 'l', true }, { "eula/", 'e', true },
};

bool index_is_package(const char *name)
{
	size_t len = strlen(name);

	return len > 11 - 1 && strncmp(name, "package", 7) == 0 &&
	       strcmp(name + len - 4, ".cab") == 0 && strspn(name + 7, "0123456789") == len - 11;
}

static bool parse_revision(const char *text, uint32_t *out)
{
	uint64_t value;

	if (!str_to_u64(text, strlen(text), UINT32_MAX, &value) || value == 0)
		return false;
	*out = (uint32_t)value;
	return true;
}

static bool parse_language(const char *text, size_t len, char out[LISTING_KEY_SIZE])
{
	if (len == 0 || len >= LISTING_KEY_SIZE)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return listing_is_word(out, LISTING_KEY_SIZE - 1);
}

enum index_class index_classify(const char *name, struct index_name *out)
{
	*out = (struct index_name){ 0 };
	if (strncmp(name, "files/", 6) == 0) {
		/* the folder is the end of the name: nobody looks for it elsewhere */
		bool ok = strlen(name) == 49 && name[8] == '/' &&
			  str_from_any_hex(name + 9, 40, out->sha1, sizeof out->sha1) &&
			  strncasecmp(name + 6, name + 47, 2) == 0;

		return ok ? INDEX_LICENCE : INDEX_UNKNOWN;
	}
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
		size_t len = strlen(layouts[i].prefix);
		const char *rest = name + len;

		if (strncmp(name, layouts[i].prefix, len) != 0)
			continue;
		out->stream = layouts[i].stream;
		if (layouts[i].language) {
			const char *slash = strchr(rest, '/');

			if (!slash || !parse_language(rest, (size_t)(slash - rest), out->language))
				return INDEX_UNKNOWN;
			rest = slash + 1;
		}
		return parse_revision(rest, &out->revision) ? INDEX_FRAGMENT : INDEX_UNKNOWN;
	}
	return INDEX_UNKNOWN;
}

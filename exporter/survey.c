#include "exporter/survey.h"

#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/cab/cab.h"
#include "lib/catalog/catalog.h"
#include "lib/crypto/authenticode.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_MANY = 58982, DAY = 86400, SHA1 = 20, PLACE_SIZE = 320 };

/* August 2020: since then the publisher signs with SHA-256 alone. */
static const int64_t SHA1_ENDED = 1596240000;

struct survey {
	struct catalog *catalog;
	const struct index *index;
	struct catalog_sha1 *licences; /* names of the texts, as they came */
	size_t count, capacity;
};

struct survey *survey_new(struct catalog *c, const struct index *x)
{
	struct survey *s = buf_calloc(1, sizeof *s);

	s->catalog = c;
	s->index = x;
	return s;
}

void survey_free(struct survey *s)
{
	if (!s)
		return;
	free(s->licences);
	free(s);
}

static void remark(struct catalog *c, enum catalog_rule rule, const char *file, const char *value,
		   const char *detail)
{
	catalog_add_remark(c,
			   &(struct catalog_remark){
				   .rule = rule, .file = file, .value = value, .detail = detail });
}

static const char *place(const char *label, const char *name, char out[PLACE_SIZE])
{
	snprintf(out, PLACE_SIZE, "%.48s/%s", label, name);
	return out;
}

/* ---- cabinets ---- */

void survey_cabinet(struct survey *s, const char *label, const struct cab_info *info)
{
	static const char *const methods[] = { "none", "MSZIP", "another one", "LZX" };
	char text[16];

	if (info->members >= MEMBERS_MANY) {
		snprintf(text, sizeof text, "%" PRIu32, info->members);
		remark(s->catalog, CATALOG_RULE_CABINET_MEMBERS, label, text, "");
	}
	if (info->folders > 1) {
		snprintf(text, sizeof text, "%" PRIu32, info->folders);
		remark(s->catalog, CATALOG_RULE_CABINET_FOLDERS, label, text, "");
	}
	if (info->method != CAB_LZX)
		remark(s->catalog, CATALOG_RULE_CABINET_METHOD, label, methods[info->method & 3],
		       "");
}

/* ---- index.xml ---- */

void survey_index(struct survey *s)
{
	const struct index *x = s->index;
	const struct index_shard *first = NULL;
	size_t with_files = 0;
	char text[16];

	for (size_t i = 0; i < x->count; i++) {
		with_files += x->shards[i].has_files;
		if (!first && x->shards[i].has_range)
			first = &x->shards[i];
	}
	if (first && first->range_start != 0) {
		snprintf(text, sizeof text, "%" PRIu32, first->range_start);
		remark(s->catalog, CATALOG_RULE_INDEX_START, "index.xml", text, first->name);
	}
	if (!first || with_files == 1)
		return;
	snprintf(text, sizeof text, "%zu", with_files);
	remark(s->catalog, CATALOG_RULE_INDEX_FILESDIR, "index.xml", text, "");
}

/* The shard for a revision: RANGESTARTs rise, as index_parse() checked.  NULL: none is for it. */
static const struct index_shard *shard_of(const struct index *x, uint32_t revision)
{
	size_t low = 0, high = x->count;

	/* those without a range come first or count as smaller than all */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct index_shard *shard = &x->shards[middle];

		if (!shard->has_range || shard->range_start <= revision)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && x->shards[low - 1].has_range ? &x->shards[low - 1] : NULL;
}

struct survey_span survey_span(const struct survey *s, const char *label)
{
	const struct index *x = s->index;
	struct survey_span span = { .first = 1 };
	bool ranges = false, found = false;

	for (size_t i = 0; i < x->count; i++) {
		const struct index_shard *shard = &x->shards[i];

		if (!shard->has_range)
			continue;
		ranges = true;
		if (found) {
			span.last = shard->range_start - 1; /* they rise: not 0 */
			break;
		}
		found = strcmp(shard->name, label) == 0;
		if (found)
			span = (struct survey_span){ shard->range_start, UINT32_MAX };
	}
	return ranges ? span : (struct survey_span){ 0, UINT32_MAX };
}

static void check_range(struct survey *s, const char *label, const char *name,
			const struct index_name *n)
{
	const struct index_shard *shard = shard_of(s->index, n->revision);
	char where[PLACE_SIZE];

	if (!shard || strcmp(shard->name, label) == 0)
		return;
	catalog_add_remark(s->catalog, &(struct catalog_remark){ .rule = CATALOG_RULE_INDEX_RANGE,
								 .revision_id = n->revision,
								 .file = place(label, name, where),
								 .value = shard->name });
}

void survey_member(struct survey *s, const char *label, const char *name, enum index_class class,
		   const struct index_name *n)
{
	char where[PLACE_SIZE];

	if (class == INDEX_UNKNOWN)
		remark(s->catalog, CATALOG_RULE_MEMBER_UNKNOWN, place(label, name, where), name,
		       "");
	else if (class == INDEX_FRAGMENT)
		check_range(s, label, name, n);
}

/* ---- licence texts ---- */

void survey_licence(struct survey *s, const char *label, const char *name,
		    const struct index_name *n, const unsigned char sha1[SHA1])
{
	char where[PLACE_SIZE], text[2 * SHA1 + 1];

	if (memcmp(n->sha1, sha1, SHA1) != 0) {
		str_to_hex(sha1, SHA1, text);
		remark(s->catalog, CATALOG_RULE_LICENCE_ALTERED, place(label, name, where), text,
		       "");
	}
	if (s->count == LIMIT_OBJECTS)
		return;
	s->licences = buf_grow(s->licences, &s->capacity, s->count, sizeof *s->licences);
	memcpy(s->licences[s->count++].bytes, n->sha1, SHA1);
}

static int by_bytes(const void *left, const void *right)
{
	return memcmp(left, right, SHA1);
}

static void check_absent(struct survey *s)
{
	for (size_t i = 0; i < catalog_location_count(s->catalog); i++) {
		const struct catalog_location *l = catalog_location_at(s->catalog, i);
		char text[2 * SHA1 + 1];

		if (!l->is_included || (s->count > 0 && bsearch(&l->sha1, s->licences, s->count,
								sizeof *s->licences, by_bytes)))
			continue;
		str_to_hex(l->sha1.bytes, SHA1, text);
		catalog_add_remark(s->catalog,
				   &(struct catalog_remark){ .rule = CATALOG_RULE_LICENCE_ABSENT,
							     .file = "package.xml",
							     .offset = l->offset,
							     .value = text });
	}
}

static void check_unknown(struct survey *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct catalog_location *l =
			catalog_find_location(s->catalog, &s->licences[i]);
		char text[2 * SHA1 + 1], where[PLACE_SIZE];

		if (l && l->is_included)
			continue;
		str_to_hex(s->licences[i].bytes, SHA1, text);
		remark(s->catalog, CATALOG_RULE_LICENCE_UNKNOWN, place("files", text, where), text,
		       "");
	}
}

void survey_finish(struct survey *s, int64_t now)
{
	const struct catalog_package *p = catalog_package(s->catalog);

	if (s->count > 1)
		qsort(s->licences, s->count, sizeof *s->licences, by_bytes);
	check_absent(s);
	check_unknown(s);
	if (p && p->creation > now + DAY)
		catalog_add_remark(s->catalog,
				   &(struct catalog_remark){ .rule = CATALOG_RULE_PACKAGE_FUTURE,
							     .file = "package.xml",
							     .offset = p->offset,
							     .value = p->creation_text });
	catalog_sort_findings(s->catalog);
}

/* ---- signature ---- */

void survey_signature(struct catalog *c, const char *name, const struct authenticode_verdict *v)
{
	const struct catalog_package *p = catalog_package(c);

	if (v->kind == AUTHENTICODE_UNSIGNED)
		remark(c, CATALOG_RULE_SIGNATURE_ABSENT, name, "", "");
	else if (v->kind == AUTHENTICODE_SIGNED && v->digest == AUTHENTICODE_DIGEST_SHA1 &&
		 (!p || p->creation == 0 || p->creation >= SHA1_ENDED))
		remark(c, CATALOG_RULE_SIGNATURE_SHA1, name, p ? p->creation_text : "", "");
	catalog_sort_findings(c);
}

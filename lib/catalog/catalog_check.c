/* Rules of single revisions, of the head and of file locations: nothing but the master document. */
#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY = 86400, HEX_SHA1 = 40 };

/* The oldest update of genuine catalogs is of 2004; the protocol began in 2002. */
static const int64_t OLDEST = 1009843200;

static const char MASTER[] = "package.xml";

static void say(struct catalog *c, struct catalog_revision *r, enum catalog_rule rule,
		const char *value, const char *detail)
{
	catalog_report(c, r, rule, MASTER, r->offset, value, detail);
}

static void free_digests(struct catalog_sha1 *p)
{
	free(p);
}
DEFINE_CLEANUP(struct catalog_sha1 *, free_digests);

static int by_bytes(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct catalog_sha1));
}

static void sort_digests(struct catalog_sha1 *all, size_t count)
{
	if (count > 1)
		qsort(all, count, sizeof *all, by_bytes);
}

static bool has_digest(const struct catalog_sha1 *all, size_t count,
		       const struct catalog_sha1 *wanted)
{
	return count > 0 && bsearch(wanted, all, count, sizeof *all, by_bytes);
}

/* ---- the head ---- */

static bool is_guid(const char *text)
{
	struct catalog_guid ignored;

	return str_to_guid(text, strlen(text), ignored.bytes);
}

/* Four numbers with dots between. */
static bool is_version(const char *text)
{
	unsigned dots = 0;

	for (const char *p = text; *p; p++) {
		if (*p == '.' && p > text && p[-1] != '.' && p[1])
			dots++;
		else if (!isdigit((unsigned char)*p))
			return false;
	}
	return dots == 3;
}

static void check_sources(struct catalog *c, const struct catalog_package *p)
{
	static const char *const known[] = { "8af5b5e4-1eb7-4fad-aac4-cb031bc3147e",
					     "802cb907-a558-4033-9844-bbf65cd3481e" };
	bool genuine = false;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		genuine = genuine || strcasecmp(p->source_id, known[i]) == 0;
	if (!is_guid(p->package_id))
		catalog_report(c, NULL, CATALOG_RULE_PACKAGE_ID, MASTER, p->offset, p->package_id,
			       "PackageId");
	if (!is_guid(p->source_id))
		catalog_report(c, NULL, CATALOG_RULE_PACKAGE_ID, MASTER, p->offset, p->source_id,
			       "SourceId");
	else if (!genuine)
		catalog_report(c, NULL, CATALOG_RULE_SOURCE_UNKNOWN, MASTER, p->offset,
			       p->source_id, "");
}

void catalog_check_package(struct catalog *c)
{
	const struct catalog_package *p = &c->package;

	if (!c->has_package)
		return;
	if (p->creation < OLDEST)
		catalog_report(c, NULL, CATALOG_RULE_PACKAGE_DATE, MASTER, p->offset,
			       p->creation_text, "");
	/* An export package has no other attribute in common, and every server is its own source.
	 */
	if (c->full)
		return;
	bool old =
		strcmp(p->package_version, "1.0") == 0 && strcmp(p->protocol_version, "2.0") == 0;
	bool new =
		strcmp(p->package_version, "1.1") == 0 && strcmp(p->protocol_version, "1.0") == 0;
	char both[64];

	snprintf(both, sizeof both, "%.24s and %.24s", p->package_version, p->protocol_version);
	if (!old && !new)
		catalog_report(c, NULL, CATALOG_RULE_PACKAGE_VERSION, MASTER, p->offset, both, "");
	if (!is_version(p->minimum_client_version))
		catalog_report(c, NULL, CATALOG_RULE_CLIENT_VERSION, MASTER, p->offset,
			       p->minimum_client_version, "");
	check_sources(c, p);
}

/* ---- file locations ---- */

/* The last 40 digits before the suffix: ".../name_<sha1>.cab", whatever is asked of it ("?..."). */
static bool digest_of_url(const char *url, struct catalog_sha1 *out)
{
	size_t len = strcspn(url, "?#");
	const char *mark = memrchr(url, '_', len);
	size_t left = mark ? len - (size_t)(mark + 1 - url) : 0;

	return left >= HEX_SHA1 && (left == HEX_SHA1 || mark[1 + HEX_SHA1] == '.') &&
	       !memchr(mark, '/', left + 1) &&
	       str_from_any_hex(mark + 1, HEX_SHA1, out->bytes, sizeof out->bytes);
}

static bool is_http(const char *url)
{
	size_t scheme = strncasecmp(url, "http://", 7) == 0    ? 7
			: strncasecmp(url, "https://", 8) == 0 ? 8
							       : 0;

	if (scheme == 0 || url[scheme] == '/' || !strchr(url + scheme, '/'))
		return false;
	/* blank, controls, and what an address may not have */
	return url[strcspn(url, "\1\2\3\4\5\6\a\b\t\n\v\f\r\x0E\x0F\x10\x11\x12\x13\x14\x15"
				"\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F \x7F\"<>\\^`{|}")] ==
	       '\0';
}

void catalog_check_locations(struct catalog *c)
{
	for (size_t i = 0; i < c->locations_count; i++) {
		const struct catalog_location *l = &c->locations[i];
		struct catalog_sha1 named;

		if (l->is_included)
			continue; /* nobody downloads it: genuine addresses are dummies */
		if (!is_http(l->url))
			catalog_report(c, NULL, CATALOG_RULE_URL_FORM, MASTER, l->offset, l->url,
				       "");
		if (digest_of_url(l->url, &named) && memcmp(&named, &l->sha1, sizeof named) != 0)
			catalog_report(c, NULL, CATALOG_RULE_URL_DIGEST, MASTER, l->offset, l->url,
				       "");
	}
}

/* ---- values of a revision ---- */

static bool is_language(const char *text)
{
	size_t part = 0;
	bool first = true;

	for (const char *p = text; *p; p++) {
		if (*p == '-' && part >= (first ? 2 : 1) && p[1]) {
			first = false;
			part = 0;
		} else if (part < 8 &&
			   (isalpha((unsigned char)*p) || (!first && isdigit((unsigned char)*p)))) {
			part++;
		} else {
			return false;
		}
	}
	return part >= (first ? 2 : 1);
}

static void check_values(struct catalog *c, struct catalog_revision *r)
{
	char when[STR_TIME_SIZE];

	if (r->creation != 0 &&
	    (r->creation < OLDEST ||
	     (c->package.creation > 0 && r->creation > c->package.creation + DAY))) {
		str_from_time(r->creation, when);
		say(c, r, CATALOG_RULE_UPDATE_DATE, when, "");
	}
	if (*r->default_language && !is_language(r->default_language))
		say(c, r, CATALOG_RULE_LANGUAGE_TEXT, r->default_language, "DefaultLanguage");
	for (size_t i = 0; i < r->languages_count; i++)
		if (!is_language(r->languages[i]))
			say(c, r, CATALOG_RULE_LANGUAGE_TEXT, r->languages[i], "Languages");
	for (size_t i = 0; i < r->stated_licences_count; i++)
		if (!is_language(r->stated_licences[i].language))
			say(c, r, CATALOG_RULE_LANGUAGE_TEXT, r->stated_licences[i].language,
			    "EulaFiles");
}

/* ---- references of a revision ---- */

static void check_parents(struct catalog *c, struct catalog_revision *r)
{
	char text[16];

	for (size_t i = 0; i < r->bundled_by_count; i++) {
		const struct catalog_revision *parent = catalog_by_revision(c, r->bundled_by[i]);

		if (!parent || parent->is_bundle)
			continue;
		snprintf(text, sizeof text, "%" PRIu32, r->bundled_by[i]);
		say(c, r, CATALOG_RULE_PARENT_KIND, text, "");
	}
	if (r->bundled_by_count < 2)
		return;
	snprintf(text, sizeof text, "%" PRIu32, r->bundled_by_count);
	say(c, r, CATALOG_RULE_MULTI_PARENT, text, "");
}

/* Whether some revision of the update is a category, or none says what it is. */
static bool may_be_category(const struct catalog *c, size_t first)
{
	const struct catalog_guid *id = &c->items[c->by_guid[first]].update_id;
	bool known = false;

	/* two revisions say enough; a hostile catalog may have a million */
	for (size_t i = first; i < c->by_guid_count && i < first + 16; i++) {
		const struct catalog_revision *r = &c->items[c->by_guid[i]];

		if (memcmp(&r->update_id, id, sizeof *id) != 0)
			break;
		if (!*r->update_type)
			continue;
		known = true;
		if (strcmp(r->update_type, "Category") == 0)
			return true;
	}
	return !known;
}

static void check_categories(struct catalog *c, struct catalog_revision *r)
{
	size_t classifications = 0, products = 0;
	char text[STR_GUID_SIZE];

	for (size_t i = 0; i < r->categories_count; i++) {
		size_t first = catalog_first_of(c, &r->categories[i].id);

		classifications += r->categories[i].type == CATALOG_CATEGORY_CLASSIFICATION;
		products += r->categories[i].type == CATALOG_CATEGORY_PRODUCT;
		str_from_guid(r->categories[i].id.bytes, text);
		if (first == SIZE_MAX)
			say(c, r, CATALOG_RULE_CATEGORY_DANGLING, text, "");
		else if (!may_be_category(c, first))
			say(c, r, CATALOG_RULE_CATEGORY_KIND, text, "");
	}
	if (!r->is_bundle || (classifications == 1 && products > 0))
		return;
	snprintf(text, sizeof text, "%zu and %zu", classifications, products);
	say(c, r, CATALOG_RULE_CATEGORY_COUNT, text, "");
}

/* ---- files of a revision ---- */

static void check_twice(struct catalog *c, struct catalog_revision *r)
{
	if (r->payload_count < 2)
		return;
	CLEANUP(free_digests)
	struct catalog_sha1 *all = buf_malloc(r->payload_count * sizeof *all);
	memcpy(all, r->payload, r->payload_count * sizeof *all);
	sort_digests(all, r->payload_count);
	for (size_t i = 1; i < r->payload_count; i++) {
		char text[HEX_SHA1 + 1];

		if (by_bytes(&all[i - 1], &all[i]) != 0)
			continue;
		str_to_hex(all[i].bytes, sizeof all[i].bytes, text);
		say(c, r, CATALOG_RULE_PAYLOAD_TWICE, text, "");
	}
}

/* As many descriptions as files, but other ones: that is PAYLOAD_UNDESCRIBED. */
static void check_described(struct catalog *c, struct catalog_revision *r, const char *file)
{
	if (r->files_count == 0 || r->files_count >= r->payload_count)
		return;
	CLEANUP(free_digests)
	struct catalog_sha1 *all = buf_malloc(r->files_count * sizeof *all);
	for (size_t i = 0; i < r->files_count; i++)
		all[i] = r->files[i].sha1;
	sort_digests(all, r->files_count);
	for (size_t i = 0; i < r->payload_count; i++) {
		char text[HEX_SHA1 + 1];

		if (has_digest(all, r->files_count, &r->payload[i]))
			continue;
		str_to_hex(r->payload[i].bytes, sizeof r->payload[i].bytes, text);
		catalog_report(c, r, CATALOG_RULE_PAYLOAD_UNEXPLAINED, file, 0, text, "");
	}
}

static void check_names(struct catalog *c, struct catalog_revision *r, const char *file)
{
	uint64_t sum = 0;
	bool whole = r->files_count > 0;
	char text[24];

	for (size_t i = 0; i < r->files_count; i++) {
		const struct catalog_file *f = &r->files[i];
		struct catalog_sha1 named;

		whole = whole && f->has_size && f->size <= INT64_MAX - sum;
		sum += whole ? f->size : 0;
		if (strlen(f->name) > HEX_SHA1 && f->name[HEX_SHA1] == '_' &&
		    str_from_any_hex(f->name, HEX_SHA1, named.bytes, sizeof named.bytes) &&
		    memcmp(&named, &f->sha1, sizeof named) != 0)
			catalog_report(c, r, CATALOG_RULE_NAME_DIGEST, file, 0, f->name, "");
	}
	if (!r->has_max_size || !whole || sum == r->max_size)
		return;
	snprintf(text, sizeof text, "%" PRIu64, r->max_size);
	catalog_report(c, r, CATALOG_RULE_SIZE_SUM, file, 0, text, "");
}

static void check_licences(struct catalog *c, struct catalog_revision *r)
{
	if (!r->has_licence_fragment || r->stated_licences_count == 0)
		return;
	CLEANUP(free_digests)
	struct catalog_sha1 *all = buf_malloc(r->licences_count * sizeof *all);
	for (size_t i = 0; i < r->licences_count; i++)
		all[i] = r->licences[i].sha1;
	sort_digests(all, r->licences_count);
	for (size_t i = 0; i < r->stated_licences_count; i++) {
		const struct catalog_licence *l = &r->stated_licences[i];
		char text[HEX_SHA1 + 1];

		if (has_digest(all, r->licences_count, &l->sha1))
			continue;
		str_to_hex(l->sha1.bytes, sizeof l->sha1.bytes, text);
		say(c, r, CATALOG_RULE_LICENCE_MISMATCH, text, l->language);
	}
}

void catalog_check_revision(struct catalog *c, struct catalog_revision *r)
{
	char file[24];

	snprintf(file, sizeof file, "x/%" PRIu32, r->revision_id);
	check_values(c, r);
	check_parents(c, r);
	check_categories(c, r);
	check_twice(c, r);
	check_described(c, r, file);
	check_names(c, r, file);
	check_licences(c, r);
}

/* ---- IsLeaf ---- */

static void free_flags(bool *p)
{
	free(p);
}
DEFINE_CLEANUP(bool *, free_flags);

static void mark_needed(const struct catalog *c, const struct catalog_revision *r, bool *needed)
{
	for (size_t i = 0; i < r->prerequisites_count; i++)
		for (size_t k = 0; k < r->prerequisites[i].count; k++) {
			size_t first = catalog_first_of(c, &r->prerequisites[i].any_of[k]);

			if (first != SIZE_MAX)
				needed[first] = true;
		}
}

/* A leaf of the tree of prerequisites: nobody may stand below it. */
void catalog_check_leaves(struct catalog *c)
{
	CLEANUP(free_flags) bool *needed = buf_calloc(c->by_guid_count, sizeof *needed);
	bool open = false;

	for (size_t i = 0; i < c->count; i++)
		mark_needed(c, &c->items[i], needed);
	for (size_t i = 0; i < c->by_guid_count; i++) {
		struct catalog_revision *r = &c->items[c->by_guid[i]];
		bool first = i == 0 || memcmp(&c->items[c->by_guid[i - 1]].update_id, &r->update_id,
					      sizeof r->update_id) != 0;

		open = first ? needed[i] : open;
		if (open && r->is_leaf)
			say(c, r, CATALOG_RULE_LEAF_NEEDED, "true", "");
	}
}

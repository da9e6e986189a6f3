#include "lib/catalog/catalog_wide.h"

#include "lib/base/buf.h"
#include "lib/catalog/catalog_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* IsInstallable stands before the metadata, which is what makes fragments long. */
enum { SEARCHED = 256 << 10 };

/* ---- counting ---- */

static uint64_t digest_of(const char *text, size_t len)
{
	uint64_t h = 0xCBF29CE484222325ull;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 0x100000001B3ull;
	return h ? h : 1;
}

static bool is_named(const char *tag, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len >= n && memcmp(tag, name, n) == 0 &&
	       (len == n || strchr(" \t\r\n/", tag[n]) != NULL);
}

struct counting {
	struct catalog_applicability *out;
	unsigned depth, or_depth; /* inside IsInstallable; of the outermost Or, 0: none */
};

/* What stands between < and >; false when IsInstallable ends with it. */
static bool count_tag(struct counting *n, const char *tag, size_t len)
{
	bool empty = len > 0 && tag[len - 1] == '/';

	if (len > 0 && tag[0] == '/') {
		if (n->depth == n->or_depth)
			n->or_depth = 0;
		return n->depth-- > 1;
	}
	bool is_or = is_named(tag, len, "Or");
	bool wrapper = is_or || is_named(tag, len, "And") || is_named(tag, len, "Not");

	if (!wrapper && n->or_depth)
		n->out->alternatives++;
	else if (!wrapper && !is_named(tag, len, "True"))
		n->out->conditions++;
	if (empty)
		return true;
	n->depth++;
	if (is_or && !n->or_depth)
		n->or_depth = n->depth;
	return true;
}

/* From behind "<" of IsInstallable to its end tag; terminated. */
static void count_element(char *text, struct catalog_applicability *out)
{
	struct counting counting = { .out = out, .depth = 1 };
	char *end = strchr(text, '>');

	if (!end || end[-1] == '/')
		return;
	for (char *at = strchr(end, '<'); at && (end = strchr(at, '>')); at = strchr(end, '<'))
		if (!count_tag(&counting, at + 1, (size_t)(end - at - 1)))
			return;
}

void catalog_applicability_scan(const void *bytes, size_t len, struct catalog_applicability *out)
{
	static const char open[] = "<IsInstallable", close[] = "</IsInstallable>";
	size_t searched = len < SEARCHED ? len : SEARCHED;
	const char *end = (const char *)bytes + searched;
	const char *first = memmem(bytes, searched, open, sizeof open - 1);

	if (!first || first + sizeof open > end || !strchr(" \t\r\n/>", first[sizeof open - 1]))
		return;
	const char *last = memmem(first, (size_t)(end - first), close, sizeof close - 1);
	size_t n = last ? (size_t)(last - first) + sizeof close - 1 : (size_t)(end - first);
	CLEANUP(free) unsigned char *copy = buf_malloc(n + 1);

	memcpy(copy, first, n);
	copy[n] = '\0';
	out->digest = digest_of(first, n);
	count_element((char *)copy + 1, out);
}

void catalog_wide_reach(const struct catalog_revision *r, struct catalog_reach *out)
{
	*out = (struct catalog_reach){ .applicability = r->applicability, .has_core = r->has_core };
	for (size_t i = 0; i < r->prerequisites_count; i++) {
		if (r->prerequisites[i].count == 0)
			continue;
		out->groups++;
		out->alternatives += (uint32_t)r->prerequisites[i].count;
	}
}

/* ---- comparing ---- */

static const char *compare_conditions(const struct catalog_applicability *a,
				      const struct catalog_applicability *b,
				      char buf[CATALOG_WIDE_SIZE])
{
	if (b->digest == a->digest || a->digest == 0)
		return NULL;
	if (b->digest == 0)
		snprintf(buf, CATALOG_WIDE_SIZE, "IsInstallable is gone");
	else if (b->conditions < a->conditions)
		snprintf(buf, CATALOG_WIDE_SIZE,
			 "IsInstallable has %" PRIu32 " conditions, there were %" PRIu32,
			 b->conditions, a->conditions);
	else if (b->conditions == a->conditions && b->alternatives > a->alternatives)
		snprintf(buf, CATALOG_WIDE_SIZE,
			 "IsInstallable has %" PRIu32 " alternatives, there were %" PRIu32,
			 b->alternatives, a->alternatives);
	else
		return NULL;
	return buf;
}

const char *catalog_wide_compare(const struct catalog_reach *before,
				 const struct catalog_reach *after, char buf[CATALOG_WIDE_SIZE])
{
	const char *what =
		before->has_core && after->has_core
			? compare_conditions(&before->applicability, &after->applicability, buf)
			: NULL;

	if (what)
		return what;
	if (after->groups < before->groups)
		snprintf(buf, CATALOG_WIDE_SIZE, "%" PRIu32 " prerequisites, there were %" PRIu32,
			 after->groups, before->groups);
	else if (after->groups == before->groups && after->alternatives > before->alternatives)
		snprintf(buf, CATALOG_WIDE_SIZE,
			 "%" PRIu32 " alternatives in %" PRIu32
			 " prerequisites, there were %" PRIu32,
			 after->alternatives, after->groups, before->alternatives);
	else
		return NULL;
	return buf;
}

/* ---- inside one catalog ---- */

static bool is_next(const struct catalog_revision *a, const struct catalog_revision *b)
{
	return memcmp(&a->update_id, &b->update_id, sizeof a->update_id) == 0 &&
	       a->action != CATALOG_ACTION_EVALUATE && b->action != CATALOG_ACTION_EVALUATE;
}

static void compare_two(struct catalog *c, const struct catalog_revision *older,
			struct catalog_revision *newer)
{
	struct catalog_reach before, after;
	char text[CATALOG_WIDE_SIZE], detail[CATALOG_WIDE_SIZE + 40];

	catalog_wide_reach(older, &before);
	catalog_wide_reach(newer, &after);
	if (!catalog_wide_compare(&before, &after, text))
		return;
	snprintf(detail, sizeof detail, "%s in revision %" PRIu32, text, older->revision_id);
	catalog_report(c, newer, CATALOG_RULE_WIDENED, "package.xml", newer->offset, "", detail);
}

/* Neighbours of one update, by their place in the order of (UpdateID, RevisionId). */
void catalog_wide_check(struct catalog *c)
{
	for (size_t i = 1; i < c->by_guid_count; i++) {
		struct catalog_revision *a = &c->items[c->by_guid[i - 1]];
		struct catalog_revision *b = &c->items[c->by_guid[i]];

		if (!is_next(a, b) || a->revision_number == b->revision_number)
			continue;
		if (a->revision_number < b->revision_number)
			compare_two(c, a, b);
		else
			compare_two(c, b, a);
	}
}

#include "media/manifest_rule.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t manifest_rule_table_limit(enum manifest_table table)
{
	static const uint64_t limits[MANIFEST_TABLES] = {
		[MANIFEST_CHUNKS] = LIMIT_CHUNKS_BYTES,
		[MANIFEST_OBJECTS] = LIMIT_OBJECTS_BYTES,
		[MANIFEST_SUMS] = LIMIT_SUMS_BYTES,
	};

	return limits[table];
}

bool manifest_rule_is_kind(const char *bytes, size_t len)
{
	if (len == 0 || len >= MANIFEST_KIND_SIZE)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!(bytes[i] >= 'a' && bytes[i] <= 'z') && !(bytes[i] >= '0' && bytes[i] <= '9'))
			return false;
	}
	return true;
}

bool manifest_rule_is_series(const char *bytes, size_t len)
{
	if (len == 0 || len >= MANIFEST_SERIES_SIZE || bytes[0] == '-' || bytes[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != '_' && bytes[i] != '-' && bytes[i] != '.' &&
		    !text_is_name(&bytes[i], 1, 1))
			return false;
	}
	return true;
}

void manifest_rule_source(const struct manifest_source *s, char out[MANIFEST_RULE_SOURCE])
{
	char hex[DIGEST_HEX], time[STR_TIME_SIZE] = "-";

	str_to_hex(s->cabinet, sizeof s->cabinet, hex);
	if (s->dated)
		str_from_time(s->created, time);
	snprintf(out, MANIFEST_RULE_SOURCE, "source %s %s %s", s->kind, hex, time);
}

/* ---- order of lists ---- */

static int compare_sources(const void *left, const void *right)
{
	char a[MANIFEST_RULE_SOURCE], b[MANIFEST_RULE_SOURCE];

	manifest_rule_source(left, a);
	manifest_rule_source(right, b);
	return strcmp(a, b);
}

static int compare_audiences(const void *left, const void *right)
{
	return strcmp(left, right);
}

static int compare_withdrawn(const void *left, const void *right)
{
	const struct manifest_withdrawn *a = left, *b = right;
	int order = strcmp(a->kind, b->kind);

	/* As lines: the space after a kind is lower than any of its bytes, as NUL is. */
	return order ? order : strcmp(a->series, b->series);
}

typedef int compare_items(const void *left, const void *right);

static bool is_sorted(const void *items, size_t count, size_t size, compare_items *compare)
{
	const unsigned char *at = items;

	for (size_t i = 1; i < count; i++)
		if (compare(at + (i - 1) * size, at + i * size) >= 0)
			return false;
	return true;
}

/* Sort and drop repeated items; returns how many are left. */
static size_t sort(void *items, size_t count, size_t size, compare_items *compare)
{
	unsigned char *at = items;
	size_t kept = 0;

	if (count > 0)
		qsort(items, count, size, compare);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && compare(at + (kept - 1) * size, at + i * size) == 0)
			continue;
		memmove(at + kept++ * size, at + i * size, size);
	}
	return kept;
}

void manifest_sort(struct manifest *m)
{
	m->audience_count =
		sort(m->audiences, m->audience_count, sizeof *m->audiences, compare_audiences);
	m->withdrawn_count =
		sort(m->withdrawn, m->withdrawn_count, sizeof *m->withdrawn, compare_withdrawn);
	m->source_count = sort(m->sources, m->source_count, sizeof *m->sources, compare_sources);
}

/* ---- rules of several lines ---- */

static bool is_consecutive(const struct manifest *m)
{
	for (size_t i = 0; i < m->history_count; i++) {
		/* The last one is sequence - 2. */
		if (m->history[i].sequence < 1 ||
		    m->history[i].sequence + (m->history_count - i) + 1 != m->sequence)
			return false;
	}
	return true;
}

static bool has_repeated_origin(const struct manifest *m)
{
	for (size_t i = 0; i < m->origin_count; i++)
		for (size_t k = 0; k < i; k++)
			if (memcmp(m->origins[i], m->origins[k], sizeof m->origins[i]) == 0)
				return true;
	return false;
}

static const char *broken_kind(const struct manifest *m)
{
	if (m->increment) {
		if (m->base < 1 || m->base >= m->sequence)
			return "base is not a sequence before this one";
		if (m->objects + m->assumed > LIMIT_OBJECTS)
			return "carried and assumed objects together are too many";
		return NULL;
	}
	if (m->base != 0 || m->assumed != 0 || m->assumed_bytes != 0 || m->withdrawn_count != 0)
		return "only an increment has a base, assumed objects and withdrawn sources";
	return NULL;
}

const char *manifest_rule_broken(const struct manifest *m)
{
	if (m->created >= m->expires)
		return "expires is not later than created";
	if ((m->volumes == 0) != (m->objects == 0))
		return "volumes and objects must both be 0 or neither";
	if (!is_sorted(m->audiences, m->audience_count, sizeof *m->audiences, compare_audiences))
		return "the audience lines are not sorted and unique";
	if (!is_consecutive(m))
		return "the history lines are not consecutive up to the sequence before previous";
	if (!is_sorted(m->withdrawn, m->withdrawn_count, sizeof *m->withdrawn, compare_withdrawn))
		return "the withdrawn lines are not sorted and unique";
	if (!is_sorted(m->sources, m->source_count, sizeof *m->sources, compare_sources))
		return "the source lines are not sorted and unique";
	if (has_repeated_origin(m))
		return "an origin line is repeated";
	return broken_kind(m);
}

/* ---- questions ---- */

bool manifest_is_for(const struct manifest *m, const char *site)
{
	for (size_t i = 0; i < m->audience_count; i++)
		if (strcmp(m->audiences[i], site) == 0)
			return true;
	return false;
}

void manifest_sites(const struct manifest *m, char out[MANIFEST_SITES_SIZE])
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < m->audience_count; i++)
		len += (size_t)snprintf(out + len, MANIFEST_SITES_SIZE - len, "%s%s",
					i > 0 ? " " : "", m->audiences[i]);
}

const unsigned char *manifest_past(const struct manifest *m, uint64_t sequence)
{
	if (m->sequence > 1 && sequence == m->sequence - 1)
		return m->previous;
	for (size_t i = 0; i < m->history_count; i++)
		if (m->history[i].sequence == sequence)
			return m->history[i].sha256;
	return NULL;
}

#include "exporter/wsusutil_names.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/source.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 64 << 10 };

void wsusutil_names_clear(struct wsusutil_names *n)
{
	free(n->items);
	free(n->order);
	free(n->seen);
	*n = (struct wsusutil_names){ 0 };
}

/* Everything else that is wrong with an update is found where all of them are judged. */
static int check_identity(const struct catalog_export_update *u, struct error *err)
{
	const struct catalog_problems *p = &u->problems;

	for (size_t i = 0; i < p->count; i++)
		if (catalog_rule_severity(p->items[i].rule) == CATALOG_ERROR &&
		    (strcmp(p->items[i].detail, "UpdateId") == 0 ||
		     strcmp(p->items[i].detail, "RevisionNumber") == 0))
			return error_set(err, ERROR_WSUS_PACKAGE,
					 "package.xml: update at offset %" PRIu64
					 ": %s is missing or malformed",
					 u->offset, p->items[i].detail);
	return 0;
}

static int on_head(void *ctx, const struct catalog_export_head *h, struct error *err)
{
	struct wsusutil_names *n = ctx;

	n->has_head = true;
	if (strcmp(h->format_version, "1.0") != 0)
		return error_set(err, ERROR_WSUS_PACKAGE,
				 "package.xml: format version \"%.32s\", known is 1.0",
				 h->format_version);
	return 0;
}

static int on_languages(void *ctx, const struct catalog_export_file *l, struct error *err)
{
	struct wsusutil_names *n = ctx;

	if (n->has_languages)
		return error_set(err, ERROR_WSUS_PACKAGE,
				 "package.xml: a second list of languages at offset %" PRIu64,
				 l->offset);
	n->has_languages = true;
	return 0;
}

static int on_update(void *ctx, const struct catalog_export_update *u, struct error *err)
{
	struct wsusutil_names *n = ctx;

	if (check_identity(u, err) < 0)
		return -1;
	if (n->count == LIMIT_CATALOG_UPDATES)
		return error_set(err, ERROR_WSUS_LIMIT, "package.xml: more than %u updates",
				 LIMIT_CATALOG_UPDATES);
	n->items = buf_grow(n->items, &n->capacity, n->count, sizeof *n->items);
	n->items[n->count++] =
		(struct catalog_full_identity){ .update_id = u->update_id,
						.revision_number = u->revision_number };
	return 0;
}

static const struct catalog_export_handler handler = { .head = on_head,
						       .languages = on_languages,
						       .update = on_update };

static int read_document(struct source *src, struct catalog_export *e, struct error *err)
{
	unsigned char *piece = buf_malloc(PIECE);
	uint64_t done = 0;
	ssize_t n;
	int failed = 0;

	while (!failed && (n = src->read(src, piece, PIECE, err)) != 0) {
		failed = n < 0 || catalog_export_feed(e, piece, (size_t)n, err) < 0;
		done += n < 0 ? 0 : (uint64_t)n;
		if (!failed && done > LIMIT_WSUS_PACKAGE_BYTES)
			failed = error_set(err, ERROR_WSUS_LIMIT, "more than %llu bytes",
					   (unsigned long long)LIMIT_WSUS_PACKAGE_BYTES);
	}
	free(piece);
	if (failed || catalog_export_finish(e, err) < 0)
		return error_wrap(err, "package.xml");
	return 0;
}

static int compare(const struct catalog_full_identity *a, const unsigned char id[16],
		   uint32_t revision)
{
	int order = memcmp(a->update_id.bytes, id, 16);

	if (order != 0)
		return order;
	return a->revision_number < revision ? -1 : a->revision_number > revision;
}

static int by_identity(const void *left, const void *right, void *ctx)
{
	const struct catalog_full_identity *all = ctx;
	const struct catalog_full_identity *b = &all[*(const uint32_t *)right];

	return compare(&all[*(const uint32_t *)left], b->update_id.bytes, b->revision_number);
}

static int complain(const unsigned char update_id[16], uint32_t revision, const char *cause,
		    struct error *err)
{
	char guid[STR_GUID_SIZE];

	str_from_guid(update_id, guid);
	return error_set(err, ERROR_WSUS_MISMATCH, "revision %s.%" PRIu32 " %s", guid, revision,
			 cause);
}

static int sort(struct wsusutil_names *n, struct error *err)
{
	n->order = buf_calloc(n->count, sizeof *n->order);
	n->seen = buf_calloc(n->count, sizeof *n->seen);
	for (size_t i = 0; i < n->count; i++)
		n->order[i] = (uint32_t)i;
	if (n->count > 1)
		qsort_r(n->order, n->count, sizeof *n->order, by_identity, n->items);
	for (size_t i = 1; i < n->count; i++) {
		const struct catalog_full_identity *a = &n->items[n->order[i]];

		if (by_identity(&n->order[i - 1], &n->order[i], n->items) == 0)
			return complain(a->update_id.bytes, a->revision_number,
					"is listed twice in package.xml", err);
	}
	return 0;
}

int wsusutil_names_read(struct source *src, struct wsusutil_names *out, struct error *err)
{
	CLEANUP(wsusutil_names_clear) struct wsusutil_names n = { 0 };
	CLEANUP(catalog_export_free) struct catalog_export *e = catalog_export_new(&handler, &n);

	if (read_document(src, e, err) < 0)
		return -1;
	if (!n.has_languages)
		return error_set(err, ERROR_WSUS_PACKAGE, "package.xml: no list of languages");
	if (sort(&n, err) < 0)
		return -1;
	if (n.count > 0)
		catalog_full_number(n.items, n.count);
	*out = n;
	n = (struct wsusutil_names){ 0 };
	return 0;
}

int wsusutil_names_take(struct wsusutil_names *n, const unsigned char update_id[16],
			uint32_t revision, size_t *place, struct error *err)
{
	size_t low = 0, high = n->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&n->items[n->order[middle]], update_id, revision) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == n->count || compare(&n->items[n->order[low]], update_id, revision) != 0)
		return complain(update_id, revision,
				"is in metadata.txt, and not listed in package.xml", err);
	*place = n->order[low];
	if (n->seen[*place])
		return complain(update_id, revision, "is twice in metadata.txt", err);
	n->seen[*place] = true;
	return 0;
}

int wsusutil_names_finish(const struct wsusutil_names *n, struct error *err)
{
	for (size_t i = 0; i < n->count; i++)
		if (!n->seen[i])
			return complain(n->items[i].update_id.bytes, n->items[i].revision_number,
					"is listed in package.xml, and not in metadata.txt", err);
	return 0;
}

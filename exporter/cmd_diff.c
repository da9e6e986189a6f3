#include "exporter/commands.h"
#include "exporter/lint.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_change.h"
#include "lib/catalog/catalog_diff.h"
#include "lib/cli/progress.h"
#include "lib/store/content.h"
#include "lib/store/rows.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <string.h>

struct difference {
	struct lint sides[2];
	struct catalog_diff diff;
	struct catalog_change change;
};

static void difference_clear(struct difference *d)
{
	catalog_change_clear(&d->change);
	catalog_diff_clear(&d->diff);
	lint_clear(&d->sides[0]);
	lint_clear(&d->sides[1]);
}
DEFINE_CLEANUP_IN_PLACE(struct difference, difference_clear);

/* ---- both sides ---- */

/* The cabinet of KIND/SERIES: 1, 0 when there is none, -1. */
static int find_series(struct store *s, const char *text, struct listing_source *out,
		       struct error *err)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : 0;
	struct rows_source r = { 0 };
	int row = 0;

	while (slash && (row = rows_next_source(s, &r, err)) == 1)
		if (strlen(r.source.kind) == len && memcmp(r.source.kind, text, len) == 0 &&
		    strcmp(r.source.series, slash + 1) == 0) {
			*out = r.source;
			return 1;
		}
	return row;
}

/* A series of the repository is read from the cabinet that is kept there. */
static int read_side(const char *repo, const char *text, struct progress *progress,
		     struct lint *out, struct error *err)
{
	CLEANUP(store_close) struct store *s = repo ? store_open(repo, false, err) : NULL;
	struct listing_source source;
	CLEANUP(file_close) int fd = -1;
	uint64_t size;

	if (repo && !s)
		return -1;
	int found = s ? find_series(s, text, &source, err) : 0;

	if (found < 0)
		return -1;
	if (found == 0)
		return lint_read(text, NULL, progress, out, err);
	int here = content_open(s, source.cabinet, &fd, &size, err);

	if (here < 0)
		return -1;
	if (here == 0)
		return error_set(err, ERROR_CONTENT_ABSENT, "the cabinet of %s", text);
	return lint_read_fd(fd, size, source.name, NULL, progress, out, err);
}

static void compare(struct difference *d)
{
	struct catalog_diff_source sources[2];

	for (int i = 0; i < 2; i++)
		sources[i] = (struct catalog_diff_source){
			d->sides[i].catalog, (const unsigned char(*)[32])d->sides[i].marks
		};
	const struct catalog_diff_state before = { &sources[0], 1 }, after = { &sources[1], 1 };

	catalog_diff_compute(&before, &after, &d->diff);
	catalog_change_compute(d->sides[0].catalog, d->sides[1].catalog, &d->change);
}

/* ---- text ---- */

static void print_update(const char *what, const struct catalog_revision *before,
			 const struct catalog_revision *after)
{
	const struct catalog_revision *r = after ? after : before;
	char id[STR_GUID_SIZE] = "without UpdateID";

	if (r->has_update_id)
		str_from_guid(r->update_id.bytes, id);
	printf("%-12s %s", what, id);
	if (before && after && before->revision_id != after->revision_id)
		printf(" revision %u -> %u", before->revision_id, after->revision_id);
	else
		printf(" revision %u", r->revision_id);
	if (*r->kb)
		printf(" KB%s", r->kb);
	putchar(' ');
	for (const char *p = r->title; *p; p++)
		putchar((unsigned char)*p < ' ' || *p == 0x7F ? ' ' : *p);
	putchar('\n');
}

static void print_text(const struct difference *d)
{
	for (size_t i = 0; i < d->diff.update_count; i++) {
		const struct catalog_diff_update *u = &d->diff.updates[i];

		print_update(catalog_diff_kind_name(u->kind), u->before, u->after);
	}
	for (size_t i = 0; i < d->change.superseded_count; i++)
		print_update("superseded", d->change.superseded[i].before,
			     d->change.superseded[i].after);
	for (size_t i = 0; i < d->change.reclassified_count; i++)
		print_update("reclassified", d->change.reclassified[i].before,
			     d->change.reclassified[i].after);
	printf("%s to %s: %zu added, %zu revised, %zu withdrawn, %zu superseded, %zu "
	       "reclassified; files: %zu added, %zu removed\n",
	       d->sides[0].name, d->sides[1].name, d->diff.kinds[CATALOG_DIFF_ADDED],
	       d->diff.kinds[CATALOG_DIFF_REVISED], d->diff.kinds[CATALOG_DIFF_WITHDRAWN],
	       d->change.superseded_count, d->change.reclassified_count, d->diff.files_added,
	       d->diff.files_removed);
}

/* ---- JSON ---- */

static json_t *revision_json(const struct catalog_revision *r)
{
	return r ? json_pack("{s:I, s:I}", "revision_id", (json_int_t)r->revision_id,
			     "revision_number", (json_int_t)r->revision_number)
		 : json_null();
}

static json_t *update_json(const struct catalog_revision *before,
			   const struct catalog_revision *after)
{
	const struct catalog_revision *r = after ? after : before;
	char id[STR_GUID_SIZE];

	if (r->has_update_id)
		str_from_guid(r->update_id.bytes, id);
	return json_pack("{s:s?, s:s, s:s, s:o, s:o}", "update_id", r->has_update_id ? id : NULL,
			 "kb", r->kb, "title", r->title, "before", revision_json(before), "after",
			 revision_json(after));
}

static json_t *kind_json(const struct catalog_diff *d, enum catalog_diff_kind kind)
{
	json_t *array = json_array();

	for (size_t i = 0; i < d->update_count; i++)
		if (d->updates[i].kind == kind)
			json_array_append_new(
				array, update_json(d->updates[i].before, d->updates[i].after));
	return array;
}

static json_t *pairs_json(const struct catalog_change_pair *pairs, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, update_json(pairs[i].before, pairs[i].after));
	return array;
}

static json_t *difference_json(const struct difference *d)
{
	const struct catalog_change *c = &d->change;

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "before",
			 d->sides[0].name, "after", d->sides[1].name, "added",
			 kind_json(&d->diff, CATALOG_DIFF_ADDED), "revised",
			 kind_json(&d->diff, CATALOG_DIFF_REVISED), "withdrawn",
			 kind_json(&d->diff, CATALOG_DIFF_WITHDRAWN), "superseded",
			 pairs_json(c->superseded, c->superseded_count), "reclassified",
			 pairs_json(c->reclassified, c->reclassified_count), "files_added",
			 (json_int_t)d->diff.files_added, "files_removed",
			 (json_int_t)d->diff.files_removed);
}

int cmd_diff(const struct cli_args *args, struct error *err)
{
	CLEANUP(difference_clear) struct difference d = { .sides = { { .catalog = NULL } } };
	const char *repo = cli_text(args, "repo");
	struct progress progress;

	for (int i = 0; i < 2; i++)
		if (read_side(repo, args->operands[i], &progress, &d.sides[i], err) < 0)
			return -1;
	compare(&d);
	if (args->json)
		cli_print_json(difference_json(&d));
	else
		print_text(&d);
	return 0;
}

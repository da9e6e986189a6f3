#include "lib/base/buf.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Who cannot be used because another revision cannot.  A work list, each
 * revision enters it once, each relation is followed once.
 */
struct work {
	struct catalog *c;
	struct catalog_graph g;
	uint32_t *queue; /* indexes, in order of quarantine */
	size_t head, count;
	uint32_t *bundles;    /* revision -> bundles present and not quarantined */
	uint32_t *dependents; /* revision -> how many it took with it */
};

static void u32_free(uint32_t *p)
{
	free(p);
}
DEFINE_CLEANUP(uint32_t *, u32_free);

static void work_clear(struct work *w)
{
	catalog_graph_clear(&w->g);
	free(w->queue);
	free(w->bundles);
	free(w->dependents);
}
DEFINE_CLEANUP_IN_PLACE(struct work, work_clear);

static void take(struct work *w, size_t i, size_t because, const char *why)
{
	struct catalog_revision *r = &w->c->items[i];
	const struct catalog_revision *by = &w->c->items[because];
	char detail[128];

	if (r->verdict != CATALOG_OK)
		return;
	snprintf(detail, sizeof detail, "revision %" PRIu32 " (%s revision %" PRIu32 ")", by->cause,
		 why, by->revision_id);
	uint32_t cause = by->cause;
	r->verdict = CATALOG_QUARANTINED;
	r->cause = cause;
	w->queue[w->count++] = (uint32_t)i;
	size_t root = catalog_index_of(w->c, cause);
	if (root != SIZE_MAX)
		w->dependents[root]++;
	catalog_report(w->c, r, CATALOG_RULE_DEPENDENT, "package.xml", r->offset, "", detail);
}

/* The update id of i may be gone for good: then groups that knew no other are lost. */
static void follow_prerequisites(struct work *w, uint32_t i)
{
	uint32_t id = w->g.id_of[i];

	if (id == UINT32_MAX || --w->g.id_live[id] > 0)
		return;
	for (uint32_t k = w->g.users_first[id]; k < w->g.users_first[id + 1]; k++) {
		uint32_t group = w->g.users[k];

		if (--w->g.group_size[group] == 0)
			take(w, w->g.group_owner[group], i, "no prerequisite left after");
	}
}

static int by_number(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

/* Of two revisions with one identity the first stays: a bundle that has both still has it. */
static uint32_t *bundles_of_first(const struct work *w, const struct catalog_revision *r,
				  size_t *count)
{
	const struct catalog_revision *first =
		r->original ? catalog_by_revision(w->c, r->original) : NULL;
	*count = first ? first->bundled_by_count : 0;
	uint32_t *all = buf_calloc(*count, sizeof *all);

	for (size_t k = 0; k < *count; k++)
		all[k] = first->bundled_by[k];
	if (*count > 1)
		qsort(all, *count, sizeof *all, by_number);
	return all;
}

static void follow_bundles(struct work *w, uint32_t i)
{
	const struct catalog_revision *r = &w->c->items[i];
	size_t count;
	CLEANUP(u32_free) uint32_t *whole = bundles_of_first(w, r, &count);

	for (size_t k = 0; k < r->bundled_by_count; k++) {
		size_t parent = catalog_index_of(w->c, r->bundled_by[k]);

		if (parent != SIZE_MAX && (count == 0 || !bsearch(&r->bundled_by[k], whole, count,
								  sizeof *whole, by_number)))
			take(w, parent, i, "a bundle that contains");
	}
	for (uint32_t k = w->g.child_first[i]; k < w->g.child_first[i + 1]; k++) {
		uint32_t child = w->g.children[k];

		if (--w->bundles[child] == 0 && w->c->items[child].action == CATALOG_ACTION_BUNDLE)
			take(w, child, i, "only deployed through");
	}
}

/* How many revisions that stay name a quarantined root as their successor. */
static uint32_t *count_superseded(const struct catalog *c)
{
	uint32_t *counts = buf_calloc(c->count, sizeof *counts);

	for (size_t i = 0; i < c->count; i++)
		for (size_t k = 0;
		     c->items[i].verdict == CATALOG_OK && k < c->items[i].superseded_by_count;
		     k++) {
			size_t by = catalog_index_of(c, c->items[i].superseded_by[k]);

			if (by != SIZE_MAX && c->items[by].verdict != CATALOG_OK)
				counts[by]++;
		}
	return counts;
}

/* Tell the errors at the root of it what they cost; and fill what was not known when reported. */
static void complete_findings(struct work *w, const uint32_t *superseded)
{
	struct catalog *c = w->c;

	for (size_t i = 0; i < c->findings.count; i++) {
		struct catalog_finding *f = &c->findings.items[i];
		size_t at = f->revision_id ? catalog_index_of(c, f->revision_id) : SIZE_MAX;
		char text[160];

		if (at == SIZE_MAX)
			continue;
		const struct catalog_revision *r = &c->items[at];
		if (f->severity != CATALOG_ERROR)
			continue;
		if (f->rule == CATALOG_RULE_DEPENDENT) {
			f->cause = r->cause;
			continue;
		}
		f->dependents = w->dependents[at];
		snprintf(text, sizeof text,
			 "%" PRIu32 " dependent revisions quarantined with it, %" PRIu32
			 " superseded ones stay",
			 f->dependents, superseded[at]);
		catalog_finding_extend(&c->findings, f, text);
	}
}

void catalog_add_remark(struct catalog *c, const struct catalog_remark *r)
{
	struct catalog_finding f = {
		.rule = r->rule,
		.revision_id = r->revision_id,
		.file = r->file,
		.offset = r->offset,
		.value = r->value,
	};

	assert(catalog_rule_severity(r->rule) != CATALOG_ERROR);
	catalog_finding_add(&c->findings, &f, r->detail ? r->detail : "");
}

/* Findings may be older than what is known of their revision. */
static void complete_finding(struct catalog *c, struct catalog_finding *f, size_t at)
{
	const struct catalog_revision *r = &c->items[at];

	if (!*f->kb && *r->kb)
		catalog_finding_set_kb(&c->findings, f, r->kb);
	if (f->has_update_id || !r->has_update_id)
		return;
	f->has_update_id = true;
	memcpy(f->update_id, r->update_id.bytes, sizeof f->update_id);
}

void catalog_sort_findings(struct catalog *c)
{
	for (size_t i = 0; i < c->findings.count; i++) {
		struct catalog_finding *f = &c->findings.items[i];
		size_t at = f->revision_id ? catalog_index_of(c, f->revision_id) : SIZE_MAX;

		if (at != SIZE_MAX)
			complete_finding(c, f, at);
	}
	catalog_finding_sort(&c->findings);
}

void catalog_quarantine(struct catalog *c)
{
	CLEANUP(work_clear)
	struct work w = {
		.c = c,
		.queue = buf_calloc(c->count, sizeof *w.queue),
		.bundles = buf_calloc(c->count, sizeof *w.bundles),
		.dependents = buf_calloc(c->count, sizeof *w.dependents),
	};

	catalog_graph_build(c, &w.g);
	for (size_t i = 0; i < w.g.child_first[c->count]; i++)
		w.bundles[w.g.children[i]]++;
	for (size_t i = 0; i < c->count; i++)
		if (c->items[i].verdict != CATALOG_OK && !c->items[i].is_duplicate)
			w.queue[w.count++] = (uint32_t)i;
	while (w.head < w.count) {
		uint32_t i = w.queue[w.head++];

		follow_prerequisites(&w, i);
		follow_bundles(&w, i);
	}
	CLEANUP(u32_free) uint32_t *superseded = count_superseded(c);
	complete_findings(&w, superseded);
	catalog_sort_findings(c);
}

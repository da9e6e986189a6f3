/* Joining a catalog that was filled with fragments alone to the one they belong to. */
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/catalog/catalog_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* 1 when it was there already, which is a finding. */
static bool is_second(struct catalog *c, struct catalog_revision *r, bool has, char stream)
{
	char file[24];

	if (!has)
		return false;
	snprintf(file, sizeof file, "%c/%" PRIu32, stream, r->revision_id);
	catalog_report(c, r, CATALOG_RULE_FRAGMENT_DUPLICATE, file, 0, "", "");
	return true;
}

static void merge_core(struct catalog *c, struct catalog_revision *r,
		       const struct catalog_revision *from)
{
	if (is_second(c, r, r->has_core, CATALOG_STREAM_CORE))
		return;
	c->cores++;
	r->has_core = true;
	r->update_type = catalog_keep_text(c, from->update_type);
	r->core_has_id = from->core_has_id;
	r->core_id = from->core_id;
	r->core_number = from->core_number;
	r->core_prerequisites = from->core_prerequisites;
	r->is_deployable = from->is_deployable;
	r->applicability = from->applicability;
	r->core_bundled = catalog_keep(c, from->core_bundled, from->core_bundled_count,
				       sizeof *from->core_bundled);
	r->core_bundled_count = from->core_bundled_count;
	r->core_superseded = catalog_keep(c, from->core_superseded, from->core_superseded_count,
					  sizeof *from->core_superseded);
	r->core_superseded_count = from->core_superseded_count;
}

static void merge_extended(struct catalog *c, struct catalog_revision *r,
			   const struct catalog_revision *from)
{
	const struct catalog_extended x = {
		.kb = from->kb,
		.severity = from->severity,
		.bulletin = from->bulletin,
		.files = from->files,
		.files_count = from->files_count,
		.has_max_size = from->has_max_size,
		.max_size = from->max_size,
	};

	if (!is_second(c, r, r->has_extended, CATALOG_STREAM_EXTENDED))
		catalog_take_extended(c, r, &x);
}

static void merge_titles(struct catalog *c, struct catalog_revision *r,
			 const struct catalog_revision *from)
{
	/* The best first: it makes copies of the others unnecessary. */
	if (from->has_title)
		catalog_take_title(c, r, from->title_language, from->title);
	for (const struct catalog_title *t = from->titles; t; t = t->next)
		catalog_take_title(c, r, t->language, t->title);
}

static void merge_licences(struct catalog *c, struct catalog_revision *r,
			   const struct catalog_revision *from)
{
	const struct catalog_eula e = { .language = "",
					.files = from->licence_list,
					.files_count = from->licences_count };

	catalog_take_licences(c, r, "", &e);
}

static int merge_revision(struct catalog *c, const struct catalog_revision *from, struct error *err)
{
	struct catalog_revision *r = catalog_record(c, from->revision_id, err);

	if (!r)
		return -1;
	/* also of a core that is malformed further on */
	if (from->has_core)
		merge_core(c, r, from);
	if (from->has_extended)
		merge_extended(c, r, from);
	merge_titles(c, r, from);
	if (from->has_licence_fragment)
		merge_licences(c, r, from);
	return 0;
}

static int merge_findings(struct catalog *c, const struct catalog *from, struct error *err)
{
	uint64_t unseen[CATALOG_SEVERITIES_];

	memcpy(unseen, from->findings.seen, sizeof unseen);
	for (size_t i = 0; i < from->findings.count; i++) {
		const struct catalog_finding *f = &from->findings.items[i];
		struct catalog_revision *r = catalog_record(c, f->revision_id, err);

		if (!r)
			return -1;
		catalog_report(c, r, f->rule, f->file, f->offset, f->value,
			       catalog_finding_detail(f));
		unseen[f->severity]--;
	}
	/* What was counted and not kept there is so here. */
	for (int s = 0; s < CATALOG_SEVERITIES_; s++)
		c->findings.seen[s] += unseen[s];
	return 0;
}

void catalog_merge_trust(struct catalog *past)
{
	const struct catalog_findings *l = &past->findings;
	uint64_t seen = 0;

	for (int s = 0; s < CATALOG_SEVERITIES_; s++)
		seen += l->seen[s];
	/* of one that was counted and not kept nobody knows where it belongs */
	for (size_t i = 0; i < past->count; i++)
		if (seen != l->count || past->items[i].verdict != CATALOG_OK)
			past->items[i].has_core = false;
	for (size_t i = 0; i < l->count; i++) {
		struct error ignored = ERROR_INIT; /* only a new revision could be one too many */
		struct catalog_revision *r =
			catalog_record(past, l->items[i].revision_id, &ignored);

		if (r)
			r->has_core = false;
	}
}

int catalog_merge_core(struct catalog *c, struct catalog *past, uint32_t revision,
		       struct error *err)
{
	struct catalog_revision *from = catalog_record(past, revision, err);

	if (!from || !from->has_core)
		return from ? 0 : -1;
	struct catalog_revision *r = catalog_record(c, revision, err);
	if (!r)
		return -1;
	merge_core(c, r, from);
	return 1;
}

int catalog_merge(struct catalog *c, const struct catalog *part, struct error *err)
{
	for (size_t i = 0; i < part->count; i++)
		if (merge_revision(c, &part->items[i], err) < 0)
			return -1;
	/* An error that was not kept condemns its revision all the same. */
	for (size_t i = 0; i < part->count; i++)
		if (part->items[i].verdict != CATALOG_OK)
			catalog_condemn(catalog_record(c, part->items[i].revision_id, err));
	return merge_findings(c, part, err);
}

#include "lib/catalog/catalog_diff.h"

#include "lib/base/buf.h"

#include <stdlib.h>
#include <string.h>

/* ---- lists that are sorted and merged ---- */

struct entry {
	const struct catalog_revision *revision;
	const unsigned char *mark; /* or NULL */
};

struct entries {
	struct entry *items;
	size_t count;
};

struct files {
	struct catalog_diff_file *items;
	size_t count;
};

struct findings {
	const struct catalog_finding **items;
	size_t count;
};

static int compare_u32(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

/* Whether two revisions are of one update. */
static int compare_update(const struct entry *a, const struct entry *b)
{
	const struct catalog_revision *x = a->revision, *y = b->revision;

	if (x->has_update_id != y->has_update_id)
		return x->has_update_id ? -1 : 1;
	return x->has_update_id ? memcmp(&x->update_id, &y->update_id, sizeof x->update_id)
				: compare_u32(x->revision_id, y->revision_id);
}

static int compare_entry(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = compare_update(x, y);

	if (order == 0)
		order = compare_u32(x->revision->revision_id, y->revision->revision_id);
	if (order == 0)
		order = compare_u32(x->revision->revision_number, y->revision->revision_number);
	if (order == 0 && x->mark && y->mark)
		order = memcmp(x->mark, y->mark, 32);
	return order;
}

static int compare_file(const void *a, const void *b)
{
	const struct catalog_diff_file *x = a, *y = b;
	int order = memcmp(&x->sha1, &y->sha1, sizeof x->sha1);

	/* Of several that name a file, the one that says most comes first. */
	if (order == 0 && x->has_size != y->has_size)
		order = x->has_size ? -1 : 1;
	if (order == 0 && x->size != y->size)
		order = x->size < y->size ? -1 : 1;
	return order ? order : strcmp(x->name, y->name);
}

static int compare_finding(const void *a, const void *b)
{
	const struct catalog_finding *x = *(const struct catalog_finding *const *)a;
	const struct catalog_finding *y = *(const struct catalog_finding *const *)b;
	int order = compare_u32(x->severity, y->severity);

	if (order == 0)
		order = compare_u32(x->rule, y->rule);
	if (order == 0)
		order = compare_u32(x->revision_id, y->revision_id);
	if (order == 0)
		order = strcmp(x->file, y->file);
	return order ? order : strcmp(x->value, y->value);
}

static void sort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	if (count > 0)
		qsort(items, count, size, compare);
}

static void collect_entries(const struct catalog_diff_state *s, struct entries *out)
{
	size_t total = 0;

	for (size_t i = 0; i < s->count; i++)
		total += catalog_count(s->sources[i].catalog);
	*out = (struct entries){ .items = buf_calloc(total, sizeof *out->items) };
	for (size_t i = 0; i < s->count; i++) {
		const struct catalog_diff_source *source = &s->sources[i];

		for (size_t k = 0; k < catalog_count(source->catalog); k++)
			out->items[out->count++] =
				(struct entry){ catalog_at(source->catalog, k),
						source->marks ? source->marks[k] : NULL };
	}
	sort(out->items, out->count, sizeof *out->items, compare_entry);
}

static void add_files(const struct catalog_revision *r, struct files *out)
{
	for (uint32_t i = 0; i < r->files_count; i++) {
		const struct catalog_file *f = &r->files[i];

		out->items[out->count++] =
			(struct catalog_diff_file){ .sha1 = f->sha1,
						    .has_size = f->has_size,
						    .size = f->has_size ? f->size : 0,
						    .name = f->name ? f->name : "" };
	}
	for (uint32_t i = 0; i < r->payload_count; i++)
		out->items[out->count++] =
			(struct catalog_diff_file){ .sha1 = r->payload[i], .name = "" };
}

static void collect_files(const struct entries *e, struct files *out)
{
	size_t total = 0, kept = 0;

	for (size_t i = 0; i < e->count; i++)
		total += (size_t)e->items[i].revision->files_count +
			 e->items[i].revision->payload_count;
	*out = (struct files){ .items = buf_calloc(total, sizeof *out->items) };
	for (size_t i = 0; i < e->count; i++)
		add_files(e->items[i].revision, out);
	sort(out->items, out->count, sizeof *out->items, compare_file);
	for (size_t i = 0; i < out->count; i++)
		if (i == 0 || memcmp(&out->items[kept - 1].sha1, &out->items[i].sha1,
				     sizeof out->items[i].sha1) != 0)
			out->items[kept++] = out->items[i];
	out->count = kept;
}

static void collect_findings(const struct catalog_diff_state *s, struct findings *out)
{
	size_t total = 0, kept = 0;

	for (size_t i = 0; i < s->count; i++)
		total += catalog_finding_count(s->sources[i].catalog);
	*out = (struct findings){ .items = buf_calloc(total, sizeof(void *)) };
	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; k < catalog_finding_count(s->sources[i].catalog); k++)
			out->items[out->count++] = catalog_finding_at(s->sources[i].catalog, k);
	sort(out->items, out->count, sizeof(void *), compare_finding);
	for (size_t i = 0; i < out->count; i++)
		if (i == 0 || compare_finding(&out->items[kept - 1], &out->items[i]) != 0)
			out->items[kept++] = out->items[i];
	out->count = kept;
}

/* ---- updates ---- */

static size_t end_of_update(const struct entries *e, size_t from)
{
	size_t end = from;

	while (end < e->count && compare_update(&e->items[from], &e->items[end]) == 0)
		end++;
	return end;
}

/* Several sources may have the same revision: that is one. */
static size_t next_other(const struct entries *e, size_t i, size_t end)
{
	size_t next = i + 1;

	while (next < end && compare_entry(&e->items[i], &e->items[next]) == 0)
		next++;
	return next;
}

static bool is_same_update(const struct entries *b, size_t i, size_t i_end, const struct entries *a,
			   size_t k, size_t k_end)
{
	while (i < i_end && k < k_end) {
		if (compare_entry(&b->items[i], &a->items[k]) != 0)
			return false;
		i = next_other(b, i, i_end);
		k = next_other(a, k, k_end);
	}
	return i == i_end && k == k_end;
}

static void add_update(struct catalog_diff *d, enum catalog_diff_kind kind,
		       const struct entry *before, const struct entry *after)
{
	d->updates = buf_grow(d->updates, &d->update_capacity, d->update_count, sizeof *d->updates);
	d->updates[d->update_count++] =
		(struct catalog_diff_update){ kind, before ? before->revision : NULL,
					      after ? after->revision : NULL };
	d->kinds[kind]++;
}

static void merge_updates(const struct entries *b, const struct entries *a, struct catalog_diff *d)
{
	size_t i = 0, k = 0;

	while (i < b->count || k < a->count) {
		int order = i == b->count   ? 1
			    : k == a->count ? -1
					    : compare_update(&b->items[i], &a->items[k]);
		size_t i_end = order <= 0 ? end_of_update(b, i) : i;
		size_t k_end = order >= 0 ? end_of_update(a, k) : k;

		if (order < 0)
			add_update(d, CATALOG_DIFF_WITHDRAWN, &b->items[i_end - 1], NULL);
		else if (order > 0)
			add_update(d, CATALOG_DIFF_ADDED, NULL, &a->items[k_end - 1]);
		else if (!is_same_update(b, i, i_end, a, k, k_end))
			add_update(d, CATALOG_DIFF_REVISED, &b->items[i_end - 1],
				   &a->items[k_end - 1]);
		i = i_end;
		k = k_end;
	}
}

/* ---- files and findings ---- */

static void add_file(struct catalog_diff *d, const struct catalog_diff_file *f, bool added)
{
	d->files = buf_grow(d->files, &d->file_capacity, d->file_count, sizeof *d->files);
	d->files[d->file_count] = *f;
	d->files[d->file_count++].added = added;
	*(added ? &d->files_added : &d->files_removed) += 1;
	*(added ? &d->bytes_added : &d->bytes_removed) += f->size;
}

static void merge_files(const struct files *b, const struct files *a, struct catalog_diff *d)
{
	size_t i = 0, k = 0;

	while (i < b->count || k < a->count) {
		int order = i == b->count   ? 1
			    : k == a->count ? -1
					    : memcmp(&b->items[i].sha1, &a->items[k].sha1,
						     sizeof b->items[i].sha1);

		if (order < 0)
			add_file(d, &b->items[i], false);
		else if (order > 0)
			add_file(d, &a->items[k], true);
		i += order <= 0;
		k += order >= 0;
	}
}

static void add_finding(struct catalog_diff *d, const struct catalog_finding *f, bool added)
{
	d->findings =
		buf_grow(d->findings, &d->finding_capacity, d->finding_count, sizeof *d->findings);
	d->findings[d->finding_count++] = (struct catalog_diff_finding){ added, f };
	*(added ? &d->findings_added : &d->findings_resolved) += 1;
}

static void merge_findings(const struct findings *b, const struct findings *a,
			   struct catalog_diff *d)
{
	size_t i = 0, k = 0;

	while (i < b->count || k < a->count) {
		int order = i == b->count   ? 1
			    : k == a->count ? -1
					    : compare_finding(&b->items[i], &a->items[k]);

		if (order < 0)
			add_finding(d, b->items[i], false);
		else if (order > 0)
			add_finding(d, a->items[k], true);
		i += order <= 0;
		k += order >= 0;
	}
}

void catalog_diff_compute(const struct catalog_diff_state *before,
			  const struct catalog_diff_state *after, struct catalog_diff *out)
{
	struct catalog_diff d = { .update_count = 0 };
	struct entries entries[2];
	struct files files[2];
	struct findings findings[2];

	for (int i = 0; i < 2; i++) {
		const struct catalog_diff_state *s = i == 0 ? before : after;

		collect_entries(s, &entries[i]);
		collect_files(&entries[i], &files[i]);
		collect_findings(s, &findings[i]);
	}
	merge_updates(&entries[0], &entries[1], &d);
	merge_files(&files[0], &files[1], &d);
	merge_findings(&findings[0], &findings[1], &d);
	for (int i = 0; i < 2; i++) {
		free(entries[i].items);
		free(files[i].items);
		free(findings[i].items);
	}
	*out = d;
}

void catalog_diff_clear(struct catalog_diff *d)
{
	free(d->updates);
	free(d->files);
	free(d->findings);
	*d = (struct catalog_diff){ .update_count = 0 };
}

const char *catalog_diff_kind_name(enum catalog_diff_kind kind)
{
	static const char *const names[] = { "added", "revised", "withdrawn" };

	return names[kind];
}

#include "exporter/approve_marks.h"

#include "lib/base/buf.h"
#include "lib/crypto/digest.h"
#include "lib/store/gather.h"
#include "lib/store/gather_load.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A document of a revision; in the order of listings for each revision. */
struct document {
	uint32_t revision, entry;
};

static int compare_documents(const void *a, const void *b)
{
	const struct document *x = a, *y = b;

	if (x->revision != y->revision)
		return x->revision < y->revision ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static void digest_documents(const struct gather *g, const struct document *documents, size_t count,
			     unsigned char out[32])
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);

	for (size_t i = 0; i < count; i++) {
		char line[LISTING_LINE_SIZE];
		size_t len = listing_root_line(&g->entries[documents[i].entry], line);

		digest_update(d, line, len);
	}
	digest_final(d, out);
}

/* Revisions and documents are both sorted by revision id; duplicates share the documents. */
static void mark(const struct gather *g, unsigned char (*out)[32])
{
	struct document *documents = buf_calloc(g->entry_count, sizeof *documents);
	size_t count = 0, at = 0;

	for (size_t i = 0; i < g->entry_count; i++)
		if (g->entries[i].stream != 'h' && g->entries[i].stream != 'f')
			documents[count++] =
				(struct document){ g->entries[i].revision, (uint32_t)i };
	if (count > 0)
		qsort(documents, count, sizeof *documents, compare_documents);
	for (size_t i = 0; i < catalog_count(g->catalog); i++) {
		uint32_t revision = catalog_at(g->catalog, i)->revision_id;
		size_t end;

		while (at < count && documents[at].revision < revision)
			at++;
		for (end = at; end < count && documents[end].revision == revision;)
			end++;
		digest_documents(g, documents + at, end - at, out[i]);
	}
	free(documents);
}

void approve_marks_make(const struct gather_set *set, struct approve_marks *out)
{
	*out = (struct approve_marks){ .count = set->count };
	out->sources = buf_calloc(set->count, sizeof *out->sources);
	out->marks = buf_calloc(set->count, sizeof *out->marks);
	for (size_t i = 0; i < set->count; i++) {
		const struct gather *g = set->items[i];

		out->marks[i] = buf_calloc(catalog_count(g->catalog), sizeof *out->marks[i]);
		mark(g, out->marks[i]);
		out->sources[i] =
			(struct catalog_diff_source){ g->catalog,
						      (const unsigned char(*)[32])out->marks[i] };
	}
}

struct catalog_diff_state approve_marks_state(const struct approve_marks *m)
{
	return (struct catalog_diff_state){ m->sources, m->count };
}

void approve_marks_clear(struct approve_marks *m)
{
	for (size_t i = 0; m->marks && i < m->count; i++)
		free(m->marks[i]);
	free(m->marks);
	free(m->sources);
	*m = (struct approve_marks){ .count = 0 };
}

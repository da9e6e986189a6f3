/*
 * rules [--count N] [--seed S] [--updates N]: N catalogs, each with one seeded fault, each judged;
 * every fault must be found with its rule, at its place, and nothing else be found.  Ends with
 * the rules that no mutation is for: those of cabinets, which tests/e2e seeds into real ones.
 */
#include "tests/rules/rules.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_past.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is expected ---- */

void expect_other(struct expectation *e, enum catalog_rule rule, const char *file, int64_t offset,
		  uint32_t revision, const char *update_id, const char *kb)
{
	if (e->count == EXPECT_MAX)
		abort();
	struct expected *x = &e->items[e->count++];

	*x = (struct expected){ .rule = rule, .offset = offset, .revision = revision };
	snprintf(x->file, sizeof x->file, "%s", file);
	snprintf(x->update_id, sizeof x->update_id, "%s", update_id);
	snprintf(x->kb, sizeof x->kb, "%s", kb);
}

void expect(struct expectation *e, enum catalog_rule rule, const char *file, int64_t offset,
	    const struct model_update *u)
{
	char id[37] = "", kb[12] = "";

	if (u)
		str_from_guid(u->id, id);
	if (u && u->kind == MODEL_BUNDLE)
		snprintf(kb, sizeof kb, "%u", u->kb);
	expect_other(e, rule, file, offset, u ? u->revision : 0, id, kb);
}

void expect_element(struct expectation *e, struct world *w, enum catalog_rule rule,
		    const struct model_update *u)
{
	size_t len;

	expect(e, rule, "package.xml", (int64_t)world_element(w, u->revision, &len), u);
}

void expect_fragment(struct expectation *e, enum catalog_rule rule, char stream,
		     const struct model_update *u)
{
	char file[24];

	snprintf(file, sizeof file, "%c/%u", stream, u->revision);
	expect(e, rule, file, 0, u);
}

/* ---- comparing ---- */

static void describe(char *out, size_t size, const char *rule, const char *file, int64_t offset,
		     uint32_t revision, const char *id, const char *kb)
{
	snprintf(out, size, "%s %s byte %" PRId64 " revision %" PRIu32 " %s KB%s", rule, file,
		 offset, revision, id, kb);
}

static void guid_of(const struct catalog_finding *f, char out[37])
{
	out[0] = '\0';
	if (f->has_update_id)
		str_from_guid(f->update_id, out);
}

/* package.xml alone has no KB numbers. */
static bool agrees(const struct expected *x, const struct catalog_finding *f, bool fragments)
{
	char id[37];

	guid_of(f, id);
	return x->rule == f->rule && x->revision == f->revision_id &&
	       strcmp(x->file, f->file) == 0 && strcmp(x->update_id, id) == 0 &&
	       strcmp(fragments ? x->kb : "", f->kb) == 0 &&
	       (x->offset == ANYWHERE || (uint64_t)x->offset == f->offset);
}

/* What follows from an error is expected too, when its cause is. */
static bool follows(const struct expectation *e, const struct catalog_finding *f)
{
	for (size_t i = 0; i < e->count && f->rule == CATALOG_RULE_DEPENDENT; i++)
		if (catalog_rule_severity(e->items[i].rule) == CATALOG_ERROR &&
		    e->items[i].revision == f->cause)
			return true;
	return false;
}

static bool compare(const struct mutation *m, const struct catalog *c, const struct expectation *e,
		    bool fragments)
{
	bool found[EXPECT_MAX] = { false }, good = true;
	char text[256], id[37];

	for (size_t i = 0; i < catalog_finding_count(c); i++) {
		const struct catalog_finding *f = catalog_finding_at(c, i);
		bool wanted = follows(e, f);

		for (size_t k = 0; k < e->count && !wanted; k++)
			if (!found[k] && agrees(&e->items[k], f, fragments))
				wanted = found[k] = true;
		if (wanted)
			continue;
		guid_of(f, id);
		describe(text, sizeof text, catalog_rule_id(f->rule), f->file, (int64_t)f->offset,
			 f->revision_id, id, f->kb);
		printf("%s: found as well: %s: %s\n", catalog_rule_id(m->rule), text, f->message);
		good = false;
	}
	for (size_t k = 0; k < e->count; k++) {
		const struct expected *x = &e->items[k];

		if (found[k])
			continue;
		describe(text, sizeof text, catalog_rule_id(x->rule), x->file, x->offset,
			 x->revision, x->update_id, x->kb);
		printf("%s: not found: %s\n", catalog_rule_id(m->rule), text);
		good = false;
	}
	return good;
}

/* ---- one mutation ---- */

static bool judge(const struct mutation *m, const struct world *before, const struct world *after,
		  const struct expectation *e)
{
	bool fragments = m->mode == DOCUMENTS || m->mode == HISTORY;
	struct error err = ERROR_INIT;
	CLEANUP(buf_clear) struct buf past = BUF_INIT(64u << 20);
	uint64_t *marks;

	if (m->mode != DOCUMENTS) {
		CLEANUP(catalog_free) struct catalog *c = world_judge(before, fragments, &marks);
		int failed = catalog_past_write(c, marks, &past, &err);

		free(marks);
		if (failed)
			abort();
	}
	CLEANUP(catalog_free) struct catalog *c = world_judge(after, fragments, &marks);
	if (m->mode != DOCUMENTS && !catalog_past_compare(c, marks, past.bytes, past.len))
		abort();
	free(marks);
	return compare(m, c, e, fragments);
}

/* 1 as expected, 0 not, -1 there is no suitable update. */
static int run(const struct mutation *m, struct world *pristine)
{
	static struct expectation e;
	struct world damaged;
	int result = -1;

	e.count = 0;
	world_copy(pristine, &damaged);
	if (m->apply(&damaged, &e))
		result = m->mode == REVERSED_MASTER ? judge(m, &damaged, pristine, &e)
						    : judge(m, pristine, &damaged, &e);
	pristine->random = damaged.random;
	world_drop(&damaged);
	return result;
}

static const struct mutation *mutation_at(size_t i)
{
	i %= mutations_documents_count + mutations_history_count;
	return i < mutations_documents_count ? &mutations_documents[i]
					     : &mutations_history[i - mutations_documents_count];
}

static bool is_clean(const struct world *w)
{
	uint64_t *marks;
	CLEANUP(catalog_free) struct catalog *c = world_judge(w, true, &marks);

	free(marks);
	for (size_t i = 0; i < catalog_finding_count(c); i++)
		printf("undamaged: %s %s\n", catalog_rule_id(catalog_finding_at(c, i)->rule),
		       catalog_finding_at(c, i)->message);
	return catalog_finding_count(c) == 0;
}

static void print_untested(const size_t *tried)
{
	printf("no mutation for:");
	for (int i = 0; i < CATALOG_RULES_; i++)
		if (tried[i] == 0)
			printf(" %s", catalog_rule_id((enum catalog_rule)i));
	putchar('\n');
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "count", required_argument, NULL, 'n' },
						 { "seed", required_argument, NULL, 's' },
						 { "updates", required_argument, NULL, 'u' },
						 { NULL, 0, NULL, 0 } };
	uint64_t count = 2000, seed = 1, updates = 150, done = 0, bad = 0, skipped = 0;
	size_t tried[CATALOG_RULES_] = { [CATALOG_RULE_DEPENDENT] = 1 };
	size_t all = mutations_documents_count + mutations_history_count;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		uint64_t *to = option == 'n' ? &count : option == 's' ? &seed : &updates;

		if (option == '?' || !str_to_u64(optarg, strlen(optarg), 1000000, to))
			return 1;
	}
	/* one catalog serves each mutation once; then the next one */
	for (uint64_t n = 0; done < count && n < count; n++) {
		struct world w;

		world_build(&w, seed + n, (uint32_t)updates);
		bad += !is_clean(&w);
		for (size_t i = 0; i < all && done < count; i++) {
			const struct mutation *m = mutation_at(i);
			int result = run(m, &w);

			skipped += result < 0;
			done += result >= 0;
			bad += result == 0;
			tried[m->rule] += result >= 0;
			if (result == 0)
				printf("%s: mutation %zu of seed %" PRIu64 "\n",
				       catalog_rule_id(m->rule), i, seed + n);
		}
		world_clear(&w);
	}
	print_untested(tried);
	printf("%" PRIu64 " mutated catalogs, %" PRIu64 " not as expected, %" PRIu64
	       " without a suitable update\n",
	       done, bad, skipped);
	return bad > 0;
}

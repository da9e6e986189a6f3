#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char MASTER[] = "package.xml";

/* A finding at the element itself. */
static void say(struct catalog *c, struct catalog_revision *r, enum catalog_rule rule,
		const char *value)
{
	catalog_report(c, r, rule, MASTER, r->offset, value, "");
}

/* Level (a): one of the seven values, exact case. */
static void check_text(struct catalog *c, struct catalog_revision *r)
{
	char line[CATALOG_HISTORIC_SIZE];

	if (r->action == CATALOG_ACTION_UNKNOWN)
		catalog_report(c, r, CATALOG_RULE_ACTION_TEXT, MASTER, r->offset, r->action_text,
			       catalog_historic_line(r->revision_id, line));
	else if (!catalog_action_is_usual(r->action))
		say(c, r, CATALOG_RULE_ACTION_UNUSUAL, r->action_text);
}

/* Level (b): a combination that makes sense. */
static void check_structure(struct catalog *c, struct catalog_revision *r)
{
	bool evaluate = r->action == CATALOG_ACTION_EVALUATE;
	bool part = r->action == CATALOG_ACTION_BUNDLE;

	if (evaluate && r->is_bundle)
		say(c, r, CATALOG_RULE_EVALUATE_BUNDLE, r->action_text);
	if (evaluate && r->payload_count > 0)
		say(c, r, CATALOG_RULE_EVALUATE_PAYLOAD, r->action_text);
	if (r->is_bundle && r->payload_count > 0)
		say(c, r, CATALOG_RULE_BUNDLE_PAYLOAD, "true");
	if (part && r->is_bundle)
		say(c, r, CATALOG_RULE_BUNDLE_IN_BUNDLE, r->action_text);
	if (part && r->bundled_by_count == 0)
		say(c, r, CATALOG_RULE_BUNDLE_ORPHAN, r->action_text);
	if (evaluate == r->is_software && r->action != CATALOG_ACTION_UNKNOWN)
		say(c, r, CATALOG_RULE_EVALUATE_SOFTWARE, r->is_software ? "true" : "false");
	if (!part && r->action != CATALOG_ACTION_UNKNOWN && r->bundled_by_count > 0)
		say(c, r, CATALOG_RULE_DOUBLE_ROLE, r->action_text);
}

/* What is no contradiction, and yet was never seen; full documents state categories everywhere. */
static void check_combination(struct catalog *c, struct catalog_revision *r)
{
	bool part = r->action == CATALOG_ACTION_BUNDLE;

	if (c->full || r->verdict != CATALOG_OK)
		return; /* what was left out may be what is missing */
	if ((part || r->action == CATALOG_ACTION_EVALUATE) && r->categories_count > 0)
		catalog_report(c, r, CATALOG_RULE_COMBINATION, MASTER, r->offset, r->action_text,
			       "with categories");
	if (part && r->payload_count == 0)
		catalog_report(c, r, CATALOG_RULE_COMBINATION, MASTER, r->offset, r->action_text,
			       "without files");
}

static void say_number(struct catalog *c, struct catalog_revision *r, enum catalog_rule rule,
		       uint32_t number)
{
	char text[16];

	snprintf(text, sizeof text, "%" PRIu32, number);
	say(c, r, rule, text);
}

static void check_prerequisites(struct catalog *c, struct catalog_revision *r)
{
	for (size_t i = 0; i < r->prerequisites_count; i++)
		for (size_t k = 0; k < r->prerequisites[i].count; k++) {
			char text[STR_GUID_SIZE];

			if (catalog_first_of(c, &r->prerequisites[i].any_of[k]) != SIZE_MAX)
				continue;
			str_from_guid(r->prerequisites[i].any_of[k].bytes, text);
			say(c, r, CATALOG_RULE_PREREQUISITE_DANGLING, text);
		}
}

static void check_references(struct catalog *c, struct catalog_revision *r)
{
	for (size_t i = 0; i < r->bundled_by_count; i++)
		if (catalog_index_of(c, r->bundled_by[i]) == SIZE_MAX)
			say_number(c, r, CATALOG_RULE_BUNDLE_DANGLING, r->bundled_by[i]);
	for (size_t i = 0; i < r->superseded_by_count; i++)
		if (catalog_index_of(c, r->superseded_by[i]) == SIZE_MAX)
			say_number(c, r, CATALOG_RULE_SUPERSEDENCE_DANGLING, r->superseded_by[i]);
	for (size_t i = 0; i < r->payload_count; i++)
		if (!catalog_find_location(c, &r->payload[i])) {
			char text[41];

			str_to_hex(r->payload[i].bytes, 20, text);
			say(c, r, CATALOG_RULE_PAYLOAD_DANGLING, text);
		}
}

/* What the core fragment says its type is, against what the master document does with it. */
static bool type_fits(const struct catalog_revision *r)
{
	bool evaluated =
		strcmp(r->update_type, "Detectoid") == 0 || strcmp(r->update_type, "Category") == 0;

	if (evaluated)
		return r->action == CATALOG_ACTION_EVALUATE;
	return strcmp(r->update_type, "Software") != 0 || r->action != CATALOG_ACTION_EVALUATE;
}

static void check_core(struct catalog *c, struct catalog_revision *r)
{
	char file[24], text[STR_GUID_SIZE] = "";

	snprintf(file, sizeof file, "c/%" PRIu32, r->revision_id);
	if (!r->has_core) {
		if (c->cores > 0 && !r->is_duplicate && !r->has_bad_core)
			catalog_report(c, r, CATALOG_RULE_CORE_MISSING, file, 0, "", "");
		return;
	}
	if (r->is_deployable && r->action == CATALOG_ACTION_BUNDLE)
		catalog_report(c, r, CATALOG_RULE_DEPLOYABLE_PART, file, 0, "true", "");
	if (r->has_update_id &&
	    (!r->core_has_id || memcmp(&r->core_id, &r->update_id, sizeof r->core_id) != 0 ||
	     r->core_number != r->revision_number)) {
		if (r->core_has_id)
			str_from_guid(r->core_id.bytes, text);
		catalog_report(c, r, CATALOG_RULE_CORE_IDENTITY, file, 0, text, "");
	}
	if (r->core_prerequisites != r->master_prerequisites)
		catalog_report(c, r, CATALOG_RULE_CORE_PREREQUISITES, file, 0, "", "");
	if (!type_fits(r) && r->action != CATALOG_ACTION_UNKNOWN)
		catalog_report(c, r, CATALOG_RULE_TYPE_ACTION, file, 0, r->update_type, "");
}

static int by_bytes(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct catalog_sha1));
}

static void sha1_free(struct catalog_sha1 *p)
{
	free(p);
}
DEFINE_CLEANUP(struct catalog_sha1 *, sha1_free);

static void check_files(struct catalog *c, struct catalog_revision *r)
{
	if (r->files_count == 0 || r->payload_count == 0)
		return;
	CLEANUP(sha1_free)
	struct catalog_sha1 *sorted = buf_malloc(r->payload_count * sizeof *sorted);
	memcpy(sorted, r->payload, r->payload_count * sizeof *sorted);
	qsort(sorted, r->payload_count, sizeof *sorted, by_bytes);
	for (size_t i = 0; i < r->files_count; i++) {
		char file[24];

		if (bsearch(&r->files[i].sha1, sorted, r->payload_count, sizeof *sorted, by_bytes))
			continue;
		snprintf(file, sizeof file, "x/%" PRIu32, r->revision_id);
		catalog_report(c, r, CATALOG_RULE_PAYLOAD_UNDESCRIBED, file, 0, r->files[i].name,
			       "");
	}
}

/* by_guid is sorted by update id only: compare revision numbers inside each run. */
static int by_number(const void *left, const void *right, void *ctx)
{
	const struct catalog *c = ctx;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct catalog_revision *x = &c->items[a], *y = &c->items[b];
	int order = memcmp(x->update_id.bytes, y->update_id.bytes, 16);

	if (order != 0)
		return order;
	if (x->revision_number != y->revision_number)
		return x->revision_number < y->revision_number ? -1 : 1;
	/* the one that stands first in the document is the one that counts */
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static void u32_free(uint32_t *p)
{
	free(p);
}
DEFINE_CLEANUP(uint32_t *, u32_free);

static void check_identities(struct catalog *c)
{
	size_t n = c->by_guid_count;
	CLEANUP(u32_free) uint32_t *order = buf_malloc(n * sizeof *order);
	size_t original = 0;

	if (n < 2)
		return;
	memcpy(order, c->by_guid, n * sizeof *order);
	qsort_r(order, n, sizeof *order, by_number, c);
	for (size_t i = 1; i < n; i++) {
		struct catalog_revision *a = &c->items[order[original]];
		struct catalog_revision *b = &c->items[order[i]];

		if (memcmp(&a->update_id, &b->update_id, sizeof a->update_id) != 0 ||
		    a->revision_number != b->revision_number) {
			original = i;
			continue;
		}
		b->original = a->revision_id;
		say_number(c, b, CATALOG_RULE_IDENTITY_DUPLICATE, a->revision_id);
	}
}

void catalog_validate(struct catalog *c)
{
	if (c->count == 0)
		catalog_report(c, NULL, CATALOG_RULE_EMPTY, MASTER, 0, "", "");
	catalog_check_package(c);
	catalog_check_locations(c);
	check_identities(c);
	for (size_t i = 0; i < c->count; i++) {
		struct catalog_revision *r = &c->items[i];

		check_text(c, r);
		check_structure(c, r);
		check_combination(c, r);
		check_prerequisites(c, r);
		check_references(c, r);
		check_core(c, r);
		check_files(c, r);
		catalog_check_revision(c, r);
	}
	catalog_check_leaves(c);
	catalog_agree_check(c);
	catalog_wide_check(c);
	catalog_cycle_check(c);
}

/* Faults that one catalog shows by itself. */
#include "lib/base/base64.h"
#include "lib/base/str.h"
#include "tests/rules/rules.h"
#include "tests/tools/xml_write.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEED(pointer)   \
	if (!(pointer)) \
	return false

#define RULE(name) CATALOG_RULE_##name

static const char *one_of(struct world *w, const char *const *texts, size_t count)
{
	return texts[random_below(&w->random, count)];
}
#define ONE_OF(w, ...)                                  \
	one_of(w, (const char *const[]){ __VA_ARGS__ }, \
	       sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static const struct model_update *any(struct world *w, unsigned wanted)
{
	static const enum model_kind kinds[] = { MODEL_DETECTOID, MODEL_BUNDLE, MODEL_LEAF };

	return world_pick(w, kinds[random_below(&w->random, 3)], wanted);
}

static size_t element(struct world *w, const struct model_update *u)
{
	size_t len;

	return world_element(w, u->revision, &len);
}

static void set(struct world *w, const struct model_update *u, const char *name, const char *value)
{
	world_attribute(world_master(w), element(w, u), name, value);
}

/* The digest of a file that exists. */
static void base64_of_file(struct world *w, char out[32])
{
	size_t file = random_below(&w->random, w->model.file_count);

	base64_encode(w->model.files[file].sha1, 20, out);
}

/* ---- one attribute of one update ---- */

struct attribute {
	enum catalog_rule rule;
	enum model_kind kind;
	unsigned wanted;
	const char *name, *value;
};

static bool change(struct world *w, struct expectation *e, const struct attribute *a)
{
	const struct model_update *u = world_pick(w, a->kind, a->wanted);

	NEED(u);
	set(w, u, a->name, a->value);
	expect_element(e, w, a->rule, u);
	return true;
}
#define CHANGE(...) return change(w, e, &(struct attribute){ __VA_ARGS__ })

static bool action_text(struct world *w, struct expectation *e)
{
	static const enum model_kind kinds[] = { MODEL_DETECTOID, MODEL_BUNDLE, MODEL_LEAF };
	enum model_kind kind = kinds[random_below(&w->random, 3)];

	CHANGE(RULE(ACTION_TEXT), kind, 0, "DeploymentAction",
	       ONE_OF(w, "Deploy", "bundle", "", "Install ", "EVALUATE", "Bundle,Install", "0"));
}

static bool action_unusual(struct world *w, struct expectation *e)
{
	CHANGE(RULE(ACTION_UNUSUAL), MODEL_BUNDLE, 0, "DeploymentAction",
	       ONE_OF(w, "Install", "Uninstall", "PreDeploymentCheck", "Block", "OptionalInstall"));
}

static bool software_text(struct world *w, struct expectation *e)
{
	CHANGE(RULE(SOFTWARE_TEXT), MODEL_LEAF, 0, "IsSoftware", ONE_OF(w, "maybe", "", "False"));
}

static bool boolean_text(struct world *w, struct expectation *e)
{
	CHANGE(RULE(BOOLEAN_TEXT), MODEL_BUNDLE, 0, "IsLeaf", ONE_OF(w, "1", "yes", "True", ""));
}

static bool evaluate_software(struct world *w, struct expectation *e)
{
	CHANGE(RULE(EVALUATE_SOFTWARE), MODEL_DETECTOID, 0, "IsSoftware",
	       ONE_OF(w, (const char *)NULL, "true"));
}

static bool double_role(struct world *w, struct expectation *e)
{
	CHANGE(RULE(DOUBLE_ROLE), MODEL_LEAF, 0, "DeploymentAction", NULL);
}

static bool software_stated(struct world *w, struct expectation *e)
{
	CHANGE(RULE(SOFTWARE_STATED), MODEL_BUNDLE, 0, "IsSoftware", "true");
}

static bool combination(struct world *w, struct expectation *e)
{
	enum model_kind kind = random_below(&w->random, 2) ? MODEL_DETECTOID : MODEL_LEAF;
	const struct model_update *u = world_pick(w, kind, 0), *b = world_pick(w, MODEL_BUNDLE, 0);

	NEED(u && b);
	size_t len, at = world_element(w, b->revision, &len);
	struct document *d = world_master(w);
	size_t from = world_text(d, at, len, "<Categories>");
	size_t to = world_text(d, at, len, "</Categories>");
	char text[1024];

	NEED(from != SIZE_MAX && to != SIZE_MAX && to - from < sizeof text - 16);
	snprintf(text, sizeof text, "%.*s</Categories>", (int)(to - from), d->text.bytes + from);
	world_child(w, u->revision, text);
	expect_element(e, w, RULE(COMBINATION), u);
	return true;
}

static bool leaf_needed(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_DETECTOID, WORLD_NEEDED);

	NEED(u && u->twin == MODEL_NONE);
	set(w, u, "IsLeaf", "true");
	expect_element(e, w, RULE(LEAF_NEEDED), u);
	return true;
}

static bool evaluate_bundle(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_DETECTOID, 0);

	NEED(u);
	set(w, u, "IsBundle", "true");
	expect_element(e, w, RULE(EVALUATE_BUNDLE), u);
	expect_element(e, w, RULE(CATEGORY_COUNT), u);
	return true;
}

static bool guid_text(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_DETECTOID, WORLD_UNNEEDED);

	NEED(u);
	set(w, u, "UpdateId", ONE_OF(w, "x", "", "{d303371d-bb20-4e89-b958-26b5e3437a78}"));
	expect_other(e, RULE(GUID_TEXT), "package.xml", (int64_t)element(w, u), u->revision, "",
		     "");
	return true;
}

static bool number_text(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_DETECTOID, WORLD_UNNEEDED);

	NEED(u);
	set(w, u, "RevisionNumber", ONE_OF(w, "x1", "-1", "4294967296", "007"));
	expect_element(e, w, RULE(NUMBER_TEXT), u);
	expect_fragment(e, RULE(CORE_IDENTITY), 'c', u);
	return true;
}

static bool date_text(struct world *w, struct expectation *e)
{
	const struct model_update *u = any(w, 0);

	NEED(u);
	set(w, u, "CreationDate", ONE_OF(w, "yesterday", "", "2026-02-30T00:00:00Z"));
	expect_element(e, w, RULE(DATE_TEXT), u);
	return true;
}

static bool attribute_missing(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_DETECTOID, WORLD_UNNEEDED);

	NEED(u);
	set(w, u, "UpdateId", NULL);
	expect_other(e, RULE(ATTRIBUTE_MISSING), "package.xml", (int64_t)element(w, u), u->revision,
		     "", "");
	return true;
}

static bool attribute_unknown(struct world *w, struct expectation *e)
{
	const struct model_update *u = any(w, 0);

	NEED(u);
	set(w, u, "Novelty", "1");
	expect_element(e, w, RULE(ATTRIBUTE_UNKNOWN), u);
	return true;
}

/* Of an element that only holds others. */
static bool attribute_of_list(struct world *w, struct expectation *e)
{
	static const char list[] = "<Categories";
	const struct model_update *u = world_pick(w, MODEL_BUNDLE, 0);

	NEED(u);
	size_t len, from = world_element(w, u->revision, &len);
	size_t at = world_text(world_master(w), from, len, list);

	world_splice(world_master(w), at + sizeof list - 1, 0, " Novelty=\"1\"");
	expect(e, RULE(ATTRIBUTE_UNKNOWN), "package.xml", (int64_t)at, u);
	return true;
}

static bool update_date(struct world *w, struct expectation *e)
{
	const struct model_update *u = any(w, 0);

	NEED(u);
	set(w, u, "CreationDate", ONE_OF(w, "2031-01-01T00:00:00Z", "1999-12-31T00:00:00Z"));
	expect_element(e, w, RULE(UPDATE_DATE), u);
	return true;
}

static bool language_text(struct world *w, struct expectation *e)
{
	const struct model_update *u = any(w, 0);

	NEED(u);
	set(w, u, "DefaultLanguage", ONE_OF(w, "e", "english_uk", "en-", "12"));
	expect_element(e, w, RULE(LANGUAGE_TEXT), u);
	return true;
}

/* ---- the head ---- */

static bool head(struct world *w, struct expectation *e, enum catalog_rule rule, const char *name,
		 const char *value)
{
	struct document *d = world_master(w);
	size_t at = world_text(d, 0, d->text.len, "<OfflineSyncPackage");

	world_attribute(d, at, name, value);
	expect(e, rule, "package.xml", (int64_t)at, NULL);
	return true;
}

static bool namespace_unknown(struct world *w, struct expectation *e)
{
	return head(w, e, RULE(NAMESPACE_UNKNOWN), "xmlns",
		    ONE_OF(w, "urn:other", "", (const char *)NULL));
}

static bool package_version(struct world *w, struct expectation *e)
{
	return head(w, e, RULE(PACKAGE_VERSION), ONE_OF(w, "PackageVersion", "ProtocolVersion"),
		    "9.9");
}

static bool package_id(struct world *w, struct expectation *e)
{
	return head(w, e, RULE(PACKAGE_ID), ONE_OF(w, "PackageId", "SourceId"),
		    ONE_OF(w, "x", (const char *)NULL));
}

static bool client_version(struct world *w, struct expectation *e)
{
	return head(w, e, RULE(CLIENT_VERSION), "MinimumClientVersion",
		    ONE_OF(w, "5.8", "5.8.0.x", "", (const char *)NULL));
}

static bool package_date(struct world *w, struct expectation *e)
{
	return head(w, e, RULE(PACKAGE_DATE), "CreationDate", NULL);
}

static bool source_unknown(struct world *w, struct expectation *e)
{
	char id[37];

	world_guid(w, id);
	return head(w, e, RULE(SOURCE_UNKNOWN), "SourceId", id);
}

/* ---- children of one update ---- */

static bool child(struct world *w, struct expectation *e, enum catalog_rule rule,
		  const struct model_update *u, const char *text, size_t tag)
{
	NEED(u);
	size_t at = world_child(w, u->revision, text);

	if (tag == SIZE_MAX)
		expect_element(e, w, rule, u);
	else
		expect(e, rule, "package.xml", (int64_t)(at + tag), u);
	return true;
}

static bool evaluate_payload(struct world *w, struct expectation *e)
{
	char text[128], digest[32];

	base64_of_file(w, digest);
	snprintf(text, sizeof text, "<PayloadFiles><File Id=\"%s\" /></PayloadFiles>", digest);
	return child(w, e, RULE(EVALUATE_PAYLOAD), world_pick(w, MODEL_DETECTOID, 0), text,
		     SIZE_MAX);
}

static bool bundle_payload(struct world *w, struct expectation *e)
{
	char text[128], digest[32];

	base64_of_file(w, digest);
	snprintf(text, sizeof text, "<PayloadFiles><File Id=\"%s\" /></PayloadFiles>", digest);
	return child(w, e, RULE(BUNDLE_PAYLOAD), world_pick(w, MODEL_BUNDLE, 0), text, SIZE_MAX);
}

static bool number_of_reference(struct world *w, struct expectation *e)
{
	return child(w, e, RULE(NUMBER_TEXT), any(w, 0),
		     "<SupersededBy><Revision Id=\"12x\" /></SupersededBy>", 14);
}

static bool missing_in_reference(struct world *w, struct expectation *e)
{
	return child(w, e, RULE(ATTRIBUTE_MISSING), any(w, 0),
		     "<SupersededBy><Revision /></SupersededBy>", 14);
}

static bool digest_text(struct world *w, struct expectation *e)
{
	return child(w, e, RULE(DIGEST_TEXT), world_pick(w, MODEL_LEAF, 0),
		     "<PayloadFiles><File Id=\"AAAA\" /></PayloadFiles>", 14);
}

static bool relations_limit(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_DETECTOID, WORLD_UNNEEDED);
	const struct model_update *by = world_pick(w, MODEL_BUNDLE, 0);
	enum { COUNT = 65536 + 1 };
	char one[40];

	NEED(u && by);
	int len = snprintf(one, sizeof one, "<Revision Id=\"%u\" />", by->revision);
	char *text = buf_malloc((size_t)len * COUNT + 64), *to = text;

	to += snprintf(to, 64, "<SupersededBy>");
	for (int i = 0; i < COUNT; i++)
		to += snprintf(to, sizeof one, "%s", one);
	snprintf(to, 32, "</SupersededBy>");
	/* the prerequisites before count too: one of these is already too many */
	world_child(w, u->revision, text);
	free(text);
	expect(e, RULE(RELATIONS_LIMIT), "package.xml", ANYWHERE, u);
	return true;
}

static bool element_unknown(struct world *w, struct expectation *e)
{
	return child(w, e, RULE(ELEMENT_UNKNOWN), any(w, 0), "<Novelty><Deep /></Novelty>", 0);
}

static bool superseded_dangling(struct world *w, struct expectation *e)
{
	char text[80];

	snprintf(text, sizeof text, "<SupersededBy><Revision Id=\"%u\" /></SupersededBy>",
		 world_new_revision(w));
	return child(w, e, RULE(SUPERSEDENCE_DANGLING), any(w, 0), text, SIZE_MAX);
}

static bool superseded_cycle(struct world *w, struct expectation *e)
{
	const struct model_update *u = any(w, 0);
	char text[80];

	NEED(u);
	snprintf(text, sizeof text, "<SupersededBy><Revision Id=\"%u\" /></SupersededBy>",
		 u->revision);
	return child(w, e, RULE(SUPERSEDENCE_CYCLE), u, text, SIZE_MAX);
}

static bool prerequisite_dangling(struct world *w, struct expectation *e)
{
	const struct model_update *u = any(w, 0);
	char text[120], id[37];

	NEED(u && u->twin == MODEL_NONE);
	world_guid(w, id);
	snprintf(text, sizeof text, "<Prerequisites><UpdateId Id=\"%s\" /></Prerequisites>", id);
	expect_fragment(e, RULE(CORE_PREREQUISITES), 'c', u);
	return child(w, e, RULE(PREREQUISITE_DANGLING), u, text, SIZE_MAX);
}

/* One more parent for a leaf. */
static bool parent(struct world *w, struct expectation *e, enum catalog_rule rule, uint32_t by)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, 0);
	char text[80];

	NEED(u && by && w->model.updates[u->bundle].revision != by);
	snprintf(text, sizeof text, "<BundledBy><Revision Id=\"%u\" /></BundledBy>", by);
	if (rule != RULE(MULTI_PARENT))
		expect_element(e, w, RULE(MULTI_PARENT), u);
	return child(w, e, rule, u, text, SIZE_MAX);
}

static bool bundle_dangling(struct world *w, struct expectation *e)
{
	return parent(w, e, RULE(BUNDLE_DANGLING), world_new_revision(w));
}

static bool multi_parent(struct world *w, struct expectation *e)
{
	const struct model_update *b = world_pick(w, MODEL_BUNDLE, 0);

	return parent(w, e, RULE(MULTI_PARENT), b ? b->revision : 0);
}

static bool parent_kind(struct world *w, struct expectation *e)
{
	const struct model_update *d = world_pick(w, MODEL_DETECTOID, 0);

	return parent(w, e, RULE(PARENT_KIND), d ? d->revision : 0);
}

static bool bundle_orphan(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, 0);

	NEED(u);
	world_remove(w, u->revision, "BundledBy");
	expect_element(e, w, RULE(BUNDLE_ORPHAN), u);
	expect_fragment(e, RULE(BUNDLED_MISMATCH), 'c', &w->model.updates[u->bundle]);
	return true;
}

static bool bundle_in_bundle(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_BUNDLE, 0);
	const struct model_update *by = world_pick(w, MODEL_BUNDLE, 0);
	char text[80];

	NEED(u && by && u != by);
	snprintf(text, sizeof text, "<BundledBy><Revision Id=\"%u\" /></BundledBy>", by->revision);
	world_child(w, u->revision, text);
	set(w, u, "DeploymentAction", "Bundle");
	expect_element(e, w, RULE(BUNDLE_IN_BUNDLE), u);
	expect_fragment(e, RULE(DEPLOYABLE_PART), 'c', u);
	return true;
}

static bool bundle_cycle(struct world *w, struct expectation *e)
{
	const struct model_update *pair[2] = { world_pick(w, MODEL_BUNDLE, 0),
					       world_pick(w, MODEL_BUNDLE, 0) };

	NEED(pair[0] && pair[0] != pair[1]);
	for (int i = 0; i < 2; i++) {
		char text[80];

		snprintf(text, sizeof text, "<BundledBy><Revision Id=\"%u\" /></BundledBy>",
			 pair[!i]->revision);
		world_child(w, pair[i]->revision, text);
	}
	for (int i = 0; i < 2; i++) {
		expect_element(e, w, RULE(BUNDLE_CYCLE), pair[i]);
		expect_element(e, w, RULE(DOUBLE_ROLE), pair[i]);
	}
	return true;
}

static bool prerequisite_cycle(struct world *w, struct expectation *e)
{
	const struct model_update *pair[2] = {
		world_pick(w, MODEL_DETECTOID, WORLD_UNNEEDED),
		world_pick(w, MODEL_DETECTOID, WORLD_UNNEEDED),
	};

	NEED(pair[0] && pair[0] != pair[1]);
	for (int i = 0; i < 2; i++) {
		char text[120], id[37];

		str_from_guid(pair[!i]->id, id);
		snprintf(text, sizeof text, "<Prerequisites><UpdateId Id=\"%s\" /></Prerequisites>",
			 id);
		world_child(w, pair[i]->revision, text);
	}
	for (int i = 0; i < 2; i++) {
		expect_element(e, w, RULE(PREREQUISITE_CYCLE), pair[i]);
		expect_fragment(e, RULE(CORE_PREREQUISITES), 'c', pair[i]);
		if (pair[i]->is_leaf)
			expect_element(e, w, RULE(LEAF_NEEDED), pair[i]);
	}
	return true;
}

static bool payload_twice(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, WORLD_FILES);
	char text[128], digest[32];

	NEED(u);
	base64_encode(w->model.files[u->files_at].sha1, 20, digest);
	snprintf(text, sizeof text, "<PayloadFiles><File Id=\"%s\" /></PayloadFiles>", digest);
	return child(w, e, RULE(PAYLOAD_TWICE), u, text, SIZE_MAX);
}

/* ---- categories ---- */

static size_t category(struct world *w, const struct model_update *u, const char *type)
{
	size_t len, at = world_element(w, u->revision, &len);
	char text[64];

	snprintf(text, sizeof text, "<Category Type=\"%s\"", type);
	return world_text(world_master(w), at, len, text);
}

static bool category_type(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_BUNDLE, 0);

	NEED(u);
	size_t at = category(w, u, "Company");

	world_attribute(world_master(w), at, "Type", "Colour");
	expect(e, RULE(CATEGORY_TYPE), "package.xml", (int64_t)at, u);
	return true;
}

static bool category_id(struct world *w, struct expectation *e, enum catalog_rule rule,
			const char *id)
{
	const struct model_update *u = world_pick(w, MODEL_BUNDLE, 0);

	NEED(u);
	world_attribute(world_master(w),
			category(w, u, ONE_OF(w, "Company", "Product", "ProductFamily")), "Id", id);
	expect_element(e, w, rule, u);
	return true;
}

static bool category_dangling(struct world *w, struct expectation *e)
{
	char id[37];

	world_guid(w, id);
	return category_id(w, e, RULE(CATEGORY_DANGLING), id);
}

static bool category_kind(struct world *w, struct expectation *e)
{
	const struct model_update *d = world_pick(w, MODEL_DETECTOID, 0);
	char id[37];

	NEED(d);
	str_from_guid(d->id, id);
	return category_id(w, e, RULE(CATEGORY_KIND), id);
}

static bool category_count(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_BUNDLE, 0);

	NEED(u);
	if (random_below(&w->random, 2)) {
		world_remove(w, u->revision, "Categories");
	} else {
		size_t at = category(w, u, "UpdateClassification");
		size_t end = world_text(world_master(w), at, 200, ">");

		world_splice(world_master(w), at, end + 1 - at, "");
	}
	expect_element(e, w, RULE(CATEGORY_COUNT), u);
	return true;
}

/* ---- the same twice, nothing at all ---- */

static bool revision_duplicate(struct world *w, struct expectation *e)
{
	const struct model_update *u = any(w, WORLD_UNNEEDED);
	char id[37];

	NEED(u && u->twin == MODEL_NONE);
	world_guid(w, id);
	size_t at = world_repeat(w, u->revision, id, u->revision, u->number);
	char kb[12] = "";

	if (u->kind == MODEL_BUNDLE)
		snprintf(kb, sizeof kb, "%u", u->kb);
	expect_other(e, RULE(REVISION_DUPLICATE), "package.xml", (int64_t)at, u->revision, id, kb);
	return true;
}

static bool identity_duplicate(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_DETECTOID, WORLD_UNNEEDED);
	uint32_t other = world_new_revision(w);
	char id[37], file[24];

	NEED(u);
	str_from_guid(u->id, id);
	size_t at = world_repeat(w, u->revision, NULL, other, u->number);

	snprintf(file, sizeof file, "c/%u", other);
	expect_other(e, RULE(IDENTITY_DUPLICATE), "package.xml", (int64_t)at, other, id, "");
	expect_other(e, RULE(CORE_MISSING), file, 0, other, id, "");
	return true;
}

static bool widened_within(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_BUNDLE, WORLD_NEEDS);
	uint32_t other = world_new_revision(w);
	char id[37], file[24];

	NEED(u && u->twin == MODEL_NONE);
	str_from_guid(u->id, id);
	world_repeat(w, u->revision, NULL, other, u->number + 1);
	world_remove(w, other, "Prerequisites");
	size_t len, at = world_element(w, other, &len);

	snprintf(file, sizeof file, "c/%u", other);
	expect_other(e, RULE(WIDENED), "package.xml", (int64_t)at, other, id, "");
	expect_other(e, RULE(CORE_MISSING), file, 0, other, id, "");
	return true;
}

static bool revision_unusable(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_DETECTOID, WORLD_UNNEEDED);
	char file[24];

	NEED(u);
	size_t at = element(w, u);

	world_attribute(world_master(w), at, "RevisionId", ONE_OF(w, "0", "x", "", "4294967296"));
	expect(e, RULE(REVISION_UNUSABLE), "package.xml", (int64_t)at, NULL);
	snprintf(file, sizeof file, "c/%u", u->revision);
	expect_other(e, RULE(FRAGMENT_ORPHAN), file, 0, u->revision, "", "");
	return true;
}

static bool empty(struct world *w, struct expectation *e)
{
	struct document *d = world_master(w);
	size_t from = world_text(d, 0, d->text.len, "<Updates>") + 9;

	world_splice(d, from, world_text(d, from, d->text.len - from, "</Updates>") - from, "");
	for (size_t i = 1; i < w->count; i++)
		w->documents[i].dropped = true;
	expect(e, RULE(EMPTY), "package.xml", 0, NULL);
	return true;
}

/* ---- file locations ---- */

static size_t location(struct world *w, size_t *file)
{
	struct document *d = world_master(w);
	char digest[32], text[64];

	*file = random_below(&w->random, w->model.file_count);
	base64_encode(w->model.files[*file].sha1, 20, digest);
	snprintf(text, sizeof text, "<FileLocation Id=\"%s\"", digest);
	return world_text(d, 0, d->text.len, text);
}

static bool location_duplicate(struct world *w, struct expectation *e)
{
	size_t file, at = location(w, &file);
	char digest[32], text[128];

	base64_encode(w->model.files[file].sha1, 20, digest);
	snprintf(text, sizeof text, "<FileLocation Id=\"%s\" Url=\"http://other.example/a.cab\" />",
		 digest);
	at = world_text(world_master(w), at, 1000, ">") + 1;
	world_splice(world_master(w), at, 0, text);
	expect(e, RULE(LOCATION_DUPLICATE), "package.xml", (int64_t)at, NULL);
	return true;
}

static bool payload_dangling(struct world *w, struct expectation *e)
{
	size_t file, at = location(w, &file);

	world_splice(world_master(w), at, world_text(world_master(w), at, 1000, ">") + 1 - at, "");
	for (size_t i = 0; i < w->model.count; i++) {
		const struct model_update *u = &w->model.updates[i];

		if (u->kind == MODEL_LEAF && file >= u->files_at && file < u->files_at + u->files)
			expect_element(e, w, RULE(PAYLOAD_DANGLING), u);
	}
	return e->count > 0;
}

static bool url_form(struct world *w, struct expectation *e)
{
	size_t file, at = location(w, &file);

	world_attribute(world_master(w), at, "Url",
			ONE_OF(w, "ftp://a/b", "", "http:///b", "http://a", "http://a/b c",
			       "file:///etc/passwd"));
	expect(e, RULE(URL_FORM), "package.xml", (int64_t)at, NULL);
	return true;
}

static bool url_digest(struct world *w, struct expectation *e)
{
	size_t file, at = location(w, &file);
	char url[128];

	snprintf(url, sizeof url, "https://a.example/b_%040llx.cab%s",
		 (unsigned long long)random_below(&w->random, 1u << 30),
		 ONE_OF(w, "", "?c_d=/e_f", "#_"));
	world_attribute(world_master(w), at, "Url", url);
	expect(e, RULE(URL_DIGEST), "package.xml", (int64_t)at, NULL);
	return true;
}

/* ---- core fragments ---- */

static struct document *core(struct world *w, const struct model_update *u)
{
	return world_find(w, 'c', u->revision);
}

static bool type_action(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, 0);

	NEED(u);
	world_replace(core(w, u), 0, "UpdateType=\"Software\"", "UpdateType=\"Detectoid\"");
	expect_fragment(e, RULE(TYPE_ACTION), 'c', u);
	return true;
}

static bool deployable_part(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, 0);

	NEED(u);
	world_replace(core(w, u), 0, "<Properties ", "<Properties ExplicitlyDeployable=\"true\" ");
	expect_fragment(e, RULE(DEPLOYABLE_PART), 'c', u);
	return true;
}

static bool core_identity(struct world *w, struct expectation *e)
{
	const struct model_update *u = any(w, 0);
	char id[37];

	NEED(u);
	world_guid(w, id);
	world_attribute(core(w, u), 0, "UpdateID", id);
	expect_fragment(e, RULE(CORE_IDENTITY), 'c', u);
	return true;
}

static bool core_nameless(struct world *w, struct expectation *e)
{
	const struct model_update *u = any(w, 0);

	NEED(u);
	struct document *d = core(w, u);

	world_splice(d, 0, world_text(d, 0, d->text.len, "/>") + 2, "");
	expect_fragment(e, RULE(CORE_IDENTITY), 'c', u);
	return true;
}

static bool core_prerequisites(struct world *w, struct expectation *e)
{
	const struct model_update *u = any(w, 0);
	char text[160], id[37];

	NEED(u);
	world_guid(w, id);
	snprintf(text, sizeof text,
		 " /><Relationships><Prerequisites><UpdateIdentity UpdateID=\"%s\" "
		 "/></Prerequisites></Relationships>",
		 id);
	world_replace(core(w, u), 0, " />", text);
	expect_fragment(e, RULE(CORE_PREREQUISITES), 'c', u);
	return true;
}

static bool core_missing(struct world *w, struct expectation *e)
{
	const struct model_update *u = any(w, 0);

	NEED(u);
	core(w, u)->dropped = true;
	expect_fragment(e, RULE(CORE_MISSING), 'c', u);
	return true;
}

static bool fragment_malformed(struct world *w, struct expectation *e)
{
	const struct model_update *u = any(w, 0);
	char file[24];

	NEED(u);
	core(w, u)->text.len -= 5;
	snprintf(file, sizeof file, "c/%u", u->revision);
	expect(e, RULE(FRAGMENT_MALFORMED), file, ANYWHERE, u);
	return true;
}

static bool fragment_orphan(struct world *w, struct expectation *e)
{
	uint32_t revision = world_new_revision(w);
	char stream = "cxl"[random_below(&w->random, 3)], file[24];

	world_splice(world_add(w, stream, revision), 0, 0, "");
	snprintf(file, sizeof file, "%c/%u", stream, revision);
	expect_other(e, RULE(FRAGMENT_ORPHAN), file, 0, revision, "", "");
	return true;
}

static bool fragment_duplicate(struct world *w, struct expectation *e)
{
	const struct model_update *u = any(w, 0);

	NEED(u);
	world_splice(world_add(w, 'x', u->revision), 0, 0, "<ExtendedProperties />");
	expect_fragment(e, RULE(FRAGMENT_DUPLICATE), 'x', u);
	return true;
}

/* A relation in the core fragment that the master document does not have. */
static bool core_relation(struct world *w, struct expectation *e, enum catalog_rule rule,
			  const char *name, enum model_kind of)
{
	const struct model_update *u = world_pick(w, MODEL_BUNDLE, 0);
	const struct model_update *other = world_pick(w, of, 0);
	char text[200], id[37];

	NEED(u && other && other != u && other->twin == MODEL_NONE);
	NEED(of == MODEL_BUNDLE ? !model_supersedes(u, other)
				: &w->model.updates[other->bundle] != u);
	str_from_guid(other->id, id);
	snprintf(text, sizeof text,
		 " /><Relationships><%s><UpdateIdentity UpdateID=\"%s\" /></%s></Relationships>",
		 name, id, name);
	world_replace(core(w, u), 0, " />", text);
	expect_fragment(e, rule, 'c', u);
	return true;
}

static bool bundled_mismatch(struct world *w, struct expectation *e)
{
	return core_relation(w, e, RULE(BUNDLED_MISMATCH), "BundledUpdates", MODEL_LEAF);
}

static bool superseded_mismatch(struct world *w, struct expectation *e)
{
	return core_relation(w, e, RULE(SUPERSEDED_MISMATCH), "SupersededUpdates", MODEL_BUNDLE);
}

/* ---- extended and licence fragments ---- */

static struct document *extended(struct world *w, const struct model_update *u)
{
	return world_find(w, 'x', u->revision);
}

static bool payload_undescribed(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, WORLD_FILES);
	char digest[32];

	NEED(u);
	world_digest(w, digest);
	struct document *d = extended(w, u);

	world_attribute(d, world_text(d, 0, d->text.len, "<File "), "Digest", digest);
	expect_fragment(e, RULE(PAYLOAD_UNDESCRIBED), 'x', u);
	return true;
}

static bool payload_unexplained(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, WORLD_FILES);
	const struct model_update *other = world_pick(w, MODEL_LEAF, WORLD_FILES);
	char text[128], digest[32];

	NEED(u && u != other && u->files_at != other->files_at);
	base64_encode(w->model.files[other->files_at].sha1, 20, digest);
	snprintf(text, sizeof text, "<PayloadFiles><File Id=\"%s\" /></PayloadFiles>", digest);
	world_child(w, u->revision, text);
	expect_fragment(e, RULE(PAYLOAD_UNEXPLAINED), 'x', u);
	return true;
}

static bool name_digest(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, WORLD_FILES);
	char name[80];

	NEED(u);
	struct document *d = extended(w, u);

	snprintf(name, sizeof name, "%040llX_a.cab",
		 (unsigned long long)random_below(&w->random, 1u << 30));
	world_attribute(d, world_text(d, 0, d->text.len, "<File "), "FileName", name);
	expect_fragment(e, RULE(NAME_DIGEST), 'x', u);
	return true;
}

static bool size_sum(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, WORLD_FILES);

	NEED(u);
	world_attribute(extended(w, u), 0, "MaxDownloadSize", "7");
	expect_fragment(e, RULE(SIZE_SUM), 'x', u);
	return true;
}

static bool fragment_digest_text(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, WORLD_FILES);
	char file[24];

	NEED(u);
	struct document *d = extended(w, u);
	size_t at = world_replace(d, 0, "</AdditionalDigest>", "A</AdditionalDigest>");

	while (memcmp(d->text.bytes + at, "<AdditionalDigest", 17) != 0)
		at--;
	snprintf(file, sizeof file, "x/%u", u->revision);
	/* the text is judged at the end of its element */
	expect(e, RULE(DIGEST_TEXT), file, ANYWHERE, u);
	return true;
}

static bool licence_mismatch(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_BUNDLE, WORLD_EULAS);
	char digest[32];

	NEED(u);
	world_digest(w, digest);
	size_t len, at = world_element(w, u->revision, &len);
	struct document *d = world_master(w);

	at = world_text(d, at, len, "<EulaFiles>");
	world_attribute(d, at + 11, "Id", digest);
	expect_element(e, w, RULE(LICENCE_MISMATCH), u);
	return true;
}

#define ROW(name, function)                              \
	{                                                \
		CATALOG_RULE_##name, DOCUMENTS, function \
	}
const struct mutation mutations_documents[] = {
	ROW(ACTION_TEXT, action_text),
	ROW(ACTION_UNUSUAL, action_unusual),
	ROW(EVALUATE_PAYLOAD, evaluate_payload),
	ROW(BUNDLE_PAYLOAD, bundle_payload),
	ROW(BUNDLE_IN_BUNDLE, bundle_in_bundle),
	ROW(BUNDLE_ORPHAN, bundle_orphan),
	ROW(SOFTWARE_TEXT, software_text),
	ROW(BOOLEAN_TEXT, boolean_text),
	ROW(EVALUATE_SOFTWARE, evaluate_software),
	ROW(DOUBLE_ROLE, double_role),
	ROW(TYPE_ACTION, type_action),
	ROW(DEPLOYABLE_PART, deployable_part),
	ROW(SOFTWARE_STATED, software_stated),
	ROW(COMBINATION, combination),
	ROW(LEAF_NEEDED, leaf_needed),
	ROW(EVALUATE_BUNDLE, evaluate_bundle),
	ROW(LICENCE_MISMATCH, licence_mismatch),
	ROW(GUID_TEXT, guid_text),
	ROW(NUMBER_TEXT, number_text),
	ROW(NUMBER_TEXT, number_of_reference),
	ROW(DIGEST_TEXT, digest_text),
	ROW(DIGEST_TEXT, fragment_digest_text),
	ROW(DATE_TEXT, date_text),
	ROW(ATTRIBUTE_MISSING, attribute_missing),
	ROW(ATTRIBUTE_MISSING, missing_in_reference),
	ROW(RELATIONS_LIMIT, relations_limit),
	ROW(CATEGORY_TYPE, category_type),
	ROW(ELEMENT_UNKNOWN, element_unknown),
	ROW(ATTRIBUTE_UNKNOWN, attribute_unknown),
	ROW(ATTRIBUTE_UNKNOWN, attribute_of_list),
	ROW(NAMESPACE_UNKNOWN, namespace_unknown),
	ROW(REVISION_DUPLICATE, revision_duplicate),
	ROW(IDENTITY_DUPLICATE, identity_duplicate),
	ROW(LOCATION_DUPLICATE, location_duplicate),
	ROW(UPDATE_DATE, update_date),
	ROW(PACKAGE_VERSION, package_version),
	ROW(PACKAGE_ID, package_id),
	ROW(CLIENT_VERSION, client_version),
	ROW(PACKAGE_DATE, package_date),
	ROW(SOURCE_UNKNOWN, source_unknown),
	ROW(LANGUAGE_TEXT, language_text),
	ROW(PREREQUISITE_DANGLING, prerequisite_dangling),
	ROW(BUNDLE_DANGLING, bundle_dangling),
	ROW(SUPERSEDENCE_DANGLING, superseded_dangling),
	ROW(PAYLOAD_DANGLING, payload_dangling),
	ROW(BUNDLE_CYCLE, bundle_cycle),
	ROW(PREREQUISITE_CYCLE, prerequisite_cycle),
	ROW(SUPERSEDENCE_CYCLE, superseded_cycle),
	ROW(CATEGORY_DANGLING, category_dangling),
	ROW(CATEGORY_KIND, category_kind),
	ROW(CATEGORY_COUNT, category_count),
	ROW(CORE_IDENTITY, core_identity),
	ROW(CORE_IDENTITY, core_nameless),
	ROW(CORE_PREREQUISITES, core_prerequisites),
	ROW(CORE_MISSING, core_missing),
	ROW(FRAGMENT_MALFORMED, fragment_malformed),
	ROW(FRAGMENT_ORPHAN, fragment_orphan),
	ROW(FRAGMENT_DUPLICATE, fragment_duplicate),
	ROW(PAYLOAD_UNDESCRIBED, payload_undescribed),
	ROW(PAYLOAD_UNEXPLAINED, payload_unexplained),
	ROW(BUNDLED_MISMATCH, bundled_mismatch),
	ROW(SUPERSEDED_MISMATCH, superseded_mismatch),
	ROW(EMPTY, empty),
	ROW(REVISION_UNUSABLE, revision_unusable),
	ROW(MULTI_PARENT, multi_parent),
	ROW(PARENT_KIND, parent_kind),
	ROW(PAYLOAD_TWICE, payload_twice),
	ROW(URL_FORM, url_form),
	ROW(URL_DIGEST, url_digest),
	ROW(NAME_DIGEST, name_digest),
	ROW(SIZE_SUM, size_sum),
	ROW(WIDENED, widened_within),
};
const size_t mutations_documents_count = sizeof mutations_documents / sizeof *mutations_documents;

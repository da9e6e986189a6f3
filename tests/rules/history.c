/* Faults that show only beside the catalog before. */
#include "lib/base/str.h"
#include "tests/rules/rules.h"

#include <stdio.h>
#include <string.h>

#define NEED(pointer)   \
	if (!(pointer)) \
	return false

#define RULE(name) CATALOG_RULE_##name

static size_t element(struct world *w, const struct model_update *u)
{
	size_t len;

	return world_element(w, u->revision, &len);
}

static void set(struct world *w, const struct model_update *u, const char *name, const char *value)
{
	world_attribute(world_master(w), element(w, u), name, value);
}

static void set_number(struct world *w, const struct model_update *u, const char *name,
		       uint32_t value)
{
	char text[16];

	snprintf(text, sizeof text, "%u", value);
	set(w, u, name, text);
}

static size_t head(struct world *w)
{
	return world_text(world_master(w), 0, world_master(w)->text.len, "<OfflineSyncPackage");
}

/* Every catalog has a PackageId of its own. */
static void rename_package(struct world *w)
{
	char id[37];

	world_guid(w, id);
	world_attribute(world_master(w), head(w), "PackageId", id);
}

static void expect_whole(struct world *w, struct expectation *e, enum catalog_rule rule)
{
	expect(e, rule, "package.xml", (int64_t)head(w), NULL);
}

static bool widened(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_BUNDLE, WORLD_NEEDS);

	NEED(u && u->twin == MODEL_NONE);
	rename_package(w);
	world_remove(w, u->revision, "Prerequisites");
	set_number(w, u, "RevisionNumber", u->number + 1);
	expect_element(e, w, RULE(WIDENED), u);
	return true;
}

/* The same by the rules of the core fragment, which a leaf has. */
static bool widened_rules(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, 0);
	char number[32], other[32];

	NEED(u);
	rename_package(w);
	set_number(w, u, "RevisionNumber", u->number + 1);
	struct document *d = world_find(w, 'c', u->revision);

	snprintf(number, sizeof number, "RevisionNumber=\"%u\"", u->number);
	snprintf(other, sizeof other, "RevisionNumber=\"%u\"", u->number + 1);
	world_replace(d, 0, number, other);
	world_replace(d, 0, "<CbsPackageInstallable />",
		      "<Or><CbsPackageInstallable /><True /></Or>");
	expect_element(e, w, RULE(WIDENED), u);
	return true;
}

static bool package_repeated(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_DETECTOID, WORLD_UNNEEDED);

	NEED(u);
	set_number(w, u, "RevisionNumber", u->number + 1);
	expect_whole(w, e, RULE(PACKAGE_REPEATED));
	return true;
}

static bool package_older(struct world *w, struct expectation *e)
{
	rename_package(w);
	world_attribute(world_master(w), head(w), "CreationDate", "2026-07-14T08:00:00Z");
	expect_whole(w, e, RULE(PACKAGE_OLDER));
	return true;
}

static bool add_copies(struct world *w, enum model_kind kind, size_t count)
{
	const struct model_update *u = world_pick(w, kind, 0);

	NEED(u);
	for (size_t i = 0; i < count; i++) {
		char id[37];

		world_guid(w, id);
		world_repeat(w, u->revision, id, world_new_revision(w), u->number);
	}
	rename_package(w);
	return true;
}

/* The catalog before had these too. */
static bool shrunk(struct world *w, struct expectation *e)
{
	NEED(add_copies(w, MODEL_BUNDLE, w->model.listed / 10));
	expect_whole(w, e, RULE(SHRUNK));
	return true;
}

static bool grown(struct world *w, struct expectation *e)
{
	NEED(add_copies(w, MODEL_BUNDLE, w->model.listed / 3));
	expect_whole(w, e, RULE(GROWN));
	return true;
}

static bool category_flood(struct world *w, struct expectation *e)
{
	NEED(add_copies(w, MODEL_DETECTOID, w->model.evaluates / 5 + 12));
	expect_whole(w, e, RULE(CATEGORY_FLOOD));
	return true;
}

static bool mass_revision(struct world *w, struct expectation *e)
{
	size_t done = 0, wanted = w->model.listed / 8 + 21;

	rename_package(w);
	for (size_t i = 0; i < w->model.count && done < wanted; i++) {
		const struct model_update *u = &w->model.updates[i];

		if (u->kind != MODEL_LEAF)
			continue;
		set_number(w, u, "RevisionNumber", u->number + 1);
		done++;
	}
	expect_whole(w, e, RULE(MASS_REVISION));
	return done == wanted;
}

static bool reclassified(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_BUNDLE, 0);
	char id[37] = "";

	NEED(u && u->twin == MODEL_NONE);
	for (size_t i = 0; i < w->model.categories; i++)
		if (w->model.updates[i].category_kind == MODEL_CLASSIFICATION &&
		    i != u->category[MODEL_CLASSIFICATION])
			str_from_guid(w->model.updates[i].id, id);
	NEED(*id);
	rename_package(w);
	size_t len, at = world_element(w, u->revision, &len);

	at = world_text(world_master(w), at, len, "<Category Type=\"UpdateClassification\"");
	world_attribute(world_master(w), at, "Id", id);
	expect_element(e, w, RULE(RECLASSIFIED), u);
	return true;
}

static bool revision_changed(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, 0);

	NEED(u);
	rename_package(w);
	struct document *d = world_find(w, 'c', u->revision);

	world_splice(d, d->text.len, 0, "\n");
	expect_fragment(e, RULE(REVISION_CHANGED), 'c', u);
	return true;
}

static bool revision_back(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, 0);

	NEED(u && u->number > 1);
	rename_package(w);
	set_number(w, u, "RevisionNumber", u->number - 1);
	expect_element(e, w, RULE(REVISION_BACK), u);
	return true;
}

static void expect_renamed(struct world *w, struct expectation *e, enum catalog_rule rule,
			   const struct model_update *u, uint32_t revision)
{
	size_t len, at = world_element(w, revision, &len);
	char id[37];

	str_from_guid(u->id, id);
	expect_other(e, rule, "package.xml", (int64_t)at, revision, id, "");
}

static bool renumbered(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, 0);
	uint32_t other = world_new_revision(w);

	NEED(u);
	rename_package(w);
	set_number(w, u, "RevisionId", other);
	expect_renamed(w, e, RULE(RENUMBERED), u, other);
	return true;
}

static bool role_changed(struct world *w, struct expectation *e)
{
	const struct model_update *u = world_pick(w, MODEL_LEAF, 0);

	NEED(u);
	rename_package(w);
	set(w, u, "DeploymentAction", NULL);
	expect_element(e, w, RULE(ROLE_CHANGED), u);
	expect_element(e, w, RULE(DOUBLE_ROLE), u);
	return true;
}

static bool revision_reused(struct world *w, struct expectation *e)
{
	const struct model_update *pair[2] = { world_pick(w, MODEL_LEAF, 0),
					       world_pick(w, MODEL_LEAF, 0) };

	NEED(pair[0] && pair[0] != pair[1]);
	rename_package(w);
	size_t at[2] = { element(w, pair[0]), element(w, pair[1]) };

	for (int i = 0; i < 2; i++) {
		char text[16];

		/* the later one first, so that the other stays where it is */
		int which = (at[1] > at[0]) ^ i;
		snprintf(text, sizeof text, "%u", pair[!which]->revision);
		world_attribute(world_master(w), at[which], "RevisionId", text);
	}
	for (int i = 0; i < 2; i++) {
		expect_renamed(w, e, RULE(REVISION_REUSED), pair[i], pair[!i]->revision);
		expect_renamed(w, e, RULE(RENUMBERED), pair[i], pair[!i]->revision);
	}
	return true;
}

#define ROW(name, mode, function)                   \
	{                                           \
		CATALOG_RULE_##name, mode, function \
	}
const struct mutation mutations_history[] = {
	ROW(WIDENED, HISTORY_MASTER, widened),
	ROW(WIDENED, HISTORY, widened_rules),
	ROW(PACKAGE_REPEATED, HISTORY_MASTER, package_repeated),
	ROW(PACKAGE_OLDER, HISTORY, package_older),
	ROW(SHRUNK, REVERSED_MASTER, shrunk),
	ROW(GROWN, HISTORY_MASTER, grown),
	ROW(CATEGORY_FLOOD, HISTORY_MASTER, category_flood),
	ROW(MASS_REVISION, HISTORY_MASTER, mass_revision),
	ROW(RECLASSIFIED, HISTORY, reclassified),
	ROW(REVISION_CHANGED, HISTORY, revision_changed),
	ROW(REVISION_BACK, HISTORY_MASTER, revision_back),
	ROW(RENUMBERED, HISTORY_MASTER, renumbered),
	ROW(ROLE_CHANGED, HISTORY, role_changed),
	ROW(REVISION_REUSED, HISTORY_MASTER, revision_reused),
};
const size_t mutations_history_count = sizeof mutations_history / sizeof *mutations_history;

#include "lib/catalog/catalog.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/hash.h"
#include "lib/base/limits.h"
#include "lib/catalog/catalog_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char MASTER[] = "package.xml";

struct catalog *catalog_new(void)
{
	struct catalog *c = buf_calloc(1, sizeof *c);

	c->seed = hash_seed();
	c->parser = catalog_fragment_new();
	return c;
}

void catalog_free(struct catalog *c)
{
	if (!c)
		return;
	arena_clear(&c->arena);
	free(c->items);
	free(c->slots);
	free(c->ids);
	free(c->guids);
	free(c->by_guid);
	free(c->guid_first);
	free(c->locations);
	catalog_fragment_free(c->parser);
	catalog_full_free(c->full);
	catalog_findings_clear(&c->findings);
	free(c);
}

void catalog_condemn(struct catalog_revision *r)
{
	if (r->verdict != CATALOG_OK)
		return;
	r->verdict = CATALOG_QUARANTINED;
	r->cause = r->revision_id;
}

void catalog_report(struct catalog *c, struct catalog_revision *r, enum catalog_rule rule,
		    const char *file, uint64_t offset, const char *value, const char *detail)
{
	struct catalog_finding f = {
		.rule = rule,
		.file = file,
		.offset = offset,
		.value = value,
	};

	if (r) {
		f.revision_id = r->revision_id;
		f.has_update_id = r->has_update_id;
		memcpy(f.update_id, r->update_id.bytes, sizeof f.update_id);
		f.kb = r->kb;
		if (catalog_rule_severity(rule) == CATALOG_ERROR)
			catalog_condemn(r);
		r->has_bad_core = r->has_bad_core || (rule == CATALOG_RULE_FRAGMENT_MALFORMED &&
						      *file == CATALOG_STREAM_CORE);
	}
	catalog_finding_add(&c->findings, &f, detail);
}

/* ---- records while filling ---- */

static size_t slot_of(const struct catalog *c, uint32_t revision_id)
{
	size_t mask = c->slots_count - 1;
	/* seeded: whoever writes the catalog cannot choose ids that share a slot */
	size_t i = hash_number(c->seed, revision_id) & mask;

	while (c->slots[i] != 0 && c->items[c->slots[i] - 1].revision_id != revision_id)
		i = (i + 1) & mask;
	return i;
}

static void grow_slots(struct catalog *c)
{
	uint32_t *old = c->slots;
	size_t old_count = c->slots_count;

	c->slots_count = old_count ? 2 * old_count : 1024;
	c->slots = buf_calloc(c->slots_count, sizeof *c->slots);
	for (size_t i = 0; i < old_count; i++)
		if (old[i] != 0)
			c->slots[slot_of(c, c->items[old[i] - 1].revision_id)] = old[i];
	free(old);
}

static struct catalog_revision *new_item(struct catalog *c, uint32_t revision_id, struct error *err)
{
	if (c->count == LIMIT_CATALOG_UPDATES) {
		error_set(err, ERROR_CATALOG_LIMIT, "more than %u updates", LIMIT_CATALOG_UPDATES);
		return NULL;
	}
	c->items = buf_grow(c->items, &c->capacity, c->count, sizeof *c->items);
	struct catalog_revision *r = &c->items[c->count];
	*r = (struct catalog_revision){
		.revision_id = revision_id,
		.sequence = (uint32_t)c->count,
		.title = "",
		.title_language = "",
		.kb = "",
		.severity = "",
		.bulletin = "",
		.update_type = "",
		.default_language = "",
		.action_text = "",
		.is_software = true,
	};
	c->count++;
	return r;
}

struct catalog_revision *catalog_record(struct catalog *c, uint32_t revision_id, struct error *err)
{
	if (2 * (c->count + 1) > c->slots_count)
		grow_slots(c);
	size_t i = slot_of(c, revision_id);

	if (c->slots[i] != 0)
		return &c->items[c->slots[i] - 1];
	struct catalog_revision *r = new_item(c, revision_id, err);
	if (r)
		c->slots[i] = (uint32_t)c->count;
	return r;
}

/* ---- copies ---- */

const char *catalog_keep_text(struct catalog *c, const char *text)
{
	size_t len = strlen(text);

	if (len == 0)
		return "";
	return strcmp(text, "en") == 0 ? "en" : arena_text(&c->arena, text, len);
}

const void *catalog_keep(struct catalog *c, const void *items, size_t count, size_t size)
{
	return count > 0 ? memcpy(arena_alloc(&c->arena, count * size), items, count * size) : NULL;
}

static const struct catalog_group *keep_groups(struct catalog *c, const struct catalog_group *g,
					       size_t count)
{
	if (count == 0)
		return NULL;
	size_t ids = 0;
	for (size_t i = 0; i < count; i++)
		ids += g[i].count;
	struct catalog_group *copy =
		arena_alloc(&c->arena, count * sizeof *copy + ids * sizeof(struct catalog_guid));
	struct catalog_guid *next = (struct catalog_guid *)(copy + count);
	for (size_t i = 0; i < count; i++) {
		copy[i] = (struct catalog_group){ .any_of = next, .count = g[i].count };
		if (g[i].count > 0)
			memcpy(next, g[i].any_of, g[i].count * sizeof *next);
		next += g[i].count;
	}
	return copy;
}

static const struct catalog_licence *keep_licences(struct catalog *c,
						   const struct catalog_licence *l, size_t count)
{
	struct catalog_licence *copy =
		count > 0 ? arena_alloc(&c->arena, count * sizeof *copy) : NULL;

	for (size_t i = 0; i < count; i++)
		copy[i] =
			(struct catalog_licence){ .sha1 = l[i].sha1,
						  .language = catalog_keep_text(c, l[i].language) };
	return copy;
}

uint64_t catalog_groups_digest(const struct catalog_group *groups, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t group = 0;

		for (size_t k = 0; k < groups[i].count; k++) {
			uint64_t h = 0xCBF29CE484222325ull;

			for (size_t b = 0; b < 16; b++)
				h = (h ^ groups[i].any_of[k].bytes[b]) * 0x100000001B3ull;
			group += h ^ h >> 29;
		}
		sum += (group ^ group >> 31) * 0x9E3779B97F4A7C15ull;
	}
	return sum;
}

/* ---- the master document ---- */

static void report_problems(struct catalog *c, struct catalog_revision *r,
			    const struct catalog_problems *p, const char *file, uint64_t base,
			    uint64_t offset)
{
	for (size_t i = 0; i < p->count; i++)
		catalog_report(c, r, p->items[i].rule, file, offset + (p->items[i].offset - base),
			       p->items[i].value, p->items[i].detail);
}

static void copy_lists(struct catalog *c, struct catalog_revision *r,
		       const struct catalog_update *u)
{
	/* counts are at most LIMIT_UPDATE_RELATIONS */
	r->prerequisites = keep_groups(c, u->prerequisites, u->prerequisites_count);
	r->prerequisites_count = (uint32_t)u->prerequisites_count;
	r->superseded_by =
		catalog_keep(c, u->superseded_by, u->superseded_by_count, sizeof(uint32_t));
	r->superseded_by_count = (uint32_t)u->superseded_by_count;
	r->bundled_by = catalog_keep(c, u->bundled_by, u->bundled_by_count, sizeof(uint32_t));
	r->bundled_by_count = (uint32_t)u->bundled_by_count;
	r->categories = catalog_keep(c, u->categories, u->categories_count, sizeof *u->categories);
	r->categories_count = (uint32_t)u->categories_count;
	r->payload = catalog_keep(c, u->payload, u->payload_count, sizeof *u->payload);
	r->payload_count = (uint32_t)u->payload_count;
	const char **languages = NULL;
	if (u->languages_count > 0)
		languages = arena_alloc(&c->arena, u->languages_count * sizeof *languages);
	for (size_t i = 0; i < u->languages_count; i++)
		languages[i] = catalog_keep_text(c, u->languages[i]);
	r->languages = languages;
	r->languages_count = (uint32_t)u->languages_count;
	r->stated_licences = keep_licences(c, u->licences, u->licences_count);
	r->stated_licences_count = (uint32_t)u->licences_count;
	if (!r->has_licence_fragment) {
		r->licences = r->stated_licences;
		r->licences_count = r->stated_licences_count;
	}
}

static int add_update(struct catalog *c, const struct catalog_update *u, uint64_t offset,
		      bool again, struct error *err)
{
	if (u->revision_id == 0) {
		report_problems(c, NULL, &u->problems, MASTER, u->offset, offset);
		return 0;
	}
	struct catalog_revision *r = again ? NULL : catalog_record(c, u->revision_id, err);
	if (!r && !again)
		return -1;
	again = again || r->has_master;
	if (again)
		r = new_item(c, u->revision_id, err);
	if (!r)
		return -1;
	r->has_master = true;
	r->is_duplicate = again;
	r->revision_number = u->revision_number;
	r->has_update_id = u->has_update_id;
	r->update_id = u->update_id;
	r->offset = offset;
	r->creation = u->creation;
	r->default_language = catalog_keep_text(c, u->default_language);
	r->is_leaf = u->is_leaf;
	r->is_bundle = u->is_bundle;
	r->is_software = u->is_software;
	r->action = u->action;
	/* the text of a known action is a constant */
	r->action_text = u->action == CATALOG_ACTION_UNKNOWN ? catalog_keep_text(c, u->action_text)
							     : catalog_action_text(u->action);
	copy_lists(c, r, u);
	r->master_prerequisites = catalog_groups_digest(u->prerequisites, u->prerequisites_count);
	report_problems(c, r, &u->problems, MASTER, u->offset, offset);
	if (again)
		catalog_report(c, r, CATALOG_RULE_REVISION_DUPLICATE, MASTER, offset, "", "");
	return 0;
}

int catalog_add_update(struct catalog *c, const struct catalog_update *u, uint64_t offset,
		       struct error *err)
{
	return add_update(c, u, offset, false, err);
}

int catalog_add_again(struct catalog *c, const struct catalog_update *u, uint64_t offset,
		      struct error *err)
{
	return add_update(c, u, offset, true, err);
}

int catalog_add_location(struct catalog *c, const struct catalog_location *l, uint64_t offset,
			 struct error *err)
{
	report_problems(c, NULL, &l->problems, MASTER, l->offset, offset);
	if (!l->has_sha1)
		return 0;
	if (c->locations_count == LIMIT_OBJECTS)
		return error_set(err, ERROR_CATALOG_LIMIT, "more than %u file locations",
				 LIMIT_OBJECTS);
	c->locations = buf_grow(c->locations, &c->locations_capacity, c->locations_count,
				sizeof *c->locations);
	c->locations[c->locations_count++] = (struct catalog_location){
		.has_sha1 = true,
		.sha1 = l->sha1,
		.url = catalog_keep_text(c, l->url),
		.is_included = l->is_included,
		.offset = offset,
	};
	return 0;
}

void catalog_set_package(struct catalog *c, const struct catalog_package *p, uint64_t offset)
{
	report_problems(c, NULL, &p->problems, MASTER, p->offset, offset);
	c->package = (struct catalog_package){
		.minimum_client_version = catalog_keep_text(c, p->minimum_client_version),
		.package_version = catalog_keep_text(c, p->package_version),
		.protocol_version = catalog_keep_text(c, p->protocol_version),
		.creation_text = catalog_keep_text(c, p->creation_text),
		.package_id = catalog_keep_text(c, p->package_id),
		.source_id = catalog_keep_text(c, p->source_id),
		.xmlns = catalog_keep_text(c, p->xmlns),
		.creation = p->creation,
		.offset = offset,
	};
	c->has_package = true;
}

void catalog_add_problem(struct catalog *c, const struct catalog_problem *p)
{
	catalog_report(c, NULL, p->rule, MASTER, p->offset, p->value, p->detail);
}

/* ---- fragments ---- */

static void take_core(struct catalog *c, struct catalog_revision *r,
		      const struct catalog_core *core)
{
	r->has_core = true;
	c->cores++;
	r->update_type = catalog_keep_text(c, core->update_type);
	r->core_has_id = core->has_update_id;
	r->core_id = core->update_id;
	r->core_number = core->revision_number;
	r->core_prerequisites =
		catalog_groups_digest(core->prerequisites, core->prerequisites_count);
	r->is_deployable = core->explicitly_deployable;
	r->applicability = core->applicability;
	r->core_bundled =
		catalog_keep(c, core->bundled, core->bundled_count, sizeof *core->bundled);
	r->core_bundled_count = (uint32_t)core->bundled_count;
	r->core_superseded =
		catalog_keep(c, core->superseded, core->superseded_count, sizeof *core->superseded);
	r->core_superseded_count = (uint32_t)core->superseded_count;
}

void catalog_take_extended(struct catalog *c, struct catalog_revision *r,
			   const struct catalog_extended *x)
{
	struct catalog_file *files = NULL;

	if (x->files_count > 0)
		files = arena_alloc(&c->arena, x->files_count * sizeof *files);
	for (size_t i = 0; i < x->files_count; i++) {
		files[i] = x->files[i];
		files[i].name = catalog_keep_text(c, x->files[i].name);
		files[i].modified = catalog_keep_text(c, x->files[i].modified);
		files[i].patching_type = catalog_keep_text(c, x->files[i].patching_type);
	}
	r->has_extended = true;
	r->files = files;
	r->files_count = (uint32_t)x->files_count;
	r->has_max_size = x->has_max_size;
	r->max_size = x->max_size;
	r->kb = catalog_keep_text(c, x->kb);
	r->severity = catalog_keep_text(c, x->severity);
	r->bulletin = catalog_keep_text(c, x->bulletin);
}

static int by_licence(const void *left, const void *right)
{
	const struct catalog_licence *a = left, *b = right;
	int order = strcmp(a->language, b->language);

	return order ? order : memcmp(&a->sha1, &b->sha1, sizeof a->sha1);
}

/* "en" wins, then the default language, then the language that sorts first. */
static int title_rank(const struct catalog_revision *r, const char *language)
{
	if (strcasecmp(language, "en") == 0)
		return 2;
	return *r->default_language && strcasecmp(language, r->default_language) == 0;
}

static bool is_better_title(const struct catalog_revision *r, const char *language)
{
	int have = title_rank(r, r->title_language), offered = title_rank(r, language);

	if (!r->has_title || have != offered)
		return !r->has_title || offered > have;
	return strcmp(language, r->title_language) < 0;
}

/* Before the master document is known, neither is the default language: keep all of them. */
void catalog_take_title(struct catalog *c, struct catalog_revision *r, const char *language,
			const char *title)
{
	if (r->has_title && title_rank(r, r->title_language) == 2 && title_rank(r, language) < 2)
		return; /* "en" is there */
	if (!r->has_master && title_rank(r, language) < 2) {
		struct catalog_title *t = arena_alloc(&c->arena, sizeof *t);

		*t = (struct catalog_title){ .title = catalog_keep_text(c, title),
					     .language = catalog_keep_text(c, language) };
		*(r->titles ? &r->last_title->next : &r->titles) = t;
		r->last_title = t;
	} else if (is_better_title(r, language)) {
		r->has_title = true;
		r->title = catalog_keep_text(c, title);
		r->title_language = catalog_keep_text(c, language);
	}
}

void catalog_settle(struct catalog_revision *r)
{
	for (const struct catalog_title *t = r->titles; t; t = t->next)
		if (is_better_title(r, t->language)) {
			r->has_title = true;
			r->title = t->title;
			r->title_language = t->language;
		}
	if (r->has_licence_fragment && r->licences_count > 1)
		qsort(r->licence_list, r->licences_count, sizeof *r->licence_list, by_licence);
}

/* Room doubles: a hostile revision may have a fragment for each of very many languages. */
static void reserve_licences(struct catalog *c, struct catalog_revision *r, size_t count)
{
	uint32_t room = r->licence_room ? r->licence_room : 1;

	if (count <= r->licence_room)
		return;
	while (room < count)
		room *= 2;
	struct catalog_licence *all = arena_alloc(&c->arena, room * sizeof *all);
	if (r->licence_room > 0)
		memcpy(all, r->licence_list, r->licences_count * sizeof *all);
	r->licence_list = all;
	r->licence_room = room;
}

/* Whether another fragment told the licences of this language: the first one counts. */
static bool is_told(const struct catalog_revision *r, uint32_t count, const char *folder)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(r->licence_list[i].folder, folder) == 0)
			return true;
	return false;
}

void catalog_take_licences(struct catalog *c, struct catalog_revision *r, const char *language,
			   const struct catalog_eula *e)
{
	uint32_t before = r->has_licence_fragment ? r->licences_count : 0, count = before;
	const char *twice = NULL;
	char file[FRAGMENT_NAME_SIZE];

	if (e->files_count == 0 || before + e->files_count > LIMIT_UPDATE_LICENCES)
		return;
	reserve_licences(c, r, before + e->files_count);
	for (size_t i = 0; i < e->files_count; i++) {
		const struct catalog_licence *l = &e->files[i];
		const char *folder = l->folder ? l->folder : language;

		if (!is_told(r, before, folder)) {
			r->licence_list[count] = *l;
			r->licence_list[count].folder = catalog_keep_text(c, folder);
			r->licence_list[count++].language =
				catalog_keep_text(c, *l->language ? l->language : folder);
		} else if (!twice || strcmp(twice, folder) != 0) {
			twice = folder;
			catalog_name_fragment(CATALOG_STREAM_LICENCE, folder, r->revision_id, file);
			catalog_report(c, r, CATALOG_RULE_FRAGMENT_DUPLICATE, file, 0, "", "");
		}
	}
	r->has_licence_fragment = true;
	r->licences = r->licence_list;
	r->licences_count = count;
}

static void take_fragment(struct catalog *c, struct catalog_revision *r, const char *file,
			  const char *language, const struct catalog_fragment *f)
{
	if ((f->stream == CATALOG_STREAM_CORE && r->has_core) ||
	    (f->stream == CATALOG_STREAM_EXTENDED && r->has_extended)) {
		catalog_report(c, r, CATALOG_RULE_FRAGMENT_DUPLICATE, file, 0, "", "");
		return;
	}
	if (f->stream == CATALOG_STREAM_CORE)
		take_core(c, r, &f->core);
	else if (f->stream == CATALOG_STREAM_EXTENDED)
		catalog_take_extended(c, r, &f->extended);
	else if (f->stream == CATALOG_STREAM_LOCALIZED)
		catalog_take_title(c, r, *language ? language : f->localized.language,
				   f->localized.title);
	else if (f->stream == CATALOG_STREAM_LICENCE)
		catalog_take_licences(c, r, language, &f->eula);
	if (f->stream != CATALOG_STREAM_COMPLETE)
		report_problems(c, r, &f->problems, file, 0, 0);
}

void catalog_name_fragment(enum catalog_stream stream, const char *language, uint32_t revision_id,
			   char out[FRAGMENT_NAME_SIZE])
{
	snprintf(out, FRAGMENT_NAME_SIZE, "%c%s%.24s/%" PRIu32, (char)stream, *language ? "/" : "",
		 language, revision_id);
}

int catalog_add_parsed(struct catalog *c, enum catalog_stream stream, const char *language,
		       uint32_t revision_id, const struct catalog_fragment *f, const char *why,
		       uint64_t offset, struct error *err)
{
	struct catalog_revision *r = catalog_record(c, revision_id, err);
	char file[FRAGMENT_NAME_SIZE], text[sizeof err->message];

	if (!r)
		return -1;
	catalog_name_fragment(stream, language, revision_id, file);
	if (f) {
		take_fragment(c, r, file, language, f);
		return 0;
	}
	bool named = strncmp(why, CATALOG_ELSEWHERE, strlen(CATALOG_ELSEWHERE)) == 0;
	snprintf(text, sizeof text, "%s%s", named ? file : "",
		 named ? why + strlen(CATALOG_ELSEWHERE) : why);
	catalog_report(c, r, CATALOG_RULE_FRAGMENT_MALFORMED, file, offset, "", text);
	return 0;
}

int catalog_add_fragment(struct catalog *c, enum catalog_stream stream, const char *language,
			 uint32_t revision_id, const void *bytes, size_t len, struct error *err)
{
	struct catalog_revision *r = catalog_record(c, revision_id, err);
	struct catalog_fragment f;
	struct error fault = ERROR_INIT;
	char file[FRAGMENT_NAME_SIZE];

	if (!r)
		return -1;
	catalog_name_fragment(stream, language, revision_id, file);
	if (catalog_fragment_parse(c->parser, stream, file, bytes, len, &f, &fault) < 0)
		catalog_report(c, r, CATALOG_RULE_FRAGMENT_MALFORMED, file,
			       catalog_fragment_fault(c->parser), "", fault.message);
	else
		take_fragment(c, r, file, language, &f);
	return 0;
}

/* ---- as a handler of the master parser ---- */

static int fill_package(void *ctx, const struct catalog_package *p, struct error *err)
{
	(void)err;
	catalog_set_package(ctx, p, p->offset);
	return 0;
}

static int fill_update(void *ctx, const struct catalog_update *u, struct error *err)
{
	return catalog_add_update(ctx, u, u->offset, err);
}

static int fill_location(void *ctx, const struct catalog_location *l, struct error *err)
{
	return catalog_add_location(ctx, l, l->offset, err);
}

static int fill_problem(void *ctx, const struct catalog_problem *p, struct error *err)
{
	(void)err;
	catalog_add_problem(ctx, p);
	return 0;
}

const struct catalog_master_handler catalog_fill = {
	.package = fill_package,
	.update = fill_update,
	.location = fill_location,
	.problem = fill_problem,
};

#include "tests/tools/model.h"

#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "tests/tools/months.h"
#include "tests/tools/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PURPOSE_BUILD = 1, PURPOSE_FILES = 2, PURPOSE_NOBODY = 3, PURPOSE_UPDATE = 16 };

void model_clear(struct model *m)
{
	free(m->updates);
	free(m->order);
	free(m->place);
	free(m->groups);
	free(m->members);
	free(m->files);
	free(m->eulas);
	*m = (struct model){ .count = 0 };
}

/* In a month the newest tenth is worked on. */
static bool may_change(const struct model *m, const struct model_update *u)
{
	if (m->options.months == 0 || !m->options.true_scale)
		return true;
	size_t bundle = u->kind == MODEL_LEAF ? u->bundle : (size_t)(u - m->updates);

	return bundle >= m->evaluates + m->bundles - m->bundles / 10;
}

/* A later state of the same catalog: some of it has other bytes. */
static uint64_t changed_seed(const struct model_options *o, uint64_t stream)
{
	struct random r;

	random_init(&r, o->change_seed, stream);
	return random_below(&r, 1000) < o->change ? o->seed ^ random_u64(&r) : o->seed;
}

uint64_t model_file_seed(const struct model_options *o, size_t i)
{
	return changed_seed(o, UINT64_C(1) << 40 | i);
}

void model_random(const struct model *m, const struct model_update *u, uint64_t purpose,
		  struct random *r)
{
	uint64_t index = (uint64_t)(u - m->updates);

	random_init(r, may_change(m, u) ? changed_seed(&m->options, index) : m->options.seed,
		    index << 8 | (PURPOSE_UPDATE + purpose));
}

void model_add_group(struct model *m, struct model_update *u, const uint32_t *members,
		     uint32_t count, bool category)
{
	/* The groups of one update lie together: a later addition moves them to the end. */
	if (u->groups > 0 && u->groups_at + u->groups != m->group_count) {
		uint32_t from = u->groups_at;

		u->groups_at = (uint32_t)m->group_count;
		for (uint32_t i = 0; i < u->groups; i++) {
			m->groups = buf_grow(m->groups, &m->group_capacity, m->group_count,
					     sizeof *m->groups);
			m->groups[m->group_count++] = m->groups[from + i];
		}
	}
	if (u->groups == 0)
		u->groups_at = (uint32_t)m->group_count;
	m->groups = buf_grow(m->groups, &m->group_capacity, m->group_count, sizeof *m->groups);
	m->groups[m->group_count++] =
		(struct model_group){ (uint32_t)m->member_count, count, category };
	u->groups++;
	for (uint32_t i = 0; i < count; i++) {
		m->members = buf_grow(m->members, &m->member_capacity, m->member_count,
				      sizeof *m->members);
		m->members[m->member_count++] = members[i];
	}
}

void model_member_id(const struct model *m, uint32_t member, unsigned char id[16])
{
	struct random r;

	if (member != MODEL_NONE) {
		memcpy(id, m->updates[member].id, 16);
		return;
	}
	random_init(&r, m->options.seed, PURPOSE_NOBODY);
	random_guid(&r, id);
}

/* ---- sizes of the parts ---- */

static void divide(struct model *m)
{
	size_t n = m->options.updates + MODEL_MONTHS * months_growth(&m->options);
	size_t evaluates = n * 31 / 1000 + (n < 400 ? n / 4 : 60);

	if (evaluates < 12)
		evaluates = 12;
	size_t categories = evaluates / 6;

	m->categories = categories < 6                  ? 6
			: categories > NAMES_CATEGORIES ? NAMES_CATEGORIES
							: categories;
	m->count = n;
	m->evaluates = evaluates;
	m->bundles = (n - evaluates) * 21154 / (21154 + 110749);
	if (m->bundles < 2)
		m->bundles = 2;
	m->updates = buf_calloc(n, sizeof *m->updates);
}

static void make_categories(struct model *m, struct random *r)
{
	for (size_t i = 0; i < m->categories; i++) {
		struct model_update *u = &m->updates[i];
		uint32_t parent = 0;

		u->kind = MODEL_CATEGORY;
		u->category_kind = names_category_kind(i);
		u->action = "Evaluate";
		names_category_id(i, u->id);
		u->number = random_percent(r, 50) ? 100 : 1;
		/* A family belongs to the company, a product to its family. */
		if (u->category_kind == MODEL_PRODUCT)
			parent = names_family_of(i);
		if (u->category_kind == MODEL_FAMILY || u->category_kind == MODEL_PRODUCT)
			model_add_group(m, u, &parent, 1, true);
	}
}

/* Something that other updates may need: the products, and every fifth detectoid. */
static uint32_t pick_base(const struct model *m, struct random *r, size_t below)
{
	size_t bases = (below - m->categories) / 5;

	if (bases == 0 || random_percent(r, 25))
		return (uint32_t)(3 + random_below(r, m->categories - 3));
	return (uint32_t)(m->categories + 5 * random_below(r, bases));
}

static void add_detectoid_groups(struct model *m, struct random *r, size_t index)
{
	struct model_update *u = &m->updates[index];
	uint32_t members[26];
	bool widest = index + 1 == m->evaluates;

	/* Once in real data: a group of nobody. */
	if (index == m->categories + 2)
		model_add_group(m, u, NULL, 0, false);
	if (random_percent(r, 12) && !widest)
		return;
	unsigned groups = random_percent(r, 96) ? 1 : 1 + (unsigned)random_below(r, 4);

	for (unsigned g = 0; g < groups; g++) {
		uint32_t count = 1;

		if (random_percent(r, 6))
			count = (uint32_t)random_log_uniform(r, 2, 20);
		if (widest)
			count = 26; /* the widest Or seen */
		for (uint32_t i = 0; i < count; i++)
			members[i] = pick_base(m, r, index);
		model_add_group(m, u, members, count, false);
	}
}

/* A later revision of the update before: the same id and prerequisites. */
static void make_twin(struct model_update *u, size_t index)
{
	struct model_update *first = u - 1;

	memcpy(u->id, first->id, 16);
	u->number = first->number + 1;
	u->groups_at = first->groups_at;
	u->groups = first->groups;
	u->twin = (uint32_t)index - 1;
	first->twin = (uint32_t)index;
}

static void make_detectoids(struct model *m, struct random *r)
{
	for (size_t i = m->categories; i < m->evaluates; i++) {
		struct model_update *u = &m->updates[i];

		u->kind = MODEL_DETECTOID;
		u->action = "Evaluate";
		/* Every ninth one, never two in a row, and not the last, which has the widest Or.
		 */
		if ((i - m->categories) % 9 == 4 && i + 1 < m->evaluates) {
			make_twin(u, i);
			continue;
		}
		random_guid(r, u->id);
		u->number = random_percent(r, 54) ? 100 : 101 + (uint32_t)random_below(r, 4);
		add_detectoid_groups(m, r, i);
	}
}

static void add_bundle_groups(struct model *m, struct random *r, struct model_update *u)
{
	unsigned extra = 1 + (unsigned)random_below(r, 3);
	uint32_t members[3];

	model_add_group(m, u, &u->category[MODEL_CLASSIFICATION], 1, true);
	model_add_group(m, u, &u->category[MODEL_PRODUCT], 1, true);
	for (unsigned g = 0; g < extra; g++) {
		uint32_t count = random_percent(r, 10) ? 3 : 1;

		for (uint32_t i = 0; i < count; i++)
			members[i] = pick_base(m, r, m->evaluates);
		model_add_group(m, u, members, count, false);
	}
}

static size_t series_length(struct random *r)
{
	return random_percent(r, 98) ? 1 + random_below(r, 5)
				     : random_log_uniform(r, 10, MODEL_SUPERSEDED_MAX);
}

static void make_bundle(struct model *m, struct random *r, size_t index, size_t from, size_t to)
{
	struct model_update *u = &m->updates[index];

	u->kind = MODEL_BUNDLE;
	u->series_from = (uint32_t)from;
	u->series_to = (uint32_t)to;
	u->is_leaf = m->options.old_layout || random_percent(r, 30);
	/* The second of a long series is a new revision of the first. */
	bool twin = index == from + 1 && to - from >= 4;

	if (index == from) {
		u->category[MODEL_COMPANY] = 0;
		names_pick_categories(m->categories, random_u64(r), u->category);
	} else {
		memcpy(u->category, u[-1].category, sizeof u->category);
	}
	if (twin) {
		make_twin(u, index);
		u->kb = u[-1].kb;
		return;
	}
	random_guid(r, u->id);
	u->number = 200 + (uint32_t)random_below(r, 5);
	/* Several updates share one article. */
	bool same = index > m->evaluates && random_percent(r, 20);

	u->kb = same ? u[-1].kb : 4000000 + (uint32_t)random_below(r, 1100000);
	add_bundle_groups(m, r, u);
}

static void make_bundles(struct model *m, struct random *r)
{
	size_t end = m->evaluates + m->bundles;

	for (size_t at = m->evaluates; at < end;) {
		size_t to = at + series_length(r);

		if (to > end)
			to = end;
		for (size_t i = at; i < to; i++)
			make_bundle(m, r, i, at, to);
		at = to;
	}
}

static void make_leaf(struct model *m, struct random *r, size_t index, uint32_t bundle)
{
	struct model_update *u = &m->updates[index];
	uint32_t base = m->updates[bundle].category[MODEL_PRODUCT];

	u->kind = MODEL_LEAF;
	u->action = "Bundle";
	u->bundle = bundle;
	u->is_leaf = true;
	u->kb = m->updates[bundle].kb;
	u->number = m->updates[bundle].number;
	random_guid(r, u->id);
	if (random_percent(r, 60))
		base = pick_base(m, r, m->evaluates);
	model_add_group(m, u, &base, 1, false);
	/* What UUP leaves have; it brings package.xml to its size. */
	for (unsigned i = 0; m->options.true_scale && i < 3; i++) {
		base = pick_base(m, r, m->evaluates);
		model_add_group(m, u, &base, 1, false);
	}
}

/* Half of the bundles have one leaf; on average there are 5.2. */
static void make_leaves(struct model *m, struct random *r)
{
	size_t next = m->evaluates + m->bundles;

	for (size_t b = 0; b < m->bundles; b++) {
		size_t left = m->count - next, bundles = m->bundles - b, mean = left / bundles;
		size_t children = 1;

		if (bundles == 1)
			children = left;
		else if (random_percent(r, 50) && mean > 1)
			children = 1 + random_below(r, 4 * mean - 3);
		if (children > left - (bundles - 1))
			children = left - (bundles - 1);
		uint32_t bundle = (uint32_t)(m->evaluates + b);

		m->updates[bundle].children_at = (uint32_t)next;
		m->updates[bundle].children = (uint32_t)children;
		for (size_t i = 0; i < children; i++)
			make_leaf(m, r, next++, bundle);
	}
}

/* ---- revision ids and dates ---- */

/* Old ids count from 1; new ones grow unevenly to 45 million, and the newest begin at 1 again. */
static void number_update(struct model *m, struct random *r, size_t index, size_t at)
{
	struct model_update *u = &m->updates[index];
	size_t small =
		m->count / 50 < MODEL_SMALL_REVISIONS ? m->count / 50 : MODEL_SMALL_REVISIONS;
	uint64_t step = 45000000 / m->count, old = m->count - small;
	int64_t first = 1077962400; /* 2004-02-28, the oldest date in any catalog */
	int64_t span = months_first_created(&m->options) - first;

	if (span < 86400)
		span = 86400;
	u->created = first + (int64_t)((uint64_t)span / (m->count + 1) * at);
	if (m->options.old_layout) {
		u->revision = (uint32_t)at + 1;
	} else if (at < old) {
		u->revision = (uint32_t)(1000 + step * at + random_below(r, step));
	} else {
		u->revision = (uint32_t)(at - old) + 1;
		u->number = u->twin == MODEL_NONE ? 100 : u->number;
	}
	m->order[at] = (uint32_t)index;
	u->dress = (uint32_t)random_u64(r);
}

/* Rotates the small ids to the front: order is by revision id. */
static void sort_order(struct model *m)
{
	size_t first = 0;

	for (size_t i = 1; i < m->count; i++)
		if (m->updates[m->order[i]].revision < m->updates[m->order[i - 1]].revision)
			first = i;
	uint32_t *sorted = buf_malloc(m->count * sizeof *sorted);

	memcpy(sorted, m->order + first, (m->count - first) * sizeof *sorted);
	memcpy(sorted + m->count - first, m->order, first * sizeof *sorted);
	free(m->order);
	m->order = sorted;
}

static void number_updates(struct model *m, struct random *r)
{
	size_t at = 0;

	m->order = buf_malloc(m->count * sizeof *m->order);
	for (size_t i = 0; i < m->evaluates; i++)
		number_update(m, r, i, at++);
	for (size_t b = m->evaluates; b < m->evaluates + m->bundles; b++) {
		const struct model_update *u = &m->updates[b];

		for (size_t i = 0; i < u->children; i++)
			number_update(m, r, u->children_at + i, at++);
		number_update(m, r, b, at++);
	}
	sort_order(m);
}

/* An Evaluate update that nobody needs is a leaf. */
static void mark_leaves(struct model *m)
{
	for (size_t i = 0; i < m->evaluates; i++)
		m->updates[i].is_leaf = true;
	for (size_t i = 0; i < m->member_count; i++) {
		struct model_update *u = &m->updates[m->members[i]];

		u->is_leaf = false;
		if (u->twin != MODEL_NONE)
			m->updates[u->twin].is_leaf = false;
	}
}

/* ---- files and licences ---- */

static void share_files(struct model *m)
{
	size_t first = m->evaluates + m->bundles, leaves = m->count - first;

	for (size_t k = 0; k < leaves; k++) {
		struct model_update *u = &m->updates[first + k];

		u->files_at = (uint32_t)(k * m->file_count / leaves);
		u->files = (uint32_t)((k + 1) * m->file_count / leaves) - u->files_at;
		if (u->files == 0)
			u->files = 1;
		for (uint32_t f = 0; f < u->files; f++)
			if (m->files[u->files_at + f].kb == 0)
				m->files[u->files_at + f].kb = u->kb;
	}
}

static void make_files(struct model *m)
{
	const struct model_options *o = &m->options;
	size_t leaves = m->count - m->evaluates - m->bundles;
	uint64_t total = 0, packable = 0;
	struct random r;

	random_init(&r, o->seed, PURPOSE_FILES);
	m->file_count = o->payloads > 0 ? o->payloads : (leaves * 88 + 99) / 100;
	m->files = buf_calloc(m->file_count, sizeof *m->files);
	for (size_t i = 0; i < m->file_count; i++) {
		struct model_file *f = &m->files[i];

		f->size = o->payloads > 0 ? random_log_uniform(&r, o->payload_min, o->payload_max)
					  : random_log_uniform(&r, 17u << 10, 4ull << 30);
		random_fill(&r, f->sha1, sizeof f->sha1);
		random_fill(&r, f->sha256, sizeof f->sha256);
		f->compressible =
			packable * 100 + f->size * 50 <= (total + f->size) * o->compressible &&
			o->compressible > 0;
		packable += f->compressible ? f->size : 0;
		total += f->size;
	}
	share_files(m);
}

/* 133 of 21,154 bundles have licences, in nearly all languages; at least one does. */
static void make_eulas(struct model *m)
{
	size_t every = 159, languages = m->count < 5000 ? 4 : 33;

	for (size_t b = 0; b < m->bundles; b += every) {
		uint32_t index = (uint32_t)(m->evaluates + b);

		m->updates[index].eulas_at = (uint32_t)m->eula_count;
		m->updates[index].eulas = (uint32_t)languages;
		for (size_t k = 0; k < languages; k++) {
			m->eulas = buf_grow(m->eulas, &m->eula_capacity, m->eula_count,
					    sizeof *m->eulas);
			m->eulas[m->eula_count++] = (struct model_eula){
				.update = index,
				.language = (unsigned char)k,
			};
		}
	}
}

void model_build(struct model *m, const struct model_options *options)
{
	struct random r;

	*m = (struct model){ .options = *options };
	random_init(&r, options->seed, PURPOSE_BUILD);
	divide(m);
	for (size_t i = 0; i < m->count; i++) {
		m->updates[i].twin = MODEL_NONE;
		m->updates[i].bundle = MODEL_NONE;
	}
	make_categories(m, &r);
	make_detectoids(m, &r);
	make_bundles(m, &r);
	make_leaves(m, &r);
	number_updates(m, &r);
	mark_leaves(m);
	make_files(m);
	make_eulas(m);
	months_apply(m);
}

bool model_supersedes(const struct model_update *newer, const struct model_update *older)
{
	return newer->kind == MODEL_BUNDLE && older->kind == MODEL_BUNDLE &&
	       newer->series_from == older->series_from && newer > older &&
	       newer - older <= MODEL_SUPERSEDED_MAX && memcmp(newer->id, older->id, 16) != 0;
}

/* ---- names ---- */

const char *model_language(size_t index)
{
	static const char *const names[MODEL_LANGUAGES] = {
		"ar", "bg", "cs", "da", "de",    "el",    "en",    "es",    "et", "fi",
		"fr", "he", "hr", "hu", "it",    "ja",    "ko",    "lt",    "lv", "neu",
		"nl", "no", "pl", "pt", "pt-br", "ro",    "ru",    "sk",    "sl", "sr",
		"sv", "th", "tr", "uk", "zh-CN", "zh-HK", "zh-cn", "zh-tw",
	};

	return names[index];
}

bool model_has_language(const struct model_update *u, size_t index)
{
	enum { EN = 6, ZH_UPPER = 34, ZH_LOWER = 36 };

	if (u->kind == MODEL_LEAF)
		return false;
	if (index == EN)
		return true;
	if (u->kind != MODEL_BUNDLE)
		return u->dress % 100 < 15 && index < 24;
	if (u->dress % 4 == 0)
		return false;
	/* The folder of one language is spelt in two ways. */
	return index != (u->dress % 16 == 1 ? ZH_LOWER : ZH_UPPER);
}

static const char *extension(size_t file)
{
	static const char *const names[4] = { "cab", "cab", "msu", "exe" };

	return names[file % 4];
}

void model_file_name(const struct model *m, size_t file, char out[MODEL_NAME_SIZE])
{
	snprintf(out, MODEL_NAME_SIZE, "Windows10.0-KB%u-x64-%zu.%s", m->files[file].kb, file,
		 extension(file));
}

void model_url_name(const struct model *m, size_t file, char out[MODEL_NAME_SIZE])
{
	char sha1[41];

	str_to_hex(m->files[file].sha1, 20, sha1);
	snprintf(out, MODEL_NAME_SIZE, "windows10.0-kb%u-x64-%zu_%s.%s", m->files[file].kb, file,
		 sha1, extension(file));
}

#include "lib/catalog/catalog_part.h"

#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/catalog/catalog_internal.h"

#include <string.h>
#include <strings.h>

enum {
	HAS_CORE = 1 << 0,
	HAS_EXTENDED = 1 << 1,
	HAS_TITLE = 1 << 2,
	HAS_LICENCES = 1 << 3,
	IS_CONDEMNED = 1 << 4,
	HAS_CORE_ID = 1 << 5,
	IS_DEPLOYABLE = 1 << 6,
	HAS_MAX_SIZE = 1 << 7,
	HAS_APPLICABILITY = 1 << 8,
	ALL = (1 << 9) - 1,
};
enum { HAS_SHA256 = 1, HAS_SIZE = 2 };

/* ---- writing ---- */

static unsigned flags_of(const struct catalog_revision *r)
{
	return (r->has_core ? HAS_CORE : 0u) | (r->has_extended ? HAS_EXTENDED : 0u) |
	       (r->has_title ? HAS_TITLE : 0u) | (r->has_licence_fragment ? HAS_LICENCES : 0u) |
	       (r->verdict != CATALOG_OK ? IS_CONDEMNED : 0u) |
	       (r->core_has_id ? HAS_CORE_ID : 0u) | (r->is_deployable ? IS_DEPLOYABLE : 0u) |
	       (r->has_max_size ? HAS_MAX_SIZE : 0u) |
	       (r->applicability.digest != 0 ? HAS_APPLICABILITY : 0u);
}

static void put_core(struct varint_writer *w, const struct catalog_revision *r)
{
	varint_put_text(w, r->update_type);
	varint_put_bytes(w, &r->core_id, sizeof r->core_id);
	varint_put(w, r->core_number);
	varint_put_bytes(w, &r->core_prerequisites, sizeof r->core_prerequisites);
	varint_put(w, r->core_bundled_count);
	varint_put_bytes(w, r->core_bundled, r->core_bundled_count * sizeof *r->core_bundled);
	varint_put(w, r->core_superseded_count);
	varint_put_bytes(w, r->core_superseded,
			 r->core_superseded_count * sizeof *r->core_superseded);
}

/* What files and licences have in common. */
static void put_digests(struct varint_writer *w, const struct catalog_sha1 *sha1, bool has_sha256,
			const unsigned char sha256[32], bool has_size, uint64_t size)
{
	varint_put_bytes(w, sha1, sizeof *sha1);
	varint_put(w, (has_sha256 ? HAS_SHA256 : 0u) | (has_size ? HAS_SIZE : 0u));
	varint_put_bytes(w, sha256, has_sha256 ? 32 : 0);
	if (has_size)
		varint_put(w, size);
}

static void put_extended(struct varint_writer *w, const struct catalog_revision *r)
{
	varint_put_text(w, r->kb);
	varint_put_text(w, r->severity);
	varint_put_text(w, r->bulletin);
	varint_put(w, r->max_size);
	varint_put(w, r->files_count);
	for (uint32_t i = 0; i < r->files_count; i++) {
		const struct catalog_file *f = &r->files[i];

		put_digests(w, &f->sha1, f->has_sha256, f->sha256, f->has_size, f->size);
		varint_put_text(w, f->name);
		varint_put_text(w, f->modified);
		varint_put_text(w, f->patching_type);
	}
}

/* Titles that "en" makes unnecessary are left out, as catalog_merge() would leave them. */
static void put_titles(struct varint_writer *w, const struct catalog_revision *r)
{
	size_t count = 0;

	if (!r->has_title || strcasecmp(r->title_language, "en") != 0)
		for (const struct catalog_title *t = r->titles; t; t = t->next)
			count++;
	if (r->has_title) {
		varint_put_text(w, r->title_language);
		varint_put_text(w, r->title);
	}
	varint_put(w, count);
	for (const struct catalog_title *t = count > 0 ? r->titles : NULL; t; t = t->next) {
		varint_put_text(w, t->language);
		varint_put_text(w, t->title);
	}
}

static void put_licences(struct varint_writer *w, const struct catalog_revision *r)
{
	varint_put(w, r->licences_count);
	for (uint32_t i = 0; i < r->licences_count; i++) {
		const struct catalog_licence *l = &r->licence_list[i];

		put_digests(w, &l->sha1, l->has_sha256, l->sha256, l->has_size, l->size);
		varint_put_text(w, l->language);
		varint_put_text(w, l->folder);
	}
}

static void put_revision(struct varint_writer *w, const struct catalog_revision *r)
{
	varint_put(w, r->revision_id);
	varint_put(w, flags_of(r));
	if (r->has_core)
		put_core(w, r);
	if (r->applicability.digest != 0) {
		varint_put_bytes(w, &r->applicability.digest, sizeof r->applicability.digest);
		varint_put(w, r->applicability.conditions);
		varint_put(w, r->applicability.alternatives);
	}
	if (r->has_extended)
		put_extended(w, r);
	put_titles(w, r);
	if (r->has_licence_fragment)
		put_licences(w, r);
}

static void put_findings(struct varint_writer *w, const struct catalog_findings *l)
{
	for (int s = 0; s < CATALOG_SEVERITIES_; s++)
		varint_put(w, l->seen[s]);
	varint_put(w, l->count);
	for (size_t i = 0; i < l->count; i++) {
		const struct catalog_finding *f = &l->items[i];

		varint_put_text(w, catalog_rule_id(f->rule));
		varint_put(w, f->revision_id);
		varint_put_text(w, f->file);
		varint_put(w, f->offset);
		varint_put_text(w, f->value);
		varint_put_text(w, catalog_finding_detail(f));
	}
}

void catalog_part_write(const struct catalog *c, struct varint_writer *w)
{
	varint_put(w, c->count);
	for (size_t i = 0; i < c->count; i++)
		put_revision(w, &c->items[i]);
	put_findings(w, &c->findings);
}

/* ---- reading ---- */

static uint32_t get_count(struct varint_reader *r)
{
	return (uint32_t)varint_get_to(r, LIMIT_UPDATE_RELATIONS);
}

static void get_core(struct varint_reader *r, struct catalog_revision *out)
{
	out->update_type = varint_get_text(r);
	varint_copy_bytes(r, &out->core_id, sizeof out->core_id);
	out->core_number = (uint32_t)varint_get_to(r, UINT32_MAX);
	varint_copy_bytes(r, &out->core_prerequisites, sizeof out->core_prerequisites);
	out->core_bundled_count = get_count(r);
	out->core_bundled =
		varint_get_bytes(r, out->core_bundled_count * sizeof *out->core_bundled);
	out->core_superseded_count = get_count(r);
	out->core_superseded =
		varint_get_bytes(r, out->core_superseded_count * sizeof *out->core_superseded);
}

static void get_digests(struct varint_reader *r, struct catalog_sha1 *sha1, bool *has_sha256,
			unsigned char sha256[32], bool *has_size, uint64_t *size)
{
	varint_copy_bytes(r, sha1, sizeof *sha1);
	uint64_t has = varint_get_to(r, HAS_SHA256 | HAS_SIZE);
	*has_sha256 = (has & HAS_SHA256) != 0;
	*has_size = (has & HAS_SIZE) != 0;
	if (*has_sha256)
		varint_copy_bytes(r, sha256, 32);
	if (*has_size)
		*size = varint_get(r);
}

static void get_extended(struct catalog *c, struct varint_reader *r, struct catalog_revision *out)
{
	out->kb = varint_get_text(r);
	out->severity = varint_get_text(r);
	out->bulletin = varint_get_text(r);
	out->max_size = varint_get(r);
	out->files_count = get_count(r);
	struct catalog_file *files =
		out->files_count > 0 ? arena_alloc(&c->arena, out->files_count * sizeof *files)
				     : NULL;
	for (uint32_t i = 0; i < out->files_count; i++) {
		struct catalog_file *f = &files[i];

		*f = (struct catalog_file){ .size = 0 };
		get_digests(r, &f->sha1, &f->has_sha256, f->sha256, &f->has_size, &f->size);
		f->name = varint_get_text(r);
		f->modified = varint_get_text(r);
		f->patching_type = varint_get_text(r);
	}
	out->files = files;
}

static void get_titles(struct catalog *c, struct varint_reader *r, struct catalog_revision *out)
{
	struct catalog_title **last = &out->titles;

	if (out->has_title) {
		out->title_language = varint_get_text(r);
		out->title = varint_get_text(r);
	}
	for (uint64_t count = varint_get(r); count > 0 && !r->bad; count--) {
		struct catalog_title *t = arena_alloc(&c->arena, sizeof *t);

		t->language = varint_get_text(r);
		t->title = varint_get_text(r);
		t->next = NULL;
		*last = out->last_title = t;
		last = &t->next;
	}
}

static void get_licences(struct catalog *c, struct varint_reader *r, struct catalog_revision *out)
{
	out->licences_count = get_count(r);
	out->licence_room = out->licences_count;
	if (out->licences_count > 0)
		out->licence_list =
			arena_alloc(&c->arena, out->licences_count * sizeof *out->licence_list);
	for (uint32_t i = 0; i < out->licences_count; i++) {
		struct catalog_licence *l = &out->licence_list[i];

		*l = (struct catalog_licence){ .size = 0 };
		get_digests(r, &l->sha1, &l->has_sha256, l->sha256, &l->has_size, &l->size);
		l->language = varint_get_text(r);
		l->folder = varint_get_text(r);
	}
	out->licences = out->licence_list;
}

static void get_revision(struct catalog *c, struct varint_reader *r)
{
	struct error ignored = ERROR_INIT;
	uint32_t id = (uint32_t)varint_get_to(r, UINT32_MAX);
	size_t before = c->count;
	struct catalog_revision *out = catalog_record(c, id, &ignored);

	error_clear(&ignored);
	if (!out || c->count == before) {
		r->bad = true;
		return;
	}
	unsigned flags = (unsigned)varint_get_to(r, ALL);
	out->has_core = (flags & HAS_CORE) != 0;
	out->has_extended = (flags & HAS_EXTENDED) != 0;
	out->has_title = (flags & HAS_TITLE) != 0;
	out->has_licence_fragment = (flags & HAS_LICENCES) != 0;
	out->core_has_id = (flags & HAS_CORE_ID) != 0;
	out->is_deployable = (flags & IS_DEPLOYABLE) != 0;
	out->has_max_size = (flags & HAS_MAX_SIZE) != 0;
	if (flags & IS_CONDEMNED)
		catalog_condemn(out);
	if (out->has_core)
		get_core(r, out);
	if (flags & HAS_APPLICABILITY) {
		varint_copy_bytes(r, &out->applicability.digest, sizeof out->applicability.digest);
		out->applicability.conditions = (uint32_t)varint_get_to(r, UINT32_MAX);
		out->applicability.alternatives = (uint32_t)varint_get_to(r, UINT32_MAX);
	}
	if (out->has_extended)
		get_extended(c, r, out);
	get_titles(c, r, out);
	if (out->has_licence_fragment)
		get_licences(c, r, out);
}

static void get_findings(struct catalog *c, struct varint_reader *r)
{
	uint64_t seen[CATALOG_SEVERITIES_];

	for (int s = 0; s < CATALOG_SEVERITIES_; s++)
		seen[s] = varint_get(r);
	for (uint64_t count = varint_get(r); count > 0 && !r->bad; count--) {
		int rule = catalog_rule_find(varint_get_text(r));
		struct catalog_finding f = { .revision_id =
						     (uint32_t)varint_get_to(r, UINT32_MAX) };

		f.file = varint_get_text(r);
		f.offset = varint_get(r);
		f.value = varint_get_text(r);
		const char *detail = varint_get_text(r);
		if (rule < 0)
			r->bad = true;
		if (r->bad)
			return;
		f.rule = (enum catalog_rule)rule;
		catalog_finding_add(&c->findings, &f, detail);
	}
	memcpy(c->findings.seen, seen, sizeof seen);
}

bool catalog_part_read(struct catalog *c, struct varint_reader *r)
{
	for (uint64_t count = varint_get_to(r, LIMIT_CATALOG_UPDATES); count > 0 && !r->bad;
	     count--)
		get_revision(c, r);
	get_findings(c, r);
	return !r->bad;
}

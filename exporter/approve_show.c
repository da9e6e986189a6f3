#include "exporter/approve_show.h"

#include "exporter/approve.h"
#include "lib/base/error.h"
#include "lib/base/kind.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/trust.h"
#include "lib/report/report.h"
#include "lib/select/rules.h"
#include "lib/store/gather.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "verifier/inquiry/clean.h"
#include "verifier/inquiry/selection_medium.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <string.h>

static bool has_source(const struct gather_set *set, const struct listing_source *source)
{
	for (size_t i = 0; i < set->count; i++)
		if (gather_compare_sources(&set->items[i]->source, source) == 0)
			return true;
	return false;
}

static bool has_key(const struct trust *t, const struct trust_key *key)
{
	for (size_t i = 0; i < t->key_count; i++)
		if (memcmp(t->keys[i].id, key->id, sizeof key->id) == 0)
			return true;
	return false;
}

/* ---- text ---- */

static void sources_text(const struct approve *a)
{
	for (size_t i = 0; i < a->sources.count; i++) {
		const struct gather *g = a->sources.items[i];
		char created[STR_TIME_SIZE] = "no date";

		if (g->source.created >= 0)
			str_from_time(g->source.created, created);
		printf("  source %s (%s), %s, %zu documents\n", g->source.name, g->source.kind,
		       created, g->entry_count);
	}
}

/* What content was left out on purpose, in the words of who chose. */
static void selection_text(const struct approve *a)
{
	struct error err = ERROR_INIT;
	struct rules rules;
	int found = selection_medium_load(a->bundle, &rules, &err);

	if (found < 0)
		printf("  selection cannot be read: %s\n", err.message);
	for (size_t i = 0; found == 1 && i < rules.count; i++)
		printf("  selected: %s = %s\n", rules_key_name(rules.entries[i].key),
		       rules.entries[i].value);
	error_clear(&err);
}

static void bundle_text(const struct approve *a)
{
	const struct manifest *m = verify_manifest(a->bundle);
	const struct object_table *t = verify_objects(a->bundle);
	uint64_t counts[OBJECT_KINDS] = { 0 }, bytes[OBJECT_KINDS] = { 0 };
	char created[STR_TIME_SIZE], expires[STR_TIME_SIZE], sites[MANIFEST_SITES_SIZE];
	char digest[DIGEST_HEX];

	str_to_hex(verify_manifest_digest(a->bundle), DIGEST_SHA256, digest);
	manifest_sites(m, sites);
	str_from_time(m->created, created);
	str_from_time(m->expires, expires);
	printf("bundle %s\nchannel %s to %s, epoch %u, sequence %llu\nmade %s, expires %s\n"
	       "MANIFEST SHA-256 %s\n",
	       verify_path(a->bundle), m->channel, sites, m->epoch, (unsigned long long)m->sequence,
	       created, expires, digest);
	if (m->increment)
		printf("increment on sequence %llu: %llu objects, %llu bytes are left out because "
		       "the sites have them\n",
		       (unsigned long long)m->base, (unsigned long long)m->assumed,
		       (unsigned long long)m->assumed_bytes);
	for (size_t i = 0; i < m->withdrawn_count; i++)
		printf("  withdrawn: catalog %s %s\n", m->withdrawn[i].kind,
		       m->withdrawn[i].series);
	sources_text(a);
	selection_text(a);
	for (size_t i = 0; i < object_table_count(t); i++) {
		struct object_part p = object_table_get(t, i);

		counts[p.kind] += p.part <= 1;
		bytes[p.kind] += p.length;
	}
	for (int k = 0; k < OBJECT_KINDS; k++)
		printf("  %-8s %8llu objects %14llu bytes\n", object_kind_name((enum object_kind)k),
		       (unsigned long long)counts[k], (unsigned long long)bytes[k]);
}

static void update_text(const struct catalog_diff_update *u)
{
	const struct catalog_revision *r = u->after ? u->after : u->before;
	char id[STR_GUID_SIZE] = "no UpdateID";

	if (r->has_update_id)
		str_from_guid(r->update_id.bytes, id);
	printf("  %-9s %s", catalog_diff_kind_name(u->kind), id);
	if (u->before && u->after && u->before->revision_id != u->after->revision_id)
		printf(" revision %u (id %u) to %u (id %u)", u->before->revision_number,
		       u->before->revision_id, u->after->revision_number, u->after->revision_id);
	else
		printf(" revision %u (id %u)", r->revision_number, r->revision_id);
	clean_print_update(r->kb ? r->kb : "", r->title ? r->title : "");
	putchar('\n');
}

static void updates_text(const struct catalog_diff *d)
{
	for (int kind = CATALOG_DIFF_KINDS_; kind-- > 0;) {
		size_t shown = 0;

		for (size_t i = 0; i < d->update_count && shown < APPROVE_SHOW_UPDATES; i++) {
			if ((int)d->updates[i].kind != kind)
				continue;
			update_text(&d->updates[i]);
			shown++;
		}
		if (d->kinds[kind] > shown)
			printf("  ... and %zu more %s (--json has all)\n", d->kinds[kind] - shown,
			       catalog_diff_kind_name((enum catalog_diff_kind)kind));
	}
}

/* Errors first, as they are sorted. */
static void findings_text(const struct catalog_diff *d)
{
	size_t shown = 0;

	for (size_t i = 0; i < d->finding_count && shown < APPROVE_SHOW_FINDINGS; i++, shown++) {
		const struct catalog_finding *f = d->findings[i].finding;

		printf("  %s %s %s revision %u: %s\n", d->findings[i].added ? "new" : "resolved",
		       catalog_severity_text(f->severity), catalog_rule_id(f->rule), f->revision_id,
		       f->message);
	}
	if (d->finding_count > shown)
		printf("  ... and %zu more findings (--json has all)\n", d->finding_count - shown);
}

static void trust_text(const struct approve *a)
{
	const struct trust *now = verify_trust(a->bundle);

	if (now->version == a->trust->version)
		return;
	printf("the bundle brings trust root %u, here is %u\n", now->version, a->trust->version);
	for (size_t i = 0; i < now->key_count; i++)
		if (!has_key(a->trust, &now->keys[i]))
			printf("  key added: %s %s %s\n", key_role_name(now->keys[i].role),
			       now->keys[i].holder, now->keys[i].short_id);
	for (size_t i = 0; i < a->trust->key_count; i++)
		if (!has_key(now, &a->trust->keys[i]))
			printf("  key removed: %s %s %s\n", key_role_name(a->trust->keys[i].role),
			       a->trust->keys[i].holder, a->trust->keys[i].short_id);
	for (int role = 0; role < KEY_ROLES_; role++)
		if (now->threshold[role] != a->trust->threshold[role])
			printf("  %s threshold: %u, was %u\n", key_role_name((enum key_role)role),
			       now->threshold[role], a->trust->threshold[role]);
}

static void past_text(const struct approve *a)
{
	const struct manifest *m = verify_manifest(a->bundle);
	char now[MANIFEST_SITES_SIZE], before[MANIFEST_SITES_SIZE];

	manifest_sites(m, now);
	manifest_sites(&a->past, before);
	printf("compared with bundle %llu (%s)%s\n", (unsigned long long)a->past.sequence,
	       a->past.increment ? "increment" : "full",
	       manifest_past(m, a->past.sequence) ? "" : ", which MANIFEST does not name");
	if (strcmp(now, before) != 0)
		printf("  audience: %s, was %s\n", now, before);
	if (m->trust_version != a->past.trust_version)
		printf("  trust root: %u, was %u\n", m->trust_version, a->past.trust_version);
	for (size_t i = 0; i < a->sources.count; i++)
		if (!has_source(&a->past_sources, &a->sources.items[i]->source))
			printf("  source added: %s %s\n", a->sources.items[i]->source.kind,
			       a->sources.items[i]->source.series);
	for (size_t i = 0; i < a->past_sources.count; i++)
		if (!has_source(&a->sources, &a->past_sources.items[i]->source))
			printf("  source withdrawn: %s %s\n", a->past_sources.items[i]->source.kind,
			       a->past_sources.items[i]->source.series);
}

static void difference_text(const struct approve *a)
{
	const struct catalog_diff *d = &a->diff;

	if (!a->compared) {
		printf("NOT compared with the bundle before: %s\n", a->why);
		return;
	}
	if (a->has_past)
		past_text(a);
	else
		puts("the first bundle of the channel: everything is new");
	printf("updates: %zu added, %zu revised, %zu withdrawn\n", d->kinds[CATALOG_DIFF_ADDED],
	       d->kinds[CATALOG_DIFF_REVISED], d->kinds[CATALOG_DIFF_WITHDRAWN]);
	printf("files named: %zu added (%llu bytes), %zu removed (%llu bytes)\n", d->files_added,
	       (unsigned long long)d->bytes_added, d->files_removed,
	       (unsigned long long)d->bytes_removed);
	printf("findings: %zu new, %zu resolved\n", d->findings_added, d->findings_resolved);
	if (!a->has_past)
		return;
	updates_text(d);
	findings_text(d);
}

void approve_show_text(const struct approve *a)
{
	bundle_text(a);
	for (size_t i = 0; i < a->sources.count; i++)
		report_findings_text(stdout, a->sources.items[i]->catalog);
	trust_text(a);
	difference_text(a);
	report_summary_text(stdout, &a->summary);
}

/* ---- JSON ---- */

static json_t *revision_json(const struct catalog_revision *r)
{
	return r ? json_pack("{s:I, s:I}", "revision_id", (json_int_t)r->revision_id,
			     "revision_number", (json_int_t)r->revision_number)
		 : json_null();
}

static json_t *update_json(const struct catalog_diff_update *u)
{
	const struct catalog_revision *r = u->after ? u->after : u->before;
	char id[STR_GUID_SIZE];

	if (r->has_update_id)
		str_from_guid(r->update_id.bytes, id);
	return json_pack("{s:s, s:s?, s:s, s:s, s:o, s:o}", "change",
			 catalog_diff_kind_name(u->kind), "update_id", r->has_update_id ? id : NULL,
			 "kb", r->kb ? r->kb : "", "title", r->title ? r->title : "", "before",
			 revision_json(u->before), "after", revision_json(u->after));
}

static json_t *file_json(const struct catalog_diff_file *f)
{
	char hex[DIGEST_HEX];

	str_to_hex(f->sha1.bytes, sizeof f->sha1.bytes, hex);
	return json_pack("{s:s, s:s, s:s, s:o}", "change", f->added ? "added" : "removed", "sha1",
			 hex, "name", f->name, "bytes",
			 f->has_size ? json_integer((json_int_t)f->size) : json_null());
}

static json_t *sources_json(const struct gather_set *set, const struct gather_set *other)
{
	json_t *array = json_array();

	for (size_t i = 0; i < set->count; i++) {
		const struct listing_source *s = &set->items[i]->source;

		if (!has_source(other, s))
			json_array_append_new(array, json_pack("{s:s, s:s}", "kind", s->kind,
							       "series", s->series));
	}
	return array;
}

static json_t *findings_json(const struct catalog_diff *d, bool added)
{
	json_t *array = json_array();

	for (size_t i = 0; i < d->finding_count; i++)
		if (d->findings[i].added == added)
			json_array_append_new(array, report_finding_json(d->findings[i].finding));
	return array;
}

static json_t *past_json(const struct approve *a)
{
	char sites[MANIFEST_SITES_SIZE];

	if (!a->has_past)
		return json_null();
	manifest_sites(&a->past, sites);
	return json_pack("{s:I, s:s, s:s, s:I}", "sequence", (json_int_t)a->past.sequence, "kind",
			 a->past.increment ? "increment" : "full", "audience", sites,
			 "trust_version", (json_int_t)a->past.trust_version);
}

/* null when nothing could be compared. */
static json_t *difference_json(const struct approve *a)
{
	const struct catalog_diff *d = &a->diff;
	json_t *updates, *files;

	if (!a->compared)
		return json_null();
	updates = json_array();
	files = json_array();
	for (size_t i = 0; i < d->update_count; i++)
		json_array_append_new(updates, update_json(&d->updates[i]));
	for (size_t i = 0; i < d->file_count; i++)
		json_array_append_new(files, file_json(&d->files[i]));
	return json_pack("{s:o, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}",
			 "to", past_json(a), "added", (json_int_t)d->kinds[CATALOG_DIFF_ADDED],
			 "revised", (json_int_t)d->kinds[CATALOG_DIFF_REVISED], "withdrawn",
			 (json_int_t)d->kinds[CATALOG_DIFF_WITHDRAWN], "updates", updates,
			 "files_added", (json_int_t)d->files_added, "files_removed",
			 (json_int_t)d->files_removed, "bytes_added", (json_int_t)d->bytes_added,
			 "bytes_removed", (json_int_t)d->bytes_removed, "files", files,
			 "findings_new", findings_json(d, true), "findings_resolved",
			 findings_json(d, false), "sources_added",
			 sources_json(&a->sources, &a->past_sources), "sources_withdrawn",
			 sources_json(&a->past_sources, &a->sources));
}

static json_t *keys_json(const struct trust *have, const struct trust *other)
{
	json_t *array = json_array();

	for (size_t i = 0; i < have->key_count; i++)
		if (!has_key(other, &have->keys[i]))
			json_array_append_new(array, json_pack("{s:s, s:s, s:s}", "role",
							       key_role_name(have->keys[i].role),
							       "holder", have->keys[i].holder,
							       "key", have->keys[i].short_id));
	return array;
}

static json_t *trust_json(const struct approve *a)
{
	const struct trust *now = verify_trust(a->bundle);

	return json_pack("{s:I, s:I, s:o, s:o}", "here", (json_int_t)a->trust->version, "bundle",
			 (json_int_t)now->version, "keys_added", keys_json(now, a->trust),
			 "keys_removed", keys_json(a->trust, now));
}

json_t *approve_show_json(const struct approve *a, const char *holder)
{
	const struct manifest *m = verify_manifest(a->bundle);
	json_t *findings = json_array();
	char sites[MANIFEST_SITES_SIZE], digest[DIGEST_HEX];

	str_to_hex(verify_manifest_digest(a->bundle), DIGEST_SHA256, digest);
	manifest_sites(m, sites);
	for (size_t i = 0; i < a->sources.count; i++)
		report_findings_json(a->sources.items[i]->catalog, findings);
	return json_pack(
		"{s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
		"s:o, s:o, s:o, s:s?, s:s?}",
		"bundle", verify_path(a->bundle), "manifest", digest, "kind",
		m->increment ? "increment" : "full", "base", (json_int_t)m->base, "assumed_objects",
		(json_int_t)m->assumed, "assumed_bytes", (json_int_t)m->assumed_bytes, "channel",
		m->channel, "audience", sites, "epoch", (json_int_t)m->epoch, "sequence",
		(json_int_t)m->sequence, "volumes", (json_int_t)m->volumes, "objects",
		(json_int_t)m->objects, "bytes", (json_int_t)m->object_bytes, "updates_processed",
		(json_int_t)a->summary.processed, "updates_quarantined",
		(json_int_t)a->summary.quarantined, "findings", findings, "trust", trust_json(a),
		"difference", difference_json(a), "not_compared", a->compared ? NULL : a->why,
		"approved_by", holder);
}

#include "importer/came.h"
#include "importer/commands.h"
#include "importer/incident.h"
#include "importer/pending.h"
#include "importer/revoked.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/channel.h"
#include "lib/store/query.h"
#include "lib/store/store.h"
#include "media/need.h"
#include "verifier/care/status.h"
#include "verifier/origin_report.h"

#include <stdio.h>

/* Bundles that wait here, and what the newest of them lacks. */
struct waiting {
	struct pending_list list;
	struct need need;
};

static void waiting_clear(struct waiting *w)
{
	pending_list_clear(&w->list);
	need_clear(&w->need);
}
DEFINE_CLEANUP_IN_PLACE(struct waiting, waiting_clear);

static int load_waiting(struct store *s, struct waiting *out, struct error *err)
{
	if (pending_list_load(s, &out->list, err) < 0)
		return -1;
	return pending_load_need(s, &out->need, err) < 0 ? -1 : 0;
}

static void print_waiting(const struct waiting *w)
{
	for (size_t i = 0; i < w->list.count; i++)
		printf("waiting: sequence %llu, which builds on %llu\n",
		       (unsigned long long)w->list.items[i].sequence,
		       (unsigned long long)w->list.items[i].base);
	if (w->need.sequence)
		printf("sequence %llu lacks %zu objects, %llu bytes, and %zu listings: see "
		       "gapferry-import need\n",
		       (unsigned long long)w->need.sequence, w->need.object_count,
		       (unsigned long long)need_bytes(&w->need), w->need.listing_count);
}

static json_t *waiting_json(const struct waiting *w)
{
	json_t *pending = json_array();

	for (size_t i = 0; i < w->list.count; i++)
		json_array_append_new(pending, json_pack("{s:I, s:I, s:s}", "sequence",
							 (json_int_t)w->list.items[i].sequence,
							 "base", (json_int_t)w->list.items[i].base,
							 "manifest_sha256", w->list.items[i].name));
	return json_pack("{s:o, s:{s:I, s:I, s:I, s:I}}", "pending", pending, "need", "sequence",
			 (json_int_t)w->need.sequence, "objects", (json_int_t)w->need.object_count,
			 "bytes", (json_int_t)need_bytes(&w->need), "listings",
			 (json_int_t)w->need.listing_count);
}

static void print_text(const struct channel *c, const struct query_counts *n, const char *imported)
{
	printf("channel %s, site %s: epoch %u, sequence %llu, trust root version %u\n", c->name,
	       c->audience, c->epoch, (unsigned long long)c->sequence, c->trust_version);
	printf("last import: %s\n", *imported ? imported : "never");
	printf("updates: %llu usable, %llu quarantined; findings: %llu errors, %llu warnings, %llu "
	       "notes\n",
	       (unsigned long long)(n->updates - n->quarantined),
	       (unsigned long long)n->quarantined, (unsigned long long)n->findings[CATALOG_ERROR],
	       (unsigned long long)n->findings[CATALOG_WARNING],
	       (unsigned long long)n->findings[CATALOG_NOTE]);
	printf("objects: %llu, %llu bytes\n", (unsigned long long)n->objects.count,
	       (unsigned long long)n->objects.bytes);
}

static json_t *to_json(const struct channel *c, const struct query_counts *n, const char *imported,
		       const struct waiting *w, json_t *origins)
{
	char manifest[DIGEST_HEX] = "", root[DIGEST_HEX] = "";

	if (c->has_manifest) {
		str_to_hex(c->manifest, sizeof c->manifest, manifest);
		str_to_hex(c->catalog_root, sizeof c->catalog_root, root);
	}
	json_t *out = json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:s, s:I, s:I, s:{s:I, s:I, s:I}, s:I, s:I}",
		"channel", c->name, "audience", c->audience, "epoch", (json_int_t)c->epoch,
		"sequence", (json_int_t)c->sequence, "trust_version", (json_int_t)c->trust_version,
		"manifest_sha256", manifest, "catalog_root", root, "last_import", imported,
		"updates_processed", (json_int_t)(n->updates - n->quarantined),
		"updates_quarantined", (json_int_t)n->quarantined, "findings", "error",
		(json_int_t)n->findings[CATALOG_ERROR], "warning",
		(json_int_t)n->findings[CATALOG_WARNING], "note",
		(json_int_t)n->findings[CATALOG_NOTE], "objects", (json_int_t)n->objects.count,
		"bytes", (json_int_t)n->objects.bytes);
	json_object_set_new(out, "origins", origins);
	json_object_update_new(out, waiting_json(w));
	return out;
}

int cmd_status(const struct cli_args *args, struct error *err)
{
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	char imported[STR_TIME_SIZE] = "";
	CLEANUP(waiting_clear) struct waiting waiting = { .list = { 0 } };
	struct query_counts counts;
	struct revoked revoked;
	struct channel c;

	if (!s || channel_load(s, NULL, &c, err) < 0 || load_waiting(s, &waiting, err) < 0 ||
	    revoked_load(s, &c, &revoked, err) < 0)
		return -1;
	CLEANUP(query_close) struct query *q = query_open(s);
	if (query_counts(q, &counts, err) < 0)
		return -1;
	if (counts.last_import > 0)
		str_from_time(counts.last_import, imported);
	json_t *origins = came_through(s, &c, err), *incidents = NULL;
	struct error problem = ERROR_INIT;
	if (!origins)
		return -1;
	/* A ledger that does not hold is said by status_add(). */
	incidents = incident_list(s, &problem);
	if (!incidents)
		incidents = json_array();
	json_t *all = to_json(&c, &counts, imported, &waiting, origins);
	json_object_set_new(all, "revoked_imports", revoked_json(&revoked));
	json_object_set_new(all, "incidents", incidents);
	if (status_add(s, all, err) < 0) {
		json_decref(all);
		return -1;
	}
	if (args->json) {
		cli_print_json(all);
		return revoked.count > 0 ? CLI_FINDINGS : 0;
	}
	print_text(&c, &counts, imported);
	incident_print(json_object_get(all, "incidents"));
	origin_report_print(origins);
	print_waiting(&waiting);
	revoked_print(&revoked);
	status_print(all);
	json_decref(all);
	return revoked.count > 0 ? CLI_FINDINGS : 0;
}

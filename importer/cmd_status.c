#include "care/status.h"
#include "importer/commands.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/channel.h"
#include "lib/store/query.h"
#include "lib/store/store.h"

#include <stdio.h>

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

static json_t *to_json(const struct channel *c, const struct query_counts *n, const char *imported)
{
	char manifest[DIGEST_HEX] = "", root[DIGEST_HEX] = "";

	if (c->has_manifest) {
		str_to_hex(c->manifest, sizeof c->manifest, manifest);
		str_to_hex(c->catalog_root, sizeof c->catalog_root, root);
	}
	return json_pack(
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
}

int cmd_status(const struct cli_args *args, struct error *err)
{
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	char imported[STR_TIME_SIZE] = "";
	struct query_counts counts;
	struct channel c;

	if (!s || channel_load(s, NULL, &c, err) < 0)
		return -1;
	CLEANUP(query_close) struct query *q = query_open(s);
	if (query_counts(q, &counts, err) < 0)
		return -1;
	if (counts.last_import > 0)
		str_from_time(counts.last_import, imported);
	json_t *all = to_json(&c, &counts, imported);
	if (status_add(s, all, err) < 0) {
		json_decref(all);
		return -1;
	}
	if (args->json) {
		cli_print_json(all);
		return 0;
	}
	print_text(&c, &counts, imported);
	status_print(all);
	json_decref(all);
	return 0;
}

#include "importer/commands.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_action.h"
#include "lib/crypto/digest.h"
#include "lib/store/query.h"
#include "lib/store/store.h"
#include "verifier/inquiry/clean.h"

#include <stdio.h>

static int files_json(struct query *q, const struct query_update *u, json_t *out, struct error *err)
{
	struct query_file f;
	int row;

	if (query_files_begin(q, &u->id, err) < 0)
		return -1;
	while ((row = query_files_next(q, &f, err)) == 1) {
		char sha1[DIGEST_HEX], sha256[DIGEST_HEX] = "";

		str_to_hex(f.sha1, sizeof f.sha1, sha1);
		if (f.has_sha256)
			str_to_hex(f.sha256, sizeof f.sha256, sha256);
		json_array_append_new(out, json_pack("{s:s, s:s, s:I, s:s, s:b}", "sha1", sha1,
						     "sha256", sha256, "size", (json_int_t)f.size,
						     "name", f.name, "present", f.present));
	}
	return row;
}

static int update_json(struct query *q, const struct query_update *u, json_t *all,
		       struct error *err)
{
	const char *action = catalog_action_text(u->action);
	json_t *files = json_array();
	char guid[STR_GUID_SIZE];

	str_from_guid(u->update_id, guid);
	json_array_append_new(
		all,
		json_pack("{s:I, s:I, s:s, s:I, s:s, s:s, s:s, s:s, s:s?, s:b, s:b, s:s, s:o, s:o}",
			  "revision_id", (json_int_t)u->id.revision_id, "source_revision",
			  (json_int_t)u->id.source_revision, "update_id", guid, "revision_number",
			  (json_int_t)u->revision_number, "title", u->title, "kb", u->kb,
			  "severity", u->severity, "type", u->type, "action",
			  *action ? action : NULL, "is_bundle", u->is_bundle, "is_leaf", u->is_leaf,
			  "verdict", u->verdict == CATALOG_OK ? "ok" : "quarantined", "cause",
			  u->cause ? json_integer(u->cause) : json_null(), "files", files));
	return files_json(q, u, files, err);
}

static void update_text(const struct query_update *u)
{
	char guid[STR_GUID_SIZE];

	str_from_guid(u->update_id, guid);
	printf("%lld %s.%u%s", (long long)u->id.source_revision, guid, u->revision_number,
	       u->verdict == CATALOG_OK ? "" : " [quarantined]");
	clean_print_update(u->kb, u->title);
	putchar('\n');
}

int cmd_updates(const struct cli_args *args, struct error *err)
{
	struct query_updates it = { .kb = cli_text(args, "kb"),
				    .title = cli_text(args, "title"),
				    .verdict = cli_flag(args, "quarantined") ? CATALOG_QUARANTINED
									     : QUERY_ANY };
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	struct query_update u;
	int row;

	if (!s)
		return -1;
	CLEANUP(query_close) struct query *q = query_open(s);
	json_t *all = json_array();
	do {
		it.scanned = 0; /* no budget here: all of them, however long it takes */
		while ((row = query_updates_next(q, &it, &u, err)) == 1) {
			if (!args->json)
				update_text(&u);
			else if (update_json(q, &u, all, err) < 0) {
				row = -1;
				break;
			}
		}
		query_updates_end(q, &it);
	} while (row == 0 && !it.done);
	if (row == 0 && args->json)
		cli_print_json(json_pack("{s:O}", "updates", all));
	json_decref(all);
	return row;
}

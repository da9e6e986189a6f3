#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/signer.h"
#include "lib/crypto/trust.h"
#include "lib/select/graph.h"
#include "lib/store/channel.h"
#include "verifier/inquiry/clean.h"
#include "verifier/inquiry/inventory.h"
#include "verifier/inquiry/verbs.h"

#include <stdio.h>
#include <stdlib.h>

const struct cli_option inventory_options[] = {
	{ "repo", CLI_TEXT, "DIR", "GAPFERRY_REPO", true, "the repository" },
	{ "out", CLI_TEXT, "DIR", NULL, false, "write inventory.txt and inventory-list.txt there" },
	{ "key", CLI_TEXT, "KEY", NULL, false,
	  "and sign it: the builder's or importer's private key" },
	{ "incomplete", CLI_FLAG, NULL, NULL, false, "every update that lacks files" },
	CLI_OPTIONS_END,
};

/* inventory.p7s: a detached signature of the head, which names the list by its digest. */
static int sign(struct store *s, const struct channel *c, const char *key, enum key_role role,
		const struct buf *head, int dir, struct error *err)
{
	CLEANUP(file_close) int trust_dir = channel_open_trust(s, c->name, err);
	CLEANUP(trust_free)
	struct trust *trust = trust_dir < 0 ? NULL : trust_load(trust_dir, "trust", err);
	CLEANUP(signer_clear) struct signer signer = { .key = NULL };
	CLEANUP(buf_clear) struct buf signature = BUF_INIT(LIMIT_SIGNATURE_BYTES);

	if (!trust ||
	    signer_load(&signer, trust, role, key, getenv("GAPFERRY_KEY_PASSPHRASE"), err) < 0 ||
	    signer_check_time(&signer, key, err) < 0 ||
	    cms_sign(signer.key, signer.listed->cert, head->bytes, head->len, &signature, err) < 0)
		return -1;
	return file_save(dir, "inventory.p7s", signature.bytes, signature.len, 0644, err);
}

static int save(const struct cli_args *args, struct store *s, const struct channel *c,
		enum key_role role, const struct inventory *i, struct error *err)
{
	const char *out = cli_text(args, "out"), *key = cli_text(args, "key");

	if (key && !out)
		return error_set(err, ERROR_USAGE, "--key needs --out");
	if (!out)
		return 0;
	if (file_make_dirs(out, err) < 0)
		return -1;
	CLEANUP(file_close) int dir = file_open_dir(out, err);
	if (dir < 0 ||
	    file_save(dir, "inventory-list.txt", i->list.bytes, i->list.len, 0644, err) < 0 ||
	    file_save(dir, "inventory.txt", i->head.bytes, i->head.len, 0644, err) < 0)
		return -1;
	return key ? sign(s, c, key, role, &i->head, dir, err) : 0;
}

static bool lacks(const struct inventory_update *u)
{
	return u->states[INVENTORY_MISSING] + u->states[INVENTORY_UNSELECTED] > 0;
}

static json_t *update_json(const struct inventory *i, const struct inventory_update *u)
{
	const struct graph_node *n = &i->graph->nodes[u->node];
	char guid[STR_GUID_SIZE];

	str_from_guid(u->guid, guid);
	return json_pack("{s:s, s:I, s:s, s:s, s:I, s:I, s:I}", "update_id", guid,
			 "revision_number", (json_int_t)u->number, "kb", n->kb, "title", n->title,
			 "files", (json_int_t)u->count, "missing",
			 (json_int_t)u->states[INVENTORY_MISSING], "unselected",
			 (json_int_t)u->states[INVENTORY_UNSELECTED]);
}

static void print_json(const struct cli_args *args, const struct inventory *i)
{
	json_t *states = json_object(), *updates = json_array();
	unsigned char digest[DIGEST_SHA256];
	char hex[DIGEST_HEX];

	digest_sha256(i->head.bytes, i->head.len, digest);
	str_to_hex(digest, sizeof digest, hex);
	for (int k = 0; k < INVENTORY_STATES; k++)
		json_object_set_new(states, inventory_state_name((enum inventory_state)k),
				    json_pack("{s:I, s:I}", "files", (json_int_t)i->counts[k],
					      "bytes", (json_int_t)i->bytes[k]));
	for (size_t k = 0; cli_flag(args, "incomplete") && k < i->update_count; k++)
		if (lacks(&i->updates[k]))
			json_array_append_new(updates, update_json(i, &i->updates[k]));
	cli_print_json(json_pack("{s:s, s:I, s:I, s:o, s:I, s:I, s:o}", "sha256", hex, "updates",
				 (json_int_t)i->update_count, "complete", (json_int_t)i->complete,
				 "files", states, "unnamed", (json_int_t)i->unnamed,
				 "unnamed_bytes", (json_int_t)i->unnamed_bytes, "incomplete",
				 updates));
}

static void print_text(const struct cli_args *args, const struct inventory *i)
{
	for (size_t k = 0; cli_flag(args, "incomplete") && k < i->update_count; k++) {
		const struct inventory_update *u = &i->updates[k];
		const struct graph_node *n = &i->graph->nodes[u->node];
		char guid[STR_GUID_SIZE];

		if (!lacks(u))
			continue;
		str_from_guid(u->guid, guid);
		printf("%s.%u: of %zu files %zu missing, %zu not selected: %s", guid, u->number,
		       u->count, u->states[INVENTORY_MISSING], u->states[INVENTORY_UNSELECTED],
		       *n->kb ? "KB" : "");
		clean_print(n->kb);
		putchar(' ');
		clean_print(n->title);
		putchar('\n');
	}
	printf("%zu updates name files, %zu of them are complete\n", i->update_count, i->complete);
	for (int k = 0; k < INVENTORY_STATES; k++)
		printf("  %-11s %8llu files %14llu bytes\n",
		       inventory_state_name((enum inventory_state)k),
		       (unsigned long long)i->counts[k], (unsigned long long)i->bytes[k]);
	printf("  %-11s %8llu files %14llu bytes\n", "unnamed", (unsigned long long)i->unnamed,
	       (unsigned long long)i->unnamed_bytes);
}

int inventory_verb(const struct cli_args *args, struct store *s, const struct channel *c,
		   enum key_role role, struct error *err)
{
	CLEANUP(inventory_clear) struct inventory i = { .graph = NULL };

	if (inventory_make(s, c, &i, err) < 0 || save(args, s, c, role, &i, err) < 0)
		return -1;
	if (args->json)
		print_json(args, &i);
	else
		print_text(args, &i);
	return 0;
}

#include "importer/commands.h"
#include "importer/pending.h"
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/store.h"
#include "media/need.h"

#include <stdio.h>

static json_t *need_json(const struct need *n)
{
	json_t *listings = json_array(), *objects = json_array();
	char hex[DIGEST_HEX];

	for (size_t i = 0; i < n->listing_count; i++) {
		str_to_hex(n->listings[i], sizeof *n->listings, hex);
		json_array_append_new(listings, json_string(hex));
	}
	for (size_t i = 0; i < n->object_count; i++) {
		str_to_hex(n->objects[i].sha256, sizeof n->objects[i].sha256, hex);
		json_array_append_new(objects, json_pack("{s:s, s:I}", "sha256", hex, "size",
							 (json_int_t)n->objects[i].size));
	}
	str_to_hex(n->manifest, sizeof n->manifest, hex);
	return json_pack("{s:b, s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:o, s:o}", "needed", 1,
			 "channel", n->channel, "site", n->site, "epoch", (json_int_t)n->epoch,
			 "sequence", (json_int_t)n->sequence, "manifest_sha256", hex, "holds",
			 (json_int_t)n->holds, "bytes", (json_int_t)need_bytes(n), "listings",
			 listings, "objects", objects);
}

int cmd_need(const struct cli_args *args, struct error *err)
{
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	CLEANUP(need_clear) struct need n = { .epoch = 0 };
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_NEED_BYTES);
	int found = s ? pending_load_need(s, &n, err) : -1;

	if (found < 0)
		return -1;
	if (args->json) {
		cli_print_json(found ? need_json(&n) : json_pack("{s:b}", "needed", 0));
		return 0;
	}
	if (found == 0) {
		cli_note(args, "nothing is needed");
		return 0;
	}
	if (need_write(&n, &text, err) < 0)
		return -1;
	fwrite(text.bytes, 1, text.len, stdout);
	return 0;
}

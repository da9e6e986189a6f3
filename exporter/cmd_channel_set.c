#include "exporter/chosen.h"
#include "exporter/commands.h"
#include "exporter/setting.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/selection.h"
#include "lib/store/site.h"
#include "lib/store/store.h"
#include "media/ledger.h"

#include <stdio.h>

/* The channel's selection as it is from now on: 1 with its digest, 0 for none, -1. */
static int selection_digest(struct store *s, const struct channel *c, unsigned char out[32],
			    struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_SELECTION_BYTES);
	struct rules rules;
	int has = selection_load(s, c->id, &rules, err);

	if (has <= 0)
		return has;
	if (rules_write(&rules, &text, err) < 0)
		return -1;
	digest_sha256(text.bytes, text.len, out);
	return 1;
}

static int add_record(struct store *s, const struct channel *c, struct error *err)
{
	unsigned char digest[DIGEST_SHA256];
	int has = selection_digest(s, c, digest, err);
	struct ledger_body body;
	const char *at = c->audience;
	char site[CHANNEL_NAME_SIZE];

	ledger_begin(&body, "channel-set");
	ledger_text(&body, "channel", c->name);
	ledger_text(&body, "way", c->one_way ? "one-way" : "two-way");
	if (c->one_way)
		ledger_number(&body, "overlap", c->overlap);
	while (channel_next_site(&at, site))
		ledger_text(&body, "site", site);
	if (has < 0)
		return -1;
	if (has == 1)
		ledger_digest(&body, "selection", digest);
	return ledger_rows_append(s, body.text, err);
}

/* 1 and *out when there is something to change, 0, -1. */
static int read_selection(const struct cli_args *args, struct rules *out, struct error *err)
{
	const char *file = cli_text(args, "selection");

	*out = (struct rules){ .count = 0 };
	if (file && cli_flag(args, "select-all"))
		return error_set(err, ERROR_USAGE,
				 "--selection and --select-all exclude each other");
	if (file && chosen_read(file, out, err) < 0)
		return -1;
	return file || cli_flag(args, "select-all");
}

int cmd_channel_set(const struct cli_args *args, struct error *err)
{
	char text[SETTING_TEXT_SIZE];
	struct rules rules;
	struct channel c;
	int selects = read_selection(args, &rules, err);

	if (selects < 0)
		return -1;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	if (!s || channel_load_sent(s, args->operands[0], &c, err) < 0 ||
	    setting_read(args, &c, err) < 0)
		return -1;
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };
	if (db_begin(scope.db, err) < 0 || channel_save_settings(s, &c, err) < 0 ||
	    site_set_all(s, &c, err) < 0 || (selects && selection_save(s, c.id, &rules, err) < 0) ||
	    add_record(s, &c, err) < 0 || db_commit(scope.db, err) < 0)
		return -1;
	setting_text(&c, text);
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s, s:b, s:I}", "channel", c.name, "audience",
					 c.audience, "one_way", c.one_way, "overlap",
					 (json_int_t)c.overlap));
	else
		printf("channel %s to %s, %s\n", c.name, c.audience, text);
	return 0;
}

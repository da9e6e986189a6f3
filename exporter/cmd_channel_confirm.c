#include "exporter/commands.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/store/channel.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/site.h"
#include "lib/store/store.h"
#include "media/ledger.h"

#include <stdio.h>
#include <string.h>

static int check_site(const struct channel *c, const char *name, struct error *err)
{
	char site[CHANNEL_NAME_SIZE];
	const char *at = c->audience;

	while (channel_next_site(&at, site))
		if (strcmp(site, name) == 0)
			return 0;
	return error_set(err, ERROR_CHANNEL_SITE, "%s: channel %s goes to %s", name, c->name,
			 c->audience);
}

/* What somebody says by hand replaces what was known; receipts and their counter stay. */
static int confirm(struct store *s, const struct channel *c, const char *name, uint64_t sequence,
		   struct error *err)
{
	struct channel_bundle bundle = { .sequence = 0 };
	struct site site = { .sequence = 0 };
	int sent = 0;

	if (site_load(s, c->id, name, &site, err) < 0)
		return -1;
	if (sequence > 0)
		sent = channel_find_bundle(s, c->id, c->epoch, sequence, &bundle, err);
	if (sent < 0)
		return -1;
	if (sequence > 0 && sent == 0)
		return error_set(
			err, ERROR_CHANNEL_SEQUENCE, "sequence %llu: channel %s is at %llu",
			(unsigned long long)sequence, c->name, (unsigned long long)c->sequence);
	snprintf(site.name, sizeof site.name, "%s", name);
	site.epoch = c->epoch;
	site.sequence = sequence;
	site.has_manifest = sent == 1;
	memcpy(site.manifest, bundle.digest, sizeof site.manifest);
	site.received = clock_now();
	return site_save(s, c->id, &site, err);
}

static int add_record(struct store *s, const struct channel *c, const char *site, uint64_t sequence,
		      struct error *err)
{
	char name[CHANNEL_NAME_SIZE + 32] = "";
	struct ledger_body body;

	if (sequence > 0)
		snprintf(name, sizeof name, "%s-%u-%llu", c->name, c->epoch,
			 (unsigned long long)sequence);
	ledger_begin(&body, "confirm");
	ledger_text(&body, "bundle", name);
	ledger_text(&body, "channel", c->name);
	ledger_text(&body, "site", site);
	ledger_number(&body, "sequence", sequence);
	return ledger_rows_append(s, body.text, err);
}

int cmd_channel_confirm(const struct cli_args *args, struct error *err)
{
	const char *site = cli_text(args, "site");
	struct channel c;
	uint64_t sequence;

	if (cli_number(args, "sequence", 0, INT64_MAX, 0, &sequence, err) < 0)
		return -1;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	if (!s || channel_load_sent(s, args->operands[0], &c, err) < 0 ||
	    check_site(&c, site, err) < 0)
		return -1;
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };
	if (db_begin(scope.db, err) < 0 || confirm(s, &c, site, sequence, err) < 0 ||
	    add_record(s, &c, site, sequence, err) < 0 || db_commit(scope.db, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s, s:I}", "channel", c.name, "site", site,
					 "sequence", (json_int_t)sequence));
	else
		printf("channel %s: site %s has sequence %llu\n", c.name, site,
		       (unsigned long long)sequence);
	return 0;
}

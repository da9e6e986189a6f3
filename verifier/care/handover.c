#include "verifier/care/handover.h"

#include "lib/base/error.h"
#include "lib/store/channel.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/store.h"
#include "media/ledger.h"
#include "verifier/care/medium.h"

#include <stdio.h>
#include <string.h>

/* "<channel>-<epoch>-<sequence>" of this channel. */
static bool is_bundle_of(const struct channel *c, const char *name)
{
	size_t len = strlen(c->name);

	if (strncmp(name, c->name, len) != 0 || name[len] != '-')
		return false;
	name += len + 1;
	size_t epoch = strspn(name, "0123456789");
	if (epoch == 0 || epoch > 10 || name[epoch] != '-')
		return false;
	size_t sequence = strspn(name + epoch + 1, "0123456789");
	return sequence > 0 && sequence <= 19 && name[epoch + 1 + sequence] == '\0';
}

/* It may be handed over before it is imported here, so only the name can be checked. */
static int check_bundle(struct store *s, const char *name, struct error *err)
{
	struct channel c = { .id = 0 };
	int row;

	while ((row = channel_next(s, c.id, &c, err)) == 1)
		if (is_bundle_of(&c, name))
			return 0;
	return row < 0 ? -1
		       : error_set(err, ERROR_CHANNEL_ABSENT,
				   "'%.100s' is not CHANNEL-EPOCH-SEQUENCE of a channel known here",
				   name);
}

int handover_verb(const struct cli_args *args, struct error *err)
{
	const char *bundle = args->operands[0], *to = cli_text(args, "to");
	struct ledger_body body;
	struct medium medium;

	if (medium_read(args, &medium_here, NULL, &medium, err) < 0)
		return -1;
	if (!ledger_is_stated(to))
		return error_set(err, ERROR_LEDGER_VALUE,
				 "--to: empty, longer than %d bytes, or not printable",
				 LEDGER_STATED_MAX);
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	if (!s || check_bundle(s, bundle, err) < 0)
		return -1;
	ledger_begin(&body, "handover");
	ledger_text(&body, "bundle", bundle);
	ledger_text(&body, "to", to);
	medium_add(&medium, &body);
	if (ledger_rows_add(s, body.text, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s}", "bundle", bundle, "to", to));
	else
		printf("recorded: %s handed over to %s\n", bundle, to);
	return 0;
}

#include "importer/commands.h"
#include "importer/issue.h"
#include "lib/base/error.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <stdlib.h>

static void report(const struct cli_args *args, const char *out, const struct issue_result *r)
{
	const struct receipt *t = &r->receipt;

	if (args->json) {
		json_t *page = *r->page ? json_sprintf("%s/%s", out, r->page) : json_null();

		json_t *need = *r->need ? json_sprintf("%s/%s", out, r->need) : json_null();

		json_t *checkpoint =
			*r->checkpoint ? json_sprintf("%s/%s", out, r->checkpoint) : json_null();

		cli_print_json(json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:I, s:I, s:I}", "receipt",
					 json_sprintf("%s/%s", out, r->file), "qr_page", page,
					 "need", need, "checkpoint", checkpoint, "channel",
					 t->channel, "site", t->site, "epoch", (json_int_t)t->epoch,
					 "sequence", (json_int_t)t->sequence, "counter",
					 (json_int_t)t->counter));
		return;
	}
	printf("receipt %llu of site %s for channel %s, sequence %llu: %s/%s\n",
	       (unsigned long long)t->counter, t->site, t->channel, (unsigned long long)t->sequence,
	       out, r->file);
	if (*r->need)
		printf("need list to bring with it: %s/%s\n", out, r->need);
	if (*r->checkpoint)
		printf("checkpoint of the log, cosigned, to bring with it: %s/%s\n", out,
		       r->checkpoint);
	if (*r->page)
		printf("QR codes to print: %s/%s\n", out, r->page);
}

int cmd_receipt(const struct cli_args *args, struct error *err)
{
	struct issue_request request = { .key_path = cli_text(args, "key"),
					 .passphrase = getenv("GAPFERRY_KEY_PASSPHRASE"),
					 .out = cli_text(args, "out"),
					 .qr = cli_flag(args, "qr") };
	struct issue_result result;

	if (cli_number(args, "counter", 1, INT64_MAX, 0, &request.counter, err) < 0)
		return -1;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	if (!s || issue_receipt(s, &request, &result, err) < 0)
		return -1;
	report(args, request.out, &result);
	return 0;
}

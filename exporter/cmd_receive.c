#include "exporter/commands.h"
#include "exporter/log_return.h"
#include "exporter/receive.h"
#include "exporter/receive_read.h"
#include "lib/base/error.h"
#include "lib/store/store.h"
#include "verifier/confine.h"

#include <stdio.h>

static void print_json(const struct receive_result *r, const struct log_return *log)
{
	const struct receipt *t = &r->receipt;

	cli_print_json(json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:I, "
		"s:I}",
		"channel", t->channel, "site", t->site, "epoch", (json_int_t)t->epoch, "counter",
		(json_int_t)t->counter, "sequence", (json_int_t)t->sequence, "known", r->known,
		"lowered", r->lowered, "confirmed_before", (json_int_t)r->before, "behind",
		(json_int_t)r->behind, "missed_receipts", (json_int_t)r->missed, "pending_sequence",
		(json_int_t)t->pending_sequence, "need_objects", (json_int_t)r->needed,
		"need_carried_anyway", (json_int_t)r->unheld, "signer", r->signer,
		"damaged_objects", (json_int_t)t->scrub_bad, "cosigned_size",
		(json_int_t)log->size));
}

static void print_text(const struct receive_result *r, bool has_need)
{
	const struct receipt *t = &r->receipt;

	printf("receipt %llu of site %s, signed by %s: channel %s, epoch %llu, sequence %llu",
	       (unsigned long long)t->counter, t->site, r->signer, t->channel,
	       (unsigned long long)t->epoch, (unsigned long long)t->sequence);
	if (r->behind)
		printf(", %llu behind", (unsigned long long)r->behind);
	printf("%s\n", r->known ? "; known" : "");
	if (r->missed)
		printf("%llu receipts of this site before it never came here\n",
		       (unsigned long long)r->missed);
	if (r->lowered)
		printf("warning: %llu was confirmed before: the site was restored from a backup; "
		       "the next bundle starts from %llu\n",
		       (unsigned long long)r->before, (unsigned long long)t->sequence);
	if (t->has_pending)
		printf("bundle %llu waits there for objects\n",
		       (unsigned long long)t->pending_sequence);
	if (has_need)
		printf("need list: %llu objects will be carried again, %llu would have been "
		       "anyway\n",
		       (unsigned long long)r->needed, (unsigned long long)r->unheld);
	else if (t->has_need)
		printf("the site needs %llu objects again: receive the same receipt with --need\n",
		       (unsigned long long)t->need_count);
	if (t->scrubbed && t->scrub_bad)
		printf("the site found %llu damaged objects\n", (unsigned long long)t->scrub_bad);
}

int cmd_receive(const struct cli_args *args, struct error *err)
{
	const char *path = args->operands[0], *repo = cli_text(args, "repo");
	struct receive_read files = { .repo = repo,
				      .receipt = path,
				      .checkpoint = cli_text(args, "checkpoint"),
				      .scanned = cli_flag(args, "qr") };
	CLEANUP(sandbox_end) struct sandbox_process reader = { .fd = -1 };
	struct receive_request request = { .path = path,
					   .reader = &reader,
					   .need = cli_text(args, "need") };
	struct log_return log = { .path = files.checkpoint, .reader = &reader };
	struct receive_result result;

	if (confine_start(args, receive_read_serve, &files, &reader, err) < 0 ||
	    args->program->confine(args, err) < 0)
		return -1;
	CLEANUP(store_close) struct store *s = store_open(repo, true, err);
	if (!s || receive_receipt(s, &request, &result, err) < 0)
		return -1;
	log.channel = result.receipt.channel;
	log.site = result.receipt.site;
	if (log.path && log_return_take(s, &log, err) < 0)
		return -1;
	if (args->json) {
		print_json(&result, &log);
	} else {
		print_text(&result, request.need != NULL);
		if (log.path)
			printf("the site has seen %llu leaves of the export log, cosigned by %s\n",
			       (unsigned long long)log.size, log.holder);
	}
	return result.lowered ? CLI_FINDINGS : 0;
}

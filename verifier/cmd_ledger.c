#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/ledger.h"
#include "verifier/commands.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* A digest that somebody wrote down: is it in the chain, and where? */
struct head {
	unsigned char digest[DIGEST_SHA256];
	uint64_t number; /* 0 until it was seen */
};

static int on_record(void *ctx, const struct ledger_record *r, struct error *err)
{
	struct head *head = ctx;

	(void)err;
	if (memcmp(r->digest, head->digest, sizeof head->digest) == 0)
		head->number = r->number;
	return 0;
}

static int read_ledger(const char *path, struct ledger_reader *r, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t len;

	if (file_load_present(AT_FDCWD, path, LIMIT_LEDGER_BYTES, &bytes, &len, err) < 0 ||
	    ledger_feed(r, bytes, len, err) < 0)
		return -1;
	return ledger_finish(r, err);
}

int cmd_ledger(const struct cli_args *args, struct error *err)
{
	const char *path = args->operands[0], *wanted = cli_text(args, "head");
	struct head head = { .number = 0 };
	struct ledger_reader r = { .file = path,
				   .record = wanted ? on_record : NULL,
				   .ctx = &head };
	char hex[DIGEST_HEX];

	if (wanted && !str_from_any_hex(wanted, strlen(wanted), head.digest, sizeof head.digest))
		return error_set(err, ERROR_USAGE, "--head %s: not 64 hex digits", wanted);
	if (read_ledger(path, &r, err) < 0)
		return -1;
	if (wanted && head.number == 0)
		return error_set(err, ERROR_LEDGER_SHORT,
				 "%s: none of its %llu records has the digest %s", path,
				 (unsigned long long)r.count, wanted);
	str_to_hex(r.head, sizeof r.head, hex);
	if (args->json)
		cli_print_json(
			json_pack("{s:I, s:s, s:o}", "records", (json_int_t)r.count, "head", hex,
				  "known_record",
				  wanted ? json_integer((json_int_t)head.number) : json_null()));
	else
		printf("%llu records, every one follows from those before it\nhead %s\n",
		       (unsigned long long)r.count, hex);
	if (wanted && !args->json)
		printf("the digest you gave is that of record %llu\n",
		       (unsigned long long)head.number);
	return 0;
}

/*
 * Raw bytes never do harm; and bodies that are put into a good chain are either refused, or are
 * what the writer makes of what the reader saw.
 */
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static int rewrite(void *ctx, const struct ledger_record *r, struct error *err)
{
	struct ledger_body *b = ctx;

	(void)err;
	ledger_begin(b, r->event);
	for (size_t i = 0; i < r->pair_count; i++)
		ledger_text(b, r->pairs[i].key, r->pairs[i].value);
	return 0;
}

/* Feed "<number> <time> <body> <digest>"; -1 when it is refused. */
static int feed(struct ledger_reader *r, const char *body)
{
	unsigned char digest[DIGEST_SHA256];
	char line[2 * LIMIT_LEDGER_LINE], hex[DIGEST_HEX];
	struct error err = ERROR_INIT;
	int len = snprintf(line, sizeof line, "%llu 2026-01-01T00:00:00Z %s",
			   (unsigned long long)r->count + 1, body);

	digest_link(r->head, line, (size_t)len, digest);
	str_to_hex(digest, sizeof digest, hex);
	len += snprintf(line + len, sizeof line - (size_t)len, " %s\n", hex);
	int result = ledger_feed(r, line, (size_t)len, &err);
	if ((result == 0) != (err.id == ERROR_NONE))
		abort();
	return result;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct ledger_body made;
	struct ledger_reader raw = { .file = "raw", .record = rewrite, .ctx = &made };
	struct ledger_reader chained = { .file = "chained", .record = rewrite, .ctx = &made };
	struct error err = ERROR_INIT;
	char body[LEDGER_BODY_SIZE];

	if (ledger_feed(&raw, data, size, &err) == 0 && ledger_finish(&raw, &err) < 0 &&
	    err.id != ERROR_LEDGER_TORN)
		abort();
	if (feed(&chained, LEDGER_FIRST) < 0)
		abort();
	size_t len = size < sizeof body - 1 ? size : sizeof body - 1;
	memcpy(body, data, len);
	body[len] = '\0';
	if (memchr(body, '\n', len) || strlen(body) != len || feed(&chained, body) < 0)
		return 0;
	/* The writer keeps room for " cut=yes": only a body that leaves none may differ. */
	if (!made.cut && (made.len != len || memcmp(made.text, body, len) != 0))
		abort();
	return 0;
}

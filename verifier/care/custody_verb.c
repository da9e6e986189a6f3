#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/store/store.h"
#include "media/ledger.h"
#include "verifier/care/custody.h"
#include "verifier/care/ledger_verbs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { OTHERS_MAX = 16, NAME_SIZE = 256 };

static int read_store(void *ctx, struct ledger_reader *r, struct error *err)
{
	return ledger_verbs_read(ctx, r, err);
}

/* A ledger brought from another site. */
static int read_file(void *ctx, struct ledger_reader *r, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	const char *const *path = ctx;
	size_t len;

	if (file_load_present(AT_FDCWD, *path, LIMIT_LEDGER_BYTES, &bytes, &len, err) < 0 ||
	    ledger_feed(r, bytes, len, err) < 0)
		return -1;
	return ledger_finish(r, err);
}

static int save_html(const json_t *report, const char *path, struct error *err)
{
	CLEANUP(buf_clear) struct buf page = BUF_INIT(8u * LIMIT_LEDGER_BYTES);
	char made[STR_TIME_SIZE];

	str_from_time(clock_now(), made);
	if (custody_html(report, made, &page, err) < 0)
		return -1;
	return file_save(AT_FDCWD, path, page.bytes, page.len, 0644, err);
}

static bool needs_attention(const json_t *report)
{
	const json_t *bundle;
	size_t i;

	json_array_foreach(json_object_get(report, "bundles"), i,
			   bundle) if (json_array_size(json_object_get(bundle, "attention")) >
				       0) return true;
	return false;
}

/* What people call a ledger in the report: never bytes that a page could not show. */
static void name_of(const char *path, char out[NAME_SIZE])
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	snprintf(out, NAME_SIZE, "%s", name);
	if (!ledger_is_stated(out))
		snprintf(out, NAME_SIZE, "other");
}

int custody_verb(const struct cli_args *args, struct error *err)
{
	const char *paths[OTHERS_MAX], *html = cli_text(args, "html");
	struct custody_ledger ledgers[OTHERS_MAX + 1];
	char names[OTHERS_MAX][NAME_SIZE];
	size_t count = cli_list(args, "with", paths, OTHERS_MAX);
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);

	if (!s)
		return -1;
	if (count > OTHERS_MAX)
		return error_set(err, ERROR_USAGE, "--with: at most %d ledgers", OTHERS_MAX);
	ledgers[0] = (struct custody_ledger){ "here", read_store, s };
	for (size_t i = 0; i < count; i++) {
		name_of(paths[i], names[i]);
		ledgers[i + 1] = (struct custody_ledger){ names[i], read_file, &paths[i] };
	}
	json_t *report = custody_report(ledgers, count + 1, cli_text(args, "bundle"), err);
	if (!report)
		return -1;
	if (html && save_html(report, html, err) < 0) {
		json_decref(report);
		return -1;
	}
	int status = needs_attention(report) ? CLI_FINDINGS : 0;
	if (!args->json)
		custody_print(report);
	if (args->json)
		cli_print_json(report);
	else
		json_decref(report);
	return status;
}

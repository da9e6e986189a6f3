/* log show, log prove, log consistency: the export log of this repository */
#include "exporter/commands.h"
#include "lib/base/base64.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/log_rows.h"
#include "lib/store/store.h"
#include "media/tlog_proof.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static struct audit_leaves first_leaves(const struct log_rows *rows, uint64_t count)
{
	return (struct audit_leaves){ (const unsigned char(*)[TREE_HASH])rows->hashes, count };
}

/* ---- show ---- */

static int print_leaf(void *ctx, uint64_t number, const char *text, struct error *err)
{
	json_t *list = ctx;

	(void)err;
	if (list)
		json_array_append_new(list, json_stringn(text, strcspn(text, "\n")));
	else
		printf("%llu %s", (unsigned long long)number, text);
	return 0;
}

static int show_json(struct store *s, const struct log_rows *rows, const char *root,
		     const struct buf *note, bool leaves, struct error *err)
{
	json_t *list = json_array();

	if (leaves && log_rows_each(s, 0, print_leaf, list, err) < 0) {
		json_decref(list);
		return -1;
	}
	cli_print_json(json_pack("{s:s, s:I, s:s, s:s%, s:o}", "origin", rows->origin, "size",
				 (json_int_t)rows->count, "root", root, "checkpoint",
				 note->len ? (const char *)note->bytes : "", note->len, "leaves",
				 list));
	return 0;
}

int cmd_log_show(const struct cli_args *args, struct error *err)
{
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	CLEANUP(log_rows_clear) struct log_rows rows = { .count = 0 };
	CLEANUP(buf_clear) struct buf note = BUF_INIT(LIMIT_NOTE_BYTES);
	bool leaves = cli_flag(args, "leaves");
	struct audit_leaves all;
	unsigned char root[TREE_HASH];
	char hex[DIGEST_HEX];

	if (!s || log_rows_load(s, &rows, err) < 0 || log_rows_newest_note(s, &note, err) < 0)
		return -1;
	all = first_leaves(&rows, rows.count);
	audit_root(&all, 0, rows.count, root);
	str_to_hex(root, sizeof root, hex);
	if (args->json)
		return show_json(s, &rows, hex, &note, leaves, err);
	if (leaves)
		return log_rows_each(s, 0, print_leaf, NULL, err);
	printf("log %s, %llu leaves, root %s\n", rows.origin, (unsigned long long)rows.count, hex);
	if (note.len > 0)
		printf("newest signed checkpoint:\n\n%.*s", (int)note.len,
		       (const char *)note.bytes);
	return 0;
}

/* ---- proofs ---- */

static int report(const struct cli_args *args, const char *path, uint64_t size)
{
	if (args->json)
		cli_print_json(json_pack("{s:s, s:I}", "file", path, "size", (json_int_t)size));
	else
		printf("%s: for the log of %llu leaves\n", path, (unsigned long long)size);
	return 0;
}

/* The newest signed checkpoint, which must cover that many leaves. */
static int load_note(struct store *s, const struct log_rows *rows, uint64_t least,
		     struct buf *bytes, struct checkpoint_note *out, struct error *err)
{
	int found = log_rows_newest_note(s, bytes, err);

	if (found < 0 || (found == 1 && checkpoint_parse(bytes->bytes, bytes->len, out, err) < 0))
		return -1;
	if (found == 0 || out->checkpoint.head.size < least ||
	    out->checkpoint.head.size > rows->count)
		return error_set(err, ERROR_LOG_CHECKPOINT,
				 "no signed checkpoint covers %llu leaves",
				 (unsigned long long)least);
	return 0;
}

int cmd_log_prove(const struct cli_args *args, struct error *err)
{
	const char *out = cli_text(args, "out"), *name = args->operands[0];
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	CLEANUP(log_rows_clear) struct log_rows rows = { .count = 0 };
	CLEANUP(buf_clear) struct buf note = BUF_INIT(LIMIT_NOTE_BYTES);
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_TLOG_PROOF_BYTES);
	struct checkpoint_note parsed;
	struct audit_path path;
	uint64_t index;

	if (!s || log_rows_load(s, &rows, err) < 0)
		return -1;
	int found = log_rows_find(s, name, &index, err);
	if (found == 0)
		return error_set(err, ERROR_LOG_BUNDLE, "%s: not in the log of this repository",
				 name);
	if (found < 0 || load_note(s, &rows, index + 1, &note, &parsed, err) < 0)
		return -1;
	struct audit_leaves leaves = first_leaves(&rows, parsed.checkpoint.head.size);

	audit_inclusion(&leaves, index, &path);
	if (tlog_proof_write(index, &path, note.bytes, note.len, &text, err) < 0 ||
	    file_save(AT_FDCWD, out, text.bytes, text.len, 0644, err) < 0)
		return -1;
	return report(args, out, leaves.count);
}

int cmd_log_consistency(const struct cli_args *args, struct error *err)
{
	const char *out = cli_text(args, "out");
	CLEANUP(store_close) struct store *s = NULL;
	CLEANUP(log_rows_clear) struct log_rows rows = { .count = 0 };
	CLEANUP(buf_clear) struct buf note = BUF_INIT(LIMIT_NOTE_BYTES);
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_TLOG_PROOF_BYTES);
	struct checkpoint_note parsed;
	struct audit_path path;
	uint64_t old;

	if (cli_number(args, "from", 1, INT64_MAX, 1, &old, err) < 0)
		return -1;
	s = store_open(cli_text(args, "repo"), false, err);
	if (!s || log_rows_load(s, &rows, err) < 0 ||
	    load_note(s, &rows, old, &note, &parsed, err) < 0)
		return -1;
	struct audit_leaves leaves = first_leaves(&rows, parsed.checkpoint.head.size);

	audit_consistency(&leaves, old, &path);
	if (tlog_proof_write_growth(old, &path, note.bytes, note.len, &text, err) < 0 ||
	    file_save(AT_FDCWD, out, text.bytes, text.len, 0644, err) < 0)
		return -1;
	return report(args, out, leaves.count);
}

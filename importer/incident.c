#include "importer/incident.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/evidence.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/store.h"
#include "media/checkpoint.h"
#include "media/ledger.h"
#include "media/manifest.h"
#include "verifier/care/ledger_verbs.h"
#include "verifier/log_medium.h"
#include "verifier/override.h"
#include "verifier/verify.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- evidence of a fork ---- */

static int save_offered(int dir, int sigs, const struct verified_bundle *b, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	size_t len;
	const void *manifest = verify_manifest_bytes(b, &len);

	if (file_save(dir, "MANIFEST", manifest, len, 0444, err) < 0)
		return -1;
	CLEANUP(file_close) int from = file_open_subdir(verify_dir(b), "sigs", false, err);
	if (from < 0 || file_list_load(from, LIMIT_SIGNATURES, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		CLEANUP(free) unsigned char *bytes = NULL;
		int found =
			file_load(from, list.names[i], LIMIT_SIGNATURE_BYTES, &bytes, &len, err);

		if (found < 0 ||
		    (found == 1 && file_save(sigs, list.names[i], bytes, len, 0444, err) < 0))
			return -1;
	}
	return 0;
}

/* Certificates and origins of an accepted bundle are in the database for ever. */
static int save_signature(void *ctx, const struct evidence_file *f, struct error *err)
{
	const int *sigs = ctx;
	const char *end = strrchr(f->name, '.');

	if (!end || strcmp(end, ".p7s") != 0 || strpbrk(f->name, "/ "))
		return 0;
	return file_save(*sigs, f->name, f->bytes, f->len, 0444, err);
}

static int save_ours(int dir, int sigs, struct store *s, const struct evidence_bundle *which,
		     struct error *err)
{
	CLEANUP(free) unsigned char *manifest = NULL;
	size_t len;
	int found = evidence_manifest(s, which, &manifest, &len, err);

	if (found <= 0)
		return found;
	if (file_save(dir, "MANIFEST", manifest, len, 0444, err) < 0)
		return -1;
	return evidence_each_file(s, which, save_signature, &sigs, err);
}

/* A directory that is there as a whole or not at all: of the bundle offered, or of ours. */
static int save_evidence(struct store *s, int all, const char *name,
			 const struct verified_bundle *offered, const struct evidence_bundle *ours,
			 struct error *err)
{
	char part[DIGEST_HEX + 8];

	if (faccessat(all, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	snprintf(part, sizeof part, "%s.part", name);
	if (file_remove_tree(all, part, err) < 0)
		return -1;
	CLEANUP(file_close) int dir = file_open_subdir(all, part, true, err);
	CLEANUP(file_close) int sigs = dir < 0 ? -1 : file_open_subdir(dir, "sigs", true, err);
	if (sigs < 0 ||
	    (offered ? save_offered(dir, sigs, offered, err) : save_ours(dir, sigs, s, ours, err)) <
		    0 ||
	    file_sync(sigs, "sigs", err) < 0 || file_sync(dir, part, err) < 0)
		return -1;
	if (renameat(all, part, all, name) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "evidence/%s: cannot rename", name);
	return file_sync(all, "evidence", err);
}

struct fork {
	char offered[DIGEST_HEX], ours[DIGEST_HEX];
	struct evidence_bundle which; /* ours */
};

/* The sequence offered, or, when that is a newer one, our newest, which it does not follow. */
static int find_ours(struct store *s, const struct channel *c, const struct manifest *m,
		     struct fork *f, struct error *err)
{
	struct channel_bundle b = { .epoch = 0 };
	uint64_t sequence = m->sequence < c->sequence ? m->sequence : c->sequence;

	f->which = (struct evidence_bundle){ c->id, c->epoch, sequence };
	int found = channel_find_bundle(s, c->id, c->epoch, sequence, &b, err);
	if (found < 0)
		return -1;
	if (found == 0)
		memcpy(b.digest, c->manifest, sizeof b.digest);
	str_to_hex(b.digest, sizeof b.digest, f->ours);
	return 0;
}

static int record_fork(struct store *s, const struct verified_bundle *b, const struct fork *f,
		       struct error *err)
{
	char name[MANIFEST_DIRECTORY_SIZE];
	struct ledger_body body;

	manifest_directory(verify_manifest(b), name);
	ledger_begin(&body, "fork");
	ledger_text(&body, "bundle", name);
	ledger_text(&body, "manifest", f->offered);
	ledger_number(&body, "sequence", f->which.sequence);
	ledger_text(&body, "accepted", f->ours);
	return ledger_rows_add(s, body.text, err);
}

static int keep_fork(struct store *s, const struct channel *c, const struct verified_bundle *b,
		     struct fork *f, struct error *err)
{
	CLEANUP(file_close) int all = file_open_subdir(store_dir(s), "evidence", true, err);

	if (all < 0 || find_ours(s, c, verify_manifest(b), f, err) < 0)
		return -1;
	str_to_hex(verify_manifest_digest(b), DIGEST_SHA256, f->offered);
	/* The record first: with the directory there, nobody would write it any more. */
	if (faccessat(all, f->offered, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	    record_fork(s, b, f, err) < 0)
		return -1;
	if (save_evidence(s, all, f->ours, NULL, &f->which, err) < 0 ||
	    save_evidence(s, all, f->offered, b, NULL, err) < 0)
		return -1;
	return file_sync(store_dir(s), "R", err);
}

int incident_fork(struct store *s, const struct channel *c, const struct verified_bundle *b,
		  struct error *err)
{
	struct error problem = ERROR_INIT;
	struct fork f;

	if (keep_fork(s, c, b, &f, &problem) < 0) {
		*err = problem;
		return error_wrap(err, "two histories, but the evidence cannot be kept");
	}
	return error_wrap(err, "kept as evidence/%s and evidence/%s", f.offered, f.ours);
}

/* ---- evidence of another past of the log ---- */

static int save_text(int dir, const char *name, const struct checkpoint *c, struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_NOTE_BYTES);

	if (checkpoint_write(c, &text, err) < 0)
		return -1;
	return file_save(dir, name, text.bytes, text.len, 0444, err);
}

/* SHA256SUMS leads from the signed MANIFEST to the checkpoint that is offered. */
static int save_sums(int dir, const struct verified_bundle *b, struct error *err)
{
	const char *name = manifest_table_name(MANIFEST_SUMS);
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t len;
	int found = file_load(verify_dir(b), name, LIMIT_SUMS_BYTES, &bytes, &len, err);

	if (found == 0)
		return error_set(err, ERROR_BUNDLE_FILE_MISSING, "%s: not there any more", name);
	return found < 0 ? -1 : file_save(dir, name, bytes, len, 0444, err);
}

static int save_log(int all, const char *name, const struct verified_bundle *b,
		    const struct log_medium *m, const struct checkpoint *seen, struct error *err)
{
	char part[DIGEST_HEX + 16];

	snprintf(part, sizeof part, "%s.part", name);
	if (file_remove_tree(all, part, err) < 0)
		return -1;
	CLEANUP(file_close) int dir = file_open_subdir(all, part, true, err);
	CLEANUP(file_close) int sigs = dir < 0 ? -1 : file_open_subdir(dir, "sigs", true, err);
	if (sigs < 0 || save_offered(dir, sigs, b, err) < 0 || save_sums(dir, b, err) < 0 ||
	    save_text(dir, "checkpoint", &m->before, err) < 0 ||
	    save_text(dir, "seen", seen, err) < 0 ||
	    file_save(dir, "nodes", m->nodes, m->nodes_len, 0444, err) < 0 ||
	    file_sync(sigs, "sigs", err) < 0 || file_sync(dir, part, err) < 0)
		return -1;
	if (renameat(all, part, all, name) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "evidence/%s: cannot rename", name);
	return file_sync(all, "evidence", err);
}

static int record_log(struct store *s, const struct verified_bundle *b, const struct log_medium *m,
		      const struct checkpoint *seen, struct error *err)
{
	char name[MANIFEST_DIRECTORY_SIZE];
	struct ledger_body body;

	manifest_directory(verify_manifest(b), name);
	ledger_begin(&body, "log-fork");
	ledger_text(&body, "bundle", name);
	ledger_digest(&body, "manifest", verify_manifest_digest(b));
	ledger_text(&body, "origin", m->before.origin);
	ledger_number(&body, "size", m->before.head.size);
	ledger_digest(&body, "root", m->before.head.root);
	ledger_text(&body, "seen-origin", seen->origin);
	ledger_number(&body, "seen-size", seen->head.size);
	ledger_digest(&body, "seen-root", seen->head.root);
	return ledger_rows_add(s, body.text, err);
}

static int keep_log(struct store *s, const struct verified_bundle *b, const struct log_medium *m,
		    const struct checkpoint *seen, char name[DIGEST_HEX + 8], struct error *err)
{
	CLEANUP(file_close) int all = file_open_subdir(store_dir(s), "evidence", true, err);

	if (all < 0)
		return -1;
	str_to_hex(verify_manifest_digest(b), DIGEST_SHA256, name);
	memcpy(name + DIGEST_HEX - 1, ".log", sizeof ".log");
	if (faccessat(all, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (record_log(s, b, m, seen, err) < 0 || save_log(all, name, b, m, seen, err) < 0)
		return -1;
	return file_sync(store_dir(s), "R", err);
}

int incident_log(struct store *s, const struct verified_bundle *b, const struct log_medium *m,
		 const struct checkpoint *seen, struct error *err)
{
	struct error problem = ERROR_INIT;
	char name[DIGEST_HEX + 8];

	if (keep_log(s, b, m, seen, name, &problem) == 0)
		return error_wrap(err, "kept as evidence/%s", name);
	*err = problem;
	return error_wrap(err, "another past of the log, but the evidence cannot be kept");
}

/* ---- permission ---- */

int incident_permission(const char *path, const struct verified_bundle *b, int64_t now, int found,
			const struct override_proof *p, struct error *err)
{
	if (found == 0)
		error_set(err, ERROR_FILE_OPEN, "%s: not there", OVERRIDE_FILE);
	if (found <= 0 || override_check(p, verify_manifest_digest(b), now, err) < 0)
		return error_wrap(err, "%s", path);
	return 0;
}

int incident_permitted(struct store *s, const struct channel *c, const struct verified_bundle *b,
		       const struct override_proof *p, struct error *err)
{
	const struct manifest *m = verify_manifest(b);
	struct evidence_bundle where = { c->id, m->epoch, m->sequence };
	char name[MANIFEST_DIRECTORY_SIZE], time[STR_TIME_SIZE];
	struct ledger_body body;

	manifest_directory(m, name);
	ledger_begin(&body, "override");
	ledger_text(&body, "option", "override");
	ledger_text(&body, "bundle", name);
	ledger_digest(&body, "manifest", verify_manifest_digest(b));
	str_from_time(m->expires, time);
	ledger_text(&body, "expired", time);
	str_from_time(p->said.until, time);
	ledger_text(&body, "until", time);
	ledger_text(&body, "reason", p->said.reason);
	for (size_t i = 0; i < p->by.count; i++) {
		const struct trust_signer *by = &p->by.signers[i];
		char text[KEY_HOLDER_SIZE + KEY_SHORT_SIZE + 8], file[KEY_SHORT_SIZE + 32];

		snprintf(text, sizeof text, "%s %s", by->holder, by->short_id);
		ledger_text(&body, "signer", text);
		snprintf(file, sizeof file, "override/%s.p7s", by->short_id);
		if (evidence_add_file(s, &where, file, p->sigs[i].bytes, p->sigs[i].len, err) < 0)
			return -1;
	}
	if (evidence_add_file(s, &where, "override/" OVERRIDE_FILE, p->text.bytes, p->text.len,
			      err) < 0)
		return -1;
	return ledger_rows_append(s, body.text, err);
}

/* ---- reports ---- */

/* The connected side of an enclave has other overrides, which let no bundle in. */
static bool is_incident(const struct ledger_record *r)
{
	return strcmp(r->event, "fork") == 0 || strcmp(r->event, "log-fork") == 0 ||
	       (strcmp(r->event, "override") == 0 && ledger_value(r, "until"));
}

static int on_record(void *ctx, const struct ledger_record *r, struct error *err)
{
	char time[STR_TIME_SIZE];

	(void)err;
	if (!is_incident(r))
		return 0;
	json_t *signers = json_array(), *row;
	str_from_time(r->time, time);
	row = json_pack("{s:s, s:s, s:o}", "event", r->event, "time", time, "signers", signers);
	for (size_t i = 0; i < r->pair_count; i++) {
		json_t *value = json_string(r->pairs[i].value);

		if (strcmp(r->pairs[i].key, "signer") == 0)
			json_array_append_new(signers, value);
		else
			json_object_set_new(row, r->pairs[i].key, value);
	}
	json_array_append_new(ctx, row);
	return 0;
}

json_t *incident_list(struct store *s, struct error *err)
{
	json_t *list = json_array();
	struct ledger_reader reader = { .file = "ledger", .record = on_record, .ctx = list };

	if (ledger_verbs_read(s, &reader, err) == 0)
		return list;
	json_decref(list);
	return NULL;
}

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "-";
}

void incident_print(const json_t *list)
{
	const json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		if (strcmp(text_of(row, "event"), "fork") == 0)
			printf("ATTENTION: %s: %s claimed a place in the sequence that is taken: "
			       "evidence/%s and evidence/%s\n",
			       text_of(row, "time"), text_of(row, "bundle"),
			       text_of(row, "manifest"), text_of(row, "accepted"));
		else if (strcmp(text_of(row, "event"), "log-fork") == 0)
			printf("ATTENTION: %s: %s showed another past of the export log: "
			       "evidence/%s.log\n",
			       text_of(row, "time"), text_of(row, "bundle"),
			       text_of(row, "manifest"));
		else
			printf("ATTENTION: %s: %s, which expired at %s, was accepted by "
			       "permission of two people (%s)\n",
			       text_of(row, "time"), text_of(row, "bundle"),
			       text_of(row, "expired"), text_of(row, "reason"));
	}
}

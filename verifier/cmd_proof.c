/* proof: one object without its bundle.  log: that the export log only grew. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "media/proof.h"
#include "verifier/commands.h"
#include "verifier/proof_check.h"
#include "verifier/proof_make.h"
#include "verifier/verify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 20 };

/* Some 100 KiB: not for the stack. */
static void facts_free(struct proof_facts *f)
{
	free(f);
}
DEFINE_CLEANUP(struct proof_facts *, facts_free);

static struct trust *load_trust(const struct cli_args *args, struct error *err)
{
	const char *path = cli_text(args, "trust");

	return trust_load_path(path, path, err);
}

/* ---- what it says ---- */

static void print_text(const struct proof_facts *f)
{
	const struct manifest *m = &f->manifest;
	char name[MANIFEST_DIRECTORY_SIZE], hex[DIGEST_HEX], time[STR_TIME_SIZE];

	manifest_directory(m, name);
	str_to_hex(f->manifest_digest, DIGEST_SHA256, hex);
	str_from_time(m->created, time);
	printf("object %s\n  %llu bytes, %s, %s bundle %s, made %s\n  MANIFEST SHA-256 %s\n",
	       f->object, (unsigned long long)f->size, f->kind,
	       f->assumed ? "assumed present by" : "carried by", name, time, hex);
	for (size_t i = 0; i < f->signers.count; i++)
		printf("  signed by %s %s, key %s\n", key_role_name(f->signers.signers[i].role),
		       f->signers.signers[i].holder, f->signers.signers[i].short_id);
	printf("  leaf %llu of the log %s\n", (unsigned long long)f->before.head.size,
	       f->before.origin);
	if (!f->logged)
		puts("  by the word of its signers: the proof has no signed checkpoint with it");
	for (size_t i = 0; i < f->witnesses.count; i++)
		printf("  in the log of %llu leaves, %s %s\n",
		       (unsigned long long)f->log.note.checkpoint.head.size,
		       f->witnesses.signers[i].kind == NOTE_LOG ? "signed by" : "seen by",
		       f->witnesses.signers[i].key->holder);
}

static json_t *witnesses(const struct proof_facts *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->witnesses.count; i++) {
		const struct note_signer *s = &f->witnesses.signers[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "role",
						      key_role_name(s->key->role), "holder",
						      s->key->holder, "name", s->signature->name));
	}
	return list;
}

static void print_json(const struct proof_facts *f, bool compared)
{
	const struct manifest *m = &f->manifest;
	char hex[DIGEST_HEX];
	json_t *signers = json_array();

	str_to_hex(f->manifest_digest, DIGEST_SHA256, hex);
	for (size_t i = 0; i < f->signers.count; i++)
		json_array_append_new(signers, json_pack("{s:s, s:s, s:s}", "role",
							 key_role_name(f->signers.signers[i].role),
							 "holder", f->signers.signers[i].holder,
							 "key", f->signers.signers[i].short_id));
	cli_print_json(json_pack(
		"{s:s, s:I, s:s, s:b, s:s, s:I, s:I, s:s, s:o, s:s, s:I, s:I, s:o, s:b}", "object",
		f->object, "size", (json_int_t)f->size, "kind", f->kind, "assumed", f->assumed,
		"channel", m->channel, "epoch", (json_int_t)m->epoch, "sequence",
		(json_int_t)m->sequence, "manifest", hex, "signers", signers, "log",
		f->before.origin, "leaf", (json_int_t)f->before.head.size, "log_size",
		(json_int_t)(f->logged ? f->log.note.checkpoint.head.size : 0), "witnesses",
		witnesses(f), "file_compared", compared));
}

/* ---- checking ---- */

static int compare_file(const char *path, const struct proof_facts *f, struct error *err)
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	CLEANUP(free) unsigned char *block = buf_malloc(BLOCK);
	CLEANUP(file_close) int fd = -1;
	unsigned char digest[DIGEST_SHA256];
	char hex[DIGEST_HEX];
	uint64_t size;

	if (file_open_present(AT_FDCWD, path, &fd, &size, err) < 0)
		return -1;
	if (size != f->size)
		return error_set(err, ERROR_PROOF_FILE, "%s: %llu bytes, the object has %llu", path,
				 (unsigned long long)size, (unsigned long long)f->size);
	for (uint64_t at = 0; at < size; at += BLOCK) {
		size_t n = size - at < BLOCK ? (size_t)(size - at) : BLOCK;

		if (file_read_at(fd, path, block, n, at, err) < 0)
			return -1;
		digest_update(d, block, n);
	}
	digest_final(d, digest);
	str_to_hex(digest, sizeof digest, hex);
	if (strcmp(hex, f->object) != 0)
		return error_set(err, ERROR_PROOF_FILE, "%s: its SHA-256 is %s", path, hex);
	return 0;
}

static int check(const struct cli_args *args, const struct trust *t, struct error *err)
{
	CLEANUP(proof_clear) struct proof p = { .count = 0 };
	CLEANUP(facts_free) struct proof_facts *f = buf_calloc(1, sizeof *f);
	CLEANUP(free) unsigned char *bytes = NULL;
	const char *path = args->operands[0];
	bool compare = args->operand_count == 2;
	size_t len;

	if (file_load_present(AT_FDCWD, path, LIMIT_PROOF_BYTES, &bytes, &len, err) < 0)
		return -1;
	if (proof_parse(bytes, len, &p, err) < 0 || proof_check(&p, t, f, err) < 0)
		return error_wrap(err, "%s", path);
	if (compare && compare_file(args->operands[1], f, err) < 0)
		return -1;
	if (args->json) {
		print_json(f, compare);
	} else {
		print_text(f);
		if (compare)
			printf("%s is this object\n", args->operands[1]);
	}
	return 0;
}

/* ---- making ---- */

static int add_log(const char *path, struct proof *p, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t len;

	if (file_load_present(AT_FDCWD, path, LIMIT_TLOG_PROOF_BYTES, &bytes, &len, err) < 0)
		return -1;
	return proof_add(p, PROOF_LOG, bytes, len, err);
}

static int make(const struct cli_args *args, const struct trust *t, struct error *err)
{
	const char *object = cli_text(args, "object"), *log = cli_text(args, "log");
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_PROOF_BYTES);
	CLEANUP(proof_clear) struct proof p = { .count = 0 };
	CLEANUP(facts_free) struct proof_facts *f = buf_calloc(1, sizeof *f);
	unsigned char wanted[DIGEST_SHA256];

	if (!object || !str_from_any_hex(object, strlen(object), wanted, sizeof wanted))
		return error_set(err, ERROR_USAGE, "--object: the SHA-256 of an object");
	CLEANUP(verify_close)
	struct verified_bundle *b = verify_open(args->operands[0], t, VERIFY_COMPLETE, err);
	if (!b || proof_make(b, wanted, &p, err) < 0 || (log && add_log(log, &p, err) < 0) ||
	    proof_check(&p, verify_trust(b), f, err) < 0 || proof_write(&p, &text, err) < 0 ||
	    file_save(AT_FDCWD, cli_text(args, "make"), text.bytes, text.len, 0644, err) < 0)
		return -1;
	if (args->json)
		print_json(f, false);
	else
		print_text(f);
	return 0;
}

int cmd_proof(const struct cli_args *args, struct error *err)
{
	bool making = cli_text(args, "make") != NULL;

	if (!making && (cli_text(args, "object") || cli_text(args, "log")))
		return error_set(err, ERROR_USAGE, "--object and --log go with --make");
	if (making && args->operand_count != 1)
		return error_set(err, ERROR_USAGE, "--make takes one bundle");
	CLEANUP(trust_free) struct trust *t = load_trust(args, err);
	if (!t)
		return -1;
	return making ? make(args, t, err) : check(args, t, err);
}

/* ---- growth of the log ---- */

static int check_signed(const struct trust *t, const struct checkpoint_note *n, const char *path,
			struct note_verdict *v, struct error *err)
{
	if (note_check(t, n, v, err) < 0)
		return error_wrap(err, "%s", path);
	return v->count > 0
		       ? 0
		       : error_set(err, ERROR_LOG_UNSIGNED,
				   "%s: nobody of the trust root has signed the checkpoint", path);
}

static int check_growth(const struct tlog_proof *p, const struct checkpoint *old, struct error *err)
{
	const struct checkpoint *now = &p->note.checkpoint;

	if (strcmp(old->origin, now->origin) != 0)
		return error_set(err, ERROR_LOG_ORIGIN, "the logs are %s and %s", old->origin,
				 now->origin);
	if (old->head.size != p->index || !audit_is_consistent(&old->head, &now->head, &p->path))
		return error_set(err, ERROR_LOG_REWRITTEN,
				 "the log of %llu leaves does not begin with that of %llu",
				 (unsigned long long)now->head.size,
				 (unsigned long long)old->head.size);
	return 0;
}

static int read_both(const struct cli_args *args, struct tlog_proof *proof,
		     struct checkpoint_note *old, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL, *old_bytes = NULL;
	size_t len, old_len;

	if (file_load_present(AT_FDCWD, args->operands[0], LIMIT_TLOG_PROOF_BYTES, &bytes, &len,
			      err) < 0 ||
	    file_load_present(AT_FDCWD, args->operands[1], LIMIT_NOTE_BYTES, &old_bytes, &old_len,
			      err) < 0)
		return -1;
	if (tlog_proof_parse_growth(bytes, len, proof, err) < 0)
		return error_wrap(err, "%s", args->operands[0]);
	if (checkpoint_parse(old_bytes, old_len, old, err) < 0)
		return error_wrap(err, "%s", args->operands[1]);
	return 0;
}

int cmd_log(const struct cli_args *args, struct error *err)
{
	CLEANUP(trust_free) struct trust *t = load_trust(args, err);
	struct checkpoint_note old;
	struct tlog_proof proof;
	struct note_verdict v;

	if (!t || read_both(args, &proof, &old, err) < 0 ||
	    check_signed(t, &old, args->operands[1], &v, err) < 0 ||
	    check_signed(t, &proof.note, args->operands[0], &v, err) < 0 ||
	    check_growth(&proof, &old.checkpoint, err) < 0)
		return -1;
	const struct checkpoint *now = &proof.note.checkpoint;
	if (args->json)
		cli_print_json(json_pack("{s:s, s:I, s:I}", "log", now->origin, "from",
					 (json_int_t)proof.index, "size",
					 (json_int_t)now->head.size));
	else
		printf("log %s: %llu leaves, and the first %llu are those of the older "
		       "checkpoint\n",
		       now->origin, (unsigned long long)now->head.size,
		       (unsigned long long)proof.index);
	return 0;
}

#include "exporter/receive_read.h"

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/sandbox/sandbox_message.h"
#include "media/receipt.h"
#include "media/scan.h"
#include "verifier/note.h"
#include "verifier/prover.h"
#include "verifier/verify_prove.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum verb { RECEIPT = 1, SIGNER, CHECKPOINT };

struct question {
	uint32_t verb;
	char witness[CHECKPOINT_NAME_SIZE];
};

/* ---- the process ---- */

struct reading {
	const struct receive_read *files;
	struct buf text;
	struct receipt_file receipt;
	struct trust *trust;
};

static void reading_clear(struct reading *r)
{
	buf_clear(&r->text);
	trust_free(r->trust);
}
DEFINE_CLEANUP_IN_PLACE(struct reading, reading_clear);

static int read_receipt(struct reading *r, struct buf *out, struct error *err)
{
	const struct receive_read *f = r->files;
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t len;

	if (file_load_present(AT_FDCWD, f->receipt,
			      f->scanned ? LIMIT_SCAN_BYTES : LIMIT_RECEIPT_BYTES, &bytes, &len,
			      err) < 0)
		return -1;
	r->text.len = 0;
	if ((f->scanned ? scan_join(bytes, len, &r->text, err)
			: buf_append(&r->text, bytes, len, err)) < 0 ||
	    receipt_parse(r->text.len ? r->text.bytes : (const void *)"", r->text.len, &r->receipt,
			  err) < 0)
		return error_wrap(err, "%s", f->receipt);
	return sandbox_put(out, r->text.bytes, r->text.len, err);
}

static int load_trust(struct reading *r, struct error *err)
{
	char path[PATH_MAX];

	if (r->trust)
		return 0;
	if (prover_trust_dir(r->files->repo, r->receipt.receipt.channel, path, err) < 0)
		return -1;
	r->trust = trust_load_path(path, "trust", err);
	return r->trust ? 0 : -1;
}

static int find_signer(struct reading *r, struct buf *out, struct error *err)
{
	const struct receipt_file *f = &r->receipt;
	struct trust_signer signer;

	if (f->signature_len == 0)
		return error_set(err, ERROR_SANDBOX_RECORD, "no receipt was read");
	if (load_trust(r, err) < 0 ||
	    trust_find_signer(r->trust, r->text.bytes, f->signed_len, f->signature,
			      f->signature_len, f->receipt.made, &signer, err) < 0)
		return error_wrap(err, "%s", r->files->receipt);
	return sandbox_put(out, &signer, sizeof signer, err);
}

static int put_witness(const struct note_signer *s, const struct checkpoint_note *note,
		       struct buf *out, struct error *err)
{
	uint32_t which = (uint32_t)(s->signature - note->signatures);
	struct trust_signer by = { .role = s->key->role };

	snprintf(by.holder, sizeof by.holder, "%s", s->key->holder);
	snprintf(by.short_id, sizeof by.short_id, "%s", s->key->short_id);
	if (sandbox_put(out, &s->time, sizeof s->time, err) < 0 ||
	    sandbox_put(out, &which, sizeof which, err) < 0)
		return -1;
	return sandbox_put(out, &by, sizeof by, err);
}

static int check_note(struct reading *r, const struct question *q,
		      const struct checkpoint_note *note, struct buf *out, struct error *err)
{
	struct note_verdict v;
	size_t named = 0;

	while (named < note->count && strcmp(note->signatures[named].name, q->witness) != 0)
		named++;
	if (named == note->count)
		return error_set(err, ERROR_LOG_RETURN, "not signed in the name of %s", q->witness);
	if (load_trust(r, err) < 0 || note_check(r->trust, note, &v, err) < 0)
		return -1;
	for (size_t i = 0; i < v.count; i++)
		if (v.signers[i].kind == NOTE_WITNESS &&
		    strcmp(v.signers[i].signature->name, q->witness) == 0)
			return put_witness(&v.signers[i], note, out, err);
	return error_set(err, ERROR_LOG_UNSIGNED, "no importer of channel %s has signed it",
			 r->receipt.receipt.channel);
}

static int read_checkpoint(struct reading *r, const struct question *q, struct buf *out,
			   struct error *err)
{
	const char *path = r->files->checkpoint;
	CLEANUP(free) unsigned char *bytes = NULL;
	struct checkpoint_note note;
	size_t len;

	if (file_load_present(AT_FDCWD, path, LIMIT_NOTE_BYTES, &bytes, &len, err) < 0)
		return -1;
	if (sandbox_put(out, bytes, len, err) < 0 || checkpoint_parse(bytes, len, &note, err) < 0 ||
	    check_note(r, q, &note, out, err) < 0)
		return error_wrap(err, "%s", path);
	return 0;
}

static int answer(void *ctx, const struct buf *request, struct buf *out, struct error *err)
{
	struct reading *r = ctx;
	struct question q;

	if (request->len != sizeof q)
		return error_set(err, ERROR_SANDBOX_RECORD, "a question that is none");
	memcpy(&q, request->bytes, sizeof q);
	if (q.verb == RECEIPT)
		return read_receipt(r, out, err);
	return q.verb == SIGNER ? find_signer(r, out, err) : read_checkpoint(r, &q, out, err);
}

int receive_read_serve(void *ctx, int fd)
{
	CLEANUP(reading_clear)
	struct reading r = { .files = ctx, .text = BUF_INIT(LIMIT_RECEIPT_BYTES) };

	return sandbox_serve(&(struct sandbox_service){ .answer = answer,
							.ctx = &r,
							.max = sizeof(struct question) },
			     fd);
}

/* ---- who asks ---- */

static int refuse(const char *label, struct error *err)
{
	return error_set(err, ERROR_SANDBOX_RECORD, "%s: an answer that is none", label);
}

static int take_text(struct sandbox_input *in, size_t max, const char *label, struct buf *out,
		     struct error *err)
{
	const unsigned char *bytes;
	size_t len;

	if (!sandbox_take(in, &bytes, &len, max))
		return refuse(label, err);
	return buf_append(out, bytes, len, err);
}

static bool take_signer(struct sandbox_input *in, struct trust_signer *out)
{
	struct trust_verdict one = { .count = 1 };

	if (!sandbox_take_exactly(in, &one.signers[0], sizeof one.signers[0]) || in->left > 0 ||
	    !verify_proof_is_sane(&one))
		return false;
	*out = one.signers[0];
	return true;
}

int receive_read_receipt(struct sandbox_process *p, const char *label, struct buf *out,
			 struct error *err)
{
	CLEANUP(buf_clear) struct buf answer = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	const struct question q = { .verb = RECEIPT };

	if (sandbox_ask(p, &q, sizeof q, &answer, label, err) < 0)
		return -1;
	struct sandbox_input in = { answer.bytes + 1, answer.len - 1 };
	if (take_text(&in, LIMIT_RECEIPT_BYTES, label, out, err) < 0)
		return -1;
	return in.left > 0 ? refuse(label, err) : 0;
}

int receive_read_signer(struct sandbox_process *p, const char *label, struct trust_signer *out,
			struct error *err)
{
	CLEANUP(buf_clear) struct buf answer = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	const struct question q = { .verb = SIGNER };

	if (sandbox_ask(p, &q, sizeof q, &answer, label, err) < 0)
		return -1;
	struct sandbox_input in = { answer.bytes + 1, answer.len - 1 };
	return take_signer(&in, out) ? 0 : refuse(label, err);
}

int receive_read_checkpoint(struct sandbox_process *p, const char *label, const char *witness,
			    struct receive_checkpoint *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf answer = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	struct question q = { .verb = CHECKPOINT };

	snprintf(q.witness, sizeof q.witness, "%s", witness);
	if (sandbox_ask(p, &q, sizeof q, &answer, label, err) < 0)
		return -1;
	struct sandbox_input in = { answer.bytes + 1, answer.len - 1 };
	if (take_text(&in, LIMIT_NOTE_BYTES, label, &out->file, err) < 0)
		return -1;
	if (!sandbox_take_exactly(&in, &out->time, sizeof out->time) ||
	    !sandbox_take_exactly(&in, &out->signature, sizeof out->signature) ||
	    !take_signer(&in, &out->by))
		return refuse(label, err);
	return 0;
}

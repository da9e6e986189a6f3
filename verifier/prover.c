#include "verifier/prover.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/trust.h"
#include "lib/sandbox/sandbox_message.h"
#include "verifier/override.h"
#include "verifier/verify_prove.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct prover {
	struct sandbox_process process;
};

enum verb { PROVE = 1, OVERRIDE, TRUST };

/* Paths end with a zero. */
struct question {
	uint32_t verb, policy;
	int64_t now;
	char bundle[PATH_MAX], trust[PATH_MAX], permission[PATH_MAX];
	char label[PATH_MAX]; /* of trust, in messages */
};

/* ---- the process ---- */

static int write_override(int found, const struct override_proof *p, struct buf *out,
			  struct error *err)
{
	if (sandbox_put(out, &found, sizeof found, err) < 0 ||
	    sandbox_put(out, p->text.bytes, p->text.len, err) < 0 ||
	    sandbox_put(out, &p->by, sizeof p->by, err) < 0)
		return -1;
	for (size_t i = 0; i < p->by.count; i++)
		if (sandbox_put(out, p->sigs[i].bytes, p->sigs[i].len, err) < 0)
			return -1;
	return 0;
}

static int load_override(const struct question *q, const struct trust *trust, struct buf *out,
			 struct error *err)
{
	CLEANUP(override_clear) struct override_proof p = { .people = 0 };
	CLEANUP(file_close) int dir = file_open_dir(q->permission, err);
	int found = dir < 0 ? -1 : override_load(dir, trust, q->now, &p, err);

	return found < 0 ? -1 : write_override(found, &p, out, err);
}

static int answer(void *ctx, const struct buf *request, struct buf *out, struct error *err)
{
	CLEANUP(free) unsigned char *room = buf_calloc(1, sizeof(struct question));
	CLEANUP(verify_proof_clear) struct verify_proof proof = { .newer = NULL };
	const struct question *q = (void *)room;

	(void)ctx;
	if (request->len != sizeof *q)
		return error_set(err, ERROR_SANDBOX_RECORD, "a question that is none");
	memcpy(room, request->bytes, sizeof *q);
	CLEANUP(trust_free) struct trust *trust = trust_load_path(q->trust, q->label, err);
	if (trust && q->verb == TRUST)
		return verify_proof_write_trust(trust, out, err);
	if (!trust ||
	    verify_prove(q->bundle, trust, (enum verify_policy)q->policy, &proof, err) < 0)
		return -1;
	if (q->verb == PROVE)
		return verify_proof_write(&proof, out, err);
	return load_override(q, proof.newer ? proof.newer : trust, out, err);
}

static int serve(void *ctx, int fd)
{
	(void)ctx;
	return sandbox_serve(
		&(struct sandbox_service){ .answer = answer, .max = sizeof(struct question) }, fd);
}

/* ---- who asks ---- */

struct prover *prover_start(const struct sandbox_place *places, size_t count, struct error *err)
{
	CLEANUP(prover_end) struct prover *p = buf_calloc(1, sizeof *p);
	struct sandbox_child child = {
		.role = SANDBOX_PROVE, .places = places, .count = count, .run = serve
	};

	p->process.fd = -1;
	return sandbox_start(&child, &p->process, err) < 0 ? NULL : STEAL(p);
}

void prover_end(struct prover *p)
{
	if (!p)
		return;
	sandbox_end(&p->process);
	free(p);
}

static int put_path(const char *path, char out[PATH_MAX], struct error *err)
{
	size_t len = strlen(path);

	if (len >= PATH_MAX)
		return error_set(err, ERROR_USAGE, "%.200s...: path too long", path);
	memcpy(out, path, len + 1);
	return 0;
}

int prover_trust_dir(const char *repo, const char *channel, char out[PATH_MAX], struct error *err)
{
	if ((size_t)snprintf(out, PATH_MAX, "%s/trust/%s", repo, channel) >= PATH_MAX)
		return error_set(err, ERROR_USAGE, "%.200s...: path too long", repo);
	return 0;
}

static const char ours[] = "trust of this repository";

struct verified_bundle *prover_open(struct prover *p, const char *path, const char *trust_dir,
				    const struct trust *trust, enum verify_policy policy,
				    struct error *err)
{
	CLEANUP(verify_proof_clear) struct verify_proof proof = { .newer = NULL };
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	CLEANUP(free) unsigned char *room = buf_calloc(1, sizeof(struct question));
	struct question *q = (void *)room;

	if (!p)
		return verify_open(path, trust, policy, err);
	q->verb = PROVE;
	q->policy = (uint32_t)policy;
	if (put_path(path, q->bundle, err) < 0 || put_path(trust_dir, q->trust, err) < 0 ||
	    put_path(ours, q->label, err) < 0 ||
	    sandbox_ask(&p->process, q, sizeof *q, &out, path, err) < 0)
		return NULL;
	if (verify_proof_read(out.bytes + 1, out.len - 1, &proof, err) < 0) {
		error_wrap(err, "%s", path);
		return NULL;
	}
	/* The histories are digests: who continues whom is judged here. */
	if (proof.newer && trust_extends(trust, proof.newer, err) != 1) {
		if (err->id == ERROR_NONE)
			error_set(err, ERROR_SANDBOX_RECORD, "%s: a trust root that is not newer",
				  path);
		return NULL;
	}
	return verify_open_proved(path, trust, policy, &proof, err);
}

struct trust *prover_trust(struct prover *p, const char *path, const char *label, struct error *err)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	CLEANUP(free) unsigned char *room = buf_calloc(1, sizeof(struct question));
	struct question *q = (void *)room;

	q->verb = TRUST;
	if (put_path(path, q->trust, err) < 0 || put_path(label, q->label, err) < 0 ||
	    sandbox_ask(&p->process, q, sizeof *q, &out, label, err) < 0)
		return NULL;
	struct trust *t = verify_proof_read_trust(out.bytes + 1, out.len - 1, err);
	if (!t)
		error_wrap(err, "%s", label);
	return t;
}

static bool is_new(const struct trust_verdict *by, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (key_holder_is_same(by->signers[k].holder, by->signers[i].holder))
			return false;
	return true;
}

static bool read_override(struct sandbox_input *in, int *found, struct override_proof *p)
{
	struct error refused = ERROR_INIT; /* one message says it for all of it */
	const unsigned char *bytes;
	size_t len;

	if (!sandbox_take_exactly(in, found, sizeof *found) || *found < 0 || *found > 1 ||
	    !sandbox_take(in, &bytes, &len, LIMIT_OVERRIDE_BYTES))
		return false;
	p->text = (struct buf)BUF_INIT(LIMIT_OVERRIDE_BYTES);
	if (buf_append(&p->text, bytes, len, &refused) < 0 ||
	    (*found == 1 && override_parse(bytes, len, &p->said, &refused) < 0) ||
	    !sandbox_take_exactly(in, &p->by, sizeof p->by) || !verify_proof_is_sane(&p->by)) {
		p->by.count = 0;
		return false;
	}
	for (size_t i = 0; i < p->by.count; i++) {
		if (p->by.signers[i].role != KEY_ROLE_APPROVER ||
		    !sandbox_take(in, &bytes, &len, LIMIT_SIGNATURE_BYTES))
			return false;
		p->sigs[i] = (struct buf)BUF_INIT(LIMIT_SIGNATURE_BYTES);
		if (buf_append(&p->sigs[i], bytes, len, &refused) < 0)
			return false;
		p->people += is_new(&p->by, i);
	}
	return in->left == 0;
}

int prover_override(struct prover *p, const char *path, const struct verified_bundle *b,
		    const char *trust_dir, int64_t now, struct override_proof *out,
		    struct error *err)
{
	CLEANUP(buf_clear) struct buf answer = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	CLEANUP(free) unsigned char *room = buf_calloc(1, sizeof(struct question));
	struct question *q = (void *)room;
	int found;

	*out = (struct override_proof){ .people = 0 };
	q->verb = OVERRIDE;
	q->policy = VERIFY_COMPLETE;
	q->now = now;
	if (put_path(verify_path(b), q->bundle, err) < 0 ||
	    put_path(trust_dir, q->trust, err) < 0 || put_path(path, q->permission, err) < 0 ||
	    put_path(ours, q->label, err) < 0 ||
	    sandbox_ask(&p->process, q, sizeof *q, &answer, q->bundle, err) < 0)
		return -1;
	struct sandbox_input in = { answer.bytes + 1, answer.len - 1 };
	if (!read_override(&in, &found, out))
		return error_set(err, ERROR_SANDBOX_RECORD, "%s: a permission that is none", path);
	return found;
}

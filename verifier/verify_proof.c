/*
 * A proof as a message: parts (lib/sandbox/sandbox_message.h) in the order of the struct.  Who
 * reads it has not seen a signature, and believes of it what cannot be judged without: who signed.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/sandbox/sandbox_message.h"
#include "verifier/verify_prove.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 64 };

/* ---- writing ---- */

int verify_proof_write_trust(const struct trust *t, struct buf *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_TRUST_BYTES);
	uint32_t files = (uint32_t)t->files.count;

	if (trust_write(t, &text, err) < 0 || sandbox_put(out, text.bytes, text.len, err) < 0 ||
	    sandbox_put(out, t->history, t->version * sizeof *t->history, err) < 0 ||
	    sandbox_put(out, &files, sizeof files, err) < 0)
		return -1;
	for (size_t i = 0; i < t->files.count; i++)
		if (sandbox_put(out, t->files.names[i], strlen(t->files.names[i]), err) < 0)
			return -1;
	return 0;
}

int verify_proof_write(const struct verify_proof *p, struct buf *out, struct error *err)
{
	unsigned char newer = p->newer != NULL;

	if (sandbox_put(out, p->manifest, p->manifest_len, err) < 0 ||
	    sandbox_put(out, &p->signers, sizeof p->signers, err) < 0 ||
	    sandbox_put(out, &newer, sizeof newer, err) < 0)
		return -1;
	for (size_t i = 0; i < p->signers.count; i++) {
		const struct verify_evidence *e = &p->evidence[i];

		if (sandbox_put(out, e->signature, e->signature_len, err) < 0 ||
		    sandbox_put(out, e->certificate, e->certificate_len, err) < 0)
			return -1;
	}
	return p->newer ? verify_proof_write_trust(p->newer, out, err) : 0;
}

/* ---- reading ---- */

/* A name as trust directories have them: it can lead nowhere else. */
static bool is_name(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!(bytes[i] >= '0' && bytes[i] <= '9') &&
		    !(bytes[i] >= 'a' && bytes[i] <= 'z') && (bytes[i] != '.' || i == 0))
			return false;
	return len > 0;
}

static bool is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

bool verify_proof_is_sane(const struct trust_verdict *v)
{
	if (v->count > LIMIT_SIGNATURES || v->unknown_count > LIMIT_SIGNATURES ||
	    v->revoked_count > LIMIT_SIGNATURES || !is_text(v->revoked, sizeof v->revoked))
		return false;
	for (size_t i = 0; i < v->unknown_count; i++)
		if (!is_text(v->unknown[i], sizeof v->unknown[i]))
			return false;
	for (size_t i = 0; i < v->count; i++) {
		const struct trust_signer *s = &v->signers[i];

		if ((unsigned)s->role >= KEY_ROLES_ || !is_text(s->holder, sizeof s->holder) ||
		    !is_text(s->short_id, sizeof s->short_id) ||
		    !is_name((const unsigned char *)s->short_id, strlen(s->short_id)))
			return false;
	}
	return true;
}

static bool copy_part(struct sandbox_input *in, size_t max, unsigned char **out, size_t *len)
{
	const unsigned char *bytes;

	if (!sandbox_take(in, &bytes, len, max))
		return false;
	*out = buf_malloc(*len + 1);
	memcpy(*out, bytes, *len);
	return true;
}

static bool read_files(struct sandbox_input *in, struct file_list *out)
{
	uint32_t count;

	if (!sandbox_take_exactly(in, &count, sizeof count) || count > LIMIT_TRUST_FILES)
		return false;
	out->names = buf_calloc(count + 1, sizeof *out->names);
	for (uint32_t i = 0; i < count; i++) {
		const unsigned char *bytes;
		size_t len;

		if (!sandbox_take(in, &bytes, &len, NAME_MAX_BYTES) || !is_name(bytes, len))
			return false;
		out->names[i] = buf_calloc(len + 1, 1);
		memcpy(out->names[i], bytes, len);
		out->count++;
	}
	return true;
}

static bool read_trust(struct sandbox_input *in, struct trust **out)
{
	struct error refused = ERROR_INIT; /* one message says it for all of the proof */
	const unsigned char *text, *history;
	size_t len, history_len;

	if (!sandbox_take(in, &text, &len, LIMIT_TRUST_BYTES))
		return false;
	*out = trust_parse(text, len, &refused);
	if (!*out || !sandbox_take(in, &history, &history_len, in->left) ||
	    history_len != (*out)->version * sizeof *(*out)->history)
		return false;
	(*out)->history = buf_malloc(history_len);
	memcpy((*out)->history, history, history_len);
	return read_files(in, &(*out)->files);
}

static bool read_proof(struct sandbox_input *in, struct verify_proof *p)
{
	unsigned char newer;

	if (!copy_part(in, LIMIT_MANIFEST_BYTES, &p->manifest, &p->manifest_len) ||
	    !sandbox_take_exactly(in, &p->signers, sizeof p->signers) ||
	    !verify_proof_is_sane(&p->signers) || !sandbox_take_exactly(in, &newer, sizeof newer) ||
	    newer > 1)
		return false;
	for (size_t i = 0; i < p->signers.count; i++) {
		struct verify_evidence *e = &p->evidence[i];

		if (!copy_part(in, LIMIT_SIGNATURE_BYTES, &e->signature, &e->signature_len) ||
		    !copy_part(in, LIMIT_CERTIFICATE_BYTES, &e->certificate, &e->certificate_len))
			return false;
	}
	return (!newer || read_trust(in, &p->newer)) && in->left == 0;
}

struct trust *verify_proof_read_trust(const void *bytes, size_t len, struct error *err)
{
	CLEANUP(trust_free) struct trust *t = NULL;
	struct sandbox_input in = { bytes, len };

	if (read_trust(&in, &t) && in.left == 0)
		return STEAL(t);
	error_set(err, ERROR_SANDBOX_RECORD, "a trust root that is none");
	return NULL;
}

int verify_proof_read(const void *bytes, size_t len, struct verify_proof *out, struct error *err)
{
	CLEANUP(verify_proof_clear) struct verify_proof p = { .newer = NULL };
	struct sandbox_input in = { bytes, len };

	if (!read_proof(&in, &p))
		return error_set(err, ERROR_SANDBOX_RECORD, "a proof that is none");
	*out = p;
	p = (struct verify_proof){ .newer = NULL };
	return 0;
}

#include "verifier/note.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/crypto/bare.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/signer.h"
#include "lib/crypto/trust.h"

#include <stdio.h>
#include <string.h>

enum { TIME_BYTES = 8 };

/* The type of C2SP signed-note for everything without a number, and which of ours it is. */
static const char *type_of(enum note_kind kind)
{
	return kind == NOTE_LOG ? "\xffgapferry/log-sha384" : "\xffgapferry/cosignature-sha384";
}

static void key_id(const char *name, enum note_kind kind, const struct trust_key *key,
		   unsigned char out[CHECKPOINT_ID])
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	unsigned char digest[DIGEST_SHA256];
	const char *type = type_of(kind);

	digest_update(d, name, strlen(name));
	digest_update(d, "\n", 1);
	digest_update(d, type, strlen(type));
	digest_update(d, key->id, sizeof key->id);
	digest_final(d, digest);
	memcpy(out, digest, CHECKPOINT_ID);
}

static int write_signed(enum note_kind kind, const struct checkpoint *c, int64_t time,
			struct buf *out, struct error *err)
{
	return kind == NOTE_LOG ? checkpoint_write(c, out, err)
				: checkpoint_write_cosigned(c, time, out, err);
}

int note_sign(const struct signer *s, enum note_kind kind, const struct checkpoint *c,
	      const char *name, int64_t time, struct checkpoint_signature *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_NOTE_BYTES);
	CLEANUP(buf_clear) struct buf value = BUF_INIT(CHECKPOINT_VALUE_MAX - TIME_BYTES);
	size_t at = 0;

	if (write_signed(kind, c, time, &text, err) < 0 ||
	    bare_sign(s->key, s->listed->cert, text.bytes, text.len, &value, err) < 0)
		return -1;
	snprintf(out->name, sizeof out->name, "%s", name);
	key_id(name, kind, s->listed, out->id);
	for (; kind == NOTE_WITNESS && at < TIME_BYTES; at++)
		out->value[at] = (unsigned char)((uint64_t)time >> (56 - 8 * at));
	memcpy(out->value + at, value.bytes, value.len);
	out->len = at + value.len;
	return 0;
}

/* ---- judging ---- */

static bool counts(const struct trust *t, const struct note_signer *s)
{
	const struct key_facts *facts = key_cert_facts(s->key->cert);

	if (s->kind == NOTE_LOG)
		return !trust_find_revoked(t, s->key->id);
	return trust_counts(t, s->key->id, s->time) && s->time >= facts->not_before &&
	       s->time <= facts->not_after;
}

static int verify(const struct checkpoint *c, struct note_signer *s, struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_NOTE_BYTES);
	const unsigned char *value = s->signature->value;
	size_t len = s->signature->len;
	uint64_t time = 0;

	if (s->kind == NOTE_WITNESS) {
		if (len <= TIME_BYTES || value[0] > 0x7f)
			return error_set(err, ERROR_LOG_SIGNATURE,
					 "the signature of %s has no time", s->key->holder);
		for (size_t i = 0; i < TIME_BYTES; i++)
			time = time << 8 | value[i];
		value += TIME_BYTES;
		len -= TIME_BYTES;
	}
	s->time = (int64_t)time;
	if (write_signed(s->kind, c, s->time, &text, err) < 0)
		return -1;
	return bare_verify(s->key->cert, text.bytes, text.len, value, len, err);
}

/* The key of the trust root that a signature names, if any. */
static bool find(const struct trust *t, const struct checkpoint_signature *s,
		 struct note_signer *out)
{
	for (size_t i = 0; i < t->key_count; i++) {
		const struct trust_key *key = &t->keys[i];
		unsigned char id[CHECKPOINT_ID];

		if (key->role != KEY_ROLE_BUILDER && key->role != KEY_ROLE_IMPORTER)
			continue;
		*out = (struct note_signer){ key->role == KEY_ROLE_BUILDER ? NOTE_LOG
									   : NOTE_WITNESS,
					     key, s, 0 };
		key_id(s->name, out->kind, key, id);
		if (memcmp(id, s->id, sizeof id) == 0)
			return true;
	}
	return false;
}

int note_check(const struct trust *t, const struct checkpoint_note *n, struct note_verdict *out,
	       struct error *err)
{
	out->count = 0;
	for (size_t i = 0; i < n->count; i++) {
		struct note_signer s;

		if (!find(t, &n->signatures[i], &s))
			continue;
		/* A builder signs in the name of the log. */
		if (s.kind == NOTE_LOG && strcmp(s.signature->name, n->checkpoint.origin) != 0)
			continue;
		if (verify(&n->checkpoint, &s, err) < 0)
			return -1;
		if (counts(t, &s))
			out->signers[out->count++] = s;
	}
	return 0;
}

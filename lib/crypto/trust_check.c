/* Whether enough of the right people signed. */
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/trust_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* "<16 lower-case hex digits>.p7s" */
static bool take_short_id(const char *name, char out[KEY_SHORT_SIZE])
{
	unsigned char bytes[(KEY_SHORT_SIZE - 1) / 2];

	if (strlen(name) != KEY_SHORT_SIZE - 1 + 4 ||
	    strcmp(name + KEY_SHORT_SIZE - 1, ".p7s") != 0 ||
	    !str_from_hex(name, KEY_SHORT_SIZE - 1, bytes, sizeof bytes))
		return false;
	memcpy(out, name, KEY_SHORT_SIZE - 1);
	out[KEY_SHORT_SIZE - 1] = '\0';
	return true;
}

int trust_check_time(const struct trust_key *key, int64_t when, struct error *err)
{
	const struct key_facts *facts = key_cert_facts(key->cert);
	char from[STR_TIME_SIZE], to[STR_TIME_SIZE], at[STR_TIME_SIZE];

	if (when >= facts->not_before && when <= facts->not_after)
		return 0;
	str_from_time(facts->not_before, from);
	str_from_time(facts->not_after, to);
	str_from_time(when, at);
	return error_set(err, ERROR_TRUST_EXPIRED,
			 "the certificate of %s is valid from %s to %s, not at %s", key->holder,
			 from, to, at);
}

static int verify_one(const struct trust_key *key, const unsigned char *message, size_t len,
		      const struct trust_signature *sig, int64_t when, struct error *err)
{
	assert(key->cert); /* from trust_load(), not trust_parse() */
	if (cms_verify(sig->bytes, sig->len, message, len, key->cert, err) < 0 ||
	    (when != TRUST_TIME_LATER && trust_check_time(key, when, err) < 0))
		return error_wrap(err, "%s (%s %s)", sig->name, key_role_name(key->role),
				  key->holder);
	return 0;
}

static void record_signer(const struct trust_key *key, struct trust_signer *out)
{
	out->role = key->role;
	memcpy(out->holder, key->holder, sizeof out->holder);
	memcpy(out->short_id, key->short_id, sizeof out->short_id);
}

/* The names, before any signature is opened: well-formed, each key once, not too many. */
static int check_names(const struct trust_signature *sigs, size_t count,
		       char ids[LIMIT_SIGNATURES][KEY_SHORT_SIZE], struct error *err)
{
	if (count > LIMIT_SIGNATURES)
		return error_set(err, ERROR_TRUST_SIGNATURE_NAME, "%zu signature files, at most %u",
				 count, LIMIT_SIGNATURES);
	for (size_t i = 0; i < count; i++) {
		if (!take_short_id(sigs[i].name, ids[i]))
			return error_set(err, ERROR_TRUST_SIGNATURE_NAME,
					 "signature file %zu: its name is not <16 hex digits>.p7s",
					 i + 1);
		for (size_t k = 0; k < i; k++)
			if (strcmp(ids[k], ids[i]) == 0)
				return error_set(err, ERROR_TRUST_SIGNATURE_NAME, "%s: given twice",
						 sigs[i].name);
	}
	return 0;
}

/* " (not counted: key 0123456789abcdef ... is not in the trust root)" or nothing. */
static const char *unknown_note(const struct trust_verdict *v, char *out, size_t size)
{
	out[0] = '\0';
	if (v->revoked_count)
		snprintf(out, size, "; not counted: %zu signature%s by revoked keys, first %s",
			 v->revoked_count, v->revoked_count > 1 ? "s" : "", v->revoked);
	else if (v->unknown_count)
		snprintf(out, size,
			 "; not counted: %zu signature%s by keys that are not in the trust "
			 "root, first %s",
			 v->unknown_count, v->unknown_count > 1 ? "s" : "", v->unknown[0]);
	return out;
}

/* Lack of a role; with unknown signers present, they are the likelier reason. */
static int refuse(const struct trust_verdict *v, enum error_id id, size_t have, unsigned want,
		  const char *what, struct error *err)
{
	char note[160];

	if (v->unknown_count)
		id = ERROR_TRUST_UNKNOWN_KEY;
	return error_set(err, v->revoked_count ? ERROR_TRUST_REVOKED_KEY : id,
			 "signed by %zu %s, %u required%s", have, what, want,
			 unknown_note(v, note, sizeof note));
}

/* Hall's condition for two roles: an assignment of one person per seat exists. */
int trust_check_policy(const struct trust *t, const struct trust_verdict *v, struct error *err)
{
	unsigned builders = t->threshold[KEY_ROLE_BUILDER];
	unsigned approvers = t->threshold[KEY_ROLE_APPROVER];
	struct trust_tally build = { 0 }, approve = { 0 }, both = { 0 };

	for (size_t i = 0; i < v->count; i++) {
		const struct trust_signer *s = &v->signers[i];

		if (s->role != KEY_ROLE_BUILDER && s->role != KEY_ROLE_APPROVER)
			continue;
		trust_tally_add(s->role == KEY_ROLE_BUILDER ? &build : &approve, s->holder);
		trust_tally_add(&both, s->holder);
	}
	if (build.count < builders)
		return refuse(v, ERROR_TRUST_NO_BUILDER, build.count, builders, "builders", err);
	if (approve.count < approvers)
		return refuse(v, ERROR_TRUST_NO_APPROVER, approve.count, approvers, "approvers",
			      err);
	if (both.count < builders + approvers)
		return refuse(v, ERROR_TRUST_SAME_HOLDER, both.count, builders + approvers,
			      "different people (one cannot be builder and approver)", err);
	return 0;
}

static void note_revoked(struct trust_verdict *v, const char *short_id)
{
	if (v->revoked_count++ == 0)
		memcpy(v->revoked, short_id, KEY_SHORT_SIZE);
}

static void record_unknown(const struct trust *t, const char *short_id, struct trust_verdict *v)
{
	memcpy(v->unknown[v->unknown_count++], short_id, KEY_SHORT_SIZE);
	for (size_t i = 0; i < t->revoked_key_count; i++)
		if (strcmp(t->revoked_keys[i].short_id, short_id) == 0)
			note_revoked(v, short_id);
}

int trust_check_signatures(const struct trust *t, const unsigned char *message, size_t len,
			   const struct trust_signature *sigs, size_t count, int64_t when,
			   struct trust_verdict *out, struct error *err)
{
	char ids[LIMIT_SIGNATURES][KEY_SHORT_SIZE];

	*out = (struct trust_verdict){ 0 };
	if (count == 0)
		return error_set(err, ERROR_TRUST_NO_SIGNATURE, "there is no signature at all");
	if (check_names(sigs, count, ids, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct trust_key *key = trust_find(t, ids[i]);

		if (!key) {
			record_unknown(t, ids[i], out);
			continue;
		}
		if (verify_one(key, message, len, &sigs[i], when, err) < 0)
			return -1;
		if (when != TRUST_TIME_LATER && !trust_counts(t, key->id, when))
			note_revoked(out, ids[i]);
		else
			record_signer(key, &out->signers[out->count++]);
	}
	return trust_check_policy(t, out, err);
}

int trust_check_validity(const struct trust *t, struct trust_verdict *v, int64_t when,
			 struct error *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->count; i++) {
		const struct trust_key *key = trust_find(t, v->signers[i].short_id);

		assert(key); /* trust_check_signatures() took it from there */
		if (trust_check_time(key, when, err) < 0)
			return error_wrap(err, "%s.p7s", v->signers[i].short_id);
		if (trust_counts(t, key->id, when))
			v->signers[kept++] = v->signers[i];
		else
			note_revoked(v, key->short_id);
	}
	v->count = kept;
	return 0;
}

/* For a message with one signer. */
static int check_counts(const struct trust *t, const struct trust_key *key, int64_t when,
			struct error *err)
{
	if (when == TRUST_TIME_LATER || trust_counts(t, key->id, when))
		return 0;
	return error_set(err, ERROR_TRUST_REVOKED_KEY,
			 "the key %s of %s was revoked before this was made: %s", key->short_id,
			 key->holder, trust_find_revoked(t, key->id)->reason);
}

int trust_check_role(const struct trust *t, enum key_role role, const unsigned char *message,
		     size_t len, const struct trust_signature *sig, int64_t when,
		     struct trust_signer *out, struct error *err)
{
	char ids[LIMIT_SIGNATURES][KEY_SHORT_SIZE];

	if (check_names(sig, 1, ids, err) < 0)
		return -1;
	const struct trust_key *key = trust_find(t, ids[0]);

	if (!key || key->role != role)
		return error_set(err, ERROR_TRUST_UNKNOWN_KEY,
				 "%s: the trust root lists no such %s key", sig->name,
				 key_role_name(role));
	if (verify_one(key, message, len, sig, when, err) < 0 ||
	    check_counts(t, key, when, err) < 0)
		return -1;
	record_signer(key, out);
	return 0;
}

int trust_find_signer(const struct trust *t, const unsigned char *message, size_t len,
		      const unsigned char *sig, size_t sig_len, int64_t when,
		      struct trust_signer *out, struct error *err)
{
	for (size_t i = 0; i < t->key_count; i++) {
		const struct trust_key *key = &t->keys[i];

		if (cms_verify(sig, sig_len, message, len, key->cert, err) == 0) {
			record_signer(key, out);
			return trust_check_time(key, when, err) < 0
				       ? -1
				       : check_counts(t, key, when, err);
		}
		/* Any other failure is one of the signature, or of the signature by this key. */
		if (err->id != ERROR_CMS_CERTIFICATES)
			return -1;
		error_clear(err);
	}
	return error_set(err, ERROR_TRUST_UNKNOWN_KEY,
			 "signed by a key that is not among the %zu "
			 "of trust root version %u",
			 t->key_count, t->version);
}

/* ---- versions of the trust root ---- */

static const struct trust_key *find_root(const struct trust *t, const char *short_id)
{
	const struct trust_key *key = t ? trust_find(t, short_id) : NULL;

	return key && key->role == KEY_ROLE_ROOT ? key : NULL;
}

static int check_count(unsigned version, unsigned have, unsigned need, struct error *err)
{
	if (have >= need)
		return 0;
	return error_set(err, ERROR_TRUST_QUORUM,
			 "signed by %u root key holders of version %u, %u required", have, version,
			 need);
}

int trust_count_quorum(const struct trust *t, const struct trust *previous,
		       const unsigned char *text, size_t len, const struct trust_signature *sigs,
		       size_t count, struct trust_quorum *out, struct error *err)
{
	char ids[LIMIT_SIGNATURES][KEY_SHORT_SIZE];
	struct trust_tally now = { 0 }, before = { 0 };

	assert(t);
	if (check_names(sigs, count, ids, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct trust_key *key = find_root(t, ids[i]),
				       *old = find_root(previous, ids[i]);

		if (!key && !old)
			return error_set(err, ERROR_TRUST_UNKNOWN_KEY,
					 "%s: not a root key of this version or the one before",
					 sigs[i].name);
		if (verify_one(key ? key : old, text, len, &sigs[i], t->created, err) < 0)
			return -1;
		if (key && trust_counts(t, key->id, t->created))
			trust_tally_add(&now, key->holder);
		if (old && trust_counts(previous, old->id, t->created))
			trust_tally_add(&before, old->holder);
	}
	*out = (struct trust_quorum){ (unsigned)now.count, t->threshold[KEY_ROLE_ROOT],
				      (unsigned)before.count,
				      previous ? previous->threshold[KEY_ROLE_ROOT] : 0 };
	return 0;
}

int trust_check_quorum(const struct trust *t, const struct trust *previous,
		       const unsigned char *text, size_t len, const struct trust_signature *sigs,
		       size_t count, struct error *err)
{
	struct trust_quorum q;

	if (trust_count_quorum(t, previous, text, len, sigs, count, &q, err) < 0 ||
	    check_count(t->version - 1, q.have_before, q.need_before, err) < 0)
		return -1;
	return check_count(t->version, q.have, q.need, err);
}

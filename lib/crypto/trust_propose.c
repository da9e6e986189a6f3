/* A version that waits for signatures: NNNN.proposed, until enough root key holders signed it. */
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/trust_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct proposed {
	struct trust *trust;
	unsigned char *text;
	size_t len;
	struct trust_files sigs;
	struct trust_quorum quorum;
};

static void proposed_clear(struct proposed *p)
{
	trust_free(p->trust);
	free(p->text);
	trust_files_clear(&p->sigs);
}
DEFINE_CLEANUP_IN_PLACE(struct proposed, proposed_clear);

/* 1, 0 when nothing is proposed, -1. */
static int load(int dirfd, const struct trust *current, struct proposed *out, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	char root[TRUST_NAME_SIZE], name[TRUST_NAME_SIZE];
	unsigned version = current->version + 1;

	trust_root_name(version, root);
	snprintf(name, sizeof name, "%.4s.proposed", root);
	if (faccessat(dirfd, name, F_OK, 0) < 0)
		return 0;
	out->trust = trust_load_text(dirfd, version, name, &out->text, &out->len, err);
	if (!out->trust || trust_check_growth(out->trust, current, err) < 0 ||
	    file_list_load(dirfd, 65536, &list, err) < 0 ||
	    trust_load_files(dirfd, &list, version, ".proposed", &out->sigs, err) < 0 ||
	    trust_count_quorum(out->trust, current, out->text, out->len, out->sigs.files,
			       out->sigs.count, &out->quorum, err) < 0)
		return error_wrap(err, "%s", name);
	return 1;
}

int trust_load_proposed(int dirfd, const struct trust *current, struct trust **out,
			struct trust_quorum *quorum, struct error *err)
{
	CLEANUP(proposed_clear) struct proposed p = { .trust = NULL };
	int found = load(dirfd, current, &p, err);

	if (found == 1) {
		*out = STEAL(p.trust);
		*quorum = p.quorum;
	}
	return found;
}

static const struct trust_key *find_root_key(const struct trust *t, const struct key *key)
{
	for (size_t i = 0; i < t->key_count; i++)
		if (t->keys[i].role == KEY_ROLE_ROOT && key_matches(key, t->keys[i].cert))
			return &t->keys[i];
	return NULL;
}

static int sign_one(int dirfd, const struct proposed *p, const struct trust *current,
		    const struct key *key, struct error *err)
{
	CLEANUP(buf_clear) struct buf bytes = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	const struct trust_key *listed = find_root_key(p->trust, key);
	char root[TRUST_NAME_SIZE], name[TRUST_NAME_SIZE + KEY_SHORT_SIZE];

	if (!listed)
		listed = find_root_key(current, key);
	if (!listed)
		return error_set(err, ERROR_TRUST_NO_ROOT_KEY,
				 "the key is a root key neither of version %u nor of version %u",
				 current->version, p->trust->version);
	if (trust_check_time(listed, p->trust->created, err) < 0 ||
	    cms_sign(key, listed->cert, p->text, p->len, &bytes, err) < 0)
		return -1;
	trust_root_name(p->trust->version, root);
	snprintf(name, sizeof name, "%.4s.%s.proposed", root, listed->short_id);
	return file_save(dirfd, name, bytes.bytes, bytes.len, 0644, err);
}

static int load_needed(int dirfd, const struct trust *current, struct proposed *out,
		       struct error *err)
{
	int found = load(dirfd, current, out, err);

	if (found == 0)
		return error_set(err, ERROR_TRUST_PROPOSED, "no version after %u is proposed here",
				 current->version);
	return found;
}

int trust_sign(int dirfd, const struct key *const *keys, size_t count, struct error *err)
{
	CLEANUP(trust_free) struct trust *current = trust_load(dirfd, "to be continued", err);
	CLEANUP(proposed_clear) struct proposed before = { .trust = NULL };
	CLEANUP(proposed_clear) struct proposed p = { .trust = NULL };

	if (!current || load_needed(dirfd, current, &before, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (sign_one(dirfd, &before, current, keys[i], err) < 0)
			return -1;
	if (load_needed(dirfd, current, &p, err) < 0)
		return -1;
	if (p.quorum.have < p.quorum.need || p.quorum.have_before < p.quorum.need_before)
		return 1;
	if (trust_save_version(dirfd, p.trust, p.text, p.len, p.sigs.files, p.sigs.count, false,
			       err) < 0 ||
	    trust_remove_leftovers(dirfd, p.trust->version, true, err) < 0)
		return -1;
	CLEANUP(trust_free) struct trust *loaded = trust_load(dirfd, "just signed", err);

	return loaded ? 0 : -1;
}

#include "tests/model/world.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/key.h"
#include "lib/crypto/trust.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- MANIFESTs ---- */

static struct world_item *add(struct world *w, const char *name, enum world_kind kind, int number,
			      uint64_t sequence, int parent)
{
	struct world_item *i = &w->items[w->count];
	struct manifest *m = &i->manifest;

	*i = (struct world_item){ .kind = kind, .number = number, .parent = parent, .ours = true };
	snprintf(i->name, sizeof i->name, "%s%d", name, number + 1);
	for (int k = 0; k < WORLD_WINDOW; k++) {
		i->named[k] = parent;
		parent = parent == WORLD_NONE ? parent : w->items[parent].parent;
	}
	memset(i->digest, w->count + 1, sizeof i->digest);
	i->created = sequence < 20 ? (int)sequence : 2;
	i->expires = i->created + WORLD_VALID;
	snprintf(m->channel, sizeof m->channel, "main");
	m->audience_count = 1;
	snprintf(m->audiences[0], sizeof m->audiences[0], "site1");
	m->version = 2;
	m->epoch = 2;
	m->sequence = sequence;
	w->count++;
	return i;
}

/* What the fields follow from; a named past only where there is one. */
static void finish(struct world *w, struct world_item *i)
{
	struct manifest *m = &i->manifest;

	m->created = WORLD_BASE + (int64_t)i->created * WORLD_DAY;
	m->expires = WORLD_BASE + (int64_t)i->expires * WORLD_DAY;
	memset(m->previous, 0xee, sizeof m->previous);
	if (i->named[0] != WORLD_NONE)
		memcpy(m->previous, w->items[i->named[0]].digest, 32);
	if (i->named[1] != WORLD_NONE) {
		m->history_count = 1;
		m->history[0].sequence = m->sequence - 2;
		memcpy(m->history[0].sha256, w->items[i->named[1]].digest, 32);
	}
}

static void add_chain(struct world *w, const char *name, enum world_kind kind, int count,
		      uint64_t first, int parent)
{
	for (int n = 0; n < count; n++) {
		add(w, name, kind, n, first + (uint64_t)n, parent);
		parent = w->count - 1;
	}
}

static void add_elsewhere(struct world *w)
{
	int last = WORLD_H - 1;

	for (int n = 0; n < 4; n++) {
		struct world_item *i = add(w, "X", KIND_ELSEWHERE, n, WORLD_H + 1, last);

		i->ours = false;
		if (n == 0)
			i->manifest.epoch = 1;
		if (n == 1)
			i->manifest.epoch = 3;
		if (n == 2)
			snprintf(i->manifest.channel, sizeof i->manifest.channel, "other");
		if (n == 3)
			snprintf(i->manifest.audiences[0], sizeof i->manifest.audiences[0],
				 "site2");
	}
}

static void add_all(struct world *w)
{
	add_chain(w, "H", KIND_H, WORLD_H, 1, WORLD_NONE);
	add_chain(w, "A", KIND_A, WORLD_A, 2, 0);
	add_chain(w, "B", KIND_B, WORLD_B, 4, 2);
	/* Within reach of sequence 3 and those above, and of no other. */
	add(w, "J", KIND_J, 0, 1003, WORLD_NONE);
	struct world_item *f = add(w, "F", KIND_F, 0, WORLD_H + 1, WORLD_H - 1);
	f->created = 9;
	f->expires = 10;
	/* The attacker names the genuine past, which he knows. */
	for (int n = 0; n < WORLD_Z; n++)
		add(w, "Z", KIND_Z, n, (uint64_t)n + 2, n < WORLD_H ? n : WORLD_NONE);
	add_elsewhere(w);
	for (int n = 0; n < w->count; n++)
		finish(w, &w->items[n]);
}

int world_first(const struct world *w, enum world_kind kind)
{
	for (int n = 0; n < w->count; n++)
		if (w->items[n].kind == kind)
			return n;
	return WORLD_NONE;
}

/* ---- keys ---- */

static const struct person {
	const char *holder;
	enum key_role role;
	int who;
} people[WORLD_KEYS + 1] = {
	{ "bert", KEY_ROLE_BUILDER, 0 },  { "bob", KEY_ROLE_BUILDER, 1 },
	{ "anna", KEY_ROLE_APPROVER, 2 }, { "ada", KEY_ROLE_APPROVER, 3 },
	{ "Bert", KEY_ROLE_APPROVER, 0 }, /* who is bert */
	{ "ruth", KEY_ROLE_ROOT, 4 },
};

struct ring {
	struct key *keys[WORLD_KEYS + 1];
	struct key_cert *certs[WORLD_KEYS + 1];
	struct buf sigs[WORLD_KEYS];
	char names[WORLD_KEYS][KEY_SHORT_SIZE + 4];
};

static void ring_clear(struct ring *r)
{
	for (int n = 0; n <= WORLD_KEYS; n++) {
		key_free(r->keys[n]);
		key_cert_free(r->certs[n]);
		if (n < WORLD_KEYS)
			buf_clear(&r->sigs[n]);
	}
}
DEFINE_CLEANUP_IN_PLACE(struct ring, ring_clear);

static const unsigned char message[] = "gapferry-manifest 2\n";

static int make_key(struct ring *r, int n, struct error *err)
{
	CLEANUP(buf_clear) struct buf key = BUF_INIT(1u << 16);
	CLEANUP(buf_clear) struct buf cert = BUF_INIT(1u << 16);
	struct key_request request = { .role = people[n].role, .holder = people[n].holder };

	if (key_generate(&request, &key, &cert, err) < 0)
		return -1;
	r->keys[n] = key_load(key.bytes, key.len, NULL, err);
	r->certs[n] = r->keys[n] ? key_cert_load(cert.bytes, cert.len, err) : NULL;
	if (!r->certs[n] || n == WORLD_KEYS)
		return r->certs[n] ? 0 : -1;
	r->sigs[n] = (struct buf)BUF_INIT(LIMIT_SIGNATURE_BYTES);
	snprintf(r->names[n], sizeof r->names[n], "%s.p7s", key_cert_facts(r->certs[n])->short_id);
	return cms_sign(r->keys[n], r->certs[n], message, sizeof message - 1, &r->sigs[n], err);
}

static struct trust *make_trust(const struct ring *r, int approvers, struct error *err)
{
	char dir[] = "/tmp/gapferry-model-XXXXXX";
	struct trust_root_key root = { r->keys[WORLD_KEYS], r->certs[WORLD_KEYS] };
	struct trust_request request = { .certs = (const struct key_cert *const *)r->certs,
					 .cert_count = WORLD_KEYS + 1,
					 .signers = &root,
					 .signer_count = 1 };
	struct trust *t = NULL;

	request.threshold[KEY_ROLE_APPROVER] = (unsigned)approvers;
	if (!mkdtemp(dir)) {
		error_set_errno(err, ERROR_FILE_WRITE, "%s", dir);
		return NULL;
	}
	CLEANUP(file_close) int fd = file_open_dir(dir, err);
	if (fd >= 0 && trust_create(fd, &request, err) == 0)
		t = trust_load(fd, dir, err);
	struct error ignored = ERROR_INIT;
	if (file_remove_tree(AT_FDCWD, dir, &ignored) < 0)
		fprintf(stderr, "model: %s\n", ignored.message);
	return t;
}

/* Is there a seat for so many builders and approvers, nobody sitting on two? */
static bool is_enough(unsigned set, int approvers)
{
	for (int b = 0; b < WORLD_KEYS; b++) {
		unsigned seated = 0;

		if (!(set & 1u << b) || people[b].role != KEY_ROLE_BUILDER)
			continue;
		for (int a = 0; a < WORLD_KEYS; a++)
			if ((set & 1u << a) && people[a].role == KEY_ROLE_APPROVER &&
			    people[a].who != people[b].who)
				seated |= 1u << people[a].who;
		if (__builtin_popcount(seated) >= approvers)
			return true;
	}
	return false;
}

static bool ask(const struct ring *r, const struct trust *t, unsigned set)
{
	struct trust_signature sigs[WORLD_KEYS];
	struct trust_verdict verdict;
	struct error ignored = ERROR_INIT;
	size_t count = 0;

	for (int n = 0; n < WORLD_KEYS; n++)
		if (set & 1u << n)
			sigs[count++] = (struct trust_signature){ r->names[n], r->sigs[n].bytes,
								  r->sigs[n].len };
	return trust_check_signatures(t, message, sizeof message - 1, sigs, count, TRUST_TIME_LATER,
				      &verdict, &ignored) == 0;
}

static int judge_all(struct world *w, const struct ring *r, int approvers, int *wrong,
		     struct error *err)
{
	CLEANUP(trust_free) struct trust *t = make_trust(r, approvers, err);

	if (!t)
		return -1;
	for (unsigned set = 0; set < 1u << WORLD_KEYS; set++) {
		bool said = ask(r, t, set), so = is_enough(set, approvers);
		unsigned seated = 0;

		if (said != so) {
			fprintf(stderr, "model: signers 0x%02x, %d approvers wanted: %s\n", set,
				approvers, said ? "trusted" : "refused");
			++*wrong;
		}
		if (approvers > 1)
			continue;
		for (int a = 0; a < WORLD_KEYS; a++)
			if ((set & 1u << a) && people[a].role == KEY_ROLE_APPROVER)
				seated |= 1u << people[a].who;
		w->trusted[set] = said;
		w->enough[set] = so;
		w->two_approvers[set] = __builtin_popcount(seated) >= 2;
	}
	return 0;
}

int world_make(struct world *w, int *wrong, struct error *err)
{
	CLEANUP(ring_clear) struct ring r = { .keys = { NULL } };

	add_all(w);
	for (int n = 0; n <= WORLD_KEYS; n++)
		if (make_key(&r, n, err) < 0)
			return -1;
	return judge_all(w, &r, 1, wrong, err) < 0 ? -1 : judge_all(w, &r, 2, wrong, err);
}

#include "lib/crypto/trust.h"
#include "lib/crypto/trust_internal.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/crypto/cms.h"
#include "tests/unit/lib/crypto/made.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C64 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define DATES "created 2026-01-01T00:00:00Z\nexpires 2036-01-01T00:00:00Z\n"
#define THRESHOLDS "threshold root 1\nthreshold builder 1\nthreshold approver 1\n"
#define TOP "gapferry-trust 1\nversion 1\n" DATES THRESHOLDS
#define KEYS                                                                      \
	"key " A64 " root rob " A64 "\nkey " B64 " builder bea " B64 "\nkey " C64 \
	" approver al " C64 "\n"

static void texts_are_canonical_or_refused(void **state)
{
	static const struct {
		const char *text, *message; /* NULL: accepted */
	} rows[] = {
		{ TOP KEYS "end 11\n", NULL },
		{ "gapferry-trust 1\nversion 1024\n" DATES THRESHOLDS KEYS "end 11\n", NULL },
		{ "", "line 1" },
		{ "gapferry-trust 3\n", "line 1" },
		{ "gapferry-trust 1", "line 1: missing or without a line feed" },
		{ "gapferry-trust 1\r\n", "line 1: a byte outside" },
		{ "gapferry-trust 1\nversion 0\n", "line 2: a number" },
		{ "gapferry-trust 1\nversion 01\n", "line 2: a number" },
		{ "gapferry-trust 1\nversion 1025\n", "line 2: a number" },
		{ "gapferry-trust 1\nversion  1\n", "line 2: a number" },
		{ "gapferry-trust 1\nversion \n", "line 2: \"version\" expected" },
		{ "gapferry-trust 1\nVersion 1\n", "line 2: \"version\" expected" },
		{ "gapferry-trust 1\n\nversion 1\n", "line 2: \"version\" expected" },
		{ "gapferry-trust 1\nversion 1\ncreated 2026-01-01\n", "line 3" },
		{ "gapferry-trust 1\nversion 1\ncreated 2026-02-30T00:00:00Z\n", "line 3" },
		{ "gapferry-trust 1\nversion 1\ncreated 2026-01-01T00:00:00Z\n"
		  "expires 2026-01-01T00:00:00Z\n",
		  "line 4: expires is not after" },
		{ "gapferry-trust 1\nversion 1\n" DATES "threshold builder 1\n", "line 5" },
		{ "gapferry-trust 1\nversion 1\n" DATES "threshold root 0\n", "line 5" },
		{ "gapferry-trust 1\nversion 1\n" DATES "threshold root 129\n", "line 5" },
		{ TOP "end 8\n", "at least one key" },
		{ TOP KEYS "end 10\n", "line 11: wrong number" },
		{ TOP KEYS "end 011\n", "line 11" },
		{ TOP KEYS "end 11", "line 11: missing or without" },
		{ TOP KEYS "end 11\n\n", "line 11: bytes after" },
		{ TOP KEYS "end 11 \n", "line 11" },
		{ TOP KEYS, "line 11" },
		{ TOP KEYS "revoked x\n", "line 11" },
		{ TOP "key " B64 " builder bea " B64 "\nkey " A64 " root rob " A64 "\n",
		  "line 9: keys are not sorted" },
		{ TOP "key " A64 " root rob " A64 "\nkey " A64 " root rob " A64 "\n",
		  "line 9: keys are not sorted" },
		{ TOP "key " A64 " builder rob " A64 "\nkey " A64 " root rob " A64 "\n",
		  "line 9: keys are not sorted" },
		{ TOP
		  "key aaaaaaaaaaaaaaaa000000000000000000000000000000000000000000000000 root x " A64
		  "\nkey " A64 " root rob " A64 "\n",
		  "line 9: the same key twice" },
		{ TOP "key A" A64 " root rob " A64 "\n", "line 8: key id" },
		{ TOP "key " A64 "a root rob " A64 "\n", "line 8: key id" },
		{ TOP "key " A64 " king rob " A64 "\n", "line 8: role" },
		{ TOP "key " A64 "  root rob " A64 "\n", "line 8: role" },
		{ TOP "key " A64 " root -rob " A64 "\n", "line 8: holder" },
		{ TOP "key " A64 " root rob\n", "line 8: certificate digest" },
		{ TOP "key " A64 " root rob " A64 " \n", "line 8: certificate digest" },
		{ TOP "key " A64 " root rob A" A64 "\n", "line 8: certificate digest" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_TRUST_BYTES);
		struct error err = ERROR_INIT;
		size_t len = strlen(rows[i].text);
		CLEANUP(trust_free)
		struct trust *t = trust_parse((const unsigned char *)rows[i].text, len, &err);

		if (rows[i].message) {
			assert_null(t);
			assert_error(err, ERROR_TRUST_FORMAT, rows[i].message);
			continue;
		}
		assert_no_error(err);
		assert_int_equal(trust_write(t, &out, &err), 0);
		assert_int_equal(out.len, len);
		assert_memory_equal(out.bytes, rows[i].text, len);
	}
}

static void thresholds_must_be_within_reach(void **state)
{
#define HEAD "gapferry-trust 1\nversion 1\n" DATES
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ HEAD "threshold root 2\nthreshold builder 1\nthreshold approver 1\n" KEYS
		       "end 11\n",
		  "2 root signatures" },
		{ HEAD "threshold root 1\nthreshold builder 2\nthreshold approver 1\n" KEYS
		       "end 11\n",
		  "2 builder signatures" },
		{ TOP "key " A64 " root rob " A64 "\nkey " B64 " builder bea " B64 "\nend 10\n",
		  "1 approver signatures" },
		{ TOP "key " A64 " root rob " A64 "\nkey " B64 " builder bea " B64 "\nkey " C64
		      " approver Bea " C64 "\nend 11\n",
		  "different people" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;

		assert_null(trust_parse((const unsigned char *)rows[i].text, strlen(rows[i].text),
					&err));
		assert_error(err, ERROR_TRUST_THRESHOLD, rows[i].message);
	}
}

#define TOP2                                  \
	"gapferry-trust 2\nversion 2\n" DATES \
	"threshold root 1\nthreshold builder 1\nthreshold approver 1\n" KEYS
#define D64 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
#define E64 "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
#define TIME " 2026-05-01T00:00:00Z "

static void revocations_are_canonical_or_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ TOP2 "end 11\n", NULL },
		{ TOP2 "revoked-key " D64 " - stolen\nrevoked-key " E64 TIME "lost\n"
		       "revoked-bundle m 1 7 " A64 " oops\nrevoked-bundle m 1 10 " A64 " oops\n"
		       "end 15\n",
		  NULL },
		{ TOP2 "revoked-key " E64 " - a\nrevoked-key " D64 " - a\nend 13\n",
		  "line 12: revoked keys are not sorted" },
		{ TOP2 "revoked-key " D64 " - a\nrevoked-key " D64 TIME "a\nend 13\n",
		  "line 12: revoked keys are not sorted" },
		{ TOP2 "revoked-key " A64 " - a\nend 12\n", "line 11: a key is listed" },
		{ TOP2 "revoked-key " D64 " + a\nend 12\n", "line 11: a time or -" },
		{ TOP2 "revoked-key " D64 " -  a\nend 12\n", "line 11: a word" },
		{ TOP2 "revoked-key " D64 " - a b\nend 12\n", "line 11: a word" },
		{ TOP2 "revoked-key " D64 " -\nend 12\n", "line 11: a word" },
		{ TOP2 "revoked-key D - a\nend 12\n", "line 11: key id" },
		{ TOP2 "revoked-bundle m 1 7 " A64 " a\nrevoked-key " D64 " - a\nend 13\n",
		  "line 12: \"key\" or \"end\"" },
		{ TOP2 "revoked-bundle m 1 7 " A64 " a\nrevoked-bundle m 1 7 " A64 " b\nend 13\n",
		  "line 12: revoked bundles are not sorted" },
		{ TOP2 "revoked-bundle m 1 10 " A64 " a\nrevoked-bundle m 1 7 " A64 " b\nend 13\n",
		  "line 12: revoked bundles are not sorted" },
		{ TOP2 "revoked-bundle m 0 7 " A64 " a\nend 12\n", "line 11: epoch" },
		{ TOP2 "revoked-bundle m 1 0 " A64 " a\nend 12\n", "line 11: epoch" },
		{ TOP2 "revoked-bundle m 1 07 " A64 " a\nend 12\n", "line 11: epoch" },
		{ TOP2 "revoked-bundle .m 1 7 " A64 " a\nend 12\n", "line 11: channel" },
		{ TOP2 "revoked-bundle m 1 7 A a\nend 12\n", "line 11: MANIFEST" },
		{ TOP "key " A64 " root rob " A64 "\nrevoked-key " D64 " - a\nend 10\n",
		  "line 9: \"key\" or \"end\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_TRUST_BYTES);
		struct error err = ERROR_INIT;
		size_t len = strlen(rows[i].text);
		CLEANUP(trust_free)
		struct trust *t = trust_parse((const unsigned char *)rows[i].text, len, &err);

		if (rows[i].message) {
			assert_null(t);
			assert_error(err, ERROR_TRUST_FORMAT, rows[i].message);
			continue;
		}
		assert_no_error(err);
		assert_int_equal(trust_write(t, &out, &err), 0);
		assert_int_equal(out.len, len);
		assert_memory_equal(out.bytes, rows[i].text, len);
	}
}

static void revocations_have_a_time(void **state)
{
	static const char text2[] = TOP2 "revoked-key " C64 TIME "lost\nrevoked-key " D64
					 " - stolen\nrevoked-bundle m 1 7 " A64 " oops\nend 14\n";
	unsigned char a[32], c[32], d[32];
	struct error err = ERROR_INIT;

	(void)state;
	memset(a, 0xaa, sizeof a);
	memset(c, 0xcc, sizeof c);
	memset(d, 0xdd, sizeof d);
	CLEANUP(trust_free)
	struct trust *t = trust_parse((const unsigned char *)text2, strlen(text2), &err);
	/* Without the only approver no bundle can be signed. */
	assert_null(t);
	assert_error(err, ERROR_TRUST_THRESHOLD, "1 approver");
	error_clear(&err);
	static const char text3[] = TOP2 "revoked-key " D64 " - stolen\nrevoked-key " E64 TIME
					 "lost\nrevoked-bundle m 1 7 " A64 " oops\nend 14\n";
	CLEANUP(trust_free)
	struct trust *u = trust_parse((const unsigned char *)text3, strlen(text3), &err);
	unsigned char e[32];

	memset(e, 0xee, sizeof e);
	assert_no_error(err);
	assert_true(trust_counts(u, a, 2000000000));
	assert_false(trust_counts(u, d, 0));
	assert_true(trust_counts(u, e, u->revoked_keys[1].since - 1));
	assert_false(trust_counts(u, e, u->revoked_keys[1].since));
	assert_int_equal(trust_check_bundle(u, c, &err), 0);
	assert_int_equal(trust_check_bundle(u, a, &err), -1);
	assert_error(err, ERROR_TRUST_REVOKED_BUNDLE, "m epoch 1 sequence 7: oops");
}

/* What one version revokes the next one may strengthen, and not weaken or forget. */
static void revocations_stay(void **state)
{
	static const char *const texts[] = {
		TOP2 "revoked-key " D64 " - a\nrevoked-key " E64 TIME "a\nrevoked-bundle m 1 7 " A64
		     " a\nend 14\n",
		TOP2 "revoked-key " D64 " - b\nrevoked-key " E64 " - a\nrevoked-bundle m 1 7 " A64
		     " b\nend 14\n",
		TOP2 "revoked-key " D64 TIME "a\nrevoked-key " E64 TIME
		     "a\nrevoked-bundle m 1 7 " A64 " a\nend 14\n",
		TOP2 "revoked-key " D64 " - a\nrevoked-key " E64
		     " 2026-05-01T00:00:01Z a\nrevoked-bundle m 1 7 " A64 " a\nend 14\n",
		TOP2 "revoked-key " D64 " - a\nrevoked-bundle m 1 7 " A64 " a\nend 13\n",
		TOP2 "revoked-key " D64 " - a\nrevoked-key " E64 TIME "a\nrevoked-bundle m 1 7 " B64
		     " a\nend 14\n",
		TOP KEYS "end 11\n",
	};
	struct trust *t[COUNT(texts)];
	struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		t[i] = trust_parse((const unsigned char *)texts[i], strlen(texts[i]), &err);
		assert_no_error(err);
	}
	assert_int_equal(trust_check_growth(t[0], t[0], &err), 0);
	assert_int_equal(trust_check_growth(t[1], t[0], &err), 0);
	assert_int_equal(trust_check_growth(t[0], t[6], &err), 0);
	for (size_t i = 2; i < COUNT(texts); i++) {
		assert_int_equal(trust_check_growth(t[i], t[0], &err), -1);
		assert_error(err, ERROR_TRUST_UNREVOKED, "");
		error_clear(&err);
	}
	for (size_t i = 0; i < COUNT(texts); i++)
		trust_free(t[i]);
}

static void long_texts_are_refused(void **state)
{
	static unsigned char big[LIMIT_TRUST_BYTES + 1];
	struct error err = ERROR_INIT;

	(void)state;
	memset(big, 'g', sizeof big);
	assert_null(trust_parse(big, sizeof big - 1, &err));
	assert_error(err, ERROR_TRUST_FORMAT, "line 1");
	error_clear(&err);
	assert_null(trust_parse(big, sizeof big, &err));
	assert_error(err, ERROR_TRUST_FORMAT, "at most");
	error_clear(&err);
	big[LIMIT_TEXT_LINE + 1] = '\n';
	assert_null(trust_parse(big, sizeof big - 1, &err));
	assert_error(err, ERROR_TRUST_FORMAT, "line 1: too long");
}

/* n keys: one root, one builder, then approvers. */
static void text_of_keys(struct buf *out, unsigned n)
{
	static const char *const roles[] = { "root", "builder", "approver" };
	struct error err = ERROR_INIT;

	assert_int_equal(buf_printf(out, &err, "%s", TOP), 0);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(buf_printf(out, &err, "key %016x%048x %s p%u %064x\n", i, 0,
					    roles[i < 2 ? i : 2], i, i),
				 0);
	assert_int_equal(buf_printf(out, &err, "end %u\n", n + 8), 0);
}

static void keys_are_limited(void **state)
{
	(void)state;
	for (unsigned n = LIMIT_TRUST_KEYS; n <= LIMIT_TRUST_KEYS + 1; n++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_TRUST_BYTES);
		struct error err = ERROR_INIT;

		text_of_keys(&out, n);
		CLEANUP(trust_free) struct trust *t = trust_parse(out.bytes, out.len, &err);

		if (n > LIMIT_TRUST_KEYS)
			assert_error(err, ERROR_TRUST_FORMAT, "too many keys");
		else
			assert_no_error(err);
		assert_int_equal(t != NULL, n <= LIMIT_TRUST_KEYS);
	}
}

/* Revocations up to their limits, and one more of either kind. */
static void revocations_are_limited(void **state)
{
	static const struct {
		unsigned keys, bundles;
		const char *message;
	} rows[] = {
		{ LIMIT_TRUST_REVOKED_KEYS, LIMIT_TRUST_REVOKED_BUNDLES, NULL },
		{ LIMIT_TRUST_REVOKED_KEYS + 1, 0, "too many" },
		{ 0, LIMIT_TRUST_REVOKED_BUNDLES + 1, "too many" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_TRUST_BYTES);
		struct error err = ERROR_INIT;

		assert_int_equal(buf_printf(&out, &err, "%s", TOP2), 0);
		for (unsigned k = 1; k <= rows[i].keys; k++)
			assert_int_equal(
				buf_printf(&out, &err, "revoked-key e%07x%056x - a\n", k, 0), 0);
		for (unsigned b = 1; b <= rows[i].bundles; b++)
			assert_int_equal(
				buf_printf(&out, &err, "revoked-bundle m 1 %u %064x a\n", b, b), 0);
		assert_int_equal(
			buf_printf(&out, &err, "end %u\n", 11 + rows[i].keys + rows[i].bundles), 0);
		CLEANUP(trust_free) struct trust *t = trust_parse(out.bytes, out.len, &err);

		if (rows[i].message)
			assert_error(err, ERROR_TRUST_FORMAT, rows[i].message);
		else
			assert_no_error(err);
		assert_int_equal(t == NULL, rows[i].message != NULL);
	}
}

static void versions_are_limited(void **state)
{
	(void)state;
	for (unsigned n = LIMIT_TRUST_VERSIONS; n <= LIMIT_TRUST_VERSIONS + 1; n++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_TRUST_BYTES);
		struct error err = ERROR_INIT;
		const char *rest;

		text_of_keys(&out, 3);
		rest = strstr((char *)out.bytes, "created");
		CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_TRUST_BYTES);
		assert_int_equal(buf_printf(&text, &err, "gapferry-trust 1\nversion %u\n", n), 0);
		assert_int_equal(
			buf_append(&text, rest, out.len - (size_t)(rest - (char *)out.bytes), &err),
			0);
		CLEANUP(trust_free) struct trust *t = trust_parse(text.bytes, text.len, &err);

		if (n > LIMIT_TRUST_VERSIONS)
			assert_error(err, ERROR_TRUST_FORMAT, "line 2: a number from 1");
		else
			assert_no_error(err);
		assert_int_equal(t != NULL, n <= LIMIT_TRUST_VERSIONS);
	}
}

/* ---- on disk ---- */

struct site {
	char path[64];
	int dir;
	struct person root, root2, builder, approver, same, stranger, importer;
	struct trust *trust;
};

enum { MAX_CERTS = 8 };

static const struct person *const nobody[] = { NULL };

/* A request from persons; the lists end with NULL. */
static int make_version(int dir, int (*make)(int, const struct trust_request *, struct error *),
			const struct person *const *keys, const struct person *const *signers,
			unsigned roots, struct error *err)
{
	const struct key_cert *certs[MAX_CERTS];
	struct trust_root_key root_keys[MAX_CERTS];
	struct trust_request r = { .certs = certs, .signers = root_keys };

	r.threshold[KEY_ROLE_ROOT] = roots;
	for (; keys[r.cert_count]; r.cert_count++)
		certs[r.cert_count] = keys[r.cert_count]->cert;
	for (; signers[r.signer_count]; r.signer_count++)
		root_keys[r.signer_count] =
			(struct trust_root_key){ signers[r.signer_count]->key,
						 signers[r.signer_count]->cert };
	return make(dir, &r, err);
}

static void fresh(struct site *s)
{
	struct error err = ERROR_INIT;

	if (s->dir >= 0)
		close(s->dir);
	strcpy(s->path, "/tmp/gapferry-trust.XXXXXX");
	assert_non_null(mkdtemp(s->path));
	s->dir = file_open_dir(s->path, &err);
	assert_true(s->dir >= 0);
}

static void wipe(struct site *s)
{
	struct error err = ERROR_INIT;
	int tmp = file_open_dir("/tmp", &err);

	close(s->dir);
	s->dir = -1;
	assert_int_equal(file_remove_tree(tmp, s->path + 5, &err), 0);
	close(tmp);
}

static void create(struct site *s)
{
	const struct person *keys[] = { &s->root, &s->builder,  &s->approver,
					&s->same, &s->importer, NULL };
	const struct person *signers[] = { &s->root, NULL };
	struct error err = ERROR_INIT;

	fresh(s);
	if (make_version(s->dir, trust_create, keys, signers, 1, &err) < 0)
		fail_msg("%s", err.message);
}

static int set_up(void **state)
{
	static struct site s = { .dir = -1 };
	struct error err = ERROR_INIT;

	s.root = make_person(KEY_ROLE_ROOT, "rob");
	s.root2 = make_person(KEY_ROLE_ROOT, "ria");
	s.builder = make_person(KEY_ROLE_BUILDER, "bea");
	s.approver = make_person(KEY_ROLE_APPROVER, "al");
	s.same = make_person(KEY_ROLE_APPROVER, "Bea");
	s.stranger = make_person(KEY_ROLE_APPROVER, "stan");
	s.importer = make_person(KEY_ROLE_IMPORTER, "isle");
	create(&s);
	s.trust = trust_load(s.dir, "t", &err);
	wipe(&s);
	*state = &s;
	return s.trust ? 0 : -1;
}

static int tear_down(void **state)
{
	struct site *s = *state;
	struct person *all[] = { &s->root, &s->root2,    &s->builder, &s->approver,
				 &s->same, &s->stranger, &s->importer };

	for (size_t i = 0; i < COUNT(all); i++)
		free_person(all[i]);
	trust_free(s->trust);
	return 0;
}

static void a_created_trust_root_loads(void **state)
{
	struct site *s = *state;
	struct error err = ERROR_INIT;

	create(s);
	CLEANUP(trust_free) struct trust *t = trust_load(s->dir, "here", &err);

	assert_no_error(err);
	assert_int_equal(t->version, 1);
	assert_int_equal(t->key_count, 5);
	const struct trust_key *k = trust_find(t, key_cert_facts(s->approver.cert)->short_id);

	assert_non_null(k);
	assert_string_equal(k->holder, "al");
	assert_int_equal(k->role, KEY_ROLE_APPROVER);
	assert_non_null(k->cert);
	assert_null(trust_find(t, "0123456789abcdef"));
	/* Once only. */
	const struct person *keys[] = { &s->root, &s->builder, &s->approver, NULL };
	const struct person *signers[] = { &s->root, NULL };

	assert_int_equal(make_version(s->dir, trust_create, keys, signers, 1, &err), -1);
	assert_error(err, ERROR_TRUST_EXISTS, "0001.root");
	wipe(s);
}

static void impossible_trust_roots_are_not_created(void **state)
{
	struct site *s = *state;
	const struct {
		const struct person *keys[5], *signers[3];
		unsigned roots;
		enum error_id id;
		const char *message;
	} rows[] = {
		{ { &s->root, &s->approver }, { &s->root }, 1, ERROR_TRUST_THRESHOLD, "builder" },
		{ { &s->root, &s->builder }, { &s->root }, 1, ERROR_TRUST_THRESHOLD, "approver" },
		{ { &s->root, &s->builder, &s->same },
		  { &s->root },
		  1,
		  ERROR_TRUST_THRESHOLD,
		  "different people" },
		{ { &s->builder, &s->approver }, { &s->root }, 1, ERROR_TRUST_THRESHOLD, "root" },
		{ { &s->root, &s->builder, &s->approver },
		  { NULL },
		  1,
		  ERROR_TRUST_QUORUM,
		  "1 required" },
		{ { &s->root, &s->root2, &s->builder, &s->approver },
		  { &s->root },
		  2,
		  ERROR_TRUST_QUORUM,
		  "2 required" },
		{ { &s->root, &s->root2, &s->builder, &s->approver },
		  { &s->root, &s->root },
		  2,
		  ERROR_TRUST_SIGNATURE_NAME,
		  "twice" },
		{ { &s->root, &s->builder, &s->approver },
		  { &s->root2 },
		  1,
		  ERROR_TRUST_UNKNOWN_KEY,
		  "not a root key" },
		{ { &s->root, &s->builder, &s->approver },
		  { &s->builder },
		  1,
		  ERROR_TRUST_UNKNOWN_KEY,
		  "not a root key" },
		{ { &s->root, &s->builder, &s->approver, &s->builder },
		  { &s->root },
		  1,
		  ERROR_TRUST_FORMAT,
		  "sorted" },
	};

	fresh(s);
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(file_list_clear) struct file_list list = { 0 };
		struct error err = ERROR_INIT, list_err = ERROR_INIT;

		assert_int_equal(make_version(s->dir, trust_create, rows[i].keys, rows[i].signers,
					      rows[i].roots, &err),
				 -1);
		assert_error(err, rows[i].id, rows[i].message);
		assert_int_equal(file_list_load(s->dir, 10, &list, &list_err), 0);
		assert_int_equal(list.count, 0); /* nothing was written */
	}
	wipe(s);
}

static void a_chain_needs_both_quorums(void **state)
{
	struct site *s = *state;
	const struct person *keys[] = { &s->root2, &s->builder, &s->stranger, NULL };
	const struct person *const both[] = { &s->root, &s->root2, NULL };
	const struct {
		const struct person *const *signers;
		bool enough;
		unsigned have, have_before;
	} rows[] = {
		{ nobody, false, 0, 0 },
		{ both + 1, false, 1, 0 },
		{ (const struct person *const[]){ &s->root, NULL }, false, 0, 1 },
		{ both, true, 0, 0 },
	};

	create(s);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		int result = make_version(s->dir, trust_append, keys, rows[i].signers, 1, &err);

		assert_no_error(err);
		assert_int_equal(result, rows[i].enough ? 0 : 1);
		CLEANUP(trust_free) struct trust *now = trust_load(s->dir, "chain", &err);
		CLEANUP(trust_free) struct trust *proposed = NULL;
		struct trust_quorum q = { 0 };

		assert_no_error(err);
		assert_int_equal(now->version, rows[i].enough ? 2 : 1);
		assert_int_equal(trust_load_proposed(s->dir, now, &proposed, &q, &err),
				 !rows[i].enough);
		assert_int_equal(q.have, rows[i].have);
		assert_int_equal(q.have_before, rows[i].have_before);
	}
	struct error err = ERROR_INIT;
	CLEANUP(trust_free) struct trust *t = trust_load(s->dir, "chain", &err);

	assert_no_error(err);
	assert_int_equal(t->version, 2);
	assert_null(trust_find(t, key_cert_facts(s->approver.cert)->short_id));
	/* An update of what it grew from, an old one of itself, and a stranger to another site. */
	CLEANUP(trust_free) struct trust *one = NULL;
	char name[] = "0002.root";

	assert_int_equal(unlinkat(s->dir, name, 0), 0);
	one = trust_load(s->dir, "chain", &err);
	assert_no_error(err);
	assert_int_equal(trust_extends(one, t, &err), 1);
	assert_int_equal(trust_extends(t, one, &err), 0);
	assert_int_equal(trust_extends(t, t, &err), 0);
	assert_int_equal(t->history[0][0], one->history[0][0]);
	wipe(s);
	assert_int_equal(setenv("SOURCE_DATE_EPOCH", "2000000000", 1), 0);
	create(s);
	assert_int_equal(unsetenv("SOURCE_DATE_EPOCH"), 0);
	CLEANUP(trust_free) struct trust *other = trust_load(s->dir, "other", &err);

	assert_no_error(err);
	assert_int_equal(trust_extends(one, other, &err), -1);
	assert_error(err, ERROR_TRUST_FORK, "version 1");
	wipe(s);
}

static void copy_file(int dir, const char *from, const char *to)
{
	unsigned char *bytes = NULL;
	struct error err = ERROR_INIT;
	size_t len;

	assert_int_equal(file_load(dir, from, 1 << 20, &bytes, &len, &err), 1);
	assert_int_equal(file_save(dir, to, bytes, len, 0644, &err), 0);
	free(bytes);
}

static void flip_byte(int dir, const char *name, size_t at)
{
	unsigned char *bytes = NULL;
	struct error err = ERROR_INIT;
	size_t len;

	assert_int_equal(file_load(dir, name, 1 << 20, &bytes, &len, &err), 1);
	bytes[at < len ? at : len - 1] ^= 1;
	assert_int_equal(file_save(dir, name, bytes, len, 0644, &err), 0);
	free(bytes);
}

static void damaged_directories_are_refused(void **state)
{
	struct site *s = *state;
	char cert[40], other[40], sig[40], copy[40], unknown[] = "0001.0123456789abcdef.p7s";

	snprintf(cert, sizeof cert, "%s.pem", key_cert_facts(s->builder.cert)->short_id);
	snprintf(other, sizeof other, "%s.pem", key_cert_facts(s->approver.cert)->short_id);
	snprintf(sig, sizeof sig, "0001.%s.p7s", key_cert_facts(s->root.cert)->short_id);
	snprintf(copy, sizeof copy, "0001.%s.p7s", key_cert_facts(s->builder.cert)->short_id);
	const struct {
		const char *remove, *from, *to, *flip;
		enum error_id id;
		const char *message;
	} rows[] = {
		{ "0001.root", NULL, NULL, NULL, ERROR_TRUST_MISSING, "no 0001.root" },
		{ sig, NULL, NULL, NULL, ERROR_TRUST_QUORUM, "signed by 0" },
		{ cert, NULL, NULL, NULL, ERROR_TRUST_CERTIFICATE, "missing" },
		{ NULL, other, cert, NULL, ERROR_TRUST_CERTIFICATE, "not the certificate" },
		{ NULL, "0001.root", "0003.root", NULL, ERROR_TRUST_SEQUENCE, "0002.root is due" },
		{ NULL, "0001.root", "0002.root", NULL, ERROR_TRUST_SEQUENCE,
		  "says it is version 1" },
		{ NULL, "0001.root", "1.root", NULL, ERROR_TRUST_SEQUENCE, "1.root" },
		{ NULL, sig, unknown, NULL, ERROR_TRUST_UNKNOWN_KEY, "0123456789abcdef" },
		{ NULL, sig, copy, NULL, ERROR_TRUST_UNKNOWN_KEY, "not a root key" },
		{ NULL, sig, "0001.x.p7s", NULL, ERROR_TRUST_SIGNATURE_NAME, "16 hex digits" },
		{ NULL, NULL, NULL, sig, ERROR_CMS_SIGNATURE, "rob" },
		{ NULL, NULL, NULL, cert, ERROR_CERT_FORMAT, ".pem" },
		{ NULL, sig, "README", NULL, ERROR_NONE, "" },
		{ NULL, sig, "0002.x.p7s", NULL, ERROR_NONE, "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;

		create(s);
		if (rows[i].remove)
			assert_int_equal(unlinkat(s->dir, rows[i].remove, 0), 0);
		if (rows[i].from)
			copy_file(s->dir, rows[i].from, rows[i].to);
		if (rows[i].flip)
			flip_byte(s->dir, rows[i].flip, rows[i].flip == cert ? 3 : 100000);
		CLEANUP(trust_free) struct trust *t = trust_load(s->dir, "damaged", &err);

		assert_error(err, rows[i].id, rows[i].message);
		assert_int_equal(t != NULL, rows[i].id == ERROR_NONE);
		wipe(s);
	}
}

/* A signature of an attempt that never wrote its text does not spoil the next one. */
static void leftovers_of_an_attempt_are_removed(void **state)
{
	struct site *s = *state;
	const struct person *keys[] = { &s->root, &s->builder, &s->stranger, NULL };
	const struct person *signers[] = { &s->root, NULL };
	struct error err = ERROR_INIT;
	char sig[40];

	create(s);
	snprintf(sig, sizeof sig, "0001.%s.p7s", key_cert_facts(s->root.cert)->short_id);
	copy_file(s->dir, sig, "0002.0123456789abcdef.p7s");
	assert_int_equal(make_version(s->dir, trust_append, keys, signers, 1, &err), 0);
	CLEANUP(trust_free) struct trust *t = trust_load(s->dir, "t", &err);

	assert_no_error(err);
	assert_int_equal(t->version, 2);
	wipe(s);
}

static void a_certificate_file_is_never_replaced(void **state)
{
	struct site *s = *state;
	const struct person *keys[] = { &s->root, &s->builder, &s->stranger, NULL };
	const struct person *signers[] = { &s->root, NULL };
	struct error err = ERROR_INIT;
	char own[40], other[40];

	create(s);
	snprintf(own, sizeof own, "%s.pem", key_cert_facts(s->stranger.cert)->short_id);
	snprintf(other, sizeof other, "%s.pem", key_cert_facts(s->builder.cert)->short_id);
	copy_file(s->dir, other, own);
	assert_int_equal(make_version(s->dir, trust_append, keys, signers, 1, &err), -1);
	assert_error(err, ERROR_TRUST_CERTIFICATE, "already there");
	error_clear(&err);
	CLEANUP(trust_free) struct trust *t = trust_load(s->dir, "t", &err);

	assert_no_error(err);
	assert_int_equal(t->version, 1); /* as before */
	wipe(s);
}

/* A key line that gives its certificate another role, signed by the true root key. */
static void a_key_line_cannot_change_a_role(void **state)
{
	struct site *s = *state;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_TRUST_BYTES);
	CLEANUP(buf_clear) struct buf sig = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	struct error err = ERROR_INIT;
	char name[40];

	create(s);
	CLEANUP(trust_free) struct trust *t = trust_load(s->dir, "t", &err);
	struct trust_key *k = (struct trust_key *)(uintptr_t)trust_find(
		t, key_cert_facts(s->importer.cert)->short_id);

	k->role = KEY_ROLE_APPROVER;
	assert_int_equal(trust_write(t, &text, &err), 0);
	assert_int_equal(cms_sign(s->root.key, s->root.cert, text.bytes, text.len, &sig, &err), 0);
	snprintf(name, sizeof name, "0001.%s.p7s", key_cert_facts(s->root.cert)->short_id);
	assert_int_equal(file_save(s->dir, name, sig.bytes, sig.len, 0644, &err), 0);
	assert_int_equal(file_save(s->dir, "0001.root", text.bytes, text.len, 0644, &err), 0);
	assert_null(trust_load(s->dir, "t", &err));
	assert_error(err, ERROR_TRUST_CERTIFICATE, "it says importer isle");
	wipe(s);
}

/* ---- who signed ---- */

static const char text[] = "gapferry-manifest 1\nend 2\n";

struct signature {
	struct buf bytes;
	char name[32];
	struct trust_signature file;
};

static void sign(struct signature *out, const struct person *p, const char *what)
{
	struct error err = ERROR_INIT;

	out->bytes = (struct buf)BUF_INIT(LIMIT_SIGNATURE_BYTES);
	assert_int_equal(cms_sign(p->key, p->cert, (const unsigned char *)what, strlen(what),
				  &out->bytes, &err),
			 0);
	snprintf(out->name, sizeof out->name, "%s.p7s", key_cert_facts(p->cert)->short_id);
	out->file = (struct trust_signature){ out->name, out->bytes.bytes, out->bytes.len };
}

static int check(const struct site *s, const struct trust_signature *files, size_t count,
		 int64_t when, struct trust_verdict *v, struct error *err)
{
	return trust_check_signatures(s->trust, (const unsigned char *)text, strlen(text), files,
				      count, when, v, err);
}

static void the_policy_counts_people(void **state)
{
	struct site *s = *state;
	int64_t now = clock_now();
	const struct {
		const struct person *signers[4];
		enum error_id id;
		const char *message;
		size_t signed_by, unknown;
	} rows[] = {
		{ { &s->builder, &s->approver }, ERROR_NONE, "", 2, 0 },
		{ { &s->approver, &s->builder }, ERROR_NONE, "", 2, 0 },
		{ { &s->builder, &s->approver, &s->same }, ERROR_NONE, "", 3, 0 },
		{ { &s->builder, &s->approver, &s->stranger }, ERROR_NONE, "", 2, 1 },
		{ { &s->builder, &s->approver, &s->root }, ERROR_NONE, "", 3, 0 },
		{ { NULL }, ERROR_TRUST_NO_SIGNATURE, "no signature", 0, 0 },
		{ { &s->approver }, ERROR_TRUST_NO_BUILDER, "0 builders, 1 required", 1, 0 },
		{ { &s->builder }, ERROR_TRUST_NO_APPROVER, "0 approvers, 1 required", 1, 0 },
		{ { &s->builder, &s->root }, ERROR_TRUST_NO_APPROVER, "approvers", 2, 0 },
		{ { &s->builder, &s->importer }, ERROR_TRUST_NO_APPROVER, "approvers", 2, 0 },
		{ { &s->builder, &s->same }, ERROR_TRUST_SAME_HOLDER, "1 different people", 2, 0 },
		{ { &s->builder, &s->stranger },
		  ERROR_TRUST_UNKNOWN_KEY,
		  "not in the trust root",
		  1,
		  1 },
		{ { &s->stranger }, ERROR_TRUST_UNKNOWN_KEY, "not in the trust root", 0, 1 },
		{ { &s->builder, &s->approver, &s->approver },
		  ERROR_TRUST_SIGNATURE_NAME,
		  "twice",
		  0,
		  0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct signature made[4];
		struct trust_signature files[4];
		struct trust_verdict v;
		struct error err = ERROR_INIT;
		size_t n = 0;

		for (; rows[i].signers[n]; n++) {
			sign(&made[n], rows[i].signers[n], text);
			files[n] = made[n].file;
		}
		int result = check(s, files, n, now, &v, &err);

		assert_error(err, rows[i].id, rows[i].message);
		assert_int_equal(result, rows[i].id == ERROR_NONE ? 0 : -1);
		assert_int_equal(v.count, rows[i].signed_by);
		assert_int_equal(v.unknown_count, rows[i].unknown);
		if (i == 0)
			assert_string_equal(v.signers[1].holder, "al");
		while (n > 0)
			buf_clear(&made[--n].bytes);
	}
}

static void one_bad_signature_spoils_all(void **state)
{
	struct site *s = *state;
	struct signature b, a, other, extra;
	struct trust_verdict v;
	int64_t now = clock_now();

	sign(&b, &s->builder, text);
	sign(&a, &s->approver, text);
	sign(&extra, &s->same, text);
	sign(&other, &s->same, "gapferry-manifest 1\nother\n");
	struct trust_signature good[] = { b.file, a.file, extra.file };
	struct error err = ERROR_INIT;

	assert_int_equal(check(s, good, 3, now, &v, &err), 0);
	/* Of another manifest. */
	struct trust_signature wrong[] = { b.file, a.file, other.file };
	assert_int_equal(check(s, wrong, 3, now, &v, &err), -1);
	assert_error(err, ERROR_CMS_MESSAGE_DIGEST, extra.name);
	error_clear(&err);
	/* Somebody else's file under a second name. */
	struct trust_signature copied[] = { b.file, { a.name, b.file.bytes, b.file.len } };
	assert_int_equal(check(s, copied, 2, now, &v, &err), -1);
	assert_error(err, ERROR_CMS_CERTIFICATES, a.name);
	error_clear(&err);
	/* Broken. */
	struct trust_signature broken[] = { b.file, a.file, { extra.name, extra.file.bytes, 100 } };
	assert_int_equal(check(s, broken, 3, now, &v, &err), -1);
	assert_error(err, ERROR_CMS_FORMAT, extra.name);
	error_clear(&err);
	/* Odd names. */
	static const char *const names[] = { "x.p7s",
					     "0123456789ABCDEF.p7s",
					     "0123456789abcdef.p7x",
					     "0123456789abcdef0.p7s",
					     "../3456789abcdef.p7s",
					     "" };
	for (size_t i = 0; i < COUNT(names); i++) {
		struct trust_signature odd[] = { b.file,
						 a.file,
						 { names[i], b.file.bytes, b.file.len } };

		assert_int_equal(check(s, odd, 3, now, &v, &err), -1);
		assert_error(err, ERROR_TRUST_SIGNATURE_NAME, "16 hex digits");
		error_clear(&err);
	}
	struct trust_signature many[LIMIT_SIGNATURES + 1];

	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = b.file;
	assert_int_equal(check(s, many, COUNT(many), now, &v, &err), -1);
	assert_error(err, ERROR_TRUST_SIGNATURE_NAME, "at most");
	buf_clear(&b.bytes);
	buf_clear(&a.bytes);
	buf_clear(&extra.bytes);
	buf_clear(&other.bytes);
}

static void certificates_must_be_valid_at_the_time(void **state)
{
	struct site *s = *state;
	const struct key_facts *f = key_cert_facts(s->builder.cert);
	const struct key_facts *g = key_cert_facts(s->approver.cert);
	int64_t first = f->not_before > g->not_before ? f->not_before : g->not_before;
	int64_t last = f->not_after < g->not_after ? f->not_after : g->not_after;
	const struct {
		int64_t when;
		enum error_id id;
	} rows[] = {
		{ first, ERROR_NONE },
		{ last, ERROR_NONE },
		{ first - 1000, ERROR_TRUST_EXPIRED },
		{ last + 1000, ERROR_TRUST_EXPIRED },
		{ INT64_MAX, ERROR_TRUST_EXPIRED },
		{ TRUST_TIME_LATER + 1, ERROR_TRUST_EXPIRED },
	};
	struct signature b, a;
	struct trust_verdict v;

	sign(&b, &s->builder, text);
	sign(&a, &s->approver, text);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct trust_signature files[] = { b.file, a.file };
		struct error err = ERROR_INIT;

		(void)check(s, files, 2, rows[i].when, &v, &err);
		assert_error(err, rows[i].id, rows[i].id ? "is valid from" : "");
	}
	buf_clear(&b.bytes);
	buf_clear(&a.bytes);
}

static void a_receipt_needs_its_role(void **state)
{
	static const char receipt[] = "gapferry-receipt 1\n";
	struct site *s = *state;
	const struct {
		const struct person *by;
		enum error_id id;
	} rows[] = { { &s->importer, ERROR_NONE },
		     { &s->builder, ERROR_TRUST_UNKNOWN_KEY },
		     { &s->stranger, ERROR_TRUST_UNKNOWN_KEY } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct signature made;
		struct trust_signer who;
		struct error err = ERROR_INIT;

		sign(&made, rows[i].by, receipt);
		int result = trust_check_role(s->trust, KEY_ROLE_IMPORTER,
					      (const unsigned char *)receipt, strlen(receipt),
					      &made.file, clock_now(), &who, &err);

		assert_int_equal(result, rows[i].id == ERROR_NONE ? 0 : -1);
		assert_error(err, rows[i].id, rows[i].id ? "importer key" : "");
		if (result == 0)
			assert_string_equal(who.holder, "isle");
		buf_clear(&made.bytes);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_canonical_or_refused),
		cmocka_unit_test(thresholds_must_be_within_reach),
		cmocka_unit_test(keys_are_limited),
		cmocka_unit_test(revocations_are_limited),
		cmocka_unit_test(versions_are_limited),
		cmocka_unit_test(long_texts_are_refused),
		cmocka_unit_test(revocations_are_canonical_or_refused),
		cmocka_unit_test(revocations_have_a_time),
		cmocka_unit_test(revocations_stay),
		cmocka_unit_test(a_created_trust_root_loads),
		cmocka_unit_test(impossible_trust_roots_are_not_created),
		cmocka_unit_test(a_chain_needs_both_quorums),
		cmocka_unit_test(damaged_directories_are_refused),
		cmocka_unit_test(leftovers_of_an_attempt_are_removed),
		cmocka_unit_test(a_certificate_file_is_never_replaced),
		cmocka_unit_test(a_key_line_cannot_change_a_role),
		cmocka_unit_test(the_policy_counts_people),
		cmocka_unit_test(one_bad_signature_spoils_all),
		cmocka_unit_test(certificates_must_be_valid_at_the_time),
		cmocka_unit_test(a_receipt_needs_its_role),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* A bundle proved by another process; and what it cannot say. */
#include "verifier/prover.h"

#include "lib/sandbox/sandbox_message.h"
#include "tests/unit/verifier/bundle.h"
#include "verifier/verify_prove.h"

static const uint64_t sizes[] = { 700000, 513, 1 };
static struct bundle bundle;
static char trust_dir[512];

static int setup(void **state)
{
	(void)state;
	bundle_make(&bundle, sizes, COUNT(sizes), 1 << 20);
	snprintf(trust_dir, sizeof trust_dir, "%s/trust", bundle.folder.path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bundle_remove(&bundle);
	return 0;
}

static struct verified_bundle *open_bundle(struct error *err)
{
	struct sandbox_place place = { bundle.folder.path, SANDBOX_READ };
	CLEANUP(prover_end) struct prover *p = prover_start(&place, 1, err);

	assert_non_null(p);
	return prover_open(p, bundle.folder.path, trust_dir, bundle.trust, VERIFY_COMPLETE, err);
}

static void it_says_what_verify_open_says(void **state)
{
	struct error err = ERROR_INIT;
	CLEANUP(verify_close) struct verified_bundle *b = open_bundle(&err);
	CLEANUP(verify_close)
	struct verified_bundle *here =
		verify_open(bundle.folder.path, bundle.trust, VERIFY_COMPLETE, &err);

	(void)state;
	assert_no_error(err);
	assert_non_null(b);
	assert_memory_equal(verify_manifest_digest(b), verify_manifest_digest(here), 32);
	assert_int_equal(verify_signers(b)->count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct verify_evidence *x = verify_evidence(b, i);
		const struct verify_evidence *y = verify_evidence(here, i);

		assert_true(x->signature_len > 100 && x->certificate_len > 100);
		assert_int_equal(x->signature_len, y->signature_len);
		assert_memory_equal(x->signature, y->signature, x->signature_len);
		assert_int_equal(x->certificate_len, y->certificate_len);
		assert_memory_equal(x->certificate, y->certificate, x->certificate_len);
	}
}

static void it_refuses_what_verify_open_refuses(void **state)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	struct error err = ERROR_INIT, here = ERROR_INIT;
	size_t len;

	(void)state;
	assert_int_equal(file_load(bundle.folder.dir, "MANIFEST", 1 << 16, &bytes, &len, &err), 1);
	bytes[len / 2] ^= 1;
	temporary_write(&bundle.folder, "MANIFEST", bytes, len);
	assert_null(open_bundle(&err));
	assert_null(verify_open(bundle.folder.path, bundle.trust, VERIFY_COMPLETE, &here));
	assert_int_equal(err.id, here.id);
	assert_string_equal(err.message, here.message);
	bytes[len / 2] ^= 1;
	temporary_write(&bundle.folder, "MANIFEST", bytes, len);
}

static void write_proof(struct buf *out)
{
	CLEANUP(verify_proof_clear) struct verify_proof p = { .newer = NULL };
	struct error err = ERROR_INIT;

	assert_int_equal(verify_prove(bundle.folder.path, bundle.trust, VERIFY_COMPLETE, &p, &err),
			 0);
	/* As if it had brought ours: every part of a message is there. */
	p.newer = bundle.trust;
	assert_int_equal(verify_proof_write(&p, out, &err), 0);
	p.newer = NULL;
}

static void refuse(const unsigned char *bytes, size_t len)
{
	CLEANUP(verify_proof_clear) struct verify_proof p = { .newer = NULL };
	struct error err = ERROR_INIT;

	assert_int_equal(verify_proof_read(bytes, len, &p, &err), -1);
	assert_int_equal(err.id, ERROR_SANDBOX_RECORD);
}

static void half_a_proof_is_none(void **state)
{
	CLEANUP(buf_clear) struct buf whole = BUF_INIT(1 << 20), again = BUF_INIT(1 << 20);
	CLEANUP(verify_proof_clear) struct verify_proof p = { .newer = NULL };
	struct error err = ERROR_INIT;

	(void)state;
	write_proof(&whole);
	assert_int_equal(verify_proof_read(whole.bytes, whole.len, &p, &err), 0);
	assert_int_equal(p.newer->version, bundle.trust->version);
	assert_int_equal(p.newer->files.count, bundle.trust->files.count);
	assert_int_equal(verify_proof_write(&p, &again, &err), 0);
	assert_int_equal(again.len, whole.len);
	assert_memory_equal(again.bytes, whole.bytes, whole.len);
	for (size_t len = 0; len < whole.len; len += len < 64 || whole.len - len < 512 ? 1 : 61)
		refuse(whole.bytes, len);
	assert_int_equal(buf_append(&whole, "x", 1, &err), 0);
	refuse(whole.bytes, whole.len);
}

static void names_lead_nowhere_else(void **state)
{
	CLEANUP(buf_clear) struct buf whole = BUF_INIT(1 << 20);
	unsigned char *name;

	(void)state;
	write_proof(&whole);
	name = memmem(whole.bytes, whole.len, "0001.root", 9);
	assert_non_null(name);
	memcpy(name, "../1.root", 9);
	refuse(whole.bytes, whole.len);
	memcpy(name, "00/1.root", 9);
	refuse(whole.bytes, whole.len);
	memcpy(name, ".001.root", 9);
	refuse(whole.bytes, whole.len);
}

static struct prover *start(void)
{
	struct sandbox_place place = { bundle.folder.path, SANDBOX_READ };
	struct error err = ERROR_INIT;
	struct prover *p = prover_start(&place, 1, &err);

	assert_non_null(p);
	return p;
}

static void a_trust_root_comes_back_whole(void **state)
{
	CLEANUP(prover_end) struct prover *p = start();
	CLEANUP(trust_free) struct trust *t = NULL;
	CLEANUP(buf_clear) struct buf here = BUF_INIT(1 << 20), there = BUF_INIT(1 << 20);
	struct error err = ERROR_INIT;

	(void)state;
	t = prover_trust(p, trust_dir, "offered", &err);
	assert_no_error(err);
	assert_non_null(t);
	assert_int_equal(verify_proof_write_trust(bundle.trust, &here, &err), 0);
	assert_int_equal(verify_proof_write_trust(t, &there, &err), 0);
	assert_int_equal(here.len, there.len);
	assert_memory_equal(here.bytes, there.bytes, here.len);
	/* A directory that is none is named as the caller calls it. */
	assert_null(prover_trust(p, bundle.folder.path, "offered", &err));
	assert_non_null(strstr(err.message, "offered"));
}

static void half_a_trust_root_is_none(void **state)
{
	CLEANUP(buf_clear) struct buf whole = BUF_INIT(1 << 20);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(verify_proof_write_trust(bundle.trust, &whole, &err), 0);
	for (size_t len = 0; len < whole.len; len++) {
		assert_null(verify_proof_read_trust(whole.bytes, len, &err));
		assert_error(err, ERROR_SANDBOX_RECORD, "a trust root that is none");
		error_clear(&err);
	}
	assert_int_equal(buf_append(&whole, "x", 1, &err), 0);
	assert_null(verify_proof_read_trust(whole.bytes, whole.len, &err));
}

static void a_verdict_is_looked_at(void **state)
{
	struct trust_verdict good = { .count = 1 };

	(void)state;
	memcpy(good.signers[0].short_id, "0123456789abcdef", 17);
	memcpy(good.signers[0].holder, "anna", 5);
	assert_true(verify_proof_is_sane(&good));
	struct trust_verdict v = good;
	v.count = LIMIT_SIGNATURES + 1;
	assert_false(verify_proof_is_sane(&v));
	v = good;
	v.unknown_count = LIMIT_SIGNATURES + 1;
	assert_false(verify_proof_is_sane(&v));
	v = good;
	memset(v.signers[0].holder, 'a', sizeof v.signers[0].holder);
	assert_false(verify_proof_is_sane(&v));
	v = good;
	memcpy(v.signers[0].short_id, "../456789abcdef0", 17);
	assert_false(verify_proof_is_sane(&v));
	v = good;
	v.signers[0].role = (enum key_role)KEY_ROLES_;
	assert_false(verify_proof_is_sane(&v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_what_verify_open_says),
		cmocka_unit_test(it_refuses_what_verify_open_refuses),
		cmocka_unit_test(half_a_proof_is_none),
		cmocka_unit_test(names_lead_nowhere_else),
		cmocka_unit_test(a_trust_root_comes_back_whole),
		cmocka_unit_test(half_a_trust_root_is_none),
		cmocka_unit_test(a_verdict_is_looked_at),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

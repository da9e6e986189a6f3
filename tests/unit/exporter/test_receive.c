/* A genuine receipt, and everything one bit away from it. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/key.h"
#include "lib/crypto/trust.h"
#include "media/receipt.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

struct person {
	struct key *key;
	struct key_cert *cert;
};

static struct person make_person(enum key_role role, const char *holder)
{
	CLEANUP(buf_clear) struct buf key = BUF_INIT(KEY_PEM_BYTES);
	CLEANUP(buf_clear) struct buf cert = BUF_INIT(KEY_PEM_BYTES);
	const struct key_request request = { .role = role, .holder = holder };
	struct error err = ERROR_INIT;
	struct person p;

	assert_int_equal(key_generate(&request, &key, &cert, &err), 0);
	p.key = key_load(key.bytes, key.len, NULL, &err);
	p.cert = key_cert_load(cert.bytes, cert.len, &err);
	assert_no_error(err);
	return p;
}

static void free_person(struct person *p)
{
	key_free(p->key);
	key_cert_free(p->cert);
}

/* A trust root in memory, as trust_load() would give it. */
static void add_key(struct trust *t, const struct person *p)
{
	const struct key_facts *facts = key_cert_facts(p->cert);
	struct trust_key *k = &t->keys[t->key_count++];

	memcpy(k->id, facts->spki_sha256, sizeof k->id);
	memcpy(k->short_id, facts->short_id, sizeof k->short_id);
	memcpy(k->holder, facts->holder, sizeof k->holder);
	memcpy(k->cert_sha256, facts->cert_sha256, sizeof k->cert_sha256);
	k->role = facts->role;
	k->cert = p->cert;
}

static void make_receipt(const struct person *p, struct buf *out)
{
	struct receipt r = { .channel = "main",
			     .site = "plant",
			     .epoch = 1,
			     .counter = 7,
			     .has_previous = true,
			     .sequence = 3,
			     .has_manifest = true,
			     .has_root = true,
			     .objects = 12,
			     .trust_version = 1,
			     .version = "1.0" };
	CLEANUP(buf_clear) struct buf signature = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	struct error err = ERROR_INIT;

	r.made = key_cert_facts(p->cert)->not_before + 10;
	assert_int_equal(receipt_write(&r, out, &err), 0);
	assert_int_equal(cms_sign(p->key, p->cert, out->bytes, out->len, &signature, &err), 0);
	assert_int_equal(receipt_write_signature(signature.bytes, signature.len, out, &err), 0);
}

static int judge(const struct trust *t, const unsigned char *bytes, size_t len,
		 struct trust_signer *signer, struct error *err)
{
	struct receipt_file f;

	if (receipt_parse(bytes, len, &f, err) < 0)
		return -1;
	return trust_find_signer(t, bytes, f.signed_len, f.signature, f.signature_len,
				 f.receipt.made, signer, err);
}

struct fixture {
	struct person builder, importer, stranger;
	struct trust trust;
};

static int set_up(void **state)
{
	struct fixture *f = buf_calloc(1, sizeof *f);

	f->builder = make_person(KEY_ROLE_BUILDER, "bert");
	f->importer = make_person(KEY_ROLE_IMPORTER, "ines");
	f->stranger = make_person(KEY_ROLE_IMPORTER, "eve");
	f->trust.version = 1;
	add_key(&f->trust, &f->builder);
	add_key(&f->trust, &f->importer);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	free_person(&f->builder);
	free_person(&f->importer);
	free_person(&f->stranger);
	free(f);
	return 0;
}

static void the_signer_is_found(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_RECEIPT_BYTES);
	CLEANUP(buf_clear) struct buf other = BUF_INIT(LIMIT_RECEIPT_BYTES);
	CLEANUP(buf_clear) struct buf strange = BUF_INIT(LIMIT_RECEIPT_BYTES);
	struct error err = ERROR_INIT;
	struct trust_signer signer;

	make_receipt(&f->importer, &text);
	assert_int_equal(judge(&f->trust, text.bytes, text.len, &signer, &err), 0);
	assert_int_equal(signer.role, KEY_ROLE_IMPORTER);
	assert_string_equal(signer.holder, "ines");
	make_receipt(&f->builder, &other);
	assert_int_equal(judge(&f->trust, other.bytes, other.len, &signer, &err), 0);
	assert_int_equal(signer.role, KEY_ROLE_BUILDER);
	make_receipt(&f->stranger, &strange);
	assert_int_equal(judge(&f->trust, strange.bytes, strange.len, &signer, &err), -1);
	assert_int_equal(err.id, ERROR_TRUST_UNKNOWN_KEY);
}

static void certificates_have_their_time(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_RECEIPT_BYTES);
	struct error err = ERROR_INIT;
	struct trust_signer signer;
	struct receipt_file file;

	make_receipt(&f->importer, &text);
	assert_int_equal(receipt_parse(text.bytes, text.len, &file, &err), 0);
	assert_int_equal(trust_find_signer(&f->trust, text.bytes, file.signed_len, file.signature,
					   file.signature_len, 1, &signer, &err),
			 -1);
	assert_int_equal(err.id, ERROR_TRUST_EXPIRED);
}

static void no_flipped_bit_gets_through(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_RECEIPT_BYTES);
	struct trust_signer signer;

	make_receipt(&f->importer, &text);
	for (size_t bit = 0; bit < text.len * 8; bit++) {
		struct error err = ERROR_INIT;

		text.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
		if (judge(&f->trust, text.bytes, text.len, &signer, &err) == 0)
			fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
		assert_true(err.class == ERROR_CLASS_INTEGRITY || err.class == ERROR_CLASS_TRUST);
		text.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	for (size_t len = 0; len < text.len; len++) {
		struct error err = ERROR_INIT;

		assert_int_equal(judge(&f->trust, text.bytes, len, &signer, &err), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_signer_is_found),
		cmocka_unit_test(certificates_have_their_time),
		cmocka_unit_test(no_flipped_bit_gets_through),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

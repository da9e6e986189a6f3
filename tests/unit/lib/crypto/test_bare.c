#include "lib/crypto/bare.h"
#include "tests/unit/lib/crypto/made.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

static const unsigned char text[] = "gapferry.log/0123456789abcdef\n1\nAAAA\n";
enum { TEXT = sizeof text - 1 };

static void every_bit_matters(const struct person *p)
{
	CLEANUP(buf_clear) struct buf sig = BUF_INIT(4096);
	unsigned char changed[TEXT];
	struct error err = ERROR_INIT;

	assert_int_equal(bare_sign(p->key, p->cert, text, TEXT, &sig, &err), 0);
	assert_int_equal(bare_verify(p->cert, text, TEXT, sig.bytes, sig.len, &err), 0);
	for (size_t bit = 0; bit < sig.len * 8; bit++) {
		sig.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(bare_verify(p->cert, text, TEXT, sig.bytes, sig.len, &err), -1);
		assert_error(err, ERROR_LOG_SIGNATURE, "does not verify");
		error_clear(&err);
		sig.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * (size_t)TEXT; bit++) {
		memcpy(changed, text, TEXT);
		changed[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(bare_verify(p->cert, changed, TEXT, sig.bytes, sig.len, &err), -1);
		error_clear(&err);
	}
	for (size_t len = 0; len < sig.len; len++) {
		assert_int_equal(bare_verify(p->cert, text, TEXT, sig.bytes, len, &err), -1);
		error_clear(&err);
	}
	assert_int_equal(buf_append(&sig, "", 1, &err), 0);
	assert_int_equal(bare_verify(p->cert, text, TEXT, sig.bytes, sig.len, &err), -1);
}

static void ecdsa_signs(void **state)
{
	struct person p = make_person(KEY_ROLE_BUILDER, "bert");

	(void)state;
	every_bit_matters(&p);
	free_person(&p);
}

static struct person rsa_person(void)
{
	EVP_PKEY *pkey = EVP_RSA_gen(3072);
	const struct odd_cert odd = { pkey,
				      2,
				      "rita",
				      NULL,
				      "critical,CA:FALSE",
				      "critical,digitalSignature",
				      "codeSigning," ROLE_BUILDER_OID };
	struct error err = ERROR_INIT;
	unsigned char *bytes = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	struct person p;
	size_t len;
	char *pem = make_odd_pem(&odd, &len);

	PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
	long key_len = BIO_get_mem_data(bio, &bytes);
	p.key = key_load(bytes, (size_t)key_len, NULL, &err);
	p.cert = key_cert_load((unsigned char *)pem, len, &err);
	assert_no_error(err);
	BIO_free(bio);
	free(pem);
	EVP_PKEY_free(pkey);
	return p;
}

static void rsa_signs(void **state)
{
	struct person p = rsa_person();

	(void)state;
	every_bit_matters(&p);
	free_person(&p);
}

static void keys_are_not_mixed_up(void **state)
{
	struct person p = make_person(KEY_ROLE_BUILDER, "bert"),
		      other = make_person(KEY_ROLE_BUILDER, "otto");
	CLEANUP(buf_clear) struct buf sig = BUF_INIT(4096);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(bare_sign(p.key, other.cert, text, TEXT, &sig, &err), -1);
	assert_int_equal(err.id, ERROR_KEY_MISMATCH);
	error_clear(&err);
	assert_int_equal(bare_sign(p.key, p.cert, text, TEXT, &sig, &err), 0);
	assert_int_equal(bare_verify(other.cert, text, TEXT, sig.bytes, sig.len, &err), -1);
	assert_error(err, ERROR_LOG_SIGNATURE, "otto");
	free_person(&p);
	free_person(&other);
}

/* The signed attributes of a CMS are a SET, which begins with '1'. */
static void attributes_of_a_cms_are_not_signed(void **state)
{
	static const unsigned char set[] = "1\x81text";
	struct person p = make_person(KEY_ROLE_BUILDER, "bert");
	CLEANUP(buf_clear) struct buf sig = BUF_INIT(4096);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(bare_sign(p.key, p.cert, set, sizeof set, &sig, &err), -1);
	assert_int_equal(err.id, ERROR_CMS_CONTENT);
	error_clear(&err);
	assert_int_equal(bare_sign(p.key, p.cert, set, 0, &sig, &err), -1);
	assert_int_equal(err.id, ERROR_CMS_CONTENT);
	free_person(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecdsa_signs),
		cmocka_unit_test(rsa_signs),
		cmocka_unit_test(keys_are_not_mixed_up),
		cmocka_unit_test(attributes_of_a_cms_are_not_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

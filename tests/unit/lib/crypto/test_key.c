#include "lib/crypto/key.h"

#include "lib/base/limits.h"
#include "tests/unit/unit.h"

#include "tests/unit/lib/crypto/made.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

static void a_generated_key_and_certificate_belong_together(void **state)
{
	struct person p = make_person(KEY_ROLE_APPROVER, "Ann.B-2_x");
	struct person q = make_person(KEY_ROLE_ROOT, "q");
	const struct key_facts *f = key_cert_facts(p.cert), *g = key_cert_facts(q.cert);

	(void)state;
	assert_true(key_matches(p.key, p.cert));
	assert_false(key_matches(p.key, q.cert));
	assert_string_equal(f->holder, "Ann.B-2_x");
	assert_int_equal(f->role, KEY_ROLE_APPROVER);
	assert_int_equal(f->algorithm, KEY_ALGORITHM_P384);
	assert_int_equal(f->bits, 384);
	assert_int_equal(f->not_after - f->not_before, 3652 * 86400);
	assert_int_equal(g->not_after - g->not_before, 7305 * 86400);
	assert_int_equal(strlen(f->short_id), 16);
	free_person(&p);
	free_person(&q);
}

/* RFC 5280: dates from 2050 on are GeneralizedTime. */
static void dates_beyond_2049_are_right(void **state)
{
	(void)state;
	assert_int_equal(setenv("SOURCE_DATE_EPOCH", "2398291200", 1), 0); /* 2045-12-31 */
	struct person p = make_person(KEY_ROLE_ROOT, "old");
	const struct key_facts *f = key_cert_facts(p.cert);
	X509 *x = key_cert_handle(p.cert);

	assert_int_equal(f->not_before, 2398291200);
	assert_int_equal(f->not_after, 2398291200 + 7305LL * 86400);
	assert_int_equal(ASN1_STRING_type(X509_get0_notBefore(x)), V_ASN1_UTCTIME);
	assert_int_equal(ASN1_STRING_type(X509_get0_notAfter(x)), V_ASN1_GENERALIZEDTIME);
	assert_int_equal(unsetenv("SOURCE_DATE_EPOCH"), 0);
	free_person(&p);
}

static void holder_names_are_strict(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{ "a", true },
		{ "A.b-c_9", true },
		{ "0", true },
		{ "", false },
		{ ".a", false },
		{ "-a", false },
		{ "_a", false },
		{ "a b", false },
		{ "a/b", false },
		{ "a\n", false },
		{ "\xc3\xa9", false },
		{ "0123456789012345678901234567890123456789012345678901234567890ab", true },
		{ "0123456789012345678901234567890123456789012345678901234567890abc", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(buf_clear) struct buf key = BUF_INIT(KEY_PEM_BYTES);
		CLEANUP(buf_clear) struct buf cert = BUF_INIT(KEY_PEM_BYTES);
		const struct key_request r = { .role = KEY_ROLE_BUILDER, .holder = rows[i].name };
		struct error err = ERROR_INIT;
		int result = key_generate(&r, &key, &cert, &err);

		assert_int_equal(key_holder_is_valid(rows[i].name, strlen(rows[i].name)),
				 rows[i].ok);
		assert_int_equal(result, rows[i].ok ? 0 : -1);
		if (!rows[i].ok)
			assert_error(err, ERROR_KEY_HOLDER, "holder");
	}
	assert_true(key_holder_is_same("Ann", "aNN"));
	assert_false(key_holder_is_same("Ann", "Anna"));
	assert_false(key_holder_is_same("Anna", "Ann"));
}

static void a_role_is_required(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(KEY_PEM_BYTES);
	const struct key_request r = { .role = KEY_ROLE_NONE, .holder = "x" };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(key_generate(&r, &out, &out, &err), -1);
	assert_error(err, ERROR_KEY_ROLE, "role");
	assert_int_equal(key_role_parse("builder", 7), KEY_ROLE_BUILDER);
	assert_int_equal(key_role_parse("builders", 8), KEY_ROLE_NONE);
	assert_int_equal(key_role_parse("none", 4), KEY_ROLE_NONE);
}

static void an_encrypted_key_needs_its_passphrase(void **state)
{
	CLEANUP(buf_clear) struct buf key = BUF_INIT(KEY_PEM_BYTES);
	CLEANUP(buf_clear) struct buf cert = BUF_INIT(KEY_PEM_BYTES);
	const struct key_request r = { KEY_ROLE_BUILDER, "x", "open sesame" };
	static const struct {
		const char *passphrase, *message;
	} rows[] = {
		{ "open sesame", NULL },
		{ NULL, "no passphrase was given" },
		{ "", "no passphrase was given" },
		{ "open", "does not open it" },
	};
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(key_generate(&r, &key, &cert, &err), 0);
	assert_true(memmem(key.bytes, key.len, "BEGIN ENCRYPTED PRIVATE KEY", 27) != NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error why = ERROR_INIT;
		CLEANUP(key_free)
		struct key *k = key_load(key.bytes, key.len, rows[i].passphrase, &why);

		assert_int_equal(k != NULL, rows[i].message == NULL);
		if (rows[i].message)
			assert_error(why, ERROR_KEY_PASSPHRASE, rows[i].message);
	}
	const struct key_request empty = { KEY_ROLE_BUILDER, "x", "" };

	assert_int_equal(key_generate(&empty, &key, &cert, &err), -1);
	assert_error(err, ERROR_KEY_PASSPHRASE, "1 to 1000");
}

static void refuse_key(EVP_PKEY *pkey)
{
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char *bytes = NULL;
	struct error err = ERROR_INIT;

	PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
	long len = BIO_get_mem_data(bio, &bytes);
	assert_null(key_load(bytes, (size_t)len, NULL, &err));
	assert_error(err, ERROR_KEY_ALGORITHM, "P-384");
	BIO_free(bio);
}

static void weak_keys_are_refused(void **state)
{
	EVP_PKEY *keys[] = { EVP_EC_gen("P-256"), EVP_EC_gen("secp521r1"), EVP_RSA_gen(2048) };

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct odd_cert odd = { keys[i],
					      2,
					      "ann",
					      NULL,
					      "CA:FALSE",
					      "digitalSignature",
					      "codeSigning," ROLE_BUILDER_OID };
		struct error err = ERROR_INIT;
		size_t len;
		char *pem = make_odd_pem(&odd, &len);

		refuse_key(keys[i]);
		assert_null(key_cert_load((unsigned char *)pem, len, &err));
		assert_error(err, ERROR_KEY_ALGORITHM, "certificate");
		free(pem);
		EVP_PKEY_free(keys[i]);
	}
}

static void keys_that_are_none_are_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"x",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	};
	static unsigned char big[KEY_PEM_BYTES + 1];

	(void)state;
	for (size_t i = 0; i <= COUNT(rows); i++) {
		struct error err = ERROR_INIT;

		if (i < COUNT(rows))
			assert_null(key_load((const unsigned char *)rows[i], strlen(rows[i]), NULL,
					     &err));
		else
			assert_null(key_load(big, sizeof big, NULL, &err));
		assert_error(err, ERROR_KEY_FORMAT, "private key");
	}
}

static void certificates_follow_the_profile(void **state)
{
	EVP_PKEY *k = EVP_EC_gen("P-384");
	const char *const us = "critical,digitalSignature", *const no = "critical,CA:FALSE";
	const char *const eku = "codeSigning," ROLE_BUILDER_OID;
	const struct {
		struct odd_cert cert;
		enum error_id id;
	} rows[] = {
		{ { k, 2, "ann", NULL, no, us, eku }, ERROR_NONE },
		{ { k, 2, "ann", NULL, no, us, ROLE_BUILDER_OID ",codeSigning" }, ERROR_NONE },
		{ { k, 0, "ann", NULL, no, us, eku }, ERROR_CERT_PROFILE },
		{ { k, 2, "ann", NULL, NULL, us, eku }, ERROR_CERT_PROFILE },
		{ { k, 2, "ann", NULL, "CA:TRUE", us, eku }, ERROR_CERT_PROFILE },
		{ { k, 2, "ann", NULL, no, NULL, eku }, ERROR_CERT_PROFILE },
		{ { k, 2, "ann", NULL, no, "keyAgreement", eku }, ERROR_CERT_PROFILE },
		{ { k, 2, "ann", NULL, no, "digitalSignature,keyCertSign", eku },
		  ERROR_CERT_PROFILE },
		/* A web server's certificate, and one that is both. */
		{ { k, 2, "ann", NULL, no, us, "serverAuth,clientAuth" }, ERROR_CERT_ROLE },
		{ { k, 2, "ann", NULL, no, us, "codeSigning,serverAuth," ROLE_BUILDER_OID },
		  ERROR_CERT_ROLE },
		{ { k, 2, "ann", NULL, no, us, NULL }, ERROR_CERT_ROLE },
		{ { k, 2, "ann", NULL, no, us, "codeSigning" }, ERROR_CERT_ROLE },
		{ { k, 2, "ann", NULL, no, us, ROLE_BUILDER_OID }, ERROR_CERT_ROLE },
		{ { k, 2, "ann", NULL, no, us,
		    "codeSigning," ROLE_BUILDER_OID "," ROLE_APPROVER_OID },
		  ERROR_CERT_ROLE },
		{ { k, 2, "ann", NULL, no, us, "codeSigning,codeSigning," ROLE_BUILDER_OID },
		  ERROR_CERT_ROLE },
		{ { k, 2, "ann", NULL, no, us, "codeSigning," ROLE_BUILDER_OID "2" },
		  ERROR_CERT_ROLE },
		{ { k, 2, "ann", NULL, no, us, "anyExtendedKeyUsage" }, ERROR_CERT_ROLE },
		{ { k, 2, NULL, NULL, no, us, eku }, ERROR_CERT_HOLDER },
		{ { k, 2, "ann", "bob", no, us, eku }, ERROR_CERT_HOLDER },
		{ { k, 2, "ann b", NULL, no, us, eku }, ERROR_CERT_HOLDER },
		{ { k, 2, "\xc3\xa9", NULL, no, us, eku }, ERROR_CERT_HOLDER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		size_t len;
		char *pem = make_odd_pem(&rows[i].cert, &len);
		CLEANUP(key_cert_free)
		struct key_cert *c = key_cert_load((unsigned char *)pem, len, &err);

		if (err.id != rows[i].id)
			fail_msg("row %zu: %s", i, err.message);
		assert_int_equal(c != NULL, rows[i].id == ERROR_NONE);
		free(pem);
	}
	EVP_PKEY_free(k);
}

static void a_file_holds_exactly_one_certificate(void **state)
{
	struct person p = make_person(KEY_ROLE_BUILDER, "ann");
	CLEANUP(buf_clear) struct buf pem = BUF_INIT(LIMIT_CERTIFICATE_BYTES);
	CLEANUP(buf_clear) struct buf big = BUF_INIT(2 * LIMIT_CERTIFICATE_BYTES);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(key_cert_write(p.cert, &pem, &err), 0);
	size_t one = pem.len;
	struct key_cert *again = key_cert_load(pem.bytes, one, &err);

	assert_non_null(again);
	assert_memory_equal(key_cert_facts(again), key_cert_facts(p.cert),
			    sizeof(struct key_facts));
	key_cert_free(again);
	assert_int_equal(key_cert_write(p.cert, &pem, &err), 0);
	assert_null(key_cert_load(pem.bytes, pem.len, &err));
	assert_error(err, ERROR_CERT_FORMAT, "more than one");
	error_clear(&err);
	assert_null(key_cert_load(pem.bytes, one / 2, &err));
	assert_error(err, ERROR_CERT_FORMAT, "certificate");
	error_clear(&err);
	/* The second copy is cut short: still not one certificate and nothing else. */
	assert_null(key_cert_load(pem.bytes, one + one / 2, &err));
	assert_error(err, ERROR_CERT_FORMAT, "more than one");
	error_clear(&err);
	assert_int_equal(buf_append(&big, pem.bytes, one, &err), 0);
	memset(buf_room(&big, LIMIT_CERTIFICATE_BYTES, &err), '\n', LIMIT_CERTIFICATE_BYTES);
	assert_non_null(again = key_cert_load(big.bytes, LIMIT_CERTIFICATE_BYTES, &err));
	key_cert_free(again);
	assert_null(key_cert_load(big.bytes, LIMIT_CERTIFICATE_BYTES + 1, &err));
	assert_error(err, ERROR_CERT_FORMAT, "at most");
	free_person(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_generated_key_and_certificate_belong_together),
		cmocka_unit_test(dates_beyond_2049_are_right),
		cmocka_unit_test(holder_names_are_strict),
		cmocka_unit_test(a_role_is_required),
		cmocka_unit_test(an_encrypted_key_needs_its_passphrase),
		cmocka_unit_test(weak_keys_are_refused),
		cmocka_unit_test(keys_that_are_none_are_refused),
		cmocka_unit_test(certificates_follow_the_profile),
		cmocka_unit_test(a_file_holds_exactly_one_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

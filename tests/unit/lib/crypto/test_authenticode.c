#include "lib/crypto/authenticode.h"

#include "lib/base/file.h"
#include "tests/unit/lib/crypto/signed_cab.h"

#include <fcntl.h>
#include <stdio.h>

enum { NOW = 1700000000 }; /* November 2023 */

static struct authenticode_verdict judge(const struct buf *file, size_t piece,
					 const struct authenticode_roots *roots)
{
	CLEANUP(authenticode_free) struct authenticode *a = authenticode_new();
	struct authenticode_verdict v;

	for (size_t at = 0; at < file->len; at += piece)
		authenticode_feed(a, file->bytes + at,
				  file->len - at < piece ? file->len - at : piece);
	authenticode_finish(a, roots, NOW, &v);
	return v;
}

static struct authenticode_verdict judge_spec(const struct signature_spec *spec,
					      const struct authenticode_roots *roots)
{
	struct buf file = BUF_INIT(MADE_MAX);

	make_cab(&file, spec);
	struct authenticode_verdict v = judge(&file, 4096, roots);

	buf_clear(&file);
	return v;
}

static enum error_id accept_id(const struct authenticode_verdict *v, bool chain)
{
	struct error err = ERROR_INIT;
	int failed = chain ? authenticode_accept_chain(v, "x.cab", &err)
			   : authenticode_accept_digest(v, "x.cab", &err);

	assert_int_equal(failed, err.id == ERROR_NONE ? 0 : -1);
	return err.id;
}

static void pieces_of_any_size_give_the_same_verdict(void **state)
{
	static const size_t pieces[] = { 1, 7, 59, 60, 61, 159, 160, 161, 100000 };
	struct people *p = *state;
	CLEANUP(authenticode_roots_free)
	struct authenticode_roots *roots = make_roots(p->root.cert);
	struct buf file = BUF_INIT(MADE_MAX);

	make_cab(&file, &(struct signature_spec){ .by = &p->leaf });
	for (size_t i = 0; i < COUNT(pieces); i++) {
		struct authenticode_verdict v = judge(&file, pieces[i], roots);

		assert_int_equal(v.kind, AUTHENTICODE_SIGNED);
		assert_int_equal(v.digest, AUTHENTICODE_DIGEST_OK);
		assert_true(v.signature_ok);
		assert_int_equal(v.chain, AUTHENTICODE_CHAIN_OK);
		assert_int_equal(v.time, AUTHENTICODE_TIME_NONE);
		assert_string_equal(v.subject, "CN=leaf");
		assert_string_equal(v.issuer, "CN=root");
		assert_int_equal(accept_id(&v, true), ERROR_NONE);
	}
	buf_clear(&file);
}

static void no_byte_before_the_signature_can_change(void **state)
{
	struct people *p = *state;
	struct buf file = BUF_INIT(MADE_MAX);

	make_cab(&file, &(struct signature_spec){ .by = &p->leaf });
	for (size_t i = 0; i < AUTHENTICODE_CAB_HEADER + MADE_BODY; i++) {
		file.bytes[i] ^= 0x10;
		struct authenticode_verdict v = judge(&file, 4096, NULL);

		if (i < 4) {
			assert_int_equal(v.kind, AUTHENTICODE_OTHER);
		} else if (i == 30 || i == 36 || i == 37 || (i >= 40 && i < 44)) {
			/* no signed cabinet any more: but then something is behind its end */
			assert_int_equal(accept_id(&v, false), ERROR_AUTHENTICODE_FORMAT);
		} else {
			enum error_id id = accept_id(&v, false);

			if (id != ERROR_AUTHENTICODE_FORMAT && id != ERROR_AUTHENTICODE_DIGEST)
				fail_msg("byte %zu: %s", i, error_id_text(id));
		}
		file.bytes[i] ^= 0x10;
	}
	buf_clear(&file);
}

static void the_length_must_be_exact(void **state)
{
	struct people *p = *state;
	struct buf file = BUF_INIT(MADE_MAX);

	make_cab(&file, &(struct signature_spec){ .by = &p->leaf });
	size_t len = file.len;
	for (file.len = 4; file.len < len; file.len++) {
		struct authenticode_verdict v = judge(&file, 4096, NULL);

		assert_int_equal(v.kind, AUTHENTICODE_MALFORMED);
	}
	add(&file, "", 1);
	struct authenticode_verdict v = judge(&file, 4096, NULL);
	assert_int_equal(v.kind, AUTHENTICODE_MALFORMED);
	assert_string_equal(v.problem, "something was appended to it");
	file.len = 3;
	v = judge(&file, 4096, NULL);
	assert_int_equal(v.kind, AUTHENTICODE_OTHER);
	buf_clear(&file);
}

/* Padding inside the record: up to seven zeros. */
static void padding_is_zero_and_short(void **state)
{
	struct people *p = *state;

	for (size_t n = 0; n < 12; n++)
		for (int other = 0; other < 2; other++) {
			struct buf file = BUF_INIT(MADE_MAX);

			make_cab(&file, &(struct signature_spec){ .by = &p->leaf });
			struct der at = { file.bytes + 160, file.len - 160 }, contents;
			assert_true(der_take(&at, DER_SEQUENCE, &contents));
			file.len -= at.left;
			for (size_t i = 0; i < n; i++)
				add(&file, other && i + 1 == n ? "\1" : "", 1);
			put32(file.bytes + 48, file.len - 160);
			struct authenticode_verdict v = judge(&file, 4096, NULL);
			assert_int_equal(v.kind, n < 8 && !(other && n) ? AUTHENTICODE_SIGNED
									: AUTHENTICODE_MALFORMED);
			buf_clear(&file);
		}
}

static void unsigned_cabinets_and_others(void **state)
{
	unsigned char h[100] = "MSCF";
	struct buf file = { h, sizeof h, sizeof h, sizeof h };

	(void)state;
	put32(h + 8, sizeof h);
	struct authenticode_verdict v = judge(&file, 10, NULL);
	assert_int_equal(v.kind, AUTHENTICODE_UNSIGNED);
	assert_int_equal(accept_id(&v, false), ERROR_NONE);
	assert_int_equal(accept_id(&v, true), ERROR_AUTHENTICODE_UNSIGNED);
	h[30] = 4;
	h[37] = 0x18; /* a reserve of 6144 bytes, as Microsoft makes for its inner cabinets */
	v = judge(&file, 10, NULL);
	assert_int_equal(v.kind, AUTHENTICODE_UNSIGNED);
	put32(h + 8, sizeof h - 1);
	v = judge(&file, 10, NULL);
	assert_int_equal(accept_id(&v, false), ERROR_AUTHENTICODE_FORMAT);
	h[0] = 'm';
	v = judge(&file, 10, NULL);
	assert_int_equal(v.kind, AUTHENTICODE_OTHER);
	assert_int_equal(accept_id(&v, true), ERROR_AUTHENTICODE_UNSIGNED);
}

static void every_verdict_has_its_error(void **state)
{
	struct people *p = *state;
	CLEANUP(authenticode_roots_free)
	struct authenticode_roots *roots = make_roots(p->root.cert);
	CLEANUP(authenticode_roots_free) struct authenticode_roots *web = make_roots(p->web.cert);
	const struct signature_spec by_leaf = { .by = &p->leaf };
	const struct {
		struct signature_spec spec;
		const struct authenticode_roots *roots;
		enum authenticode_chain chain;
		enum error_id digest, error;
	} rows[] = {
		{ by_leaf, roots, AUTHENTICODE_CHAIN_OK, ERROR_NONE, ERROR_NONE },
		{ by_leaf, NULL, AUTHENTICODE_CHAIN_UNCHECKED, ERROR_NONE,
		  ERROR_AUTHENTICODE_CHAIN },
		{ by_leaf, web, AUTHENTICODE_CHAIN_UNKNOWN, ERROR_NONE,
		  ERROR_AUTHENTICODE_UNKNOWN },
		{ { .by = &p->old },
		  roots,
		  AUTHENTICODE_CHAIN_EXPIRED,
		  ERROR_NONE,
		  ERROR_AUTHENTICODE_EXPIRED },
		{ { .by = &p->web },
		  roots,
		  AUTHENTICODE_CHAIN_PURPOSE,
		  ERROR_NONE,
		  ERROR_AUTHENTICODE_PURPOSE },
		{ { .by = &p->root },
		  roots,
		  AUTHENTICODE_CHAIN_PURPOSE,
		  ERROR_NONE,
		  ERROR_AUTHENTICODE_PURPOSE },
		{ { .by = &p->leaf, .file_hash = EVP_sha1() },
		  roots,
		  AUTHENTICODE_CHAIN_WEAK,
		  ERROR_NONE,
		  ERROR_AUTHENTICODE_WEAK },
		{ { .by = &p->leaf, .hash = EVP_sha1(), .file_hash = EVP_sha256() },
		  roots,
		  AUTHENTICODE_CHAIN_WEAK,
		  ERROR_NONE,
		  ERROR_AUTHENTICODE_WEAK },
		{ { .by = &p->leaf, .other_content = true },
		  roots,
		  AUTHENTICODE_CHAIN_UNCHECKED,
		  ERROR_AUTHENTICODE_SIGNATURE,
		  ERROR_AUTHENTICODE_SIGNATURE },
		{ { .by = &p->leaf, .no_certificates = true },
		  roots,
		  AUTHENTICODE_CHAIN_UNCHECKED,
		  ERROR_AUTHENTICODE_SIGNATURE,
		  ERROR_AUTHENTICODE_SIGNATURE },
		{ { .by = &p->leaf, .content_type = OID_TST_INFO },
		  roots,
		  AUTHENTICODE_CHAIN_UNCHECKED,
		  ERROR_AUTHENTICODE_FORMAT,
		  ERROR_AUTHENTICODE_FORMAT },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct authenticode_verdict v = judge_spec(&rows[i].spec, rows[i].roots);

		if (v.chain != rows[i].chain || accept_id(&v, false) != rows[i].digest ||
		    accept_id(&v, true) != rows[i].error)
			fail_msg("row %zu: chain %s, %s", i, authenticode_chain_name(v.chain),
				 error_id_text(accept_id(&v, true)));
	}
}

/* The certificate of one, the key of another. */
static void forged_signatures_do_not_count(void **state)
{
	struct people *p = *state;
	CLEANUP(authenticode_roots_free)
	struct authenticode_roots *roots = make_roots(p->root.cert);
	struct signer leaf = { p->leaf.cert, p->web.key }, tsa = { p->tsa.cert, p->web.key };
	struct signature_spec spec = { .by = &leaf };
	struct authenticode_verdict v = judge_spec(&spec, roots);

	assert_int_equal(v.digest, AUTHENTICODE_DIGEST_OK);
	assert_int_equal(accept_id(&v, true), ERROR_AUTHENTICODE_SIGNATURE);
	assert_int_equal(accept_id(&v, false), ERROR_AUTHENTICODE_SIGNATURE);
	spec = (struct signature_spec){ .by = &p->old, .tsa = &tsa, .stamp = "20200601120000Z" };
	v = judge_spec(&spec, roots);
	assert_int_equal(v.time, AUTHENTICODE_TIME_BAD);
	assert_int_equal(v.chain, AUTHENTICODE_CHAIN_EXPIRED);
	spec = (struct signature_spec){
		.by = &p->old, .tsa = &tsa, .also = &p->tsa, .countersigned = "200601120000Z"
	};
	v = judge_spec(&spec, roots);
	assert_int_equal(v.time, AUTHENTICODE_TIME_BAD);
	assert_int_equal(v.chain, AUTHENTICODE_CHAIN_EXPIRED);
}

static void time_counts_when_it_is_proved(void **state)
{
	struct people *p = *state;
	CLEANUP(authenticode_roots_free)
	struct authenticode_roots *roots = make_roots(p->root.cert);
	CLEANUP(authenticode_roots_free) struct authenticode_roots *leaf = make_roots(p->old.cert);
	const char *in_time = "20200601120000Z", *fraction = "20200601120000.25Z";
	const struct {
		struct signature_spec spec;
		const struct authenticode_roots *roots;
		enum authenticode_time time;
		enum authenticode_chain chain;
	} rows[] = {
		{ { .by = &p->old, .tsa = &p->tsa, .stamp = in_time },
		  roots,
		  AUTHENTICODE_TIME_OK,
		  AUTHENTICODE_CHAIN_OK },
		{ { .by = &p->old, .tsa = &p->tsa, .stamp = fraction },
		  roots,
		  AUTHENTICODE_TIME_OK,
		  AUTHENTICODE_CHAIN_OK },
		{ { .by = &p->old, .tsa = &p->tsa, .stamp = in_time },
		  NULL,
		  AUTHENTICODE_TIME_UNCHECKED,
		  AUTHENTICODE_CHAIN_UNCHECKED },
		{ { .by = &p->old, .tsa = &p->tsa, .stamp = in_time },
		  leaf,
		  AUTHENTICODE_TIME_UNTRUSTED,
		  AUTHENTICODE_CHAIN_EXPIRED },
		{ { .by = &p->old, .tsa = &p->tsa, .stamp = "20210601120000Z" },
		  roots,
		  AUTHENTICODE_TIME_OK,
		  AUTHENTICODE_CHAIN_EXPIRED },
		{ { .by = &p->old, .tsa = &p->tsa, .stamp = "20180601120000Z" },
		  roots,
		  AUTHENTICODE_TIME_UNTRUSTED,
		  AUTHENTICODE_CHAIN_EXPIRED },
		{ { .by = &p->old, .tsa = &p->tsa, .stamp = in_time, .other_imprint = true },
		  roots,
		  AUTHENTICODE_TIME_BAD,
		  AUTHENTICODE_CHAIN_EXPIRED },
		{ { .by = &p->old, .tsa = &p->tsa, .stamp = "20200601120000" },
		  roots,
		  AUTHENTICODE_TIME_BAD,
		  AUTHENTICODE_CHAIN_EXPIRED },
		{ { .by = &p->old, .tsa = &p->leaf, .stamp = in_time },
		  roots,
		  AUTHENTICODE_TIME_UNTRUSTED,
		  AUTHENTICODE_CHAIN_EXPIRED },
		{ { .by = &p->old, .tsa = &p->tsa, .countersigned = "200601120000Z" },
		  roots,
		  AUTHENTICODE_TIME_BAD,
		  AUTHENTICODE_CHAIN_EXPIRED }, /* no certificate of tsa */
		{ { .by = &p->old,
		    .tsa = &p->tsa,
		    .also = &p->tsa,
		    .countersigned = "200601120000Z" },
		  roots,
		  AUTHENTICODE_TIME_OK,
		  AUTHENTICODE_CHAIN_OK },
		{ { .by = &p->tsa, .tsa = &p->tsa, .countersigned = "200601120000Z" },
		  roots,
		  AUTHENTICODE_TIME_OK,
		  AUTHENTICODE_CHAIN_PURPOSE },
		{ { .by = &p->tsa,
		    .tsa = &p->tsa,
		    .hash = EVP_sha1(),
		    .countersigned = "200601120000Z" },
		  roots,
		  AUTHENTICODE_TIME_WEAK,
		  AUTHENTICODE_CHAIN_PURPOSE },
		{ { .by = &p->tsa,
		    .tsa = &p->tsa,
		    .countersigned = "200601120000Z",
		    .other_imprint = true },
		  roots,
		  AUTHENTICODE_TIME_BAD,
		  AUTHENTICODE_CHAIN_PURPOSE },
		{ { .by = &p->tsa,
		    .tsa = &p->tsa,
		    .countersigned = "200601120000Z",
		    .stamp = in_time },
		  roots,
		  AUTHENTICODE_TIME_BAD,
		  AUTHENTICODE_CHAIN_PURPOSE }, /* two of them */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct authenticode_verdict v = judge_spec(&rows[i].spec, rows[i].roots);

		if (!v.signature_ok || v.time != rows[i].time || v.chain != rows[i].chain)
			fail_msg("row %zu: time %s, chain %s", i, authenticode_time_name(v.time),
				 authenticode_chain_name(v.chain));
		if (v.time == AUTHENTICODE_TIME_OK && v.chain == AUTHENTICODE_CHAIN_OK)
			assert_int_equal(v.time_stated, 1591012800);
	}
}

static void the_strongest_signature_counts(void **state)
{
	struct people *p = *state;
	CLEANUP(authenticode_roots_free)
	struct authenticode_roots *roots = make_roots(p->root.cert);
	struct signature_spec spec = { .by = &p->leaf, .hash = EVP_sha1(), .nested = 1 };
	struct authenticode_verdict v = judge_spec(&spec, roots);

	assert_int_equal(v.signatures, 2);
	assert_int_equal(v.digest, AUTHENTICODE_DIGEST_OK);
	assert_int_equal(accept_id(&v, true), ERROR_NONE);
	spec.other_file = true; /* then the strong one inside does not help */
	v = judge_spec(&spec, roots);
	assert_int_equal(accept_id(&v, true), ERROR_AUTHENTICODE_DIGEST);
	spec.other_file = false;
	spec.nested = LIMIT_AUTHENTICODE_SIGNATURES - 1;
	v = judge_spec(&spec, roots);
	assert_int_equal(v.signatures, LIMIT_AUTHENTICODE_SIGNATURES);
	spec.nested++;
	v = judge_spec(&spec, roots);
	assert_int_equal(v.kind, AUTHENTICODE_MALFORMED);
}

static void certificates_are_counted(void **state)
{
	struct people *p = *state;
	struct signature_spec spec = { .by = &p->leaf,
				       .certificates = LIMIT_AUTHENTICODE_CERTIFICATES - 1 };
	struct authenticode_verdict v = judge_spec(&spec, NULL);

	assert_int_equal(v.kind, AUTHENTICODE_SIGNED);
	spec.certificates++;
	v = judge_spec(&spec, NULL);
	assert_int_equal(v.kind, AUTHENTICODE_MALFORMED);
}

static void roots_are_certificates_and_lists(void **state)
{
	struct people *p = *state;
	struct buf pem = BUF_INIT(MADE_MAX);
	struct error err = ERROR_INIT;

	assert_null(authenticode_roots_load((const unsigned char *)"nothing", 7, &err));
	assert_error(err, ERROR_AUTHENTICODE_ROOTS, "no certificate");
	for (unsigned i = 0; i < LIMIT_AUTHENTICODE_ROOTS; i++)
		add_pem(&pem, p->root.cert);
	error_clear(&err);
	struct authenticode_roots *r = authenticode_roots_load(pem.bytes, pem.len, &err);
	assert_no_error(err);
	authenticode_roots_free(r);
	add_pem(&pem, p->root.cert);
	assert_null(authenticode_roots_load(pem.bytes, pem.len, &err));
	assert_error(err, ERROR_AUTHENTICODE_ROOTS, "more than 64 certificates");
	error_clear(&err);
	pem.bytes[200] = '*';
	assert_null(authenticode_roots_load(pem.bytes, 400, &err));
	assert_error(err, ERROR_AUTHENTICODE_ROOTS, "");
	error_clear(&err);
	assert_null(authenticode_roots_load(pem.bytes, LIMIT_AUTHENTICODE_ROOTS_BYTES + 1, &err));
	assert_error(err, ERROR_AUTHENTICODE_ROOTS, "at most");
	buf_clear(&pem);
}

static void times_have_two_forms(void **state)
{
	static const struct {
		unsigned char tag;
		const char *text;
		int64_t seconds;
	} rows[] = {
		{ DER_UTC_TIME, "150721173156Z", 1437499916 },
		{ DER_UTC_TIME, "991231235959Z", 946684799 },
		{ DER_GENERALIZED_TIME, "20150721173156Z", 1437499916 },
		{ DER_GENERALIZED_TIME, "20150721173156.8Z", 1437499916 },
		{ DER_UTC_TIME, "150721173156.8Z", -1 },
		{ DER_UTC_TIME, "150721173156", -1 },
		{ DER_UTC_TIME, "151321173156Z", -1 },
		{ DER_UTC_TIME, "20150721173156Z", -1 },
		{ DER_UTC_TIME, "Z", -1 },
		{ DER_UTC_TIME, "", -1 },
		{ DER_GENERALIZED_TIME, "20150721173156+0", -1 },
		{ DER_GENERALIZED_TIME, "2015072117315Z", -1 },
		{ DER_GENERALIZED_TIME, "20150721173156.8.8Z", -1 },
		{ DER_OCTET_STRING, "20150721173156Z", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct der text = { (const unsigned char *)rows[i].text, strlen(rows[i].text) };
		int64_t seconds = -1;
		bool ok = authenticode_seconds(rows[i].tag, text, &seconds);

		if (ok != (rows[i].seconds >= 0) || (ok && seconds != rows[i].seconds))
			fail_msg("%s: %lld", rows[i].text, (long long)seconds);
	}
}

/* Every CA certificate in these bytes: for once, what a file holds is pinned. */
static void collect_authorities(const unsigned char *bytes, size_t len, struct buf *pem)
{
	static const unsigned char version[] = { 0xa0, 3, 2, 1, 2 };

	for (size_t i = 0; i + 16 < len; i++) {
		const unsigned char *at = bytes + i;

		if (at[0] != DER_SEQUENCE || memcmp(at + 8, version, sizeof version) != 0)
			continue;
		X509 *cert = d2i_X509(NULL, &at, (long)(len - i));

		if (cert && X509_check_ca(cert) == 1)
			add_pem(pem, cert);
		X509_free(cert);
	}
}

static void genuine_chain_is_good(const struct buf *file)
{
	struct buf pem = BUF_INIT(MADE_MAX);
	struct error err = ERROR_INIT;

	collect_authorities(file->bytes + 156096, file->len - 156096, &pem);
	CLEANUP(authenticode_roots_free)
	struct authenticode_roots *roots = authenticode_roots_load(pem.bytes, pem.len, &err);
	assert_no_error(err);
	struct authenticode_verdict v = judge(file, 65536, roots);

	assert_int_equal(v.chain, AUTHENTICODE_CHAIN_OK);
	assert_int_equal(v.time, AUTHENTICODE_TIME_OK);
	assert_true(v.rfc3161);
	buf_clear(&pem);
}

static void genuine_bytes_cannot_be_flipped(void **state)
{
	const char *given = getenv("GAPFERRY_SHARED");
	char path[512];
	unsigned char *bytes = NULL;
	size_t len;
	struct error err = ERROR_INIT;

	(void)state;
	snprintf(path, sizeof path, "%s/data/wsusscn2/wsusscan-kb2999226-2015/WSUSSCAN.cab",
		 given ? given : "../shared");
	if (file_load(AT_FDCWD, path, 1 << 20, &bytes, &len, &err) != 1)
		skip();
	struct buf file = { bytes, len, len, len };
	struct authenticode_verdict v = judge(&file, 65536, NULL);

	assert_int_equal(v.digest, AUTHENTICODE_DIGEST_OK);
	assert_true(v.signature_ok);
	assert_int_equal(v.signatures, 2);
	assert_int_equal(v.time, AUTHENTICODE_TIME_UNCHECKED);
	assert_int_equal(v.time_stated, 1437499916);
	genuine_chain_is_good(&file);
	size_t flips = 0;
	for (size_t i = 4; i < 156096; i += i < AUTHENTICODE_CAB_HEADER ? 1 : 251, flips++) {
		bytes[i] ^= (unsigned char)(1u << i % 8);
		v = judge(&file, 65536, NULL);
		if (accept_id(&v, false) == ERROR_NONE)
			fail_msg("byte %zu is not covered", i);
		bytes[i] ^= (unsigned char)(1u << i % 8);
	}
	assert_true(flips > 600);
	free(bytes);
}

static int set_up(void **state)
{
	struct people *p = buf_malloc(sizeof *p);

	*p = make_people();
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	free_people(*state);
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_any_size_give_the_same_verdict),
		cmocka_unit_test(no_byte_before_the_signature_can_change),
		cmocka_unit_test(the_length_must_be_exact),
		cmocka_unit_test(padding_is_zero_and_short),
		cmocka_unit_test(unsigned_cabinets_and_others),
		cmocka_unit_test(every_verdict_has_its_error),
		cmocka_unit_test(forged_signatures_do_not_count),
		cmocka_unit_test(time_counts_when_it_is_proved),
		cmocka_unit_test(the_strongest_signature_counts),
		cmocka_unit_test(certificates_are_counted),
		cmocka_unit_test(roots_are_certificates_and_lists),
		cmocka_unit_test(times_have_two_forms),
		cmocka_unit_test(genuine_bytes_cannot_be_flipped),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

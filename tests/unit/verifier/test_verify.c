/* A bundle with any of its small files damaged, missing, or signed by the wrong people. */
#include "verifier/verify.h"

#include "tests/unit/verifier/bundle.h"

static const uint64_t sizes[] = { 1500000, 700000, 513, 512, 1, 0 };
static struct bundle bundle;

static int setup(void **state)
{
	(void)state;
	bundle_make(&bundle, sizes, COUNT(sizes), 1 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bundle_remove(&bundle);
	return 0;
}

static struct verified_bundle *open_bundle(enum verify_policy policy, struct error *err)
{
	error_clear(err);
	return verify_open(bundle.folder.path, bundle.trust, policy, err);
}

static void assert_good(void)
{
	struct error err = ERROR_INIT;
	CLEANUP(verify_close) struct verified_bundle *b = open_bundle(VERIFY_COMPLETE, &err);

	assert_no_error(err);
	assert_non_null(b);
}

static void assert_refused(enum error_id id, const char *text)
{
	struct error err = ERROR_INIT;

	assert_null(open_bundle(VERIFY_COMPLETE, &err));
	assert_error(err, id, text);
	assert_int_equal(strncmp(err.message, bundle.folder.path, strlen(bundle.folder.path)), 0);
}

static void a_genuine_bundle_says_what_it_is(void **state)
{
	struct error err = ERROR_INIT;
	CLEANUP(verify_close) struct verified_bundle *b = open_bundle(VERIFY_COMPLETE, &err);
	unsigned char digest[32];
	size_t len;

	(void)state;
	assert_no_error(err);
	assert_string_equal(verify_manifest(b)->channel, "plant");
	assert_int_equal(object_table_objects(verify_objects(b)), COUNT(sizes));
	assert_int_equal(verify_signers(b)->count, 2);
	assert_ptr_equal(verify_trust(b), bundle.trust);
	assert_false(verify_trust_is_newer(b));
	const void *text = verify_manifest_bytes(b, &len);
	digest_sha256(text, len, digest);
	assert_memory_equal(digest, verify_manifest_digest(b), 32);
	assert_string_equal(verify_path(b), bundle.folder.path);
	assert_false(verify_has(b, 1, 0, 1));
	assert_int_equal(verify_volumes(b, &err), 0);
	assert_true(verify_has(b, 1, 0, object_table_volume_size(verify_objects(b), 1)) &&
		    verify_dir(b) >= 0 && verify_trust_dir(b) >= 0);
}

/* Every byte of the signed text, and of the tables that it names. */
static void every_byte_counts(void **state)
{
	static const struct {
		const char *name;
		enum error_id id;
	} files[] = {
		{ "MANIFEST", ERROR_CMS_MESSAGE_DIGEST },
		{ "OBJECTS", ERROR_BUNDLE_DIGEST },
		{ "CHUNKS", ERROR_BUNDLE_DIGEST },
		{ "SHA256SUMS", ERROR_BUNDLE_DIGEST },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct error err = ERROR_INIT;
		unsigned char *bytes;
		size_t len;

		assert_int_equal(
			file_load(bundle.folder.dir, files[i].name, 1 << 20, &bytes, &len, &err),
			1);
		free(bytes);
		for (size_t at = 0; at < len; at += at + 8 < len ? 7 : 1) {
			bundle_flip(&bundle, files[i].name, at);
			if (i == 0 && at == 0) /* no lower-case letter: not even looked at */
				assert_refused(ERROR_CMS_MESSAGE_DIGEST, "");
			else
				assert_refused(files[i].id, "");
			bundle_flip(&bundle, files[i].name, at);
		}
	}
	assert_good();
}

/* Signatures and trust: whatever is wrong with them is a matter of trust, never a crash. */
static void every_byte_of_a_signature_counts(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof name, "sigs/%s.p7s", key_cert_facts(bundle.builder.cert)->short_id);
	struct error err = ERROR_INIT;
	unsigned char *bytes;
	size_t len;
	assert_int_equal(file_load(bundle.folder.dir, name, 1 << 20, &bytes, &len, &err), 1);
	free(bytes);
	for (size_t at = 0; at < len; at += 5) {
		bundle_flip(&bundle, name, at);
		assert_null(open_bundle(VERIFY_COMPLETE, &err));
		assert_int_equal(err.class, ERROR_CLASS_TRUST);
		bundle_flip(&bundle, name, at);
	}
	assert_good();
}

static void trust_files_are_checked(void **state)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	struct error err = ERROR_INIT;
	CLEANUP(file_close) int trust = file_open_subdir(bundle.folder.dir, "trust", false, &err);

	(void)state;
	assert_int_equal(file_list_load(trust, 100, &list, &err), 0);
	assert_int_equal(list.count, 5);
	for (size_t i = 0; i < list.count; i++) {
		char name[64], away[64];

		snprintf(name, sizeof name, "trust/%s", list.names[i]);
		for (uint64_t at = 0; at < 400; at += 43) {
			bundle_flip(&bundle, name, at);
			assert_null(open_bundle(VERIFY_COMPLETE, &err));
			assert_true(err.class == ERROR_CLASS_TRUST ||
				    err.id == ERROR_BUNDLE_DIGEST);
			bundle_flip(&bundle, name, at);
		}
		snprintf(away, sizeof away, "away");
		assert_int_equal(renameat(bundle.folder.dir, name, bundle.folder.dir, away), 0);
		assert_null(open_bundle(VERIFY_COMPLETE, &err));
		assert_true(err.class == ERROR_CLASS_TRUST || err.id == ERROR_BUNDLE_FILE_MISSING);
		assert_int_equal(renameat(bundle.folder.dir, away, bundle.folder.dir, name), 0);
	}
	assert_good();
}

static void files_may_not_be_missing_or_of_another_length(void **state)
{
	static const char *const names[] = { "MANIFEST", "OBJECTS", "CHUNKS", "SHA256SUMS" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct error err = ERROR_INIT;
		unsigned char *bytes;
		size_t len;

		assert_int_equal(
			file_load(bundle.folder.dir, names[i], 1 << 20, &bytes, &len, &err), 1);
		assert_int_equal(unlinkat(bundle.folder.dir, names[i], 0), 0);
		assert_refused(ERROR_BUNDLE_FILE_MISSING, names[i]);
		temporary_write(&bundle.folder, names[i], bytes, len - 1);
		assert_refused(i == 0 ? ERROR_CMS_MESSAGE_DIGEST : ERROR_BUNDLE_DIGEST, "");
		temporary_write(&bundle.folder, names[i], bytes,
				len + 1); /* loads are terminated */
		assert_refused(i == 0 ? ERROR_CMS_MESSAGE_DIGEST : ERROR_BUNDLE_DIGEST, "");
		assert_int_equal(unlinkat(bundle.folder.dir, names[i], 0), 0);
		assert_int_equal(symlinkat("/etc/passwd", bundle.folder.dir, names[i]), 0);
		assert_refused(ERROR_FILE_NAME, names[i]);
		temporary_write(&bundle.folder, names[i], bytes, len);
		free(bytes);
		assert_good();
	}
	struct error err = ERROR_INIT;
	assert_null(verify_open("/nonexistent", bundle.trust, VERIFY_COMPLETE, &err));
	assert_error(err, ERROR_BUNDLE_ABSENT, "/nonexistent");
}

static void unsign(const struct person *p)
{
	char name[64];

	snprintf(name, sizeof name, "sigs/%s.p7s", key_cert_facts(p->cert)->short_id);
	assert_int_equal(unlinkat(bundle.folder.dir, name, 0), 0);
}

static void both_roles_must_sign(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	unsign(&bundle.approver);
	assert_refused(ERROR_TRUST_NO_APPROVER, "");
	CLEANUP(verify_close) struct verified_bundle *b = open_bundle(VERIFY_FOR_APPROVAL, &err);
	assert_no_error(err);
	assert_int_equal(verify_signers(b)->count, 1);
	bundle_sign(&bundle, &bundle.stranger);
	assert_refused(ERROR_TRUST_UNKNOWN_KEY, "");
	bundle_sign(&bundle, &bundle.approver);
	assert_good(); /* an unknown key counts for nothing, either way */
	unsign(&bundle.stranger);
	unsign(&bundle.builder);
	assert_refused(ERROR_TRUST_NO_BUILDER, "");
	assert_null(open_bundle(VERIFY_FOR_APPROVAL, &err));
	assert_int_equal(err.id, ERROR_TRUST_NO_BUILDER);
	unsign(&bundle.approver);
	assert_refused(ERROR_TRUST_NO_SIGNATURE, "");
	error_clear(&err);
	assert_int_equal(file_remove_tree(bundle.folder.dir, "sigs", &err), 0);
	assert_refused(ERROR_TRUST_NO_SIGNATURE, "");
	bundle_seal(&bundle);
	assert_good();
}

/* Genuinely signed, but its parts contradict each other. */
static void a_signed_contradiction_is_refused(void **state)
{
	const struct manifest good = bundle.manifest;

	(void)state;
	bundle.manifest.volumes++;
	bundle_seal(&bundle);
	assert_refused(ERROR_MEDIA_MISMATCH, "");
	bundle.manifest = good;
	bundle.manifest.object_bytes--;
	bundle_seal(&bundle);
	assert_refused(ERROR_MEDIA_MISMATCH, "");
	bundle.manifest = good;
	bundle.manifest.trust_version = 2;
	bundle_seal(&bundle);
	assert_refused(ERROR_TRUST_NEWER, "version 2");
	bundle.manifest = good;
	bundle.manifest.created = bundle.trust->created - 86400;
	bundle_seal(&bundle);
	assert_refused(ERROR_TRUST_EXPIRED, "");
	bundle.manifest = good;
	bundle_seal(&bundle);
	assert_good();
}

/* Unsigned files beside volumes are allowed by their names alone. */
static void helpers_of_volumes_may_lie_there(void **state)
{
	static const struct {
		const char *name;
		bool allowed;
	} rows[] = {
		{ "vol-0001.par", true },      { "par-0001.ec", true },
		{ "par-9999.ec", false },      { "vol-0001.s000000", true },
		{ "vol-0001.s000001", false }, { "vol-0001.s0000000", false },
		{ "vol-9999.par", false },     { "vol-9999.s000000", false },
		{ "par-0000.ec", false },      { "vol-0001.ec", false },
		{ "par-0001.ec2", false },     { "vol-0001.par.txt", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		temporary_write(&bundle.folder, rows[i].name, "x", 1);
		if (rows[i].allowed)
			assert_good();
		else
			assert_refused(ERROR_MEDIA_MISMATCH, "a file that nobody listed");
		assert_int_equal(unlinkat(bundle.folder.dir, rows[i].name, 0), 0);
	}
	assert_good();
}

static void another_sites_trust_is_no_trust(void **state)
{
	struct error err = ERROR_INIT;
	struct bundle other;

	(void)state;
	bundle_make(&other, sizes, 2, 1 << 20);
	assert_null(verify_open(bundle.folder.path, other.trust, VERIFY_COMPLETE, &err));
	assert_error(err, ERROR_TRUST_FORK, "");
	bundle_remove(&other);
}

static void volumes_must_be_there_and_have_their_size(void **state)
{
	struct error err = ERROR_INIT;
	CLEANUP(verify_close) struct verified_bundle *b = open_bundle(VERIFY_COMPLETE, &err);
	uint64_t size = object_table_volume_size(bundle.objects, 2);

	(void)state;
	assert_int_equal(renameat(bundle.folder.dir, "vol-0002.tar", bundle.folder.dir, "away"), 0);
	assert_int_equal(verify_volume(b, 1, &err), 0);
	assert_int_equal(verify_volumes(b, &err), -1);
	assert_error(err, ERROR_VOLUME_MISSING, "vol-0002.tar");
	error_clear(&err);
	assert_int_equal(renameat(bundle.folder.dir, "away", bundle.folder.dir, "vol-0002.tar"), 0);
	CLEANUP(file_close) int fd = openat(bundle.folder.dir, "vol-0002.tar", O_RDWR);
	for (int by = -1; by <= 1; by += 2) {
		char text[64];

		assert_int_equal(ftruncate(fd, (off_t)size + by), 0);
		assert_int_equal(verify_volume(b, 2, &err), -1);
		snprintf(text, sizeof text, "vol-0002.tar: %llu bytes, must be %llu",
			 (unsigned long long)(size + (uint64_t)(int64_t)by),
			 (unsigned long long)size);
		assert_error(err, ERROR_VOLUME_SIZE, text);
		error_clear(&err);
	}
	assert_int_equal(ftruncate(fd, (off_t)size), 0); /* the last byte was zero already */
	assert_int_equal(verify_volumes(b, &err), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_genuine_bundle_says_what_it_is),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(every_byte_of_a_signature_counts),
		cmocka_unit_test(trust_files_are_checked),
		cmocka_unit_test(files_may_not_be_missing_or_of_another_length),
		cmocka_unit_test(both_roles_must_sign),
		cmocka_unit_test(a_signed_contradiction_is_refused),
		cmocka_unit_test(helpers_of_volumes_may_lie_there),
		cmocka_unit_test(another_sites_trust_is_no_trust),
		cmocka_unit_test(volumes_must_be_there_and_have_their_size),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

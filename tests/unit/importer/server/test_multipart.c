#include "importer/server/multipart.h"
#include "lib/base/error.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int object(const char *bytes)
{
	int fd = memfd_create("object", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
	return fd;
}

static const char expected[] = "--B\r\nContent-Type: application/octet-stream\r\n"
			       "Content-Range: bytes 0-2/10\r\n\r\n012\r\n"
			       "--B\r\nContent-Type: application/octet-stream\r\n"
			       "Content-Range: bytes 9-9/10\r\n\r\n9\r\n--B--\r\n";

static void the_body_is_exact_in_pieces_of_any_size(void **state)
{
	const struct range_set set = { 2, { { 0, 2 }, { 9, 9 } } };

	(void)state;
	for (size_t piece = 1; piece < sizeof expected + 8; piece++) {
		struct error err = ERROR_INIT;
		CLEANUP(multipart_free)
		struct multipart *m = multipart_new(&set, 10, object("0123456789"), "B", &err);
		char got[sizeof expected + 300];
		uint64_t at = 0;
		ssize_t n;

		assert_non_null(m);
		assert_int_equal(multipart_length(m), sizeof expected - 1);
		while ((n = multipart_read(m, at, got + at, piece)) > 0)
			at += (uint64_t)n;
		assert_int_equal(n, 0);
		assert_int_equal(at, sizeof expected - 1);
		assert_memory_equal(got, expected, at);
	}
}

static void a_short_object_is_an_error(void **state)
{
	const struct range_set set = { 2, { { 0, 2 }, { 9, 9 } } };
	struct error err = ERROR_INIT;
	CLEANUP(multipart_free)
	struct multipart *m = multipart_new(&set, 10, object("012"), "B", &err);
	char buf[4096];
	uint64_t at = 0;
	ssize_t n;

	(void)state;
	while ((n = multipart_read(m, at, buf, sizeof buf)) > 0)
		at += (uint64_t)n;
	assert_int_equal(n, -1);
}

static void lengths_beyond_the_protocol_are_refused(void **state)
{
	const struct range_set set = { 2, { { 0, UINT64_MAX - 1 }, { 0, 5 } } };
	struct error err = ERROR_INIT;

	(void)state;
	assert_null(multipart_new(&set, UINT64_MAX, object(""), "B", &err));
	assert_error(err, ERROR_LIMIT_BYTES, "multipart");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_body_is_exact_in_pieces_of_any_size),
		cmocka_unit_test(a_short_object_is_an_error),
		cmocka_unit_test(lengths_beyond_the_protocol_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

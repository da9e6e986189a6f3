#include "exporter/wsusutil_names.h"

#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/source.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

/* A document with one update, filled with comments up to size bytes. */
struct padded {
	struct source base;
	uint64_t done, size;
};

enum { COMMENT = 4096 };

static const char head[] =
	"<ExportPackage ServerID=\"a0000000-0000-4000-8000-00000000000a\" "
	"CreationTime=\"2026-02-03T04:05:06Z\" FormatVersion=\"1.0\" "
	"ProtocolVersion=\"1.20\"><Languages><Language Id=\"0\" "
	"ShortName=\"all\" LongName=\"all\" Enabled=\"1\" /></Languages>"
	"<Files /><Updates><Update UpdateId=\"a0000000-0000-4000-8000-00000000000b\" "
	"RevisionNumber=\"1\"><Files /><Categories /></Update>";
static const char tail[] = "</Updates></ExportPackage>";

static ssize_t padded_read(struct source *s, void *buf, size_t len, struct error *err)
{
	const uint64_t first = sizeof head - 1, last = sizeof tail - 1;
	struct padded *p = (struct padded *)s;
	const uint64_t room = p->size - p->done - (p->done < p->size ? last : 0);
	char *out = buf;
	size_t n = 0;

	(void)err;
	if (p->done == p->size)
		return 0;
	assert_true(len > first + last + COMMENT);
	if (p->done == 0) {
		memcpy(out, head, first);
		n = first;
	} else if (room < COMMENT) {
		memset(out, ' ', room);
		memcpy(out + room, tail, last);
		n = room + last;
	} else {
		for (; n + COMMENT <= len && n + COMMENT <= room; n += COMMENT) {
			memset(out + n, 'x', COMMENT);
			memcpy(out + n, "<!--", 4);
			memcpy(out + n + COMMENT - 3, "-->", 3);
		}
	}
	p->done += n;
	return (ssize_t)n;
}

static void the_length_of_a_package(void **state)
{
	(void)state;
	for (uint64_t size = LIMIT_WSUS_PACKAGE_BYTES; size <= LIMIT_WSUS_PACKAGE_BYTES + 1;
	     size++) {
		CLEANUP(wsusutil_names_clear) struct wsusutil_names names = { 0 };
		struct padded src = { { padded_read }, 0, size };
		struct error err = ERROR_INIT;
		int result = wsusutil_names_read(&src.base, &names, &err);

		if (size == LIMIT_WSUS_PACKAGE_BYTES) {
			assert_no_error(err);
			assert_int_equal(result, 0);
			assert_true(src.done == size);
			assert_int_equal(names.count, 1);
		} else {
			assert_int_equal(result, -1);
			assert_error(err, ERROR_WSUS_LIMIT, "more than 1073741824 bytes");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_length_of_a_package),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

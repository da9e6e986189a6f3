/* A table is handed on only when all of it was proved, and never with other bytes. */
#include "verifier/table.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/digest.h"
#include "media/manifest.h"
#include "tests/unit/folder.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <unistd.h>

enum { MIB = 1 << 20, SIZE = 3 * MIB + 17 };

struct seen {
	struct temporary *folder;
	const unsigned char *want;
	size_t len, calls;
	uint64_t damage; /* flip the byte there once the first piece has come; 0: do not */
	int result;
};

static int feed(void *ctx, const void *bytes, size_t len, struct error *err)
{
	struct seen *s = ctx;

	assert_memory_equal(bytes, s->want + s->len, len);
	s->len += len;
	if (s->calls++ == 0 && s->damage > 0) {
		CLEANUP(file_close) int fd = openat(s->folder->dir, "OBJECTS", O_RDWR);
		unsigned char other = (unsigned char)(s->want[s->damage] ^ 1);

		assert_int_equal(file_write_at(fd, "OBJECTS", &other, 1, s->damage, err), 0);
	}
	return s->result < 0 ? error_set(err, ERROR_OBJECTS_FORMAT, "no") : 0;
}

static void only_what_was_proved_is_handed_on(void **state)
{
	static const struct {
		size_t size;           /* of the file */
		uint64_t flip, damage; /* before, and between the passes; 0: none */
		int result;
		enum error_id id;
		const char *text;
		size_t calls;
	} rows[] = {
		{ SIZE, 0, 0, 0, ERROR_NONE, "", 4 },
		{ 0, 0, 0, 0, ERROR_NONE, "", 0 },
		{ 1, 0, 0, 0, ERROR_NONE, "", 1 },
		{ MIB, 0, 0, 0, ERROR_NONE, "", 1 },
		{ MIB + 1, 0, 0, 0, ERROR_NONE, "", 2 },
		{ SIZE, 5, 0, 0, ERROR_BUNDLE_DIGEST, "not the one MANIFEST names", 0 },
		{ SIZE, SIZE - 1, 0, 0, ERROR_BUNDLE_DIGEST, "not the one MANIFEST names", 0 },
		{ SIZE, 0, 2 * MIB + 5, 0, ERROR_BUNDLE_DIGEST,
		  "changed at byte 2097152 while it was read", 2 },
		{ SIZE, 0, SIZE - 1, 0, ERROR_BUNDLE_DIGEST,
		  "changed at byte 3145728 while it was read", 3 },
		{ SIZE, 0, 0, -1, ERROR_OBJECTS_FORMAT, "no", 1 },
	};
	CLEANUP(free) unsigned char *bytes = buf_malloc(SIZE);

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (unsigned char)(i * 2654435761u >> 13);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct temporary folder;
		struct manifest_file want = { .size = rows[i].size };
		struct seen seen = { .folder = &folder,
				     .want = bytes,
				     .damage = rows[i].damage,
				     .result = rows[i].result };
		struct table_reader reader = { feed, &seen };
		struct error err = ERROR_INIT;

		temporary_create(&folder);
		digest_sha256(bytes, rows[i].size, want.sha256);
		bytes[rows[i].flip] ^= rows[i].flip > 0;
		temporary_write(&folder, "OBJECTS", bytes, rows[i].size);
		bytes[rows[i].flip] ^= rows[i].flip > 0;
		assert_int_equal(table_read(folder.dir, "OBJECTS", &want, &reader, &err),
				 rows[i].id ? -1 : 0);
		if (rows[i].id)
			assert_error(err, rows[i].id, rows[i].text);
		else
			assert_int_equal(seen.len, rows[i].size);
		assert_int_equal(seen.calls, rows[i].calls);
		temporary_remove(&folder);
	}
}

static void size_and_presence_come_first(void **state)
{
	struct temporary folder;
	struct manifest_file want = { .size = 3 };
	struct seen seen = { .folder = &folder };
	struct table_reader reader = { feed, &seen };
	struct error err = ERROR_INIT;

	(void)state;
	temporary_create(&folder);
	assert_int_equal(table_read(folder.dir, "OBJECTS", &want, &reader, &err), -1);
	assert_error(err, ERROR_BUNDLE_FILE_MISSING, "OBJECTS: not there");
	error_clear(&err);
	temporary_write(&folder, "OBJECTS", "1234", 4);
	assert_int_equal(table_read(folder.dir, "OBJECTS", &want, &reader, &err), -1);
	assert_error(err, ERROR_BUNDLE_DIGEST, "OBJECTS: 4 bytes, MANIFEST says 3");
	assert_int_equal(seen.calls, 0);
	temporary_remove(&folder);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_was_proved_is_handed_on),
		cmocka_unit_test(size_and_presence_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

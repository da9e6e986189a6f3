/* A directory of its own for one test, removed with everything in it. */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct temporary {
	char path[64];
	int dir;
};

__attribute__((unused)) static void temporary_create(struct temporary *t)
{
	struct error err = ERROR_INIT;
	const char *tmp = getenv("TMPDIR");

	snprintf(t->path, sizeof t->path, "%s/gapferry-XXXXXX",
		 tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	assert_non_null(mkdtemp(t->path));
	t->dir = file_open_dir(t->path, &err);
	assert_no_error(err);
}

__attribute__((unused)) static void temporary_remove(struct temporary *t)
{
	struct error err = ERROR_INIT;
	CLEANUP(file_close) int root = file_open_dir("/", &err);

	file_close(t->dir);
	assert_int_equal(file_remove_tree(root, t->path + 1, &err), 0);
	assert_no_error(err);
}

/* A file with these bytes, replacing what was there. */
__attribute__((unused)) static void temporary_write(const struct temporary *t, const char *name,
						    const void *bytes, size_t len)
{
	struct error err = ERROR_INIT;

	assert_int_equal(file_save(t->dir, name, bytes, len, 0644, &err), 0);
	assert_no_error(err);
}

#endif

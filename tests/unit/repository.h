/* A small repository for tests: two updates in three rows, files, findings, one channel. */
#ifndef TESTS_REPOSITORY_H
#define TESTS_REPOSITORY_H

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/digest.h"
#include "lib/store/content.h"
#include "lib/store/db.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

struct repository {
	char parent[64], path[80];
};

static inline void repository_sql(struct store *s, const char *sql)
{
	struct error err = ERROR_INIT;

	assert_int_equal(db_run(store_db(s), sql, &err), 0);
	assert_no_error(err);
}

/*
 * Revisions 1 (two sources: 101 and 201) and 2 (102, quarantined) of two updates; update 3 has no
 * title.  GUIDs are 16 times the same byte, digests likewise.
 */
static const char repository_rows[] =
	"INSERT INTO identity VALUES(1, x'11111111111111111111111111111111'),"
	" (2, x'22222222222222222222222222222222');"
	"INSERT INTO revision VALUES(1, 200, 1), (2, 100, 2), (2, 101, 3);"
	"INSERT INTO update_info VALUES"
	"(1, 101, 1, 1, 200, 'Software', 5, 0, NULL, 1213117200, '954474', 'Critical', 'MS08-036',"
	" 'Security Update \"One\"', 0, 0, NULL, NULL),"
	"(1, 102, 2, 2, 100, 'Software', 6, 8, 'Explode', NULL, NULL, NULL, NULL, 'Bundle Two', 1, "
	"102, "
	"NULL, NULL),"
	"(1, 103, 3, 2, 101, 'Category', 0, 6, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, "
	"NULL),"
	"(2, 201, 1, 1, 200, 'Software', 5, 2, NULL, 1213117200, '954474', NULL, NULL, 'One "
	"again', 0, 0, "
	"NULL, NULL);"
	"INSERT INTO file VALUES"
	"(1, 101, 0, 0, x'a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0', NULL, 7, 'one.cab', NULL, 0),"
	"(1, 101, 0, 1, x'b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0', NULL, NULL, NULL, NULL, 0),"
	"(1, 101, 1, 0, x'c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0', NULL, NULL, 'eula', 'en', 0);"
	"INSERT INTO object(id, sha256, size, kind, sha1, name) VALUES(99, "
	"x'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',"
	" 7, 3, x'a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0', 'one.cab');"
	"INSERT INTO finding VALUES"
	"(1, 1, 'GF-C001', 0, 102, x'22222222222222222222222222222222', NULL, 'package.xml', 42,"
	" 'Explode', 'unexpected action', 'tell the connected side', 0, 3),"
	"(2, 1, 'GF-C010', 1, 101, x'11111111111111111111111111111111', '954474', 'c/101', 0, NULL,"
	" 'unusual', 'nothing', 0, 0),"
	"(3, 1, 'GF-C011', 2, 0, NULL, NULL, 'package.xml', 0, NULL, 'about the whole', 'nothing', "
	"0, 0);"
	"INSERT INTO channel(id, name, audience, epoch, sequence, manifest, catalog_root,"
	" trust_version, time_floor, direction) VALUES(1, 'plant', 'site-a', 1, 5,"
	" x'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee',"
	" x'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 1, 0, 1);"
	"INSERT INTO bundle(channel_id, epoch, sequence, digest, manifest, recorded, processed,"
	" quarantined) VALUES(1, 1, 5, x'ee', x'00', 1700000000, 4, 1);";

/* An empty repository in a directory of its own below TMPDIR. */
static inline void repository_create(struct repository *r)
{
	struct error err = ERROR_INIT;
	const char *tmp = getenv("TMPDIR");

	snprintf(r->parent, sizeof r->parent, "%s/gapferry-XXXXXX",
		 tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	assert_non_null(mkdtemp(r->parent));
	snprintf(r->path, sizeof r->path, "%s/repo", r->parent);
	assert_int_equal(store_create(r->path, &err), 0);
	assert_no_error(err);
}

static inline struct store *repository_open(const struct repository *r, bool writer)
{
	struct error err = ERROR_INIT;
	struct store *s = store_open(r->path, writer, &err);

	assert_no_error(err);
	return s;
}

/* Store bytes as a content object. */
static inline void repository_put(struct store *s, const void *bytes, size_t len,
				  struct stored_object *o)
{
	struct error err = ERROR_INIT;

	*o = (struct stored_object){
		.kind = OBJECT_CONTENT, .size = len, .has_sha1 = true, .name = "x"
	};
	digest_sha1(bytes, len, o->sha1);
	assert_int_equal(content_put(s, bytes, len, o->sha256, &err), 0);
	assert_int_equal(content_sync(s, &err), 0);
	assert_int_equal(stored_record(s, o, &err), 0);
	assert_no_error(err);
}

static inline void repository_remove(struct repository *r)
{
	struct error err = ERROR_INIT;
	CLEANUP(file_close) int tmp = file_open_dir("/", &err);

	assert_int_equal(file_remove_tree(tmp, r->parent + 1, &err), 0);
	assert_no_error(err);
}

#endif

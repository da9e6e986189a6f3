/* What is remembered of a catalog; tests/rules seeds each fault of history. */
#include "lib/catalog/catalog_past.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/catalog/catalog_change.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define G "00000000-0000-0000-0000-0000000000"
#define CLASS(n) "<Category Type=\"UpdateClassification\" Id=\"" G #n "\"/>"
#define BY(n) "<SupersededBy><Revision Id=\"" #n "\"/></SupersededBy>"
#define UPDATE(id, number, revision, inner)                                                     \
	"<Update UpdateId=\"" G #id "\" RevisionNumber=\"" #number "\" RevisionId=\"" #revision \
	"\"><Categories>" inner "</Categories></Update>"
#define OLD(id, number, revision, inner)                                                        \
	"<Update UpdateId=\"" G #id "\" RevisionNumber=\"" #number "\" RevisionId=\"" #revision \
	"\">" inner "</Update>"

static struct catalog *judged(const char *updates)
{
	struct error err = ERROR_INIT;
	struct catalog *c = catalog_new();
	CLEANUP(catalog_master_free)
	struct catalog_master *m = catalog_master_new(&catalog_fill, c);
	char xml[4096];
	int len = snprintf(xml, sizeof xml,
			   "<OfflineSyncPackage PackageId=\"" G "aa\" "
			   "CreationDate=\"2026-07-14T17:00:00Z\"><Updates>%s</Updates>"
			   "</OfflineSyncPackage>",
			   updates);

	assert_int_equal(catalog_master_feed(m, xml, (size_t)len, &err), 0);
	assert_int_equal(catalog_master_finish(m, &err), 0);
	assert_int_equal(catalog_finish(c, &err), 0);
	catalog_validate(c);
	catalog_quarantine(c);
	return c;
}

static void the_same_again_says_nothing(void **state)
{
	CLEANUP(buf_clear) struct buf past = BUF_INIT(4096);
	CLEANUP(catalog_free)
	struct catalog *c = judged(UPDATE(10, 1, 1, CLASS(20)) UPDATE(10, 2, 2, CLASS(20)));
	struct error err = ERROR_INIT;
	size_t before = catalog_finding_count(c);
	static const uint64_t marks[] = { 7, 8 };

	(void)state;
	assert_int_equal(catalog_past_write(c, marks, &past, &err), 0);
	assert_int_equal(past.len, 72 + 2 * 72);
	assert_true(catalog_past_compare(c, marks, past.bytes, past.len));
	assert_int_equal(catalog_finding_count(c), before);
}

/* A broken row of the database costs a comparison, nothing else. */
static void other_bytes_say_nothing(void **state)
{
	CLEANUP(buf_clear) struct buf past = BUF_INIT(4096);
	CLEANUP(catalog_free)
	struct catalog *c = judged(UPDATE(10, 1, 1, CLASS(20)) UPDATE(11, 2, 2, CLASS(20)));
	struct error err = ERROR_INIT;
	unsigned char other[72 * 3];

	(void)state;
	assert_int_equal(catalog_past_write(c, NULL, &past, &err), 0);
	for (size_t len = 0; len < past.len; len++)
		assert_int_equal(catalog_past_compare(c, NULL, past.bytes, len),
				 len >= 72 && (len - 72) % 72 == 0);
	memcpy(other, past.bytes, sizeof other);
	other[14] = '2'; /* version */
	assert_false(catalog_past_compare(c, NULL, other, sizeof other));
	memcpy(other, past.bytes, sizeof other);
	memcpy(other + 72, past.bytes + 144, 72); /* not in order */
	memcpy(other + 144, past.bytes + 72, 72);
	assert_false(catalog_past_compare(c, NULL, other, sizeof other));
}

/* Taken away is another one too: nothing offers the update any more, or everything does. */
static void a_classification_that_is_gone(void **state)
{
	CLEANUP(buf_clear) struct buf past = BUF_INIT(4096);
	CLEANUP(catalog_free) struct catalog *a = judged(UPDATE(10, 1, 1, CLASS(20)));
	CLEANUP(catalog_free) struct catalog *b = judged(UPDATE(10, 1, 1, ""));
	struct error err = ERROR_INIT;
	size_t found = 0;

	(void)state;
	assert_int_equal(catalog_past_write(a, NULL, &past, &err), 0);
	assert_true(catalog_past_compare(b, NULL, past.bytes, past.len));
	for (size_t i = 0; i < catalog_finding_count(b); i++)
		found += catalog_finding_at(b, i)->rule == CATALOG_RULE_RECLASSIFIED;
	assert_int_equal(found, 1);
}

static void changes_of_common_updates(void **state)
{
	CLEANUP(catalog_free)
	struct catalog *a = judged(UPDATE(10, 1, 1, CLASS(20)) OLD(11, 1, 2, "") OLD(12, 1, 3, "")
					   OLD(13, 1, 9, BY(1)));
	CLEANUP(catalog_free)
	struct catalog *b = judged(UPDATE(10, 1, 1, CLASS(21)) OLD(11, 2, 4, BY(1))
					   OLD(14, 1, 5, BY(1)) OLD(13, 1, 9, BY(1)));
	CLEANUP(catalog_change_clear) struct catalog_change c;

	(void)state;
	catalog_change_compute(a, b, &c);
	assert_int_equal(c.superseded_count, 1);
	assert_int_equal(c.superseded[0].before->revision_id, 2);
	assert_int_equal(c.superseded[0].after->revision_id, 4);
	assert_int_equal(c.reclassified_count, 1);
	assert_int_equal(c.reclassified[0].after->revision_id, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_again_says_nothing),
		cmocka_unit_test(other_bytes_say_nothing),
		cmocka_unit_test(a_classification_that_is_gone),
		cmocka_unit_test(changes_of_common_updates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Two states of catalogs compared: updates, files, findings; over sources, twins and duplicates. */
#include "lib/catalog/catalog_diff.h"

#include "lib/base/error.h"
#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { SOURCES = 3, MARKS = 16 };

struct state {
	struct catalog *catalogs[SOURCES];
	unsigned char marks[SOURCES][MARKS][32];
	struct catalog_diff_source sources[SOURCES];
	struct catalog_diff_state state;
};

static void add_xml(struct catalog *c, const char *xml)
{
	struct error err = ERROR_INIT;
	CLEANUP(catalog_master_free)
	struct catalog_master *m = catalog_master_new(&catalog_fill, c);

	assert_int_equal(catalog_master_feed(m, xml, strlen(xml), &err), 0);
	assert_int_equal(catalog_master_finish(m, &err), 0);
	assert_no_error(err);
}

static void close_source(struct state *s, const char *body, const char *marks)
{
	struct error err = ERROR_INIT;
	char xml[4096 + 128];
	size_t n = s->state.count++;
	struct catalog *c = s->catalogs[n] = catalog_new();

	snprintf(xml, sizeof xml, "<OfflineSyncPackage><Updates>%s</Updates></OfflineSyncPackage>",
		 body);
	add_xml(c, xml);
	assert_int_equal(catalog_finish(c, &err), 0);
	catalog_validate(c);
	catalog_quarantine(c);
	assert_int_equal(catalog_count(c), strlen(marks));
	for (size_t i = 0; i < strlen(marks); i++)
		memset(s->marks[n][i], marks[i], 32);
	s->sources[n] = (struct catalog_diff_source){ c, (const unsigned char(*)[32])s->marks[n] };
}

/*
 * "A1x": revision 1 of update A, whose documents are x.  Lower case: it has no UpdateID.  "!":
 * with a malformed action.  '/' begins another source.  Tokens in order of letter and number.
 */
static void make(struct state *s, const char *text)
{
	char body[4096] = "", marks[MARKS + 1] = "";
	bool any = *text;

	*s = (struct state){ .state = { .sources = s->sources } };
	for (; any; text++) {
		size_t used = strlen(body), n = strlen(marks);

		if (*text == '/' || *text == '\0') {
			close_source(s, body, marks);
			body[0] = marks[0] = '\0';
			any = *text;
			if (!any)
				break;
			continue;
		}
		if (*text == ' ')
			continue;
		char id[64] = "";
		if (isupper((unsigned char)text[0]))
			snprintf(id, sizeof id,
				 " UpdateId=\"00000000-0000-0000-0000-0000000000%02x\"", text[0]);
		snprintf(body + used, sizeof body - used,
			 "<Update%s RevisionId=\"%d%c\" RevisionNumber=\"%c\" IsSoftware=\"false\" "
			 "DeploymentAction=\"%s\"/>",
			 id, text[0], text[1], text[1], text[3] == '!' ? "Explode" : "Evaluate");
		marks[n] = text[2];
		marks[n + 1] = '\0';
		text += text[3] == '!' ? 3 : 2;
	}
}

static void unmake(struct state *s)
{
	for (size_t i = 0; i < s->state.count; i++)
		catalog_free(s->catalogs[i]);
}

static void updates_are_compared(void **state)
{
	static const struct {
		const char *before, *after, *want;
	} rows[] = {
		{ "", "", "" },
		{ "A1x", "A1x", "" },
		{ "", "A1x B1x", "+A1 +B1 " },
		{ "A1x B1x", "", "-A1 -B1 " },
		{ "A1x C1x", "B1x C1x", "-A1 +B1 " },
		/* another revision, in place of the old one or beside it; one of two goes */
		{ "A1x B1x", "A2x B1x", "~A1A2 " },
		{ "A1x", "A1x A2y", "~A1A2 " },
		{ "A1x A2y", "A1x", "~A2A1 " },
		/* the same revision with other documents */
		{ "A1x B1x", "A1y B1x", "~A1A1 " },
		{ "A1x A2x", "A1y A2x", "~A2A2 " },
		/* in whichever source: moved, or in both */
		{ "A1x/B1x", "B1x/A1x", "" },
		{ "A1x/B1x", "A1x B1x", "" },
		{ "A1x/A1x", "A1x", "" },
		{ "A1x", "A1x/A1x/A1x", "" },
		{ "A1x/A1x", "A1x/A1y", "~A1A1 " },
		{ "A1x/B1x", "A1x", "-B1 " },
		/* without UpdateID the RevisionId is all there is; such come last */
		{ "a1x B1x", "a1x B1x", "" },
		{ "a1x", "a2x", "-a1 +a2 " },
		{ "a1x", "a1y", "~a1a1 " },
		{ "a1x", "A1x", "+A1 -a1 " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(catalog_diff_clear) struct catalog_diff d = { .update_count = 0 };
		size_t kinds[CATALOG_DIFF_KINDS_] = { 0 };
		struct state before, after;
		char have[256] = "";

		make(&before, rows[i].before);
		make(&after, rows[i].after);
		catalog_diff_compute(&before.state, &after.state, &d);
		for (size_t k = 0; k < d.update_count; k++) {
			const struct catalog_diff_update *u = &d.updates[k];
			const struct catalog_revision *sides[] = { u->before, u->after };
			size_t n = strlen(have);

			have[n++] = "+~-"[u->kind];
			kinds[u->kind]++;
			for (size_t side = 0; side < 2; side++) {
				if (!sides[side])
					continue;
				have[n++] = (char)(sides[side]->revision_id / 10);
				have[n++] = (char)('0' + sides[side]->revision_number);
			}
			have[n++] = ' ';
			have[n] = '\0';
		}
		if (strcmp(have, rows[i].want) != 0)
			fail_msg("row %zu: %s, want %s", i, have, rows[i].want);
		assert_memory_equal(kinds, d.kinds, sizeof kinds);
		unmake(&before);
		unmake(&after);
	}
}

static void findings_come_and_go(void **state)
{
	static const struct {
		const char *before, *after;
		size_t added, resolved;
	} rows[] = {
		{ "A1x!", "A1x!", 0, 0 },
		{ "A1x", "A1x!", 1, 0 },
		{ "A1x!", "A1x", 0, 1 },
		{ "A1x!", "B1x!", 1, 1 },
		/* its place in the master document moved */
		{ "A1x B1x!", "B1x!", 0, 0 },
		{ "A1x!/A1x!", "A1x!", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(catalog_diff_clear) struct catalog_diff d = { .update_count = 0 };
		struct state before, after;
		size_t added = 0, resolved = 0;

		make(&before, rows[i].before);
		make(&after, rows[i].after);
		catalog_diff_compute(&before.state, &after.state, &d);
		for (size_t k = 0; k < d.finding_count; k++) {
			if (d.findings[k].finding->rule != CATALOG_RULE_ACTION_TEXT)
				continue;
			added += d.findings[k].added;
			resolved += !d.findings[k].added;
		}
		if (added != rows[i].added || resolved != rows[i].resolved)
			fail_msg("row %zu: %zu added, %zu resolved", i, added, resolved);
		assert_int_equal(d.findings_added + d.findings_resolved, d.finding_count);
		unmake(&before);
		unmake(&after);
	}
}

#define SHA1(c) #c "AAAAAAAAAAAAAAAAAAAAAAAAAA="
#define FILE_OF(c, size) "<File Digest=\"" SHA1(c) "\" FileName=\"" #c ".cab\" Size=\"" size "\"/>"

/* One update whose extended fragment names these files. */
static struct catalog *with_files(const char *files)
{
	struct catalog *c = catalog_new();
	struct error err = ERROR_INIT;
	char text[1024];

	add_xml(c, "<OfflineSyncPackage><Updates><Update RevisionId=\"1\" RevisionNumber=\"1\" "
		   "UpdateId=\"00000000-0000-0000-0000-000000000001\"/></Updates>"
		   "</OfflineSyncPackage>");
	snprintf(text, sizeof text, "<ExtendedProperties/><Files>%s</Files>", files);
	assert_int_equal(
		catalog_add_fragment(c, (enum catalog_stream)'x', "", 1, text, strlen(text), &err),
		0);
	assert_int_equal(catalog_finish(c, &err), 0);
	assert_no_error(err);
	return c;
}

static void files_are_counted_with_their_bytes(void **state)
{
	static const struct {
		const char *before, *after;
		size_t added, removed;
		uint64_t bytes_added, bytes_removed;
	} rows[] = {
		{ "", "", 0, 0, 0, 0 },
		{ FILE_OF(A, "5"), FILE_OF(A, "5"), 0, 0, 0, 0 },
		{ "", FILE_OF(A, "5") FILE_OF(B, "7"), 2, 0, 12, 0 },
		{ FILE_OF(A, "5") FILE_OF(B, "7"), FILE_OF(B, "7") FILE_OF(C, "4294967297"), 1, 1,
		  4294967297u, 5 },
		{ FILE_OF(A, "5") FILE_OF(A, "5"), "", 0, 1, 0, 5 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(catalog_free) struct catalog *before = with_files(rows[i].before);
		CLEANUP(catalog_free) struct catalog *after = with_files(rows[i].after);
		const struct catalog_diff_source sources[] = { { before, NULL }, { after, NULL } };
		const struct catalog_diff_state old = { &sources[0], 1 }, new = { &sources[1], 1 };
		CLEANUP(catalog_diff_clear) struct catalog_diff d = { .update_count = 0 };

		catalog_diff_compute(&old, &new, &d);
		if (d.files_added != rows[i].added || d.files_removed != rows[i].removed ||
		    d.bytes_added != rows[i].bytes_added ||
		    d.bytes_removed != rows[i].bytes_removed)
			fail_msg("row %zu: %zu added, %zu removed", i, d.files_added,
				 d.files_removed);
		assert_int_equal(d.file_count, d.files_added + d.files_removed);
		for (size_t k = 0; k < d.file_count; k++)
			assert_non_null(strstr(d.files[k].name, ".cab"));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(updates_are_compared),
		cmocka_unit_test(findings_come_and_go),
		cmocka_unit_test(files_are_counted_with_their_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

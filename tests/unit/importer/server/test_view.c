#include "importer/server/view_internal.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/pack/pack.h"
#include "tests/unit/repository.h"

#include <malloc.h>
#include <time.h>
#include <unistd.h>

/*
 * One source. 101 is a detectoid, 102 software that needs it (an older revision, 99, is known),
 * 103 a bundle of 104, 105 without a core fragment, 106 a complete document, 107 a driver.
 */
static const char rows[] =
	"INSERT INTO source(id, kind, series, cabinet, cabinet_size, name, content_expected)"
	" VALUES(1, 'wsusscn2', 'default', x'00', 1, 'x', 0);"
	"INSERT INTO identity VALUES(1, x'11111111111111111111111111111111'),"
	" (2, x'22222222222222222222222222222222'), (3, x'33333333333333333333333333333333'),"
	" (4, x'44444444444444444444444444444444'), (5, x'55555555555555555555555555555555'),"
	" (6, x'66666666666666666666666666666666'), (7, x'77777777777777777777777777777777'),"
	" (8, x'88888888888888888888888888888888');"
	"INSERT INTO revision VALUES(1, 100, 1), (2, 200, 2), (3, 100, 3), (4, 100, 4), (5, 100, "
	"5),"
	" (6, 100, 6), (7, 100, 7), (8, 100, 8), (2, 199, 9);"
	"INSERT INTO update_info VALUES"
	"(1, 101, 1, 1, 100, 'Detectoid', 0, 6, NULL, 0, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL),"
	/* needs identity 1; its category is 1 */
	"(1, 102, 2, 2, 200, 'Software', 5, 0, NULL, 0, NULL, NULL, NULL, NULL, 0, 0,"
	" x'01010101000001010100', NULL),"
	"(1, 103, 3, 3, 100, 'Software', 6, 0, NULL, 0, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL),"
	/* bundled by 103 */
	"(1, 104, 4, 4, 100, 'Software', 4, 7, 'Bundle', 0, NULL, NULL, NULL, NULL, 0, 0,"
	" x'01000001670000', NULL),"
	"(1, 105, 5, 5, 100, 'Software', 4, 0, NULL, 0, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL),"
	"(1, 106, 6, 6, 100, '', 4, 6, NULL, 0, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL),"
	"(1, 107, 7, 7, 100, 'Driver', 4, 0, NULL, 0, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL),"
	/* quarantined */
	"(1, 108, 8, 8, 100, 'Software', 4, 0, NULL, 0, NULL, NULL, NULL, NULL, 1, 108, NULL, "
	"NULL);"
	"INSERT INTO file VALUES"
	"(1, 102, 0, 0, x'4242424242424242424242424242424242424242', NULL, 7, 'here.cab', NULL, 0),"
	"(1, 102, 0, 1, x'4343434343434343434343434343434343434343', NULL, NULL, 'x.PSF', NULL, 1),"
	"(1, 104, 0, 0, x'4444444444444444444444444444444444444444', NULL, 9, 'gone.cab', NULL, 1),"
	"(1, 102, 1, 0, x'4545454545454545454545454545454545454545', NULL, NULL, NULL, 'en', 0);"
	"INSERT INTO object(id, sha256, size, kind, sha1, name) VALUES(99, "
	"x'0101010101010101010101010101010101010101010101010101010101010101',"
	" 7, 3, x'4242424242424242424242424242424242424242', 'here.cab');";

static const struct {
	char stream;
	int revision;
	const char *key, *text;
} documents[] = {
	{ 'c', 101, "", "<UpdateIdentity />  core of 101\n" },
	{ 'c', 102, "", "<core of='102'/>" },
	{ 'c', 103, "", "<core of='103'/>" },
	{ 'c', 104, "", "<core of='104'/>" },
	{ 'c', 107, "",
	  "<d.WindowsDriverMetaData HardwareID=\"PCI\\X\"></d.WindowsDriverMetaData>" },
	{ 'x', 102, "",
	  "<Files><File Digest=\"QkJCQkJCQkJCQkJCQkJCQkJCQkI=\" />"
	  "<File Digest=\"Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0M=\" /></Files>" },
	{ 'x', 103, "", "<ExtendedProperties  a='b' />" },
	{ 'l', 102, "de", "<de/>" },
	{ 'l', 102, "en", "<en/>" },
	{ 'l', 102, "pt-br", "<pt-br/>" },
	{ 'e', 102, "en", "<EulaFile/>" },
	{ 's', 106, "",
	  "<upd:Update><upd:UpdateIdentity UpdateID=\"6\"/><upd:LocalizedPropertiesCollection>"
	  "<upd:LocalizedProperties><upd:Language>fr</upd:Language></upd:LocalizedProperties>"
	  "</upd:LocalizedPropertiesCollection></upd:Update>" },
};

static void add_documents(struct store *s)
{
	CLEANUP(pack_builder_free) struct pack_builder *b = pack_builder_new();
	CLEANUP(buf_clear) struct buf pack = BUF_INIT(1 << 20);
	struct error err = ERROR_INIT;
	unsigned char sha256[32];
	char sql[512], hex[65];
	size_t offset = 0;

	for (size_t i = 0; i < COUNT(documents); i++) {
		digest_sha256(documents[i].text, strlen(documents[i].text), sha256);
		pack_builder_add(b, sha256, documents[i].text, strlen(documents[i].text));
	}
	assert_int_equal(pack_builder_finish(b, &pack, &err), 0);
	assert_true(content_put(s, pack.bytes, pack.len, sha256, &err) >= 0);
	for (size_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", sha256[i]);
	snprintf(sql, sizeof sql,
		 "INSERT INTO object(id, sha256, size, kind, name) VALUES(7, x'%s', %zu, 1, '-')",
		 hex, pack.len);
	repository_sql(s, sql);
	offset = pack_builder_header(b);
	for (size_t i = 0; i < COUNT(documents); i++) {
		snprintf(sql, sizeof sql,
			 "INSERT INTO fragment VALUES(%zu, x'%064zx', 7, %zu, %zu);"
			 "INSERT INTO document VALUES(1, %d, %d, '%s', %zu, 0)",
			 i + 1, i, offset, strlen(documents[i].text), documents[i].stream,
			 documents[i].revision, documents[i].key, i + 1);
		repository_sql(s, sql);
		offset += strlen(documents[i].text);
	}
}

static struct repository made;

static int make(void **state)
{
	(void)state;
	repository_create(&made);
	CLEANUP(store_close) struct store *s = repository_open(&made, true);
	repository_sql(s, rows);
	add_documents(s);
	return 0;
}

static int remove_it(void **state)
{
	(void)state;
	repository_remove(&made);
	return 0;
}

static uint32_t node(const struct view *v, int revision)
{
	uint32_t n = wusp_graph_by_revision(view_graph(v), revision);

	assert_int_not_equal(n, WUSP_NONE);
	return n;
}

static void the_graph(void **state)
{
	struct error err = ERROR_INIT;
	CLEANUP(view_stop) struct view_keeper *k = view_start(made.path, &err);
	(void)state;
	assert_no_error(err);
	CLEANUP(view_put) const struct view *v = view_get(k);
	const struct wusp_graph *g = view_graph(v);

	assert_int_equal(wusp_graph_count(g), 6);
	assert_int_equal(wusp_graph_by_revision(g, 5), WUSP_NONE); /* no core fragment */
	assert_int_equal(wusp_graph_by_revision(g, 8), WUSP_NONE); /* quarantined */
	assert_int_equal(wusp_graph_node(g, node(v, 1)).type, WUSP_DETECTOID);
	assert_int_equal(wusp_graph_node(g, node(v, 1)).flags & WUSP_LEAF, 0);
	assert_int_equal(wusp_graph_node(g, node(v, 2)).type, WUSP_SOFTWARE);
	assert_int_equal(wusp_graph_node(g, node(v, 2)).core_bytes, 16);
	assert_int_equal(wusp_graph_node(g, node(v, 6)).type, WUSP_DETECTOID); /* by its action */
	assert_int_equal(wusp_graph_node(g, node(v, 7)).type, WUSP_DRIVER);
	/* A missing .psf does not matter, another file does. */
	unsigned with_files = wusp_graph_node(g, node(v, 2)).flags;
	assert_int_equal(with_files & (WUSP_FILES | WUSP_FILES_HERE), WUSP_FILES | WUSP_FILES_HERE);
	unsigned part = wusp_graph_node(g, node(v, 4)).flags;
	assert_int_equal(part & (WUSP_FILES | WUSP_FILES_HERE | WUSP_PART), WUSP_FILES | WUSP_PART);
	assert_int_equal(wusp_graph_children(g, node(v, 3)).count, 1);
	assert_int_equal(wusp_graph_children(g, node(v, 3)).items[0], node(v, 4));
	assert_int_equal(view_generation(v), 1);
}

/* The number of the language that answers, -1 for none. */
static int language(const struct view *v, int revision, const char *locale)
{
	struct error err = ERROR_INIT;
	int number = -1;
	int found = view_language(v, node(v, revision), WUSP_LOCALIZED, locale, &number, &err);

	assert_int_equal(found, number >= 0);
	return number;
}

static void fragments(void **state)
{
	static const struct {
		int revision;
		enum wusp_fragment kind;
		const char *locale, *want; /* NULL: none */
	} table[] = {
		{ 1, WUSP_CORE, NULL, "<UpdateIdentity />  core of 101\n" }, /* byte for byte */
		{ 2, WUSP_CORE, NULL, "<core of='102'/>" },
		{ 3, WUSP_EXTENDED, NULL, "<ExtendedProperties  a='b' />" },
		{ 2, WUSP_EXTENDED, NULL,
		  "<Files><File Digest=\"QkJCQkJCQkJCQkJCQkJCQkJCQkI=\"><AdditionalDigest "
		  "Algorithm=\"SHA256\">AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
		  "</AdditionalDigest></File></Files>" },
		{ 1, WUSP_EXTENDED, NULL, NULL },
		{ 2, WUSP_LOCALIZED, "en-US", "<en/>" },
		{ 2, WUSP_LOCALIZED, "pt-BR", "<pt-br/>" },
		{ 2, WUSP_LOCALIZED, "fr", NULL },
		{ 2, WUSP_LOCALIZED, NULL, NULL },
		{ 2, WUSP_EULA, "EN", "<EulaFile/>" },
		{ 1, WUSP_LOCALIZED, "en", NULL },
		{ 6, WUSP_CORE, NULL, "<UpdateIdentity UpdateID=\"6\" />" },
		{ 6, WUSP_LOCALIZED, "fr-CA",
		  "<LocalizedProperties><Language>fr</Language></LocalizedProperties>" },
		{ 6, WUSP_LOCALIZED, "en", NULL },
		{ 6, WUSP_EXTENDED, NULL, NULL },
	};
	struct error err = ERROR_INIT;
	CLEANUP(view_stop) struct view_keeper *k = view_start(made.path, &err);
	CLEANUP(view_put) const struct view *v = view_get(k);

	(void)state;
	/* The second time out of memory. */
	for (size_t i = 0; i < 2 * COUNT(table); i++) {
		size_t r = i % COUNT(table);
		CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 20);
		int found = view_fragment(v, node(v, table[r].revision), table[r].kind,
					  table[r].locale, &out, &err);

		assert_no_error(err);
		assert_int_equal(found, table[r].want != NULL);
		assert_int_equal(buf_append(&out, "", 1, &err), 0);
		assert_string_equal((char *)out.bytes, table[r].want ? table[r].want : "");
	}
	assert_int_equal(language(v, 2, "en-US"), language(v, 2, "en"));
	assert_int_not_equal(language(v, 2, "de"), language(v, 2, "en"));
	assert_int_equal(language(v, 2, "fr"), -1);
	assert_int_equal(language(v, 6, "fr"), 0);
	assert_int_equal(language(v, 6, "en"), -1);
}

static void files(void **state)
{
	struct error err = ERROR_INIT;
	CLEANUP(view_stop) struct view_keeper *k = view_start(made.path, &err);
	CLEANUP(view_put) const struct view *v = view_get(k);
	unsigned char sha1[20];
	size_t count;
	const struct view_file *f = view_files(v, node(v, 2), &count);

	(void)state;
	assert_int_equal(count, 3);
	assert_true(f[0].here && f[0].has_sha256 && f[0].has_size && !f[0].is_optional);
	assert_int_equal(f[0].size, 7);
	assert_int_equal(f[0].sha256[0], 1);
	assert_string_equal(f[0].name, "here.cab");
	assert_true(f[1].is_optional && !f[1].here && !f[1].has_sha256 && !f[1].has_size);
	assert_true(f[2].is_licence);
	/* An express file that has no full one beside it is not optional. */
	f = view_files(v, node(v, 4), &count);
	assert_int_equal(count, 1);
	assert_true(!f->is_optional && !f->here);
	assert_int_equal(wusp_graph_node(view_graph(v), node(v, 4)).flags & WUSP_FILES_HERE, 0);
	assert_true(wusp_graph_node(view_graph(v), node(v, 2)).flags & WUSP_FILES_HERE);
	(void)view_files(v, node(v, 1), &count);
	assert_int_equal(count, 0);
	memset(sha1, 0x44, sizeof sha1);
	assert_string_equal(view_file_by_sha1(v, sha1)->name, "gone.cab");
	memset(sha1, 0x46, sizeof sha1);
	assert_null(view_file_by_sha1(v, sha1));
}

/* ---- deployments ---- */

static long approve_two(void *ctx, struct wusp_approval **out, struct error *err)
{
	int *calls = ctx;

	if (++*calls > 3)
		return error_set(err, ERROR_WUSP_GRAPH, "no more");
	*out = calloc(1, sizeof **out);
	**out = (struct wusp_approval){ .action = WUSP_INSTALL, .id = 1, .last_change = *calls };
	memset(&(*out)->update_id, 0x22, sizeof(*out)->update_id);
	return 1;
}

static void deployments_are_shared(void **state)
{
	struct error err = ERROR_INIT;
	CLEANUP(view_stop) struct view_keeper *k = view_start(made.path, &err);
	CLEANUP(view_put) const struct view *v = view_get(k);
	int calls = 0;
	struct view_scope s = { 1, 1, approve_two, &calls };

	(void)state;
	CLEANUP(view_deployed_put) const struct view_deployed *a = view_deployments(v, &s, &err);
	assert_int_equal(wusp_deploy_count(a->all), 2);
	CLEANUP(view_deployed_put)
	const struct view_deployed *again = view_deployments(v, &s, &err);
	assert_ptr_equal(again, a);
	assert_int_equal(calls, 1);
	s.scope = 2;
	CLEANUP(view_deployed_put) const struct view_deployed *b = view_deployments(v, &s, &err);
	assert_ptr_not_equal(b, a);
	s.version = 2;
	CLEANUP(view_deployed_put) const struct view_deployed *c = view_deployments(v, &s, &err);
	assert_int_equal(calls, 3);
	assert_int_equal(wusp_deploy_at(c->all, node(v, 2)).last_change, 3);
	/* What was handed out before still stands. */
	assert_int_equal(wusp_deploy_at(b->all, node(v, 2)).last_change, 2);
	s.version = 3;
	assert_null(view_deployments(v, &s, &err));
	assert_error(err, ERROR_WUSP_GRAPH, "no more");
}

static void more_scopes_than_are_kept(void **state)
{
	struct error err = ERROR_INIT;
	CLEANUP(view_stop) struct view_keeper *k = view_start(made.path, &err);

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		CLEANUP(view_put) const struct view *v = view_get(k);
		int calls = 0;
		struct view_scope s = { i, 1, approve_two, &calls };

		CLEANUP(view_deployed_put)
		const struct view_deployed *d = view_deployments(v, &s, &err);
		assert_int_equal(wusp_deploy_count(d->all), 2);
	}
}

/* ---- what waits in memory ---- */

static bool is_in_memory(const struct view *v, int revision)
{
	const struct view_key key =
		view_key_of(v, view_core_document(v, node(v, revision)), VIEW_ESCAPED, 0);
	CLEANUP(view_text_put) const struct view_text *text = view_cache_find(v->cache, &key);

	return text != NULL;
}

static void assert_ready(const struct view *v, int revision, const char *want)
{
	CLEANUP(view_text_put) const struct view_text *text = NULL;
	struct error err = ERROR_INIT;

	assert_int_equal(view_ready(v, node(v, revision), &text, &err), 1);
	assert_int_equal(text->len, strlen(want));
	assert_memory_equal(text->bytes, want, text->len);
}

/* It is prepared in the background. */
static void wait_for(const struct view *v, int revision)
{
	static const struct timespec moment = { .tv_nsec = 20000000 };

	for (int i = 0; i < 1000 && !is_in_memory(v, revision); i++)
		nanosleep(&moment, NULL);
	assert_true(is_in_memory(v, revision));
}

static void wait_for_generation(struct view_keeper *k, uint64_t generation)
{
	static const struct timespec moment = { .tv_nsec = 50000000 };

	for (int i = 0; i < 400; i++) {
		CLEANUP(view_put) const struct view *v = view_get(k);

		if (view_generation(v) >= generation)
			return;
		nanosleep(&moment, NULL);
	}
	fail_msg("no new snapshot");
}

/* What a request was given stays as long as it holds it, and no longer, whoever else is at work. */
static void deployments_stay_while_held(void **state)
{
	struct error err = ERROR_INIT;
	CLEANUP(view_stop) struct view_keeper *k = view_start(made.path, &err);
	CLEANUP(view_put) const struct view *mine = view_get(k);
	const struct view *others = view_get(k);
	int calls = 0;
	struct view_scope s = { 2, 1, approve_two, &calls };

	(void)state;
	CLEANUP(view_deployed_put)
	const struct view_deployed *d = view_deployments(mine, &s, &err);
	s.version = 2;
	view_deployed_put(view_deployments(others, &s, &err));
	CLEANUP(store_close) struct store *other = repository_open(&made, true);
	repository_sql(other, "UPDATE document SET fragment_id=3 WHERE stream=99 AND revision=101");
	wait_for_generation(k, 2);
	view_put(others);
	assert_int_equal(wusp_deploy_at(d->all, node(mine, 2)).last_change, 1);
	assert_int_equal(wusp_deploy_at(d->all, node(mine, 1)).action, WUSP_EVALUATE);
	repository_sql(other, "UPDATE document SET fragment_id=1 WHERE stream=99 AND revision=101");
}

static void replaced_deployments_go(void **state)
{
	enum { ROUNDS = 20000, MOST = 4 << 20 };
	struct error err = ERROR_INIT;
	CLEANUP(view_stop) struct view_keeper *k = view_start(made.path, &err);
	/* There is always some request under way. */
	CLEANUP(view_put) const struct view *busy = view_get(k);
	size_t before = mallinfo2().uordblks;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		CLEANUP(view_put) const struct view *v = view_get(k);
		int calls = 0;
		struct view_scope s = { 1, i, approve_two, &calls };

		CLEANUP(view_deployed_put)
		const struct view_deployed *d = view_deployments(v, &s, &err);
		assert_int_equal(wusp_deploy_count(d->all), 2);
	}
	assert_true(mallinfo2().uordblks < before + MOST);
}

static void what_is_deployed_waits_escaped(void **state)
{
	struct error err = ERROR_INIT;
	CLEANUP(view_stop) struct view_keeper *k = view_start(made.path, &err);
	CLEANUP(view_put) const struct view *v = view_get(k);
	int calls = 0;
	struct view_scope s = { 1, 1, approve_two, &calls };

	(void)state;
	assert_false(is_in_memory(v, 2));
	CLEANUP(view_deployed_put) const struct view_deployed *d = view_deployments(v, &s, &err);
	assert_non_null(d);
	wait_for(v, 2);
	wait_for(v, 1);
	assert_ready(v, 2, "&lt;core of='102'/&gt;");
	assert_ready(v, 1, "&lt;UpdateIdentity /&gt;  core of 101&#10;");
	assert_false(is_in_memory(v, 3));
	/* What is not prepared is made when somebody asks, and stays. */
	assert_ready(v, 6, "&lt;UpdateIdentity UpdateID=\"6\" /&gt;");
	assert_true(is_in_memory(v, 6));
	/* The next snapshot begins with what has not changed. */
	CLEANUP(store_close) struct store *other = repository_open(&made, true);
	repository_sql(other, "UPDATE document SET fragment_id=3 WHERE stream=99 AND revision=101");
	wait_for_generation(k, 2);
	CLEANUP(view_put) const struct view *now = view_get(k);
	assert_true(is_in_memory(now, 2));
	assert_false(is_in_memory(now, 1));
	s.version = 2;
	CLEANUP(view_deployed_put)
	const struct view_deployed *later = view_deployments(now, &s, &err);
	assert_non_null(later);
	wait_for(now, 1);
	assert_ready(now, 1, "&lt;core of='103'/&gt;");
	assert_ready(now, 2, "&lt;core of='102'/&gt;");
	repository_sql(other, "UPDATE document SET fragment_id=1 WHERE stream=99 AND revision=101");
}

/* ---- what another process commits ---- */

static void a_commit_is_seen(void **state)
{
	static const struct timespec moment = { .tv_nsec = 50000000 };
	struct error err = ERROR_INIT;
	CLEANUP(view_stop) struct view_keeper *k = view_start(made.path, &err);
	CLEANUP(view_put) const struct view *before = view_get(k);

	(void)state;
	CLEANUP(store_close) struct store *s = repository_open(&made, true);
	repository_sql(s, "UPDATE update_info SET verdict=1 WHERE source_revision=102");
	for (int i = 0; i < 400; i++) {
		CLEANUP(view_put) const struct view *now = view_get(k);

		if (view_generation(now) > 1) {
			assert_int_equal(wusp_graph_count(view_graph(now)), 5);
			break;
		}
		assert_true(i < 399);
		nanosleep(&moment, NULL);
	}
	/* Who began before goes on with what was there. */
	assert_int_equal(wusp_graph_count(view_graph(before)), 6);
	CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 20);
	assert_int_equal(view_fragment(before, node(before, 2), WUSP_CORE, NULL, &out, &err), 1);
}

static void a_missing_pack_is_an_error(void **state)
{
	struct error err = ERROR_INIT;
	char command[160];

	(void)state;
	CLEANUP(store_close) struct store *s = repository_open(&made, true);
	repository_sql(s, "UPDATE update_info SET verdict=0 WHERE source_revision=102;"
			  "UPDATE object SET sha256=zeroblob(32) WHERE id=7");
	CLEANUP(view_stop) struct view_keeper *k = view_start(made.path, &err);
	CLEANUP(view_put) const struct view *v = view_get(k);
	CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 20);
	assert_int_equal(view_fragment(v, node(v, 2), WUSP_CORE, NULL, &out, &err), -1);
	assert_error(err, ERROR_CONTENT_ABSENT, "not in the content store");
	/* Nor are there simply no texts. */
	struct error texts = ERROR_INIT;
	assert_int_equal(view_fragment(v, node(v, 6), WUSP_LOCALIZED, "fr", &out, &texts), -1);
	assert_error(texts, ERROR_CONTENT_ABSENT, "not in the content store");
	snprintf(command, sizeof command, "%s/absent", made.path);
	struct error other = ERROR_INIT;
	assert_null(view_start(command, &other));
	assert_error(other, ERROR_FILE_OPEN, "absent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_graph),
		cmocka_unit_test(fragments),
		cmocka_unit_test(files),
		cmocka_unit_test(deployments_are_shared),
		cmocka_unit_test(more_scopes_than_are_kept),
		cmocka_unit_test(deployments_stay_while_held),
		cmocka_unit_test(replaced_deployments_go),
		cmocka_unit_test(what_is_deployed_waits_escaped),
		cmocka_unit_test(a_commit_is_seen),
		cmocka_unit_test(a_missing_pack_is_an_error),
	};

	return cmocka_run_group_tests(tests, make, remove_it);
}

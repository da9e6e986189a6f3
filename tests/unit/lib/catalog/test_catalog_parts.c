/* A made-up catalog of every stream, filled directly, by parts, and by parts that were kept as
 * bytes: the same in every field. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_part.h"
#include "tests/tools/fragment.h"
#include "tests/tools/master.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { PARTS = 3, UPDATES = 400 };

/* A field more: copy it in catalog_merge.c when fragments fill it, and compare it here. */
_Static_assert(sizeof(struct catalog_revision) == 368, "struct catalog_revision has changed");

static int feed_master(void *ctx, const void *bytes, size_t len, struct error *err)
{
	return catalog_master_feed(ctx, bytes, len, err);
}

static void add_master(struct catalog *c, const struct model *m)
{
	struct error err = ERROR_INIT;
	CLEANUP(catalog_master_free)
	struct catalog_master *parser = catalog_master_new(&catalog_fill, c);

	assert_int_equal(master_write(m, 0, feed_master, parser, &err), 0);
	assert_int_equal(catalog_master_finish(parser, &err), 0);
}

static void add(struct catalog *c, enum catalog_stream stream, const char *language,
		const struct model_update *u, struct buf *text)
{
	struct error err = ERROR_INIT;

	assert_int_equal(catalog_add_fragment(c, stream, language, u->revision, text->bytes,
					      text->len, &err),
			 0);
	text->len = 0;
}

static void add_update(struct catalog *c, const struct model *m, const struct model_update *u)
{
	static const char complete[] = "<UpdateIdentity UpdateID=\"x\" />";
	CLEANUP(buf_clear) struct buf text = BUF_INIT(FRAGMENT_MAX);
	struct error err = ERROR_INIT;

	fragment_core(m, u, &text);
	add(c, CATALOG_STREAM_CORE, "", u, &text);
	for (size_t k = 0; k < MODEL_LANGUAGES; k++) {
		if (k < u->eulas) {
			fragment_eula(m, &m->eulas[u->eulas_at + k], &text);
			add(c, CATALOG_STREAM_LICENCE, model_language(k), u, &text);
		}
		if (model_has_language(u, k)) {
			fragment_localized(m, u, k, &text);
			add(c, CATALOG_STREAM_LOCALIZED, model_language(k), u, &text);
		}
	}
	fragment_extended(m, u, &text);
	add(c, CATALOG_STREAM_EXTENDED, "", u, &text);
	if (u->revision % 3 != 0)
		return;
	assert_int_equal(buf_append(&text, complete, sizeof complete - 1, &err), 0);
	add(c, CATALOG_STREAM_COMPLETE, "", u, &text);
}

static size_t part_of(const struct model *m, size_t i)
{
	return i * PARTS / m->listed;
}

static void judge(struct catalog *c)
{
	struct error err = ERROR_INIT;

	assert_int_equal(catalog_finish(c, &err), 0);
	catalog_validate(c);
	catalog_quarantine(c);
}

static struct catalog *filled_directly(const struct model *m)
{
	struct catalog *c = catalog_new();

	for (size_t i = 0; i < m->listed; i++)
		add_update(c, m, &m->updates[m->order[i]]);
	add_master(c, m);
	judge(c);
	return c;
}

static void merge(struct catalog *c, const struct catalog *part, bool kept)
{
	CLEANUP(catalog_free) struct catalog *again = catalog_new();
	struct varint_writer w = { .out = BUF_INIT(1 << 26) };
	struct error err = ERROR_INIT;

	catalog_part_write(part, &w);
	assert_false(w.full);
	struct varint_reader r = { w.out.bytes, w.out.bytes + w.out.len, false };
	assert_true(catalog_part_read(again, &r));
	assert_ptr_equal(r.at, r.end);
	assert_int_equal(catalog_merge(c, kept ? again : part, &err), 0);
	/* texts were borrowed */
	memset(w.out.bytes, 'x', w.out.len);
	buf_clear(&w.out);
}

/* The master document comes before part `at`. */
static struct catalog *filled_by_parts(const struct model *m, size_t at, bool kept)
{
	struct catalog *c = catalog_new();

	for (size_t part = 0; part <= PARTS; part++) {
		CLEANUP(catalog_free) struct catalog *p = catalog_new();

		if (part == at)
			add_master(c, m);
		for (size_t i = 0; i < m->listed; i++)
			if (part_of(m, i) == part)
				add_update(p, m, &m->updates[m->order[i]]);
		merge(c, p, kept);
	}
	judge(c);
	return c;
}

/* ---- comparing ---- */

#define SAME(field) assert_true(a->field == b->field)
#define SAME_TEXT(field) assert_string_equal(a->field, b->field)
#define SAME_BYTES(field) assert_memory_equal(&a->field, &b->field, sizeof a->field)
#define SAME_LIST(field)                                                          \
	do {                                                                      \
		SAME(field##_count);                                              \
		if (a->field##_count > 0)                                         \
			assert_memory_equal(a->field, b->field,                   \
					    a->field##_count * sizeof *a->field); \
	} while (0)

static void assert_same_files(const struct catalog_revision *x, const struct catalog_revision *y)
{
	assert_int_equal(x->files_count, y->files_count);
	for (uint32_t i = 0; i < x->files_count; i++) {
		const struct catalog_file *a = &x->files[i], *b = &y->files[i];

		SAME_BYTES(sha1);
		SAME(has_sha256);
		SAME_BYTES(sha256);
		SAME(has_size);
		SAME(size);
		SAME_TEXT(name);
		SAME_TEXT(modified);
		SAME_TEXT(patching_type);
	}
}

static void assert_same_licences(const struct catalog_licence *x, const struct catalog_licence *y,
				 uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct catalog_licence *a = &x[i], *b = &y[i];

		SAME_BYTES(sha1);
		SAME_TEXT(language);
		assert_true(!a->folder == !b->folder);
		if (a->folder)
			SAME_TEXT(folder);
		SAME(has_sha256);
		SAME_BYTES(sha256);
		SAME(has_size);
		SAME(size);
	}
}

static void assert_same_lists(const struct catalog_revision *a, const struct catalog_revision *b)
{
	SAME(prerequisites_count);
	for (uint32_t i = 0; i < a->prerequisites_count; i++) {
		SAME(prerequisites[i].count);
		if (a->prerequisites[i].count > 0)
			assert_memory_equal(a->prerequisites[i].any_of, b->prerequisites[i].any_of,
					    a->prerequisites[i].count *
						    sizeof(struct catalog_guid));
	}
	SAME_LIST(superseded_by);
	SAME_LIST(bundled_by);
	SAME_LIST(categories);
	SAME_LIST(payload);
	SAME_LIST(core_bundled);
	SAME_LIST(core_superseded);
	SAME(languages_count);
	for (uint32_t i = 0; i < a->languages_count; i++)
		SAME_TEXT(languages[i]);
	assert_same_files(a, b);
	SAME(licences_count);
	assert_same_licences(a->licences, b->licences, a->licences_count);
	SAME(stated_licences_count);
	assert_same_licences(a->stated_licences, b->stated_licences, a->stated_licences_count);
}

static void assert_same_revision(const struct catalog_revision *a, const struct catalog_revision *b)
{
	SAME(revision_id);
	SAME(revision_number);
	SAME_BYTES(update_id);
	SAME(offset);
	SAME(creation);
	SAME_TEXT(title);
	SAME_TEXT(title_language);
	SAME_TEXT(kb);
	SAME_TEXT(severity);
	SAME_TEXT(bulletin);
	SAME_TEXT(update_type);
	SAME_TEXT(default_language);
	SAME_TEXT(action_text);
	assert_same_lists(a, b);
	SAME(action);
	SAME(verdict);
	SAME(cause);
	SAME(has_update_id);
	SAME(is_leaf);
	SAME(is_bundle);
	SAME(is_software);
	SAME(has_core);
	SAME(has_extended);
	SAME(has_title);
	SAME(has_document);
	SAME(is_duplicate);
	SAME(is_deployable);
	SAME(has_max_size);
	SAME(max_size);
	SAME(applicability.digest);
	SAME(applicability.conditions);
	SAME(applicability.alternatives);
	SAME(has_master);
	SAME(core_has_id);
	SAME(has_licence_fragment);
	SAME(core_number);
	SAME_BYTES(core_id);
	SAME(links);
	SAME(master_prerequisites);
	SAME(core_prerequisites);
}

static void assert_same_findings(const struct catalog *x, const struct catalog *y)
{
	assert_int_equal(catalog_finding_count(x), catalog_finding_count(y));
	for (size_t i = 0; i < catalog_finding_count(x); i++) {
		const struct catalog_finding *a = catalog_finding_at(x, i);
		const struct catalog_finding *b = catalog_finding_at(y, i);

		SAME(rule);
		SAME(severity);
		SAME(revision_id);
		SAME(offset);
		SAME_TEXT(file);
		SAME_TEXT(value);
		SAME_TEXT(message);
	}
}

/* Something of every kind must be there, or the comparison says nothing. */
static void assert_covers(const struct catalog *c)
{
	size_t bundled = 0, superseded = 0, sizes = 0, conditions = 0, deployable = 0, licences = 0,
	       files = 0, condemned = 0, titles = 0;

	for (size_t i = 0; i < catalog_count(c); i++) {
		const struct catalog_revision *r = catalog_at(c, i);

		bundled += r->core_bundled_count > 0;
		superseded += r->core_superseded_count > 0;
		sizes += r->has_max_size;
		conditions += r->applicability.digest != 0;
		deployable += r->is_deployable;
		licences += r->has_licence_fragment;
		files += r->files_count > 0;
		titles += r->has_title;
		condemned += r->verdict != CATALOG_OK;
	}
	assert_true(bundled && superseded && sizes && conditions && deployable);
	assert_true(licences && files && titles && condemned);
	assert_true(catalog_finding_count(c) > 0);
}

/* Bytes that end early, or are others, are no part; nothing is read behind their end. */
static void other_bytes_are_refused(void **state)
{
	CLEANUP(model_clear) struct model m = { .count = 0 };
	CLEANUP(catalog_free) struct catalog *c = catalog_new();
	struct varint_writer w = { .out = BUF_INIT(1 << 26) };

	(void)state;
	model_build(&m,
		    &(struct model_options){
			    .seed = 1, .updates = 24, .created = 1784048400, .core_bytes = 500 });
	for (size_t i = 0; i < m.listed; i += 8)
		add_update(c, &m, &m.updates[m.order[i]]);
	catalog_part_write(c, &w);
	for (size_t len = 0; len < w.out.len; len++) {
		CLEANUP(catalog_free) struct catalog *again = catalog_new();
		unsigned char *copy = memcpy(buf_malloc(len + 1), w.out.bytes, len);
		struct varint_reader r = { copy, copy + len, false };

		assert_false(catalog_part_read(again, &r));
		free(copy);
	}
	for (size_t at = 0; at < w.out.len; at++) {
		CLEANUP(catalog_free) struct catalog *again = catalog_new();
		struct varint_reader r = { w.out.bytes, w.out.bytes + w.out.len, false };

		w.out.bytes[at] ^= 0xFF;
		/* whatever it is, it ends, and inside */
		bool done = catalog_part_read(again, &r);
		assert_int_equal(done, !r.bad);
		assert_true(r.at <= r.end);
		w.out.bytes[at] ^= 0xFF;
	}
	buf_clear(&w.out);
}

static void parts_are_the_whole(void **state)
{
	CLEANUP(model_clear) struct model m = { .count = 0 };

	(void)state;
	model_build(&m, &(struct model_options){ .seed = 11,
						 .updates = UPDATES,
						 .created = 1784048400,
						 .core_bytes = 2048 });
	m.updates[m.order[m.listed - 1]].damage |= MODEL_MALFORMED_CORE;
	m.updates[m.order[m.listed - 9]].damage |= MODEL_CORE_MISMATCH;
	m.updates[m.order[m.listed / 2]].damage |= MODEL_CORE_MISMATCH;
	CLEANUP(catalog_free) struct catalog *whole = filled_directly(&m);
	assert_covers(whole);
	for (size_t way = 0; way < 2 * (PARTS + 1); way++) {
		CLEANUP(catalog_free)
		struct catalog *joined = filled_by_parts(&m, way / 2, way % 2 == 1);
		struct catalog_summary x, y;

		assert_int_equal(catalog_count(joined), catalog_count(whole));
		for (size_t i = 0; i < catalog_count(whole); i++)
			assert_same_revision(catalog_at(whole, i), catalog_at(joined, i));
		assert_same_findings(whole, joined);
		catalog_summarize(whole, &x);
		catalog_summarize(joined, &y);
		assert_memory_equal(&x, &y, sizeof x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_the_whole),
		cmocka_unit_test(other_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

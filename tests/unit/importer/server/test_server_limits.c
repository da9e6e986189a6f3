/* What the update services and the snapshots behind them take at their limits, and above. */
#include "importer/server/request.h"
#include "importer/server/service.h"
#include "importer/server/service_internal.h"
#include "importer/server/view_cache.h"
#include "lib/base/base64.h"
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/clients/clients.h"
#include "tests/unit/repository.h"

#include <string.h>

/* ---- one answer ---- */

static size_t envelope_length(void)
{
	CLEANUP(soap_writer_clear) struct soap_writer w = SOAP_WRITER_INIT;
	struct error err = ERROR_INIT;

	soap_begin(&w, SOAP_12, "", "A");
	assert_int_equal(soap_end(&w, "A", &err), 0);
	return w.buf.len;
}

static void the_length_of_an_answer(void **state)
{
	const size_t room = LIMIT_SOAP_REPLY - envelope_length();
	char *text = buf_malloc(room + 2);

	(void)state;
	memset(text, 'x', room + 1);
	for (size_t len = room; len <= room + 1; len++) {
		CLEANUP(soap_writer_clear) struct soap_writer w = SOAP_WRITER_INIT;
		struct error err = ERROR_INIT;

		text[room] = 'x';
		text[len] = '\0';
		soap_begin(&w, SOAP_12, "", "A");
		soap_raw(&w, text);
		if (len == room) {
			assert_int_equal(soap_end(&w, "A", &err), 0);
			assert_int_equal(w.buf.len, LIMIT_SOAP_REPLY);
		} else {
			assert_int_equal(soap_end(&w, "A", &err), -1);
			assert_error(err, ERROR_SOAP_REPLY, "answer: ");
		}
	}
	free(text);
}

/* ---- GetExtendedUpdateInfo ---- */

struct fixture {
	struct repository repository;
	struct clients *clients;
	struct view_keeper *views;
	struct service *service;
};

static int setup(void **state)
{
	struct fixture *f = buf_calloc(1, sizeof *f);
	struct error err = ERROR_INIT;

	repository_create(&f->repository);
	f->clients = clients_open(f->repository.path, CLIENTS_SERVER, &err);
	assert_no_error(err);
	f->views = view_start(f->repository.path, &err);
	assert_no_error(err);
	f->service = service_new(
		&(struct service_options){ .clients = f->clients, .views = f->views }, &err);
	assert_no_error(err);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	service_free(f->service);
	view_stop(f->views);
	clients_close(f->clients);
	repository_remove(&f->repository);
	free(f);
	return 0;
}

enum { NOW = 1800000000, BODY = 64 << 10 };
#define CLIENT_URI "http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService"

/* The request of a client without a name for so many revisions in so many languages. */
static void write_request(const struct fixture *f, struct buf *out, unsigned revisions,
			  unsigned locales)
{
	const struct cookie c = { .kind = COOKIE_SESSION, .expires = NOW + 1, .config = INT64_MAX };
	CLEANUP(soap_writer_clear) struct soap_writer w = SOAP_WRITER_INIT;
	unsigned char sealed[COOKIE_MAX];
	size_t len = cookie_write(&c, &f->service->seal, sealed);
	struct error err = ERROR_INIT;

	soap_begin(&w, SOAP_11, CLIENT_URI, "GetExtendedUpdateInfo");
	soap_open(&w, "cookie");
	soap_base64(&w, "EncryptedData", sealed, len);
	soap_close(&w, "cookie");
	soap_open(&w, "revisionIDs");
	for (unsigned i = 1; i <= revisions; i++)
		soap_int(&w, "int", i);
	soap_close(&w, "revisionIDs");
	soap_open(&w, "infoTypes");
	soap_text(&w, "XmlUpdateFragmentType", "LocalizedProperties");
	soap_close(&w, "infoTypes");
	soap_open(&w, "locales");
	for (unsigned i = 0; i < locales; i++)
		soap_text(&w, "string", "en");
	soap_close(&w, "locales");
	assert_int_equal(soap_end(&w, "GetExtendedUpdateInfo", &err), 0);
	assert_int_equal(buf_append(out, w.buf.bytes, w.buf.len, &err), 0);
}

/* What answers it writes into w. */
static int ask(struct fixture *f, unsigned revisions, unsigned locales, struct soap_writer *w,
	       struct error *err)
{
	const struct soap_operation *const operations[] = { &service_get_extended_update_info,
							    NULL };
	const struct soap_service service = { CLIENT_URI, operations };
	CLEANUP(soap_message_clear) struct soap_message m = SOAP_MESSAGE_INIT;
	CLEANUP(buf_clear) struct buf body = BUF_INIT(BODY);
	struct request q = { .service = f->service };
	struct service_call call = { .service = f->service, .q = &q, .w = w, .now = NOW };

	write_request(f, &body, revisions, locales);
	assert_int_equal(soap_read(&service, body.bytes, body.len, &m, err), 0);
	return m.operation->answer(&call, m.request, err);
}

static void revisions_and_languages_of_one_request(void **state)
{
	static const struct {
		unsigned revisions, locales;
		const char *refused; /* the value, or NULL */
	} rows[] = {
		{ LIMIT_SOAP_EXTENDED, 1, NULL },
		{ LIMIT_SOAP_EXTENDED + 1, 1, "revisionIDs" },
		{ 1, LIMIT_SOAP_LOCALES, NULL },
		{ 1, LIMIT_SOAP_LOCALES + 1, "locales" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(soap_writer_clear) struct soap_writer w = SOAP_WRITER_INIT;
		struct error err = ERROR_INIT;
		char last[64];
		int result = ask(*state, rows[i].revisions, rows[i].locales, &w, &err);

		if (rows[i].refused) {
			assert_int_equal(result, -1);
			assert_error(err, ERROR_SOAP_VALUE, rows[i].refused);
			continue;
		}
		assert_no_error(err);
		assert_int_equal(result, 0);
		assert_int_equal(buf_append(&w.buf, "", 1, &err), 0);
		snprintf(last, sizeof last, "<int>%u</int></OutOfScopeRevisionIDs>",
			 rows[i].revisions);
		assert_non_null(strstr((const char *)w.buf.bytes, last));
	}
}

/* ---- snapshots ---- */

static long approve_nothing(void *ctx, struct wusp_approval **out, struct error *err)
{
	(void)err;
	++*(unsigned *)ctx;
	*out = NULL;
	return 0;
}

static void ask_for(const struct view *v, const struct view_scope *s)
{
	struct error err = ERROR_INIT;
	CLEANUP(view_deployed_put) const struct view_deployed *d = view_deployments(v, s, &err);

	assert_non_null(d);
}

static void prepared_sets_of_groups(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(view_put) const struct view *v = view_get(f->views);
	unsigned calls = 0;

	for (int round = 0; round < 2; round++)
		for (unsigned i = 1; i <= LIMIT_VIEW_SCOPES; i++) {
			const struct view_scope s = { i, 1, approve_nothing, &calls };

			ask_for(v, &s);
		}
	assert_int_equal(calls, LIMIT_VIEW_SCOPES);
	/* One more: the oldest is prepared again when it is asked for, the newest is not. */
	const struct view_scope more = { LIMIT_VIEW_SCOPES + 1, 1, approve_nothing, &calls };
	const struct view_scope newest = { LIMIT_VIEW_SCOPES, 1, approve_nothing, &calls };
	const struct view_scope oldest = { 1, 1, approve_nothing, &calls };
	ask_for(v, &more);
	assert_int_equal(calls, LIMIT_VIEW_SCOPES + 1);
	ask_for(v, &newest);
	assert_int_equal(calls, LIMIT_VIEW_SCOPES + 1);
	ask_for(v, &oldest);
	assert_int_equal(calls, LIMIT_VIEW_SCOPES + 2);
}

static bool is_kept(struct view_cache *c, uint32_t number)
{
	const struct view_key key = { .offset = number };
	CLEANUP(view_text_put) const struct view_text *text = view_cache_find(c, &key);

	return text != NULL;
}

static const struct view_text *keep(struct view_cache *c, uint32_t number, const void *bytes,
				    size_t len)
{
	const struct view_key key = { .offset = number };

	return view_cache_keep(c, &key, bytes, len);
}

/*
 * The memory is divided by 16, and an entry may be a quarter of such a part less 128 bytes: four
 * fill a part, so 64 fill all, and of 65 one must have gone.  Who holds it keeps it.
 */
static void memory_of_fragments(void **state)
{
	enum { ENTRIES = 64, ENTRY = LIMIT_VIEW_CACHE_BYTES / ENTRIES - 128 };
	CLEANUP(view_cache_free) struct view_cache *c = view_cache_new();
	CLEANUP(free) unsigned char *bytes = buf_calloc(1, ENTRY + 1);
	const struct view_text *held[ENTRIES + 1];
	unsigned kept = 0;

	(void)state;
	view_text_put(keep(c, 1000, bytes, ENTRY + 1));
	assert_false(is_kept(c, 1000));
	assert_false(view_cache_is_full(c));
	for (uint32_t i = 0; i < ENTRIES + 1; i++) {
		held[i] = keep(c, i, bytes, ENTRY);
		assert_true(is_kept(c, i));
		assert_int_equal(held[i]->len, ENTRY);
		/* Whatever part they are in, four fit. */
		for (uint32_t k = 0; i == 3 && k <= i; k++)
			assert_true(is_kept(c, k));
	}
	for (uint32_t i = 0; i < ENTRIES + 1; i++) {
		assert_int_equal(held[i]->refs, is_kept(c, i) ? 2 : 1);
		kept += is_kept(c, i);
		view_text_put(held[i]);
	}
	assert_in_range(kept, 4, ENTRIES);
	assert_int_equal(view_cache_is_full(c), kept > ENTRIES / 4 * 3);
	/* The second who makes it gets the first one's. */
	CLEANUP(view_text_put) const struct view_text *one = keep(c, 2000, "a", 1);
	CLEANUP(view_text_put) const struct view_text *two = keep(c, 2000, "a", 1);
	assert_ptr_equal(one, two);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_length_of_an_answer),
		ROW(revisions_and_languages_of_one_request),
		ROW(prepared_sets_of_groups),
		cmocka_unit_test(memory_of_fragments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

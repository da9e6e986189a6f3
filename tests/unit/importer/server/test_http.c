/* The real server in this process, a repository in a directory, raw requests over loopback. */
#include "importer/server/http.h"

#include "importer/server/services.h"
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "tests/unit/importer/server/client.h"
#include "tests/unit/repository.h"

#include <signal.h>
#include <sys/stat.h>
#include <time.h>

enum { LARGE = 300000 };

struct fixture {
	struct repository repository;
	struct http *http;
	uint16_t port;
	char sha1[41], etag[67], large_sha1[41], huge_sha1[41], log[100];
	unsigned char large[LARGE];
	struct client client;
	struct answer answer;
};

static void start(struct fixture *f, unsigned threads)
{
	struct http_options o = { .repo = f->repository.path,
				  .listen = "127.0.0.1:0",
				  .threads = threads,
				  .access_log = f->log,
				  .routes = services() };
	char where[ADDRESS_TEXT_SIZE];
	struct error err = ERROR_INIT;
	uint64_t port;

	f->http = http_start(&o, &err);
	assert_no_error(err);
	http_address(f->http, where);
	assert_memory_equal(where, "127.0.0.1:", 10);
	assert_true(str_to_u64(where + 10, strlen(where + 10), 65535, &port));
	f->port = (uint16_t)port;
}

/* A sparse object of 6 GiB whose last bytes are "end": named by a digest it does not have. */
static void put_huge(struct fixture *f, struct store *w)
{
	static const uint64_t size = 6ull << 30;
	struct stored_object o = {
		.kind = OBJECT_CONTENT, .size = size, .has_sha1 = true, .name = "h"
	};
	char name[256], hex[65];
	struct error err = ERROR_INIT;

	memset(o.sha1, 0x77, sizeof o.sha1);
	memset(o.sha256, 0x77, sizeof o.sha256);
	str_to_hex(o.sha1, 20, f->huge_sha1);
	str_to_hex(o.sha256, 32, hex);
	snprintf(name, sizeof name, "%s/content/77/%s", f->repository.path, hex);
	FILE *file = fopen(name, "wb");
	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), (off_t)size - 3), 0);
	assert_int_equal(fseeko(file, (off_t)size - 3, SEEK_SET), 0);
	assert_int_equal(fputs("end", file) < 0, 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(stored_record(w, &o, &err), 0);
}

static int setup(void **state)
{
	struct fixture *f = buf_calloc(1, sizeof *f);
	struct stored_object o;

	repository_create(&f->repository);
	snprintf(f->log, sizeof f->log, "%s/access.log", f->repository.parent);
	struct store *w = repository_open(&f->repository, true);
	repository_sql(w, repository_rows);
	repository_put(w, "0123456789", 10, &o);
	str_to_hex(o.sha1, 20, f->sha1);
	f->etag[0] = f->etag[65] = '"';
	str_to_hex(o.sha256, 32, f->etag + 1);
	f->etag[65] = '"';
	for (size_t i = 0; i < LARGE; i++)
		f->large[i] = (unsigned char)('a' + i * 7 % 26);
	repository_put(w, f->large, LARGE, &o);
	str_to_hex(o.sha1, 20, f->large_sha1);
	put_huge(f, w);
	store_close(w);
	start(f, 2);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	http_stop(f->http);
	repository_remove(&f->repository);
	free(f);
	return 0;
}

/* template with {C} the path of the small object, {S} its SHA-1, {E} its tag. */
static size_t expand(const struct fixture *f, const char *template, char *out, size_t size)
{
	size_t len = 0;

	for (; *template; template ++) {
		if (strncmp(template, "{C}", 3) == 0)
			len += (size_t)snprintf(out + len, size - len, "/Content/%s/%s.cab",
						f->sha1 + 38, f->sha1);
		else if (strncmp(template, "{S}", 3) == 0)
			len += (size_t)snprintf(out + len, size - len, "%s", f->sha1);
		else if (strncmp(template, "{E}", 3) == 0)
			len += (size_t)snprintf(out + len, size - len, "%s", f->etag);
		else {
			out[len++] = *template;
			continue;
		}
		template += 2;
	}
	out[len] = '\0';
	return len;
}

struct row {
	const char *request; /* method, target and headers; HTTP/1.1 and Host are added */
	unsigned status;
	const char *head[3]; /* each in the answer's head */
	const char *body;    /* the whole of it; beginning with '~': contained */
};

static void run_row(struct fixture *f, const struct row *row)
{
	const char *line_end = strchr(row->request, '\n');
	size_t first = line_end ? (size_t)(line_end - row->request) : strlen(row->request);
	char template[2048], request[4096], want[512];
	struct answer *a = &f->answer;

	snprintf(template, sizeof template, "%.*s HTTP/1.1\r\nHost: x\r\n%s%s\r\n", (int)first,
		 row->request, line_end ? line_end + 1 : "", line_end ? "\r\n" : "");
	client_send(&f->client, request, expand(f, template, request, sizeof request));
	if (!client_receive(&f->client, a, strncmp(row->request, "HEAD", 4) == 0))
		fail_msg("%s: connection closed", row->request);
	if (a->status != row->status)
		fail_msg("%s: status %u, want %u", row->request, a->status, row->status);
	if (strcasestr(a->head, "\r\nTransfer-Encoding") ||
	    strcasestr(a->head, "\r\nContent-Encoding"))
		fail_msg("%s: %s", row->request, a->head);
	for (size_t i = 0; i < COUNT(row->head) && row->head[i]; i++) {
		expand(f, row->head[i], want, sizeof want);
		if (!strstr(a->head, want))
			fail_msg("%s: no '%s' in\n%s", row->request, want, a->head);
	}
	if (!row->body)
		return;
	bool part = row->body[0] == '~';
	if (part ? !strstr(a->body, row->body + 1) : strcmp(a->body, row->body) != 0)
		fail_msg("%s: body '%s', want '%s'", row->request, a->body, row->body);
}

/* All rows over one connection: each of them must keep it open. */
static void run_rows(struct fixture *f, const struct row *rows, size_t count)
{
	client_connect(&f->client, f->port);
	for (size_t i = 0; i < count; i++)
		run_row(f, &rows[i]);
	client_close(&f->client);
}

static void content_is_served(void **state)
{
	static const struct row rows[] = {
		{ "GET {C}",
		  200,
		  { "Content-Length: 10\r\n", "ETag: {E}\r\n", "Accept-Ranges: bytes\r\n" },
		  "0123456789" },
		{ "GET {C}",
		  200,
		  { "Content-Type: application/octet-stream\r\n",
		    "Cache-Control: public, max-age=" },
		  NULL },
		{ "HEAD {C}",
		  200,
		  { "Content-Length: 10\r\n", "ETag: {E}\r\n", "Accept-Ranges" },
		  "" },
		{ "HEAD {C}\nRange: bytes=0-1", 200, { "Content-Length: 10\r\n" }, "" },
		{ "GET {C}\nContent-Length: 0", 200, { NULL }, "0123456789" },
		{ "GET {C}?x=1", 200, { NULL }, "0123456789" },

		{ "GET {C}\nRange: bytes=2-5",
		  206,
		  { "Content-Range: bytes 2-5/10\r\n", "Content-Length: 4\r\n",
		    "Content-Type: application/octet-stream" },
		  "2345" },
		{ "GET {C}\nRange: bytes=7-", 206, { "Content-Range: bytes 7-9/10\r\n" }, "789" },
		{ "GET {C}\nRange: bytes=-2", 206, { "Content-Range: bytes 8-9/10\r\n" }, "89" },
		{ "GET {C}\nRange: bytes=5-99",
		  206,
		  { "Content-Range: bytes 5-9/10\r\n" },
		  "56789" },
		{ "GET {C}\nRange: bytes=1-2,50-",
		  206,
		  { "Content-Range: bytes 1-2/10\r\n" },
		  "12" },
		{ "GET {C}\nRange: bytes=10-", 416, { "Content-Range: bytes */10\r\n" }, NULL },
		{ "GET {C}\nRange: bytes=5-2", 200, { "Content-Length: 10\r\n" }, "0123456789" },
		{ "GET {C}\nRange: lines=1-2", 200, { NULL }, "0123456789" },
		{ "GET {C}\nRange: bytes=0-,0-", 200, { NULL }, "0123456789" },
		{ "GET {C}\nRange: bytes=0-1,8-9",
		  206,
		  { "multipart/byteranges; boundary=gapferry-" },
		  "~\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--gapferry-" },

		{ "GET {C}\nIf-None-Match: {E}",
		  304,
		  { "ETag: {E}\r\n", "Content-Length: 10\r\n" },
		  NULL },
		{ "GET {C}\nIf-None-Match: \"x\"", 200, { NULL }, "0123456789" },
		{ "GET {C}\nIf-Match: \"x\"", 412, { NULL }, NULL },
		{ "GET {C}\nIf-Match: {E}\nRange: bytes=0-0", 206, { NULL }, "0" },
		{ "GET {C}\nIf-Range: {E}\nRange: bytes=0-0", 206, { NULL }, "0" },
		{ "GET {C}\nIf-Range: \"x\"\nRange: bytes=0-0", 200, { NULL }, "0123456789" },
		{ "HEAD {C}\nIf-None-Match: *", 304, { NULL }, NULL },
		{ "GET {C}", 200, { NULL }, "0123456789" },
	};

	run_rows(*state, rows, COUNT(rows));
}

static void names_are_checked(void **state)
{
	static const struct row rows[] = {
		{ "GET /Content/00/{S}.cab", 404, { NULL }, NULL },
		{ "GET /Content/{S}.cab", 404, { NULL }, NULL },
		{ "GET {C}/", 404, { NULL }, NULL },
		{ "GET {C}/../../catalog.db", 404, { NULL }, NULL },
		{ "GET {C}%2fx", 404, { NULL }, NULL },
		{ "GET /Content/../catalog.db", 404, { NULL }, NULL },
		{ "GET /Content/..%2f..%2fetc/passwd", 404, { NULL }, NULL },
		{ "GET /Content/", 404, { "Content-Type: text/plain" }, NULL },
		{ "GET /content/d8/d8d8d8d8d8d8d8d8d8d8d8d8d8d8d8d8d8d8d8d8",
		  404,
		  { NULL },
		  "no such content object\n" },
		/* A row without a file is our fault. */
		{ "GET /Content/a0/a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0",
		  500,
		  { NULL },
		  "the server could not answer\n" },
		{ "GET /", 404, { NULL }, "there is nothing at this address\n" },
		{ "GET /healthz/", 404, { NULL }, NULL },
		{ "GET /healthz%00", 400, { NULL }, NULL },
		{ "GET /healthz%zz", 400, { NULL }, NULL },
		{ "GET /healthz?x=%0", 400, { NULL }, NULL },
		{ "GET /healthz", 200, { "Content-Type: text/plain" }, "ok\n" },
		{ "HEAD /healthz", 200, { "Content-Length: 3\r\n" }, "" },
		{ "OPTIONS /healthz", 405, { "Allow: GET, HEAD\r\n" }, NULL },
		{ "DELETE {C}", 405, { "Allow: GET, HEAD\r\n" }, NULL },
		{ "PUT /api/v1/status",
		  405,
		  { "Allow: GET, HEAD\r\n", "application/json" },
		  "~\"GF-2207\"" },
		{ "POST /healthz\nContent-Length: 0", 405, { NULL }, NULL },
		{ "get /healthz", 405, { NULL }, NULL },
	};
	struct fixture *f = *state;
	char upper[128];

	run_rows(f, rows, COUNT(rows));
	snprintf(upper, sizeof upper, "GET /cOnTeNt/%s/%s.CAB", f->sha1 + 38, f->sha1);
	for (char *p = upper + 13; *p; p++)
		*p = (char)(*p >= 'a' && *p <= 'f' ? *p - 32 : *p);
	run_rows(f, &(struct row){ upper, 200, { NULL }, "0123456789" }, 1);
}

static void the_api_answers(void **state)
{
	static const struct row rows[] = {
		{ "GET /api/v1/status",
		  200,
		  { "application/json", "Cache-Control: no-store" },
		  "~\"channel\":\"plant\"" },
		{ "GET /api/v1/status",
		  200,
		  { NULL },
		  "~\"findings\":{\"error\":1,\"note\":1,\"warning\":1}" },
		{ "GET /api/v1/status",
		  200,
		  { NULL },
		  "~\"sequence\":5,\"updates_processed\":3,\"updates_quarantined\":1" },
		{ "GET /api/v1/status",
		  200,
		  { NULL },
		  "~\"last_import\":\"2023-11-14T22:13:20Z\"" },
		{ "GET /api/v1/updates?limit=1", 200, { NULL }, "~\"next\":\"1.1.101\"" },
		{ "GET /api/v1/updates?limit=1",
		  200,
		  { NULL },
		  "~\"title\":\"Security Update \\\"One\\\"\",\"type\":\"Software\"" },
		{ "GET /api/v1/updates?limit=1",
		  200,
		  { NULL },
		  "~\"name\":\"one.cab\",\"present\":true,\"sha1\":\"a0a0a0" },
		{ "GET /api/v1/updates?limit=3&after=1.1.101", 200, { NULL }, "~\"next\":null" },
		{ "GET /api/v1/updates?limit=1&after=1.1.101",
		  200,
		  { NULL },
		  "~\"next\":\"1.2.201\"" },
		{ "GET /api/v1/updates?after=3.1.103",
		  200,
		  { NULL },
		  "{\"next\":null,\"updates\":[]}\n" },
		{ "GET /api/v1/updates?verdict=quarantined",
		  200,
		  { NULL },
		  "~\"action\":\"Explode\",\"bulletin\":null,\"cause\":102" },
		{ "GET /api/v1/updates?title=bundle%20two", 200, { NULL }, "~\"Bundle Two\"" },
		{ "GET /api/v1/updates?kb=KB1", 200, { NULL }, "{\"next\":null,\"updates\":[]}\n" },
		{ "GET /api/v1/updates/22222222-2222-2222-2222-222222222222",
		  200,
		  { NULL },
		  "~\"revision_number\":101" },
		{ "GET /api/v1/updates/33333333-2222-2222-2222-222222222222",
		  404,
		  { "application/json" },
		  "~GF-2208" },
		{ "GET /api/v1/updates/xyz", 400, { NULL }, "~GF-2206" },
		{ "GET /api/v1/findings?severity=error",
		  200,
		  { NULL },
		  "~\"id\":\"GF-C001\",\"kb\":null,\"message\":\"unexpected action\"" },
		{ "GET /api/v1/findings?limit=2", 200, { NULL }, "~\"next\":\"2\"" },
		{ "GET /api/v1/findings?after=2", 200, { NULL }, "~\"revision_id\":null" },

		{ "GET /api/v1/updates?limit=0", 400, { "application/json" }, "~GF-2206" },
		{ "GET /api/v1/updates?limit=1001", 400, { NULL }, "~from 1 to 1000" },
		{ "GET /api/v1/updates?limit=", 400, { NULL }, NULL },
		{ "GET /api/v1/updates?limit", 400, { NULL }, NULL },
		{ "GET /api/v1/updates?limit=1&limit=2", 400, { NULL }, "~given twice" },
		{ "GET /api/v1/updates?limt=1", 400, { NULL }, "~unknown parameter 'limt'" },
		{ "GET /api/v1/updates?%ff%22=1", 400, { NULL }, "~unknown parameter '?\\\"'" },
		{ "GET /api/v1/updates?after=1.2", 400, { NULL }, NULL },
		{ "GET /api/v1/updates?after=1.2.3.4", 400, { NULL }, NULL },
		{ "GET /api/v1/updates?after=-1.2.3", 400, { NULL }, NULL },
		{ "GET /api/v1/updates?after=9223372036854775808.1.1", 400, { NULL }, NULL },
		{ "GET /api/v1/updates?verdict=maybe", 400, { NULL }, NULL },
		{ "GET /api/v1/updates?update_id=1", 400, { NULL }, NULL },
		{ "GET /api/v1/findings?severity=fatal", 400, { NULL }, NULL },
		{ "GET /api/v1/status?x=1", 400, { NULL }, NULL },
		{ "GET /api/v2/status", 404, { "application/json" }, "~\"next_step\"" },
		{ "HEAD /api/v1/status", 200, { "application/json" }, "" },
	};

	run_rows(*state, rows, COUNT(rows));
}

static void several_ranges_have_exact_bytes(void **state)
{
	struct fixture *f = *state;
	static char header[8192], request[9000];
	size_t len = (size_t)snprintf(header, sizeof header, "Range: bytes=");

	/* LIMIT_RANGES ranges of 1000 bytes, last one first. */
	for (size_t i = LIMIT_RANGES; i-- > 0;)
		len += (size_t)snprintf(header + len, sizeof header - len, "%zu-%zu%s", i * 1000,
					i * 1000 + 999, i > 0 ? "," : "");
	snprintf(request, sizeof request, "GET /Content/%s/%s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n",
		 f->large_sha1 + 38, f->large_sha1, header);
	client_connect(&f->client, f->port);
	client_send(&f->client, request, strlen(request));
	assert_true(client_receive(&f->client, &f->answer, false));
	assert_int_equal(f->answer.status, 206);

	const char *at = f->answer.body;
	for (size_t i = LIMIT_RANGES; i-- > 0;) {
		char want[64];

		snprintf(want, sizeof want, "Content-Range: bytes %zu-%zu/%d\r\n\r\n", i * 1000,
			 i * 1000 + 999, LARGE);
		at = strstr(at, want);
		assert_non_null(at);
		at += strlen(want);
		assert_memory_equal(at, f->large + i * 1000, 1000);
		at += 1000;
	}
	assert_int_equal(strcmp(at + strlen(at) - 4, "--\r\n"), 0);
	client_close(&f->client);
}

static void objects_beyond_four_gigabytes_are_served(void **state)
{
	struct fixture *f = *state;
	char requests[3][160];
	const struct row rows[] = {
		{ requests[0],
		  206,
		  { "Content-Range: bytes 6442450941-6442450943/6442450944\r\n" },
		  "end" },
		{ requests[1], 200, { "Content-Length: 6442450944\r\n" }, NULL },
		{ requests[2], 206, { "multipart" }, "~6442450943/6442450944\r\n\r\nend\r\n" },
	};

	snprintf(requests[0], sizeof *requests, "GET /Content/77/%s\nRange: bytes=6442450941-",
		 f->huge_sha1);
	snprintf(requests[1], sizeof *requests, "HEAD /Content/77/%s", f->huge_sha1);
	snprintf(requests[2], sizeof *requests,
		 "GET /Content/77/%s\nRange: bytes=-3,4294967296-4294967297", f->huge_sha1);
	run_rows(f, rows, COUNT(rows));
}

static void requests_may_be_pipelined(void **state)
{
	struct fixture *f = *state;
	char one[512], all[8192];
	size_t len = expand(f, "GET {C} HTTP/1.1\r\nHost: x\r\nRange: bytes=3-4\r\n\r\n", one,
			    sizeof one);

	for (size_t i = 0; i < 10; i++)
		memcpy(all + i * len, one, len);
	client_connect(&f->client, f->port);
	client_send(&f->client, all, 10 * len);
	for (size_t i = 0; i < 10; i++) {
		assert_true(client_receive(&f->client, &f->answer, false));
		assert_int_equal(f->answer.status, 206);
		assert_string_equal(f->answer.body, "34");
	}
	client_close(&f->client);
}

/* These end the connection; what matters is that they are refused and the server stays. */
static void hostile_requests_are_refused(void **state)
{
	static const struct {
		const char *request;
		unsigned low, high; /* status; low 0: closing without an answer is right too */
	} rows[] = {
		{ "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 400, 400 },
		{ "GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		  400, 400 },
		{ "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 405,
		  405 },
		{ "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: "
		  "100-continue\r\n\r\n",
		  404, 404 },
		{ "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, 413 },
		{ "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: "
		  "99999999999999999999999\r\n\r\n",
		  400, 413 },
		{ "POST /ClientWebService/client.asmx HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
		  "Content-Length: 4\r\n\r\nabcd",
		  400, 400 },
		{ "POST /ClientWebService/client.asmx HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
		  "transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
		  400, 400 },
		{ "POST /ClientWebService/client.asmx HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
		  "gzip, chunked\r\n\r\n0\r\n\r\n",
		  400, 400 },
		{ "GET /healthz HTTP/1.1\r\n\r\n", 400, 400 },
		{ "GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n", 0, 505 },
		{ "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 no TLS here\r\n\r\n", 0, 505 },
		{ "\r\n\r\n\r\n\r\n \r\n\r\n", 0, 505 },
		{ "GET\r\n\r\n", 0, 505 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		client_connect(&f->client, f->port);
		client_send(&f->client, rows[i].request, strlen(rows[i].request));
		shutdown(f->client.fd, SHUT_WR);
		bool answered = client_receive(&f->client, &f->answer, false);
		client_close(&f->client);
		if (!answered && rows[i].low == 0)
			continue;
		if (!answered || f->answer.status < rows[i].low || f->answer.status > rows[i].high)
			fail_msg("row %zu: status %u", i, answered ? f->answer.status : 0);
	}
	run_rows(f, &(struct row){ "GET /healthz", 200, { NULL }, "ok\n" }, 1);
}

/* A request with filler bytes somewhere; the status of its answer, 0 when there is none. */
static unsigned with_filler(struct fixture *f, const char *before, size_t filler, const char *after)
{
	size_t len = strlen(before) + filler + strlen(after);
	char *request = buf_malloc(len + 1);

	memcpy(request, before, strlen(before));
	memset(request + strlen(before), 'a', filler);
	memcpy(request + strlen(before) + filler, after, strlen(after) + 1);
	client_connect(&f->client, f->port);
	client_send(&f->client, request, len);
	bool answered = client_receive(&f->client, &f->answer, false);
	client_close(&f->client);
	free(request);
	return answered ? f->answer.status : 0;
}

static void sizes_of_requests_are_limited(void **state)
{
	static const char rest[] = " HTTP/1.1\r\nHost: x\r\n\r\n";
	struct fixture *f = *state;

	assert_int_equal(with_filler(f, "GET /", LIMIT_HTTP_TARGET - 1, rest), 404);
	assert_int_equal(with_filler(f, "GET /", LIMIT_HTTP_TARGET, rest), 400);
	assert_int_equal(
		with_filler(f, "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ", 16000, "\r\n\r\n"), 200);
	unsigned status =
		with_filler(f, "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ", 100000, "\r\n\r\n");
	assert_true(status == 431 || status == 413 || status == 0);
	status = with_filler(f, "GET /", 100000, rest);
	assert_true(status == 414 || status == 400 || status == 0);
	run_rows(f, &(struct row){ "GET /healthz", 200, { NULL }, "ok\n" }, 1);
}

static void slow_clients_hold_nobody_up(void **state)
{
	static const char request[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	struct fixture *f = *state;
	struct client *slow = buf_malloc(sizeof *slow);

	client_connect(slow, f->port);
	for (size_t i = 0; i < sizeof request - 1; i++) {
		client_send(slow, request + i, 1);
		if (i % 8 == 0)
			run_rows(f, &(struct row){ "GET /healthz", 200, { NULL }, "ok\n" }, 1);
	}
	assert_true(client_receive(slow, &f->answer, false));
	assert_int_equal(f->answer.status, 200);
	client_close(slow);

	/* A client that leaves in the middle of a large answer, and one in the middle of a request.
	 */
	char large[256];
	int len = snprintf(large, sizeof large, "GET /Content/77/%s HTTP/1.1\r\nHost: x\r\n\r\n",
			   f->huge_sha1);
	client_connect(slow, f->port);
	client_send(slow, large, (size_t)len);
	assert_true(client_fill(slow));
	client_close(slow);
	client_connect(slow, f->port);
	client_send(slow, request, 20);
	client_close(slow);
	run_rows(f, &(struct row){ "GET /healthz", 200, { NULL }, "ok\n" }, 1);
	free(slow);
}

static void new_imports_are_seen_at_once(void **state)
{
	struct fixture *f = *state;
	struct stored_object o;
	char hex[41], get[128];

	/* The thread of this connection has its session before the import. */
	client_connect(&f->client, f->port);
	run_row(f, &(struct row){ "GET /api/v1/status", 200, { NULL }, "~\"objects\":4" });
	struct store *w = repository_open(&f->repository, true);
	repository_put(w, "brand new", 9, &o);
	store_close(w);
	str_to_hex(o.sha1, 20, hex);
	snprintf(get, sizeof get, "GET /Content/%s/%s", hex + 38, hex);
	run_row(f, &(struct row){ get, 200, { NULL }, "brand new" });
	run_row(f, &(struct row){ "GET /api/v1/status", 200, { NULL }, "~\"objects\":5" });
	client_close(&f->client);
}

/* An object that is removed is gone although its thread remembers it. */
static void removed_objects_are_gone(void **state)
{
	struct fixture *f = *state;
	struct stored_object o;
	char hex[65], get[128], name[256];

	struct store *w = repository_open(&f->repository, true);
	repository_put(w, "short-lived", 11, &o);
	str_to_hex(o.sha1, 20, hex);
	snprintf(get, sizeof get, "GET /Content/%s/%s", hex + 38, hex);
	client_connect(&f->client, f->port);
	for (int i = 0; i < 3; i++)
		run_row(f, &(struct row){ get, 200, { NULL }, "short-lived" });
	repository_sql(w, "DELETE FROM object WHERE size=11");
	store_close(w);
	str_to_hex(o.sha256, 32, hex);
	snprintf(name, sizeof name, "%s/content/%.2s/%s", f->repository.path, hex, hex);
	assert_int_equal(unlink(name), 0);
	for (int i = 0; i < 2; i++)
		run_row(f, &(struct row){ get, 404, { NULL }, NULL });
	client_close(&f->client);
}

static void every_request_is_logged(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	static const char evil[] =
		"GET /a\"b\x1b[2J HTTP/1.1\r\nHost: x\r\nUser-Agent: \"\x07\\\r\n\r\n";
	unsigned char *log;
	size_t len;

	client_connect(&f->client, f->port);
	client_send(&f->client, evil, sizeof evil - 1);
	bool answered = client_receive(&f->client, &f->answer, false);
	client_close(&f->client);
	http_stop(f->http); /* the log is complete now */
	CLEANUP(file_close) int dir = file_open_dir(f->repository.parent, &err);
	assert_int_equal(file_load(dir, "access.log", 1 << 20, &log, &len, &err), 1);
	start(f, 1);
	assert_non_null(strstr((char *)log, "\"HEAD /healthz\" 200 0 \"-\" "));
	assert_non_null(strstr((char *)log, "ms done\n"));
	assert_non_null(strstr((char *)log, "ms aborted\n"));
	if (answered && f->answer.status == 404)
		assert_non_null(strstr((char *)log, "/a\\x22b\\x1B[2J\" 404"));
	for (size_t i = 0; i < len; i++)
		assert_true(log[i] == '\n' || (log[i] >= 0x20 && log[i] < 0x7f));
	free(log);
	/* The same answers from a server with a single thread. */
	run_rows(f, &(struct row){ "GET {C}", 200, { NULL }, "0123456789" }, 1);
}

static void starting_fails_with_a_reason(void **state)
{
	struct fixture *f = *state;
	char taken[32], nowhere[100];
	struct {
		struct http_options o;
		enum error_id id;
	} rows[] = {
		{ { .repo = f->repository.path,
		    .listen = taken,
		    .threads = 2,
		    .access_log = NULL,
		    .routes = services() },
		  ERROR_SERVER_IN_USE },
		{ { .repo = f->repository.path,
		    .listen = "nonsense",
		    .threads = 2,
		    .access_log = NULL,
		    .routes = services() },
		  ERROR_SERVER_ADDRESS },
		{ { .repo = f->repository.parent,
		    .listen = "127.0.0.1:0",
		    .threads = 2,
		    .access_log = NULL,
		    .routes = services() },
		  ERROR_STORE_ABSENT },
		{ { .repo = f->repository.path,
		    .listen = "127.0.0.1:0",
		    .threads = 2,
		    .access_log = nowhere,
		    .routes = services() },
		  ERROR_FILE_OPEN },
	};

	snprintf(taken, sizeof taken, "127.0.0.1:%u", (unsigned)f->port);
	snprintf(nowhere, sizeof nowhere, "%s/no/such.log", f->repository.parent);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;

		assert_null(http_start(&rows[i].o, &err));
		assert_error(err, rows[i].id, "");
	}
}

static void stopping_finishes_what_was_begun(void **state)
{
	struct fixture *f = *state;
	struct timespec moment = { .tv_nsec = 50000000 };
	char request[256];
	size_t len = expand(f, "GET {C} HTTP/1.1\r\nHost: x\r\n\r\n", request, sizeof request);

	client_connect(&f->client, f->port);
	client_send(&f->client, request, len);
	nanosleep(&moment, NULL);
	http_stop(f->http);
	f->http = NULL;
	assert_true(client_receive(&f->client, &f->answer, false));
	assert_string_equal(f->answer.body, "0123456789");
	assert_false(client_receive(&f->client, &f->answer, false));
	client_close(&f->client);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_is_served),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(the_api_answers),
		cmocka_unit_test(several_ranges_have_exact_bytes),
		cmocka_unit_test(objects_beyond_four_gigabytes_are_served),
		cmocka_unit_test(requests_may_be_pipelined),
		cmocka_unit_test(hostile_requests_are_refused),
		cmocka_unit_test(sizes_of_requests_are_limited),
		cmocka_unit_test(slow_clients_hold_nobody_up),
		cmocka_unit_test(new_imports_are_seen_at_once),
		cmocka_unit_test(removed_objects_are_gone),
		cmocka_unit_test(every_request_is_logged),
		cmocka_unit_test(starting_fails_with_a_reason),
		cmocka_unit_test(stopping_finishes_what_was_begun),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup, teardown);
}

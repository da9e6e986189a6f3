/* Bodies of requests: which are taken, how they arrive, and what becomes of too much. */
#include "importer/server/http.h"

#include "importer/server/reply.h"
#include "importer/server/request.h"
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "tests/unit/importer/server/client.h"
#include "tests/unit/repository.h"

#include <time.h>

enum { SMALL = 1000, LONG = 900000, MOST_ANSWERS = 4 * LONG };

static int echo(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	char text[64];
	unsigned sum = 0;

	(void)rest;
	for (size_t i = 0; i < q->body.len; i++)
		sum += q->body.bytes[i];
	snprintf(text, sizeof text, "%zu %u", q->body.len, sum);
	return reply_text(out, 200, text, err);
}

static int refuse(const struct request *q, const struct error *why, struct reply *out,
		  struct error *err)
{
	(void)q;
	return reply_text(out, 500, error_id_text(why->id), err);
}

/* A long answer. */
static int speak(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(LONG);

	(void)q;
	(void)rest;
	memset(buf_room(&b, LONG, err), 'x', LONG);
	b.len = LONG;
	return reply_bytes(out, 200, &b, "text/plain", "private", err);
}

static const struct route routes[] = {
	{ .path = "/speak", .methods = "POST", .answer = speak, .body = SMALL },
	{ .path = "/small", .methods = "POST", .answer = echo, .body = SMALL },
	{ .path = "/large", .methods = "POST, GET", .answer = echo, .body = LIMIT_SOAP_BODY },
	{ .path = "/told", .methods = "POST", .answer = echo, .body = SMALL, .refuse = refuse },
	{ .path = "/none", .methods = "POST", .answer = echo },
	{ .path = NULL },
};

struct fixture {
	struct repository repository;
	struct http *http;
	uint16_t port;
	struct client client;
	struct answer answer;
};

static int setup(void **state)
{
	struct fixture *f = buf_calloc(1, sizeof *f);
	char where[ADDRESS_TEXT_SIZE];
	struct error err = ERROR_INIT;
	uint64_t port;

	repository_create(&f->repository);
	struct http_options o = {
		.repo = f->repository.path,
		.listen = "127.0.0.1:0",
		.threads = 2,
		.routes = routes,
		.answers_most = MOST_ANSWERS,
	};
	f->http = http_start(&o, &err);
	assert_no_error(err);
	http_address(f->http, where);
	assert_true(str_to_u64(where + 10, strlen(where + 10), 65535, &port));
	f->port = (uint16_t)port;
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

static void send_text(struct client *c, const char *text)
{
	client_send(c, text, strlen(text));
}

static void send_many(struct client *c, char byte, size_t count)
{
	char piece[65536];

	memset(piece, byte, sizeof piece);
	while (count > 0) {
		size_t n = count < sizeof piece ? count : sizeof piece;

		client_send(c, piece, n);
		count -= n;
	}
}

static void post(struct fixture *f, const char *path, size_t length, const char *headers)
{
	char text[512];

	snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n%s\r\n",
		 path, length, headers);
	send_text(&f->client, text);
}

static void expect(struct fixture *f, unsigned status, const char *body)
{
	assert_true(client_receive(&f->client, &f->answer, false));
	assert_int_equal(f->answer.status, status);
	assert_string_equal(f->answer.body, body);
}

static void a_body_arrives_whole(void **state)
{
	struct fixture *f = *state;

	client_connect(&f->client, f->port);
	for (int i = 0; i < 3; i++) {
		post(f, "/small", 3, "");
		send_text(&f->client, "\1\2\3");
		expect(f, 200, "3 6\n");
	}
	post(f, "/large", LIMIT_SOAP_BODY, "");
	send_many(&f->client, 1, LIMIT_SOAP_BODY);
	expect(f, 200, "4194304 4194304\n");
	post(f, "/small", SMALL, "");
	for (int i = 0; i < SMALL; i++)
		send_many(&f->client, 2, 1);
	expect(f, 200, "1000 2000\n");
	post(f, "/small", 0, "");
	expect(f, 200, "0 0\n");
	send_text(&f->client,
		  "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "2\r\n\1\1\r\n3\r\n\2\2\2\r\n0\r\n\r\n");
	expect(f, 200, "5 8\n");
	send_text(&f->client, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(f, 200, "0 0\n");
	client_close(&f->client);
}

static void the_client_may_ask_first(void **state)
{
	struct fixture *f = *state;

	client_connect(&f->client, f->port);
	post(f, "/small", 2, "Expect: 100-continue\r\n");
	assert_true(client_receive(&f->client, &f->answer, true));
	assert_int_equal(f->answer.status, 100);
	send_text(&f->client, "\1\1");
	expect(f, 200, "2 2\n");
	/* too large: it is told before it sends anything */
	post(f, "/small", SMALL + 1, "Expect: 100-continue\r\n");
	assert_true(client_receive(&f->client, &f->answer, false));
	assert_int_equal(f->answer.status, 413);
	client_close(&f->client);
}

static void too_much_is_refused(void **state)
{
	static const struct {
		const char *path;
		unsigned status;
		const char *body;
	} rows[] = {
		{ "/small", 413, "a body of more than 1000 bytes\n" },
		{ "/told", 500, "GF-2704\n" },
		{ "/none", 400, "a request body is not accepted here\n" },
		{ "/nowhere", 404, "there is nothing at this address\n" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		client_connect(&f->client, f->port);
		post(f, rows[i].path, SMALL + 1, "");
		expect(f, rows[i].status, rows[i].body);
		assert_false(client_fill(&f->client));
		client_close(&f->client);
	}
	/* no length was announced: the connection ends when it is too much */
	client_connect(&f->client, f->port);
	send_text(&f->client,
		  "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "3e9\r\n");
	send_many(&f->client, 1, SMALL + 1);
	send_text(&f->client, "\r\n0\r\n\r\n");
	assert_false(client_receive(&f->client, &f->answer, false));
	client_close(&f->client);
}

/* One connection after the other leaves its body unfinished, until no more is taken. */
static void all_together_are_limited(void **state)
{
	enum { EACH = LIMIT_SOAP_BODY - 1, MOST = LIMIT_SOAP_BODIES / EACH };
	static const struct timespec moment = { .tv_nsec = 20000000 };
	struct fixture *f = *state;
	int waiting[MOST];
	bool refused = false;

	for (size_t i = 0; i < MOST; i++) {
		client_connect(&f->client, f->port);
		post(f, "/large", LIMIT_SOAP_BODY, "");
		send_many(&f->client, 1, EACH);
		waiting[i] = f->client.fd;
	}
	/* What was sent is not at once what has arrived. */
	for (int tries = 0; !refused && tries < 500; tries++) {
		client_connect(&f->client, f->port);
		post(f, "/large", LIMIT_SOAP_BODY, "");
		send_many(&f->client, 1, LIMIT_SOAP_BODY);
		assert_true(client_receive(&f->client, &f->answer, false));
		refused = f->answer.status == 503;
		client_close(&f->client);
		nanosleep(&moment, NULL);
	}
	assert_true(refused);
	for (size_t i = 0; i < MOST; i++)
		close(waiting[i]);
	for (int tries = 0; f->answer.status != 200 && tries < 500; tries++) {
		client_connect(&f->client, f->port);
		post(f, "/large", LIMIT_SOAP_BODY, "");
		send_many(&f->client, 1, LIMIT_SOAP_BODY);
		assert_true(client_receive(&f->client, &f->answer, false));
		client_close(&f->client);
		nanosleep(&moment, NULL);
	}
	assert_int_equal(f->answer.status, 200);
}

/* Far more answers than may lie in memory: all come, and a stop in between ends it. */
static void who_asks_too_much_waits(void **state)
{
	enum { CLIENTS = 60 };
	struct fixture *f = *state;
	struct client *clients = buf_calloc(CLIENTS, sizeof *clients);

	for (size_t i = 0; i < CLIENTS; i++) {
		client_connect(&clients[i], f->port);
		send_text(&clients[i],
			  "POST /speak HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
			  "POST /speak HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
	}
	for (size_t round = 0; round < 2; round++)
		for (size_t i = CLIENTS; i-- > 0;) {
			assert_true(client_receive(&clients[i], &f->answer, false));
			assert_int_equal(f->answer.status, 200);
			assert_int_equal(f->answer.body_len, LONG);
		}
	for (size_t i = 0; i < CLIENTS; i++)
		send_text(&clients[i],
			  "POST /speak HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
	/* some leave without reading */
	for (size_t i = 0; i < CLIENTS; i += 2)
		client_close(&clients[i]);
	for (size_t i = 1; i < CLIENTS; i += 2) {
		assert_true(client_receive(&clients[i], &f->answer, false));
		client_close(&clients[i]);
	}
	free(clients);
}

/* Teardown stops the server while requests wait. */
static void waiting_ones_do_not_keep_the_server(void **state)
{
	enum { CLIENTS = 20 };
	struct fixture *f = *state;

	for (size_t i = 0; i < CLIENTS; i++) {
		client_connect(&f->client, f->port);
		send_text(&f->client,
			  "POST /speak HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
		/* the descriptor stays open until the process ends */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_body_arrives_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(the_client_may_ask_first, setup, teardown),
		cmocka_unit_test_setup_teardown(too_much_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(all_together_are_limited, setup, teardown),
		cmocka_unit_test_setup_teardown(who_asks_too_much_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(waiting_ones_do_not_keep_the_server, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "importer/server/http.h"

#include "importer/server/access_log.h"
#include "importer/server/reply.h"
#include "importer/server/request.h"
#include "importer/server/session.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct http {
	struct MHD_Daemon *daemon;
	struct session_pool *sessions;
	const struct route *routes;
	struct address address;
	int log; /* -1: none */
	struct service *service;
	_Atomic unsigned active; /* requests begun and not yet completed */
	_Atomic size_t bodies;   /* bytes of bodies that are in memory */
	_Atomic size_t answers;  /* of answers that are */
	_Atomic bool draining;
};

/* ---- one request ---- */

static bool takes_body(const struct route *route, const struct request *q)
{
	return route->body > 0 && strcmp(q->method, "POST") == 0;
}

static int dispatch(const struct http *h, const struct request *q, const struct route **route,
		    struct reply *out, struct error *err)
{
	const char *rest;

	if (request_check(q, err) < 0)
		return -1;
	*route = route_find(h->routes, q->path, &rest);
	if (!*route)
		return error_set(err, ERROR_SERVER_NOT_FOUND, "there is nothing at this address");
	if (!route_allows(*route, q->method))
		return error_set(err, ERROR_SERVER_METHOD, "method not allowed here");
	if (request_has_body(q) && !takes_body(*route, q))
		return error_set(err, ERROR_SERVER_REQUEST, "a request body is not accepted here");
	if (q->refused.id != ERROR_NONE) {
		*err = q->refused;
		return -1;
	}
	/* Clients that ask and do not read must not fill the memory. */
	if (takes_body(*route, q) && h->answers > LIMIT_SOAP_ANSWERS)
		return error_set(err, ERROR_SOAP_BUSY, "too many answers on their way");
	return (*route)->answer(q, rest, out, err);
}

/* Failures of ours go to the log of the service, once; those of clients only to the access log. */
static void report(const struct request *q, const struct error *why)
{
	char target[512];

	access_log_escape(q->target, target, sizeof target);
	fprintf(stderr, "gapferry-server: %s: %s (request %s %s)\n", error_id_text(why->id),
		why->message, q->method, target);
}

/* What a failure means for us, whoever tells the client. */
static void note(struct http *h, const struct request *q, const struct error *why)
{
	if (reply_status(why) >= 500)
		report(q, why);
	/* A database handle that failed is not used again: the next request opens a new one. */
	if (why->id == ERROR_DB || why->id == ERROR_DB_CORRUPT)
		session_drop(h->sessions);
}

/* Turn a failure into an answer. */
static int fail(struct http *h, const struct request *q, const struct route *route,
		struct reply *out, const struct error *why, struct error *err)
{
	reply_clear(out);
	note(h, q, why);
	if (route && route->refuse && why->id != ERROR_SERVER_METHOD)
		return route->refuse(q, why, out, err);
	if (reply_failure(out, route && route->json, why, err) < 0)
		return -1;
	if (why->id == ERROR_SERVER_METHOD && route)
		reply_header(out, "Allow", route->methods);
	return 0;
}

static enum MHD_Result answer(struct http *h, struct request *q)
{
	CLEANUP(reply_clear) struct reply out = REPLY_INIT;
	struct error err = ERROR_INIT;
	const struct route *route = NULL;

	/* Without any answer the library closes the connection. */
	if (dispatch(h, q, &route, &out, &err) < 0) {
		struct error why = err;

		error_clear(&err);
		if (fail(h, q, route, &out, &why, &err) < 0)
			return MHD_NO;
	} else if (out.why.id != ERROR_NONE) {
		note(h, q, &out.why);
	}
	if (h->draining)
		reply_header(&out, "Connection", "close");
	q->status = out.status;
	q->held = out.memory;
	h->answers += q->held;
	q->length = request_is_head(q) || out.status == 304 ? 0 : out.length;
	return MHD_queue_response(q->connection, out.status, out.response);
}

static void copy_cut(char *out, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(out, text, len);
	out[len] = '\0';
}

/* The headers are there: does the body that they announce interest us? */
static bool wants_body(const struct http *h, struct request *q)
{
	struct error ignored = ERROR_INIT;
	const char *rest;

	if (request_check(q, &ignored) < 0)
		return false;
	q->route = route_find(h->routes, q->path, &rest);
	if (!q->route || !takes_body(q->route, q))
		return false;
	q->body = (struct buf)BUF_INIT(q->route->body);
	if (request_length(q) <= q->route->body)
		return true;
	error_set(&q->refused, ERROR_SOAP_BODY, "a body of more than %zu bytes", q->route->body);
	return false;
}

/* A piece of the body.  What is not wanted is dropped, and the answer says so. */
static enum MHD_Result on_body(struct http *h, struct request *q, const char *bytes, size_t len)
{
	struct error ignored = ERROR_INIT;

	/* Only a body of no announced length gets here; there is nothing to wait for. */
	if (q->body.len + len > q->body.max)
		return MHD_NO;
	if (q->refused.id != ERROR_NONE)
		return MHD_YES;
	if (h->bodies + len > LIMIT_SOAP_BODIES) {
		error_set(&q->refused, ERROR_SOAP_BUSY, "too many requests at once");
		return MHD_YES;
	}
	h->bodies += len;
	return buf_append(&q->body, bytes, len, &ignored) < 0 ? MHD_NO : MHD_YES;
}

/*
 * The library calls once when the headers are there, then with the pieces of the body, if any, and
 * again at its end.  An answer to the first call costs the connection: 0.9.75 closes it afterwards.
 * So that is kept for requests whose body we do not want to read.
 */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_size, void **context)
{
	struct request *q = *context;

	(void)connection;
	(void)version;
	if (!q)
		return MHD_NO;
	if (*data_size > 0) {
		size_t len = *data_size;

		*data_size = 0;
		return q->route ? on_body(cls, q, data, len) : MHD_NO;
	}
	q->path = url;
	if (q->announced)
		return answer(cls, q);
	q->announced = true;
	copy_cut(q->method, sizeof q->method, method);
	const char *agent = request_header(q, "User-Agent");
	if (agent)
		copy_cut(q->agent, sizeof q->agent, agent);
	return request_has_body(q) && !wants_body(cls, q) ? answer(cls, q) : MHD_YES;
}

static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	struct http *h = cls;

	struct request *q = request_new(target, connection, h->sessions);

	h->active++;
	q->service = h->service;
	return q;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode how)
{
	struct http *h = cls;
	CLEANUP(request_free) struct request *q = STEAL(*context);

	if (!q)
		return;
	h->active--;
	h->bodies -= q->body.len;
	h->answers -= q->held;
	if (h->log < 0)
		return;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	access_log_write(h->log, q, info ? info->client_addr : NULL,
			 how == MHD_REQUEST_TERMINATED_COMPLETED_OK);
}

/* ---- the daemon ---- */

static int start_daemon(struct http *h, unsigned threads, int listener, struct error *err)
{
	/* A pool of one is the library's plain internal thread. */
	struct MHD_OptionItem pool[] = {
		{ threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END,
		  threads > 1 ? (intptr_t)threads : 0, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	h->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL,
				     on_request, h, MHD_OPTION_LISTEN_SOCKET, listener,
				     MHD_OPTION_ARRAY, pool, MHD_OPTION_CONNECTION_LIMIT,
				     LIMIT_HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				     (size_t)LIMIT_HTTP_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
				     LIMIT_HTTP_IDLE_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT, 1,
				     MHD_OPTION_URI_LOG_CALLBACK, on_target, h,
				     MHD_OPTION_NOTIFY_COMPLETED, on_completed, h, MHD_OPTION_END);
	if (!h->daemon)
		return error_set(err, ERROR_SERVER_START, "cannot start %u threads to serve",
				 threads);
	return 0;
}

static void http_free(struct http *h)
{
	if (!h)
		return;
	session_pool_free(h->sessions);
	file_close(h->log);
	free(h);
}
DEFINE_CLEANUP(struct http *, http_free);

struct http *http_start(const struct http_options *options, struct error *err)
{
	CLEANUP(http_free) struct http *h = buf_calloc(1, sizeof *h);
	struct address wanted;

	h->routes = options->routes;
	h->service = options->service;
	h->log = -1;
	if (address_parse(options->listen, &wanted, err) < 0)
		return NULL;
	h->sessions = session_pool_new(options->repo, err);
	if (!h->sessions)
		return NULL;
	if (options->api_token && session_pool_set_token(h->sessions, options->api_token, err) < 0)
		return NULL;
	if (options->access_log && (h->log = access_log_open(options->access_log, err)) < 0)
		return NULL;
	CLEANUP(file_close) int listener = address_listen(&wanted, &h->address, err);
	if (listener < 0 || start_daemon(h, options->threads, listener, err) < 0)
		return NULL;
	listener = -1; /* the daemon's now */
	return STEAL(h);
}

void http_address(const struct http *h, char out[ADDRESS_TEXT_SIZE])
{
	address_text((const struct sockaddr *)&h->address.storage, out);
}

void http_stop(struct http *h)
{
	static const struct timespec moment = { .tv_nsec = 10000000 };

	if (!h)
		return;
	CLEANUP(http_free) struct http *mine = h;
	/* The socket is ours again, so that closing it refuses connections at once. */
	file_close(MHD_quiesce_daemon(mine->daemon));
	mine->draining = true;
	for (uint64_t start = clock_ticks();
	     mine->active > 0 && clock_ticks() - start < LIMIT_HTTP_DRAIN_SECONDS * 1000u;)
		nanosleep(&moment, NULL);
	MHD_stop_daemon(mine->daemon);
}

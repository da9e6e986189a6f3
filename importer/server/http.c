#include "importer/server/http.h"

#include "importer/server/access_log.h"
#include "importer/server/metrics.h"
#include "importer/server/reply.h"
#include "importer/server/request.h"
#include "importer/server/session.h"
#include "importer/server/watch.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/lock.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A socket that is listened on, and the threads that serve it. */
struct port {
	struct http *http;
	struct MHD_Daemon *daemon; /* NULL: not used */
	struct address address;
	int listener; /* until the daemon has it */
	bool tls;
};

struct http {
	struct port clear, secure;
	struct session_pool *sessions;
	const struct route *routes;
	int log; /* -1: none */
	char *log_path, *token_path;
	struct service *service;
	struct metrics *metrics;
	struct watch *watch;
	unsigned char *certificate, *key; /* PEM */
	_Atomic unsigned active;          /* requests begun and not yet completed */
	_Atomic size_t bodies;            /* bytes of bodies that are in memory */
	_Atomic size_t answers;           /* of answers that are */
	size_t answers_most;              /* from there on requests with a body wait */
	struct lock *queue_lock;
	struct request *first, *last; /* that wait, in order of arrival */
	_Atomic bool draining;
};

/* ---- one request ---- */

static bool takes_body(const struct route *route, const struct request *q)
{
	return route->body > 0 && strcmp(q->method, "POST") == 0;
}

/* With TLS, only what carries its own proof goes without: content, whose digest clients know. */
static bool in_clear(const struct http *h, const struct request *q, const struct route *r)
{
	return !h->secure.tls || q->content_port != 0 || r->in_clear;
}

static int dispatch(const struct http *h, struct request *q, const struct route **route,
		    struct reply *out, struct error *err)
{
	const char *rest;

	if (request_check(q, err) < 0)
		return -1;
	*route = route_find(h->routes, q->path, &rest);
	if (*route && !in_clear(h, q, *route))
		*route = NULL;
	if (!*route)
		return error_set(err, ERROR_SERVER_NOT_FOUND, "there is nothing at this address");
	q->counted = (*route)->counted;
	if (!route_allows(*route, q->method))
		return error_set(err, ERROR_SERVER_METHOD, "method not allowed here");
	if (request_has_body(q) && !takes_body(*route, q))
		return error_set(err, ERROR_SERVER_REQUEST, "a request body is not accepted here");
	if (q->refused.id != ERROR_NONE) {
		*err = q->refused;
		return -1;
	}
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
	uint64_t start = clock_nanoseconds();

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
	metrics_time(h->metrics, q->counted, clock_nanoseconds() - start);
	q->status = out.status;
	q->held = out.memory;
	h->answers += q->held;
	q->length = request_is_head(q) || out.status == 304 ? 0 : out.length;
	return MHD_queue_response(q->connection, out.status, out.response);
}

/* ---- waiting ---- */

/*
 * Many clients that read slowly would fill the memory with answers.  A request that may have a long
 * one waits instead until some have been sent: telling it to come back costs its user hours.
 * True when it waits; the library calls again after go_on().
 */
static bool must_wait(struct http *h, struct request *q)
{
	if (!q->route || h->answers <= h->answers_most)
		return false;
	CLEANUP(lock_release) struct lock *held = lock_take(h->queue_lock);
	/* Whoever makes room looks for waiting ones after that, with the lock. */
	if (h->draining || h->answers <= h->answers_most)
		return false;
	if (h->last)
		h->last->next = q;
	else
		h->first = q;
	h->last = q;
	MHD_suspend_connection(q->connection);
	return true;
}

/* Let the first `most` of those that wait go on, if there is room. */
static void go_on(struct http *h, size_t most)
{
	CLEANUP(lock_release) struct lock *held = lock_take(h->queue_lock);

	for (; most > 0 && h->first && (h->draining || h->answers <= h->answers_most); most--) {
		struct request *q = h->first;

		h->first = q->next;
		if (!h->first)
			h->last = NULL;
		q->next = NULL;
		MHD_resume_connection(q->connection);
	}
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
	if (!q->route || !in_clear(h, q, q->route) || !takes_body(q->route, q))
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

static struct watch_entry *entry_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void complete(struct MHD_Connection *connection)
{
	struct watch_entry *e = entry_of(connection);

	if (e)
		watch_complete(e);
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
	struct http *h = ((struct port *)cls)->http;

	(void)version;
	if (!q)
		return MHD_NO;
	if (*data_size > 0) {
		size_t len = *data_size;

		*data_size = 0;
		return q->route ? on_body(h, q, data, len) : MHD_NO;
	}
	q->path = request_path(url);
	if (q->announced) {
		complete(connection);
		return must_wait(h, q) ? MHD_YES : answer(h, q);
	}
	q->announced = true;
	copy_cut(q->method, sizeof q->method, method);
	const char *agent = request_header(q, "User-Agent");
	if (agent)
		copy_cut(q->agent, sizeof q->agent, agent);
	return request_has_body(q) && !wants_body(h, q) ? answer(h, q) : MHD_YES;
}

static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	const struct port *port = cls;
	struct http *h = port->http;
	struct request *q = request_new(target, connection, h->sessions);

	h->active++;
	q->service = h->service;
	q->metrics = h->metrics;
	q->content_port = port->tls ? address_port(&h->clear.address) : 0;
	return q;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode how)
{
	struct http *h = ((struct port *)cls)->http;
	CLEANUP(request_free) struct request *q = STEAL(*context);
	struct watch_entry *e = entry_of(connection);
	bool whole = how == MHD_REQUEST_TERMINATED_COMPLETED_OK;

	if (!q)
		return;
	if (e)
		watch_due(e, clock_ticks());
	h->active--;
	h->bodies -= q->body.len;
	h->answers -= q->held;
	const struct metrics_request over = {
		.service = q->counted, .status = q->status, .bytes = q->length, .whole = whole
	};
	metrics_count(h->metrics, &over);
	/* Each that is done makes room for one; a second one takes up what short answers leave. */
	go_on(h, 2);
	if (h->log < 0)
		return;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	access_log_write(h->log, q, info ? info->client_addr : NULL, whole);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct http *h = ((struct port *)cls)->http;
	const union MHD_ConnectionInfo *info;

	switch (what) {
	case MHD_CONNECTION_NOTIFY_STARTED:
		info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		if (!info)
			return;
		*context = watch_add(h->watch, info->connect_fd, clock_ticks());
		metrics_connected(h->metrics, 1);
		return;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		if (!*context)
			return;
		watch_remove(h->watch, STEAL(*context));
		metrics_connected(h->metrics, -1);
		return;
	}
}

/* ---- the daemon ---- */

static int start_daemon(struct port *p, const struct http_options *o, struct error *err)
{
	const struct http *h = p->http;
	/* A pool of one is the library's plain internal thread. */
	struct MHD_OptionItem more[] = {
		{ MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)o->threads, NULL },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, h->certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, h->key },
		{ MHD_OPTION_END, 0, NULL },
	};
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			 (p->tls ? MHD_USE_TLS : 0);

	if (!p->tls)
		more[1].option = MHD_OPTION_END;
	p->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, p, MHD_OPTION_LISTEN_SOCKET, p->listener,
		MHD_OPTION_ARRAY, o->threads > 1 ? more : more + 1, MHD_OPTION_CONNECTION_LIMIT,
		LIMIT_HTTP_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT, o->per_address,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_HTTP_MEMORY,
		MHD_OPTION_CONNECTION_TIMEOUT, LIMIT_HTTP_IDLE_SECONDS,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, on_target, p,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, p, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, p, MHD_OPTION_END);
	if (!p->daemon && p->tls)
		return error_set(err, ERROR_TLS_FILES, "%s, %s: not a certificate and its key",
				 o->tls_cert, o->tls_key);
	if (!p->daemon)
		return error_set(err, ERROR_SERVER_START, "cannot start %u threads to serve",
				 o->threads);
	p->listener = -1; /* the daemon's now */
	return 0;
}

static int load_pem(const char *path, unsigned char **out, struct error *err)
{
	size_t len;
	int there = file_load(AT_FDCWD, path, LIMIT_TLS_FILE, out, &len, err);

	if (there == 0)
		return error_set(err, ERROR_TLS_FILES, "%s: not found", path);
	return there < 0 ? -1 : 0;
}

/* The address of the port with TLS: as it was given, or the port after the other one's. */
static int open_secure(struct http *h, const struct http_options *o, struct error *err)
{
	struct address where = h->clear.address;
	uint16_t port = address_port(&where);

	if (MHD_is_feature_supported(MHD_FEATURE_SSL) != MHD_YES)
		return error_set(err, ERROR_TLS_ABSENT, "libmicrohttpd has no TLS");
	if (load_pem(o->tls_cert, &h->certificate, err) < 0 ||
	    load_pem(o->tls_key, &h->key, err) < 0 ||
	    (o->tls_listen && address_parse(o->tls_listen, &where, err) < 0))
		return -1;
	if (!o->tls_listen)
		address_set_port(&where, port == 80 ? 443 : (uint16_t)(port + 1));
	h->secure.tls = true;
	h->secure.listener = address_listen(&where, &h->secure.address, err);
	return h->secure.listener < 0 ? -1 : 0;
}

static void http_free(struct http *h)
{
	if (!h)
		return;
	session_pool_free(h->sessions);
	file_close(h->clear.listener);
	file_close(h->secure.listener);
	metrics_free(h->metrics);
	watch_free(h->watch);
	lock_free(h->queue_lock);
	file_close(h->log);
	free(h->log_path);
	free(h->token_path);
	free(h->certificate);
	if (h->key)
		explicit_bzero(h->key, strlen((const char *)h->key));
	free(h->key);
	free(h);
}
DEFINE_CLEANUP(struct http *, http_free);

static void stop_port(struct port *p)
{
	if (p->daemon)
		MHD_stop_daemon(p->daemon);
	p->daemon = NULL;
}

static int open_ports(struct http *h, const struct http_options *o, struct error *err)
{
	struct address wanted;

	if (address_parse(o->listen, &wanted, err) < 0)
		return -1;
	h->clear.listener = address_listen(&wanted, &h->clear.address, err);
	if (h->clear.listener < 0)
		return -1;
	return o->tls_cert ? open_secure(h, o, err) : 0;
}

/* What has started already is ended when the rest cannot start. */
static int start_ports(struct http *h, const struct http_options *o, struct error *err)
{
	if ((h->secure.tls && start_daemon(&h->secure, o, err) < 0) ||
	    start_daemon(&h->clear, o, err) < 0) {
		stop_port(&h->secure);
		return -1;
	}
	return 0;
}

struct http *http_start(const struct http_options *options, struct error *err)
{
	CLEANUP(http_free) struct http *h = buf_calloc(1, sizeof *h);

	h->routes = options->routes;
	h->service = options->service;
	h->metrics = metrics_new();
	h->watch = watch_new();
	h->answers_most = options->answers_most ? options->answers_most : LIMIT_SOAP_ANSWERS;
	h->queue_lock = lock_new();
	h->log = -1;
	h->clear = h->secure = (struct port){ .http = h, .listener = -1 };
	h->log_path = options->access_log ? buf_strdup(options->access_log) : NULL;
	h->token_path = options->api_token ? buf_strdup(options->api_token) : NULL;
	h->sessions = session_pool_new(options->repo,
				       options->state ? options->state : options->repo, err);
	if (!h->sessions)
		return NULL;
	if (h->token_path && session_pool_set_token(h->sessions, h->token_path, err) < 0)
		return NULL;
	if (h->log_path && (h->log = access_log_open(h->log_path, err)) < 0)
		return NULL;
	if (open_ports(h, options, err) < 0 ||
	    (options->begin && options->begin(options->begin_ctx, &h->service, err) < 0) ||
	    start_ports(h, options, err) < 0)
		return NULL;
	return STEAL(h);
}

void http_address(const struct http *h, char out[ADDRESS_TEXT_SIZE])
{
	address_text((const struct sockaddr *)&h->clear.address.storage, out);
}

bool http_tls_address(const struct http *h, char out[ADDRESS_TEXT_SIZE])
{
	address_text((const struct sockaddr *)&h->secure.address.storage, out);
	return h->secure.daemon != NULL;
}

int http_reload(struct http *h, struct error *err)
{
	if (h->log_path && access_log_reopen(h->log_path, h->log, err) < 0)
		return -1;
	return h->token_path ? session_pool_set_token(h->sessions, h->token_path, err) : 0;
}

void http_tick(struct http *h)
{
	size_t expired = watch_expire(h->watch, clock_ticks(), LIMIT_HTTP_REQUEST_SECONDS * 1000u);

	while (expired-- > 0)
		metrics_expired(h->metrics);
}

void http_stop(struct http *h)
{
	static const struct timespec moment = { .tv_nsec = 10000000 };

	if (!h)
		return;
	CLEANUP(http_free) struct http *mine = h;
	/* The sockets are ours again, so that closing them refuses connections at once. */
	file_close(MHD_quiesce_daemon(mine->clear.daemon));
	if (mine->secure.daemon)
		file_close(MHD_quiesce_daemon(mine->secure.daemon));
	mine->draining = true;
	go_on(mine, SIZE_MAX);
	for (uint64_t start = clock_ticks();
	     mine->active > 0 && clock_ticks() - start < LIMIT_HTTP_DRAIN_SECONDS * 1000u;)
		nanosleep(&moment, NULL);
	stop_port(&mine->clear);
	stop_port(&mine->secure);
}

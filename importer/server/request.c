#include "importer/server/request.h"

#include "importer/server/session.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct request *request_new(const char *target, struct MHD_Connection *connection,
			    struct session_pool *sessions)
{
	struct request *q = buf_calloc(1, sizeof *q);
	size_t len = strnlen(target, LIMIT_HTTP_TARGET + 1);

	q->target_cut = len > LIMIT_HTTP_TARGET;
	if (q->target_cut)
		len = LIMIT_HTTP_TARGET;
	q->target = buf_malloc(len + 1);
	memcpy(q->target, target, len);
	q->target[len] = '\0';
	q->connection = connection;
	q->sessions = sessions;
	q->started = clock_ticks();
	return q;
}

void request_free(struct request *q)
{
	if (!q)
		return;
	buf_clear(&q->body);
	free(q->target);
	free(q);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

struct framing {
	unsigned headers; /* that say where the body ends */
	bool strange;
};

static enum MHD_Result look_at_framing(void *cls, enum MHD_ValueKind kind, const char *name,
				       const char *value)
{
	struct framing *f = cls;
	bool coding = strcasecmp(name, "Transfer-Encoding") == 0;

	(void)kind;
	if (coding && strcasecmp(value ? value : "", "chunked") != 0)
		f->strange = true;
	f->headers += coding || strcasecmp(name, "Content-Length") == 0;
	return MHD_YES;
}

int request_check(const struct request *q, struct error *err)
{
	struct framing framing = { .headers = 0 };

	MHD_get_connection_values(q->connection, MHD_HEADER_KIND, look_at_framing, &framing);
	if (framing.headers > 1 || framing.strange)
		return error_set(err, ERROR_SERVER_REQUEST,
				 "the headers do not say where the body ends");
	if (q->target_cut)
		return error_set(err, ERROR_SERVER_REQUEST, "request target longer than %u bytes",
				 LIMIT_HTTP_TARGET);
	for (const char *p = q->target; (p = strchr(p, '%')) != NULL; p += 3) {
		if (!is_hex(p[1]) || !is_hex(p[2]))
			return error_set(err, ERROR_SERVER_REQUEST,
					 "request target: bad escape at byte %zu",
					 (size_t)(p - q->target));
		if (p[1] == '0' && p[2] == '0')
			return error_set(err, ERROR_SERVER_REQUEST,
					 "request target: NUL at byte %zu",
					 (size_t)(p - q->target));
	}
	return 0;
}

const char *request_path(const char *target)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t len = strlen(schemes[i]);

		if (strncasecmp(target, schemes[i], len) == 0) {
			const char *slash = strchr(target + len, '/');

			return slash ? slash : "/";
		}
	}
	return target;
}

bool request_has_body(const struct request *q)
{
	const char *length = request_header(q, "Content-Length");

	return request_header(q, "Transfer-Encoding") != NULL ||
	       (length && length[strspn(length, "0")] != '\0');
}

uint64_t request_length(const struct request *q)
{
	const char *text = request_header(q, "Content-Length");
	uint64_t length = 0;

	/* The library has refused what is no number. */
	if (!text || !str_to_u64(text, strlen(text), UINT64_MAX, &length))
		return 0;
	return length;
}

void request_client(const struct request *q, char out[ADDRESS_TEXT_SIZE])
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(q->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	*out = '\0';
	if (info && info->client_addr)
		address_host(info->client_addr, out);
}

void request_server(const struct request *q, char out[ADDRESS_TEXT_SIZE])
{
	struct sockaddr_storage ours;
	socklen_t len = sizeof ours;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(q->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	*out = '\0';
	if (info && getsockname(info->connect_fd, (struct sockaddr *)&ours, &len) == 0)
		address_text((const struct sockaddr *)&ours, out);
}

bool request_is_head(const struct request *q)
{
	return strcmp(q->method, "HEAD") == 0;
}

const char *request_header(const struct request *q, const char *name)
{
	return MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, name);
}

struct collect {
	const char *const *names;
	const char **values;
	size_t count;
	struct error *err;
};

/* What may be repeated to the client: its own text, but printable and short. */
static void printable(const char *text, char *out, size_t size)
{
	size_t i = 0;

	for (; text[i] && i + 1 < size; i++)
		out[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
	out[i] = '\0';
}

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *name,
			       const char *value)
{
	struct collect *c = cls;
	char shown[40];

	(void)kind;
	printable(name, shown, sizeof shown);
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->names[i], name) != 0)
			continue;
		if (c->values[i]) {
			error_set(c->err, ERROR_SERVER_PARAMETER, "parameter '%s' given twice",
				  shown);
			return MHD_NO;
		}
		c->values[i] = value ? value : "";
		return MHD_YES;
	}
	error_set(c->err, ERROR_SERVER_PARAMETER, "unknown parameter '%s'", shown);
	return MHD_NO;
}

int request_parameters(const struct request *q, const char *const *names, const char **values,
		       size_t count, struct error *err)
{
	struct collect c = { names, values, count, err };

	for (size_t i = 0; i < count; i++)
		values[i] = NULL;
	MHD_get_connection_values(q->connection, MHD_GET_ARGUMENT_KIND, collect, &c);
	return err->id == ERROR_NONE ? 0 : -1;
}

struct session *request_session(const struct request *q, struct error *err)
{
	return session_get(q->sessions, err);
}

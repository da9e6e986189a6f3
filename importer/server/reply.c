#include "importer/server/reply.h"

#include "importer/server/multipart.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"

#include <assert.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 64 << 10, SMALL = 32 << 10 };

static const char fleeting[] = "no-store";

static int made(struct reply *r, unsigned status, uint64_t length, struct error *err)
{
	if (!r->response)
		return error_set(err, ERROR_SERVER_BROKEN, "cannot make an answer of %llu bytes",
				 (unsigned long long)length);
	r->status = status;
	r->length = length;
	return 0;
}

int reply_bytes(struct reply *r, unsigned status, struct buf *b, const char *type,
		const char *cache, struct error *err)
{
	size_t len = b->len;
	/* Exactly as much memory as is needed: a slow client may keep it for long. */
	unsigned char *bytes = buf_realloc(buf_take(b), len + 1, 1);

	assert(!r->response);
	r->response = MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);
	if (made(r, status, len, err) < 0) {
		free(bytes);
		return -1;
	}
	r->memory = len;
	reply_header(r, "Content-Type", type);
	reply_header(r, "Cache-Control", cache);
	return 0;
}

int reply_text(struct reply *r, unsigned status, const char *text, struct error *err)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(4096);

	if (buf_printf(&b, err, "%s\n", text) < 0)
		return -1;
	return reply_bytes(r, status, &b, "text/plain; charset=utf-8", fleeting, err);
}

struct sink {
	struct buf *buf;
	struct error *err;
};

static int append(const char *bytes, size_t len, void *data)
{
	struct sink *s = data;

	return buf_append(s->buf, bytes, len, s->err);
}

int reply_json(struct reply *r, unsigned status, json_t *document, struct error *err)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(LIMIT_API_BYTES);
	struct sink sink = { &b, err };
	int failed = json_dump_callback(document, append, &sink,
					JSON_SORT_KEYS | JSON_ENSURE_ASCII | JSON_COMPACT);

	json_decref(document);
	if (failed && err->id == ERROR_NONE)
		error_set(err, ERROR_SERVER_BROKEN, "cannot write a JSON document");
	if (failed || buf_append(&b, "\n", 1, err) < 0)
		return -1;
	return reply_bytes(r, status, &b, "application/json; charset=utf-8", fleeting, err);
}

int reply_share(int fd, struct error *err)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (copy < 0)
		return error_set_errno(err, ERROR_FILE_OPEN, "content object: no descriptor left");
	return copy;
}

/* Read into memory, a small body leaves in one system call with its headers. */
static int from_small_file(struct reply *r, unsigned status, int fd, uint64_t offset, size_t length,
			   struct error *err)
{
	unsigned char *bytes = buf_malloc(length + 1);

	if (file_read_at(fd, "content object", bytes, length, offset, err) < 0) {
		free(bytes);
		return -1;
	}
	r->response = MHD_create_response_from_buffer(length, bytes, MHD_RESPMEM_MUST_FREE);
	if (!r->response)
		free(bytes);
	return made(r, status, length, err);
}

int reply_file(struct reply *r, unsigned status, int fd, uint64_t offset, uint64_t length,
	       struct error *err)
{
	assert(!r->response);
	if (length <= SMALL)
		return from_small_file(r, status, fd, offset, (size_t)length, err);
	int mine = reply_share(fd, err);
	if (mine < 0)
		return -1;
	r->response = MHD_create_response_from_fd_at_offset64(length, mine, offset);
	if (!r->response)
		file_close(mine);
	return made(r, status, length, err);
}

static ssize_t read_multipart(void *body, uint64_t at, char *out, size_t max)
{
	ssize_t n = multipart_read(body, at, out, max);

	return n > 0    ? n
	       : n == 0 ? MHD_CONTENT_READER_END_OF_STREAM
			: MHD_CONTENT_READER_END_WITH_ERROR;
}

static void free_multipart(void *body)
{
	multipart_free(body);
}

int reply_multipart(struct reply *r, struct multipart *m, struct error *err)
{
	uint64_t length = multipart_length(m);

	assert(!r->response);
	r->response =
		MHD_create_response_from_callback(length, BLOCK, read_multipart, m, free_multipart);
	if (!r->response)
		multipart_free(m);
	return made(r, 206, length, err);
}

void reply_header(struct reply *r, const char *name, const char *value)
{
	enum MHD_Result added = MHD_add_response_header(r->response, name, value);

	assert(added == MHD_YES);
	(void)added; /* unused when assertions are off */
}

/* What the JSON API for computers and approvals refuses: absent things, and conflicts. */
static const struct {
	enum error_id id;
	unsigned status;
} of_clients[] = {
	{ ERROR_GROUP_ABSENT, 404 },         { ERROR_COMPUTER_ABSENT, 404 },
	{ ERROR_APPROVAL_UNKNOWN, 404 },     { ERROR_APPROVAL_ABSENT, 404 },
	{ ERROR_GROUP_NAME, 400 },           { ERROR_USAGE, 400 },
	{ ERROR_GROUP_BUILT_IN, 409 },       { ERROR_GROUP_NOT_EMPTY, 409 },
	{ ERROR_GROUP_LIMIT, 409 },          { ERROR_COMPUTER_AMBIGUOUS, 409 },
	{ ERROR_APPROVAL_QUARANTINED, 409 }, { ERROR_APPROVAL_ROLE, 409 },
	{ ERROR_APPROVAL_FILES, 409 },       { ERROR_APPROVAL_DECLINED, 409 },
	{ ERROR_APPROVAL_LIMIT, 409 },
};

unsigned reply_status(const struct error *why)
{
	if (why->id == ERROR_SERVER_REQUEST || why->id == ERROR_SERVER_PARAMETER)
		return 400;
	if (why->id == ERROR_SERVER_NOT_FOUND)
		return 404;
	if (why->id == ERROR_SOAP_BODY)
		return 413;
	if (why->id == ERROR_SERVER_METHOD)
		return 405;
	if (why->id == ERROR_API_FORBIDDEN)
		return 403;
	for (size_t i = 0; i < sizeof of_clients / sizeof *of_clients; i++)
		if (why->id == of_clients[i].id)
			return of_clients[i].status;
	return why->class == ERROR_CLASS_BUSY || why->class == ERROR_CLASS_SPACE ? 503 : 500;
}

int reply_failure(struct reply *r, bool as_json, const struct error *why, struct error *err)
{
	unsigned status = reply_status(why);
	bool ours = status >= 500;
	const char *message = ours ? "the server could not answer" : why->message;
	enum error_id id = ours ? ERROR_SERVER_BROKEN : why->id;

	if (!as_json)
		return reply_text(r, status, message, err);
	/* NULL when the message is not UTF-8, which what we print of a request never is. */
	return reply_json(r, status,
			  json_pack("{s:{s:s, s:s, s:s}}", "error", "id", error_id_text(id),
				    "message", message, "next_step", error_next_step(id)),
			  err);
}

void reply_clear(struct reply *r)
{
	if (r->response)
		MHD_destroy_response(r->response);
	*r = (struct reply)REPLY_INIT;
}

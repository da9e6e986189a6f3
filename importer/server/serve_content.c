#include "importer/server/serve_content.h"

#include "importer/server/condition.h"
#include "importer/server/multipart.h"
#include "importer/server/object_cache.h"
#include "importer/server/range.h"
#include "importer/server/reply.h"
#include "importer/server/request.h"
#include "importer/server/session.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/store/content.h"
#include "lib/store/query.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FOLDER = 3, SHA1_HEX = 40, EXTENSION_MAX = 32, ETAG_SIZE = 67 };

static const char octets[] = "application/octet-stream";

static bool extension_valid(const char *text)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t len = strspn(text, allowed);

	return len >= 1 && len <= EXTENSION_MAX && text[len] == '\0';
}

bool serve_content_name(const char *rest, unsigned char sha1[20])
{
	unsigned char folder;

	if (strlen(rest) < FOLDER + SHA1_HEX || rest[2] != '/' ||
	    !str_from_any_hex(rest, 2, &folder, 1) ||
	    !str_from_any_hex(rest + FOLDER, SHA1_HEX, sha1, 20) || folder != sha1[19])
		return false;
	rest += FOLDER + SHA1_HEX;
	return *rest == '\0' || (*rest == '.' && extension_valid(rest + 1));
}

/* As content_open(), for the object with this SHA-1 as the database knows it now. */
static int look_up(struct session *s, const unsigned char sha1[20], struct stored_object *o,
		   int *fd, uint64_t *size, struct error *err)
{
	int found = query_find_sha1(s->query, sha1, o, err);

	if (found == 0)
		return error_set(err, ERROR_SERVER_NOT_FOUND, "no such content object");
	if (found < 0 || (found = content_open(s->store, o->sha256, fd, size, err)) < 0)
		return -1;
	if (found == 0)
		return error_set(err, ERROR_CONTENT_ABSENT, "object %lld: its file is missing",
				 (long long)o->id);
	object_cache_keep(s->cache, o);
	return 1;
}

/* The same for an object that this thread remembers: 0 when it does not, or no longer. */
static int remember(struct session *s, const unsigned char sha1[20], struct stored_object *o,
		    int *fd, uint64_t *size, struct error *err)
{
	const struct stored_object *known = object_cache_find(s->cache, sha1);

	if (!known)
		return 0;
	*o = *known;
	int found = content_open(s->store, o->sha256, fd, size, err);
	if (found == 0)
		object_cache_forget(s->cache, sha1);
	return found;
}

/* The object for a name, opened: its descriptor, or -1. */
static int open_object(const struct request *q, const char *rest, struct stored_object *o,
		       struct error *err)
{
	unsigned char sha1[20];
	CLEANUP(file_close) int fd = -1;
	uint64_t size = 0;

	if (!serve_content_name(rest, sha1))
		return error_set(err, ERROR_SERVER_NOT_FOUND, "not the name of a content object");
	struct session *session = request_session(q, err);
	if (!session)
		return -1;
	int found = remember(session, sha1, o, &fd, &size, err);
	if (found == 0)
		found = look_up(session, sha1, o, &fd, &size, err);
	if (found < 0)
		return -1;
	if (size != o->size)
		return error_set(err, ERROR_CONTENT_DIGEST,
				 "object %lld: its file has %llu bytes, not %llu", (long long)o->id,
				 (unsigned long long)size, (unsigned long long)o->size);
	int result = fd;
	fd = -1;
	return result;
}

static int answer_whole(unsigned status, const struct stored_object *o, int *fd, struct reply *out,
			struct error *err)
{
	int taken = *fd;

	*fd = -1;
	if (reply_file(out, status, taken, 0, o->size, err) < 0)
		return -1;
	reply_header(out, "Content-Type", octets);
	return 0;
}

static int answer_parts(const struct range_set *set, const struct stored_object *o, int *fd,
			struct reply *out, struct error *err)
{
	char boundary[MULTIPART_BOUNDARY_SIZE], text[96];
	int taken = *fd;

	*fd = -1;
	if (set->count == 1) {
		const struct range *r = &set->items[0];

		if (reply_file(out, 206, taken, r->first, r->last - r->first + 1, err) < 0)
			return -1;
		snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)r->first,
			 (unsigned long long)r->last, (unsigned long long)o->size);
		reply_header(out, "Content-Range", text);
		reply_header(out, "Content-Type", octets);
		return 0;
	}
	multipart_boundary(o->sha256, boundary);
	struct multipart *body = multipart_new(set, o->size, taken, boundary, err);
	if (!body || reply_multipart(out, body, err) < 0)
		return -1;
	snprintf(text, sizeof text, "multipart/byteranges; boundary=%s", boundary);
	reply_header(out, "Content-Type", text);
	return 0;
}

static int answer_unsatisfiable(const struct stored_object *o, struct reply *out, struct error *err)
{
	char text[40];

	if (reply_text(out, 416, "no byte of the range lies in the object", err) < 0)
		return -1;
	snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)o->size);
	reply_header(out, "Content-Range", text);
	return 0;
}

/* A Range header counts only with GET (RFC 9110 section 14.2). */
static enum range_answer ranges(const struct request *q, const struct condition *c,
				const char *etag, uint64_t size, struct range_set *set)
{
	const char *text = request_header(q, "Range");

	if (!text || request_is_head(q) || !condition_allows_range(c, etag))
		return RANGE_WHOLE;
	return range_parse(text, strlen(text), size, set);
}

static int answer_object(const struct request *q, const struct stored_object *o, int *fd,
			 const char *etag, struct reply *out, struct error *err)
{
	const struct condition c = { .if_match = request_header(q, "If-Match"),
				     .if_none_match = request_header(q, "If-None-Match"),
				     .if_range = request_header(q, "If-Range") };
	struct range_set set;

	switch (condition_judge(&c, etag)) {
	case CONDITION_FAILED:
		return reply_text(out, 412, "the object is another one", err);
	case CONDITION_NOT_MODIFIED:
		/* The length is that of a 200 (RFC 9110 section 8.6); the library sends no body. */
		return answer_whole(304, o, fd, out, err);
	case CONDITION_GO:
		break;
	}
	switch (ranges(q, &c, etag, o->size, &set)) {
	case RANGE_UNSATISFIABLE:
		return answer_unsatisfiable(o, out, err);
	case RANGE_PARTS:
		return answer_parts(&set, o, fd, out, err);
	case RANGE_WHOLE:
		break;
	}
	return answer_whole(200, o, fd, out, err);
}

int serve_content(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	struct stored_object o = { 0 };
	char hex[65], etag[ETAG_SIZE];
	CLEANUP(file_close) int fd = open_object(q, rest, &o, err);

	if (fd < 0)
		return -1;
	str_to_hex(o.sha256, sizeof o.sha256, hex);
	snprintf(etag, sizeof etag, "\"%s\"", hex);
	if (answer_object(q, &o, &fd, etag, out, err) < 0)
		return -1;
	reply_header(out, "Accept-Ranges", "bytes");
	reply_header(out, "ETag", etag);
	/* An object never changes under its name; a refusal may not outlive its cause. */
	if (out->status < 400)
		reply_header(out, "Cache-Control", "public, max-age=31536000, immutable");
	return 0;
}

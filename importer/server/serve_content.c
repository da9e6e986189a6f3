#include "importer/server/serve_content.h"

#include "importer/server/condition.h"
#include "importer/server/multipart.h"
#include "importer/server/object_cache.h"
#include "importer/server/range.h"
#include "importer/server/reply.h"
#include "importer/server/request.h"
#include "importer/server/service.h"
#include "importer/server/session.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/store/query.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER = 3, SHA1_HEX = 40, EXTENSION_TAKEN = 32, EXTENSION_GIVEN = 16, ETAG_SIZE = 67 };

static const char octets[] = "application/octet-stream";

static bool extension_valid(const char *text, size_t most)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t len = strspn(text, allowed);

	return len >= 1 && len <= most && text[len] == '\0';
}

bool serve_content_name(const char *rest, unsigned char sha1[20])
{
	unsigned char folder;

	if (strlen(rest) < FOLDER + SHA1_HEX || rest[2] != '/' ||
	    !str_from_any_hex(rest, 2, &folder, 1) ||
	    !str_from_any_hex(rest + FOLDER, SHA1_HEX, sha1, 20) || folder != sha1[19])
		return false;
	rest += FOLDER + SHA1_HEX;
	return *rest == '\0' || (*rest == '.' && extension_valid(rest + 1, EXTENSION_TAKEN));
}

const char *serve_content_extension(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && extension_valid(dot + 1, EXTENSION_GIVEN) ? dot : "";
}

/* An object and its file, which is the session's. */
struct opened {
	struct stored_object o;
	int fd;
	struct stat st;
};

/* As object_cache_file(), for the object with this SHA-1 as the database knows it now. */
static int look_up(struct session *s, const unsigned char sha1[20], struct opened *x,
		   struct error *err)
{
	int found = query_find_sha1(s->query, sha1, &x->o, err);

	if (found == 0)
		return error_set(err, ERROR_SERVER_NOT_FOUND, "no such content object");
	if (found < 0 ||
	    (found = object_cache_file(s->cache, s->store, x->o.sha256, &x->fd, &x->st, err)) < 0)
		return -1;
	if (found == 0)
		return error_set(err, ERROR_CONTENT_ABSENT, "object %lld: its file is missing",
				 (long long)x->o.id);
	object_cache_keep(s->cache, &x->o);
	return 1;
}

/* The same for an object that this thread remembers: 0 when it does not, or no longer. */
static int remember(struct session *s, const unsigned char sha1[20], struct opened *x,
		    struct error *err)
{
	const struct stored_object *known = object_cache_find(s->cache, sha1);

	if (!known)
		return 0;
	x->o = *known;
	int found = object_cache_file(s->cache, s->store, x->o.sha256, &x->fd, &x->st, err);
	if (found == 0)
		object_cache_forget(s->cache, sha1);
	return found;
}

static int open_object(const struct request *q, const unsigned char sha1[20], struct opened *x,
		       struct error *err)
{
	struct session *session = request_session(q, err);

	if (!session)
		return -1;
	int found = remember(session, sha1, x, err);
	if (found == 0)
		found = look_up(session, sha1, x, err);
	if (found < 0)
		return -1;
	if ((uint64_t)x->st.st_size != x->o.size)
		return error_set(err, ERROR_CONTENT_DIGEST,
				 "object %lld: its file has %lld bytes, not %llu",
				 (long long)x->o.id, (long long)x->st.st_size,
				 (unsigned long long)x->o.size);
	return 0;
}

static int answer_whole(unsigned status, const struct opened *x, struct reply *out,
			struct error *err)
{
	if (reply_file(out, status, x->fd, 0, x->o.size, err) < 0)
		return -1;
	reply_header(out, "Content-Type", octets);
	return 0;
}

static int answer_parts(const struct range_set *set, const struct opened *x, struct reply *out,
			struct error *err)
{
	char boundary[MULTIPART_BOUNDARY_SIZE], text[96];
	const struct range *r = &set->items[0];

	if (set->count == 1) {
		if (reply_file(out, 206, x->fd, r->first, r->last - r->first + 1, err) < 0)
			return -1;
		snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)r->first,
			 (unsigned long long)r->last, (unsigned long long)x->o.size);
		reply_header(out, "Content-Range", text);
		reply_header(out, "Content-Type", octets);
		return 0;
	}
	int mine = reply_share(x->fd, err);
	if (mine < 0)
		return -1;
	multipart_boundary(x->o.sha256, boundary);
	struct multipart *body = multipart_new(set, x->o.size, mine, boundary, err);
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
				const struct condition_facts *f, uint64_t size,
				struct range_set *set)
{
	const char *text = request_header(q, "Range");

	if (!text || request_is_head(q) || !condition_allows_range(c, f))
		return RANGE_WHOLE;
	return range_parse(text, strlen(text), size, set);
}

static int answer_object(const struct request *q, const struct opened *x,
			 const struct condition_facts *f, struct reply *out, struct error *err)
{
	const struct condition c = {
		.if_match = request_header(q, "If-Match"),
		.if_none_match = request_header(q, "If-None-Match"),
		.if_range = request_header(q, "If-Range"),
		.if_modified_since = request_header(q, "If-Modified-Since"),
		.if_unmodified_since = request_header(q, "If-Unmodified-Since"),
	};
	struct range_set set;

	switch (condition_judge(&c, f)) {
	case CONDITION_FAILED:
		return reply_text(out, 412, "the object is another one", err);
	case CONDITION_NOT_MODIFIED:
		/* The length is that of a 200 (RFC 9110 section 8.6); the library sends no body. */
		return answer_whole(304, x, out, err);
	case CONDITION_GO:
		break;
	}
	switch (ranges(q, &c, f, x->o.size, &set)) {
	case RANGE_UNSATISFIABLE:
		return answer_unsatisfiable(&x->o, out, err);
	case RANGE_PARTS:
		return answer_parts(&set, x, out, err);
	case RANGE_WHOLE:
		break;
	}
	return answer_whole(200, x, out, err);
}

/* The proxy in front sends the file itself, ranges and all; it asks for each. */
static int hand_over(const struct request *q, const char *hex, struct reply *out, struct error *err)
{
	const char *prefix = service_accel(q->service);
	char path[SERVICE_ACCEL_SIZE + 72];
	CLEANUP(buf_clear) struct buf nothing = BUF_INIT(1);

	/* nginx closes its connection to us when there is a body that it does not want. */
	if (reply_bytes(out, 200, &nothing, octets, "no-store", err) < 0)
		return -1;
	snprintf(path, sizeof path, "%s/%.2s/%s", prefix, hex, hex);
	reply_header(out, "X-Accel-Redirect", path);
	return 0;
}

int serve_content_object(const struct request *q, const unsigned char sha1[20], struct reply *out,
			 struct error *err)
{
	struct opened x = { .fd = -1 };
	char hex[65], etag[ETAG_SIZE], date[CONDITION_DATE_SIZE];
	struct condition_facts f = { .etag = etag };

	if (open_object(q, sha1, &x, err) < 0)
		return -1;
	str_to_hex(x.o.sha256, sizeof x.o.sha256, hex);
	if (service_accel(q->service))
		return hand_over(q, hex, out, err);
	snprintf(etag, sizeof etag, "\"%s\"", hex);
	f.modified = (int64_t)x.st.st_mtime;
	condition_date(f.modified, date);
	if (answer_object(q, &x, &f, out, err) < 0)
		return -1;
	reply_header(out, "Accept-Ranges", "bytes");
	reply_header(out, "ETag", etag);
	reply_header(out, "Last-Modified", date);
	/* An object never changes under its name; a refusal may not outlive its cause. */
	if (out->status < 400)
		reply_header(out, "Cache-Control", "public, max-age=31536000, immutable");
	return 0;
}

int serve_content(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	unsigned char sha1[20];

	if (!serve_content_name(rest, sha1))
		return error_set(err, ERROR_SERVER_NOT_FOUND, "not the name of a content object");
	return serve_content_object(q, sha1, out, err);
}

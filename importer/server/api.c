#include "importer/server/api.h"

#include "importer/server/api_json.h"
#include "importer/server/reply.h"
#include "importer/server/request.h"
#include "importer/server/session.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/store/channel.h"
#include "lib/store/query.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_DEFAULT = 100, CURSOR_SIZE = 64 };

/* ---- parameters ---- */

static int bad(struct error *err, const char *name, const char *want)
{
	return error_set(err, ERROR_SERVER_PARAMETER, "parameter '%s': not %s", name, want);
}

/* A number from low on; absent: fallback. */
static int parse_number(const char *name, const char *text, uint64_t low, uint64_t high,
			uint64_t *out, struct error *err)
{
	char want[64];

	if (!text || (str_to_u64(text, strlen(text), high, out) && *out >= low))
		return 0;
	snprintf(want, sizeof want, "a number from %llu to %llu", (unsigned long long)low,
		 (unsigned long long)high);
	return bad(err, name, want);
}

static int parse_id(const char *name, const char *text, int64_t *out, struct error *err)
{
	uint64_t value = 0;

	if (parse_number(name, text, 1, INT64_MAX, &value, err) < 0)
		return -1;
	*out = (int64_t)value;
	return 0;
}

/* The position in words of text, or QUERY_ANY when absent. */
static int parse_word(const char *name, const char *text, const char *const *words, int count,
		      int *out, struct error *err)
{
	*out = QUERY_ANY;
	if (!text)
		return 0;
	for (int i = 0; i < count; i++)
		if (strcmp(text, words[i]) == 0)
			*out = i;
	return *out == QUERY_ANY ? bad(err, name, "one of its values") : 0;
}

/* "7.1.1293995": where the last page ended.  Clients only hand it back. */
static int parse_cursor(const char *text, struct query_cursor *out, struct error *err)
{
	int64_t *const parts[] = { &out->revision_id, &out->source_id, &out->source_revision };

	for (size_t i = 0; text && i < 3; i++) {
		size_t len = strcspn(text, ".");
		uint64_t value;

		if (!str_to_u64(text, len, INT64_MAX, &value) || (text[len] == '.') != (i < 2))
			return bad(err, "after", "a value of 'next'");
		*parts[i] = (int64_t)value;
		text += len + (i < 2);
	}
	return 0;
}

static json_t *cursor_text(const struct query_cursor *c)
{
	char text[CURSOR_SIZE];

	snprintf(text, sizeof text, "%lld.%lld.%lld", (long long)c->revision_id,
		 (long long)c->source_id, (long long)c->source_revision);
	return json_string(text);
}

/* ---- updates ---- */

static int add_files(struct query *q, const struct query_cursor *update, json_t *to, size_t *files,
		     struct error *err)
{
	json_t *list = json_array();
	struct query_file f;
	int more;

	api_json_put(to, "files", list);
	if (query_files_begin(q, update, err) < 0)
		return -1;
	while ((more = query_files_next(q, &f, err)) == 1) {
		json_array_append_new(list, api_json_file(&f));
		++*files;
	}
	return more;
}

/* One page into list; it->at is then where the next one begins, unless it->done. */
static int collect_updates(struct query *q, struct query_updates *it, uint64_t limit, json_t *list,
			   struct error *err)
{
	struct query_update u;
	size_t files = 0;
	int more;

	for (uint64_t n = 0; n < limit && files < LIMIT_API_FILES; n++) {
		more = query_updates_next(q, it, &u, err);
		if (more <= 0)
			return more;
		json_t *o = api_json_update(&u);
		json_array_append_new(list, o);
		if (add_files(q, &u.id, o, &files, err) < 0)
			return -1;
	}
	/* Look whether anything follows, so that the last page says it is the last. */
	struct query_cursor end = it->at;
	more = query_updates_next(q, it, &u, err);
	if (more == 1)
		it->at = end;
	return more < 0 ? -1 : 0;
}

static int answer_updates(const struct request *q, struct query_updates *it, uint64_t limit,
			  bool must_exist, struct reply *out, struct error *err)
{
	CLEANUP(json_decref) json_t *o = json_object();
	json_t *list = json_array();
	struct session *session = request_session(q, err);

	api_json_put(o, "updates", list);
	CLEANUP(query_scope_end) struct query_scope scope = { NULL };
	if (!session || query_begin(session->query, &scope, err) < 0)
		return -1;
	if (collect_updates(session->query, it, limit, list, err) < 0)
		return -1;
	if (must_exist && json_array_size(list) == 0)
		return error_set(err, ERROR_SERVER_NOT_FOUND, "no update has this id");
	api_json_put(o, "next", it->done ? json_null() : cursor_text(&it->at));
	return reply_json(out, 200, STEAL(o), err);
}

int api_updates(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	static const char *const names[] = { "limit",          "after",   "kb",
					     "title",          "verdict", "update_id",
					     "source_revision" };
	static const char *const verdicts[] = {
		[CATALOG_OK] = "ok", [CATALOG_QUARANTINED] = "quarantined"
	};
	enum { LIMIT, AFTER, KB, TITLE, VERDICT, UPDATE_ID, SOURCE_REVISION, NAMES };
	const char *v[NAMES];
	struct query_updates it = { 0 };
	uint64_t limit = PAGE_DEFAULT;
	unsigned char update_id[16];

	(void)rest;
	if (request_parameters(q, names, v, NAMES, err) < 0 ||
	    parse_number("limit", v[LIMIT], 1, LIMIT_API_PAGE, &limit, err) < 0 ||
	    parse_cursor(v[AFTER], &it.at, err) < 0 ||
	    parse_word("verdict", v[VERDICT], verdicts, 2, &it.verdict, err) < 0 ||
	    parse_id("source_revision", v[SOURCE_REVISION], &it.source_revision, err) < 0)
		return -1;
	if (v[UPDATE_ID]) {
		if (!str_to_guid(v[UPDATE_ID], strlen(v[UPDATE_ID]), update_id))
			return bad(err, "update_id", "a GUID");
		it.update_id = update_id;
	}
	it.kb = v[KB] && *v[KB] ? v[KB] : NULL;
	it.title = v[TITLE] && *v[TITLE] ? v[TITLE] : NULL;
	return answer_updates(q, &it, limit, false, out, err);
}

int api_update(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	static const char *const names[] = { "limit", "after" };
	const char *v[2];
	struct query_updates it = { .verdict = QUERY_ANY };
	uint64_t limit = LIMIT_API_PAGE;
	unsigned char update_id[16];

	if (!str_to_guid(rest, strlen(rest), update_id))
		return error_set(err, ERROR_SERVER_PARAMETER,
				 "the path does not end with an UpdateID");
	it.update_id = update_id;
	if (request_parameters(q, names, v, 2, err) < 0 ||
	    parse_number("limit", v[0], 1, LIMIT_API_PAGE, &limit, err) < 0 ||
	    parse_cursor(v[1], &it.at, err) < 0)
		return -1;
	return answer_updates(q, &it, limit, v[1] == NULL, out, err);
}

/* ---- findings ---- */

static int collect_findings(struct query *q, struct query_findings *it, uint64_t limit,
			    json_t *list, struct error *err)
{
	struct query_finding f;
	int more;

	for (uint64_t n = 0; n < limit; n++) {
		more = query_findings_next(q, it, &f, err);
		if (more <= 0)
			return more;
		json_array_append_new(list, api_json_finding(&f));
	}
	int64_t end = it->at;
	more = query_findings_next(q, it, &f, err);
	if (more == 1)
		it->at = end;
	return more < 0 ? -1 : 0;
}

int api_findings(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	static const char *const names[] = { "limit", "after", "severity", "revision_id",
					     "source_revision" };
	static const char *const severities[] = {
		[CATALOG_ERROR] = "error", [CATALOG_WARNING] = "warning", [CATALOG_NOTE] = "note"
	};
	enum { LIMIT, AFTER, SEVERITY, REVISION_ID, SOURCE_REVISION, NAMES };
	const char *v[NAMES];
	struct query_findings it = { 0 };
	uint64_t limit = PAGE_DEFAULT;

	(void)rest;
	if (request_parameters(q, names, v, NAMES, err) < 0 ||
	    parse_number("limit", v[LIMIT], 1, LIMIT_API_PAGE, &limit, err) < 0 ||
	    parse_id("after", v[AFTER], &it.at, err) < 0 ||
	    parse_word("severity", v[SEVERITY], severities, CATALOG_SEVERITIES_, &it.severity,
		       err) < 0 ||
	    parse_id("revision_id", v[REVISION_ID], &it.revision_id, err) < 0 ||
	    parse_id("source_revision", v[SOURCE_REVISION], &it.source_revision, err) < 0)
		return -1;

	CLEANUP(json_decref) json_t *o = json_object();
	json_t *list = json_array();
	api_json_put(o, "findings", list);
	struct session *session = request_session(q, err);
	CLEANUP(query_scope_end) struct query_scope scope = { NULL };
	if (!session || query_begin(session->query, &scope, err) < 0)
		return -1;
	if (collect_findings(session->query, &it, limit, list, err) < 0)
		return -1;
	char next[CURSOR_SIZE];
	snprintf(next, sizeof next, "%lld", (long long)it.at);
	api_json_put(o, "next", it.done ? json_null() : json_string(next));
	return reply_json(out, 200, STEAL(o), err);
}

/* ---- the rest ---- */

int api_status(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	struct query_counts counts;
	struct channel channel;

	(void)rest;
	if (request_parameters(q, NULL, NULL, 0, err) < 0)
		return -1;
	struct session *session = request_session(q, err);
	CLEANUP(query_scope_end) struct query_scope scope = { NULL };
	if (!session || query_begin(session->query, &scope, err) < 0)
		return -1;
	int known = channel_next(session->store, 0, &channel, err);
	if (known < 0 || query_counts(session->query, &counts, err) < 0)
		return -1;
	return reply_json(out, 200, api_json_status(known == 1 ? &channel : NULL, &counts), err);
}

int api_health(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	static const unsigned char nothing[20];
	struct error why = ERROR_INIT;
	struct stored_object o;

	(void)rest;
	struct session *session = request_session(q, &why);
	if (session && query_find_sha1(session->query, nothing, &o, &why) >= 0)
		return reply_text(out, 200, "ok", err);
	return reply_text(out, 503, "the database does not answer", err);
}

int api_unknown(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	(void)q;
	(void)rest;
	(void)out;
	return error_set(err, ERROR_SERVER_NOT_FOUND, "there is nothing at this address");
}

#include "lib/store/query.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum statement {
	FIND_SHA1,
	VERSION_OF_DATA,
	COUNT_UPDATES,
	COUNT_FINDINGS,
	COUNT_OBJECTS,
	LAST_IMPORT,
	UPDATES,
	UPDATES_BY_ID,
	FILES,
	FINDINGS,
	STATEMENTS
};

#define UPDATE_COLUMNS                                                                         \
	"SELECT u.revision_id, u.source_id, u.source_revision, i.update_id, u.number, u.type," \
	" u.action_text, u.kb, u.severity, u.bulletin, u.title, u.created, u.flags, u.action," \
	" u.verdict, u.cause"                                                                  \
	" FROM update_info u CROSS JOIN identity i ON i.id=u.identity_id"
#define UPDATE_ORDER                                                      \
	" (u.revision_id, u.source_id, u.source_revision) > (?1, ?2, ?3)" \
	" ORDER BY u.revision_id, u.source_id, u.source_revision"

/* Every statement walks an index in order, so that a page costs what it shows. */
static const char *const texts[STATEMENTS] = {
	[FIND_SHA1] = "SELECT id, sha256, size, kind, sha1, name FROM object WHERE sha1=?1"
		      " ORDER BY id LIMIT 1",
	[VERSION_OF_DATA] = "PRAGMA data_version",
	[COUNT_UPDATES] = "SELECT count(*), ifnull(sum(verdict<>0), 0) FROM update_info",
	[COUNT_FINDINGS] = "SELECT severity, count(*) FROM finding GROUP BY severity",
	[COUNT_OBJECTS] = "SELECT count(*), ifnull(sum(size), 0) FROM object",
	[LAST_IMPORT] = "SELECT ifnull(max(recorded), 0) FROM bundle"
			" WHERE channel_id IN (SELECT id FROM channel WHERE direction<>0)",
	[UPDATES] = UPDATE_COLUMNS " WHERE" UPDATE_ORDER,
	[UPDATES_BY_ID] = UPDATE_COLUMNS
	" WHERE u.revision_id IN (SELECT x.id FROM revision x JOIN identity y"
	" ON y.id=x.identity_id WHERE y.update_id=?4) AND" UPDATE_ORDER,
	[FILES] = "SELECT f.kind, f.sha1, f.sha256, f.size, f.name, f.language,"
		  " EXISTS(SELECT 1 FROM object o WHERE o.sha1=f.sha1"
		  "  AND (f.sha256 IS NULL OR o.sha256=f.sha256) AND o.checked>=0),"
		  " f.express"
		  " FROM file f WHERE f.source_id=?1 AND f.source_revision=?2"
		  " ORDER BY f.kind, f.ordinal",
	[FINDINGS] =
		"SELECT f.id, f.rule, f.severity, u.revision_id, f.source_revision, f.update_id,"
		" f.kb, f.file, f.value, f.message, f.next_step, f.offset, f.cause,"
		" f.dependents"
		" FROM finding f LEFT JOIN update_info u ON u.source_id=f.source_id"
		" AND u.source_revision=f.source_revision WHERE f.id>?1 ORDER BY f.id",
};

struct query {
	struct store *store;
	struct db_statement *statements[STATEMENTS]; /* NULL until first used */
	bool counted;
	int64_t counted_version;
	struct query_counts counts;
};

struct query *query_open(struct store *s)
{
	struct query *q = buf_calloc(1, sizeof *q);

	q->store = s;
	return q;
}

void query_close(struct query *q)
{
	if (!q)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		db_finalize(q->statements[i]);
	free(q);
}

static struct db_statement *prepared(struct query *q, enum statement which, struct error *err)
{
	if (!q->statements[which])
		q->statements[which] = db_prepare(store_db(q->store), texts[which], err);
	return q->statements[which];
}

/* ---- snapshots ---- */

int query_begin(struct query *q, struct query_scope *scope, struct error *err)
{
	if (db_run(store_db(q->store), "BEGIN", err) < 0)
		return -1;
	scope->query = q;
	return 0;
}

void query_scope_end(struct query_scope *scope)
{
	struct query *q = scope->query;

	if (!q)
		return;
	/* A statement in the middle of its rows would keep the snapshot open. */
	for (size_t i = 0; i < STATEMENTS; i++)
		if (q->statements[i])
			db_reset(q->statements[i]);
	db_abandon(store_db(q->store));
	scope->query = NULL;
}

/* ---- objects ---- */

int query_find_sha1(struct query *q, const unsigned char sha1[20], struct stored_object *out,
		    struct error *err)
{
	struct db_statement *s = prepared(q, FIND_SHA1, err);

	if (!s)
		return -1;
	db_bind_blob(s, 1, sha1, 20);
	int row = db_step(s, err);
	if (row != 1)
		return row;
	*out = (struct stored_object){ .id = db_int(s, 0), .size = (uint64_t)db_int(s, 2) };
	bool sound = db_copy(s, 1, out->sha256, sizeof out->sha256) && db_int(s, 2) >= 0;
	out->kind = (enum object_kind)db_int(s, 3);
	out->has_sha1 = db_copy(s, 4, out->sha1, sizeof out->sha1);
	snprintf(out->name, sizeof out->name, "%s", db_text(s, 5));
	db_reset(s);
	if (!sound)
		return error_set(err, ERROR_DB_CORRUPT, "catalog.db: object %lld: bad row",
				 (long long)out->id);
	return 1;
}

/* ---- totals ---- */

/* One row of one or two numbers. */
static int numbers(struct query *q, enum statement which, uint64_t *first, uint64_t *second,
		   struct error *err)
{
	struct db_statement *s = prepared(q, which, err);

	if (!s || db_step(s, err) < 0)
		return -1;
	*first = (uint64_t)db_int(s, 0);
	if (second)
		*second = (uint64_t)db_int(s, 1);
	db_reset(s);
	return 0;
}

static int count_findings(struct query *q, struct query_counts *out, struct error *err)
{
	struct db_statement *s = prepared(q, COUNT_FINDINGS, err);
	int row = -1;

	while (s && (row = db_step(s, err)) == 1) {
		int64_t severity = db_int(s, 0);

		if (severity >= 0 && severity < CATALOG_SEVERITIES_)
			out->findings[severity] = (uint64_t)db_int(s, 1);
	}
	return row;
}

int query_counts(struct query *q, struct query_counts *out, struct error *err)
{
	struct query_counts c = { 0 };
	uint64_t version, recorded;

	if (numbers(q, VERSION_OF_DATA, &version, NULL, err) < 0)
		return -1;
	if (q->counted && q->counted_version == (int64_t)version) {
		*out = q->counts;
		return 0;
	}
	if (numbers(q, COUNT_UPDATES, &c.updates, &c.quarantined, err) < 0 ||
	    count_findings(q, &c, err) < 0 ||
	    numbers(q, COUNT_OBJECTS, &c.objects.count, &c.objects.bytes, err) < 0 ||
	    numbers(q, LAST_IMPORT, &recorded, NULL, err) < 0)
		return -1;
	c.last_import = (int64_t)recorded;
	q->counts = *out = c;
	q->counted = true;
	q->counted_version = (int64_t)version;
	return 0;
}

/* ---- updates ---- */

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool equal_folded(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (fold(a[i]) != fold(b[i]))
			return false;
	return true;
}

static bool contains_folded(const char *text, const char *part)
{
	size_t text_len = strlen(text), len = strlen(part);

	for (size_t i = 0; len <= text_len && i <= text_len - len; i++)
		if (equal_folded(text + i, part, len))
			return true;
	return false;
}

/* "KB123", "kb123" and "123" are the same number. */
static const char *kb_number(const char *kb)
{
	return fold(kb[0]) == 'k' && fold(kb[1]) == 'b' ? kb + 2 : kb;
}

static bool update_wanted(const struct query_updates *it, const struct query_update *u)
{
	if (it->verdict != QUERY_ANY && it->verdict != (int)u->verdict)
		return false;
	if (it->source_revision && it->source_revision != u->id.source_revision)
		return false;
	if (it->kb && strcmp(kb_number(it->kb), kb_number(u->kb)) != 0)
		return false;
	return !it->title || contains_folded(u->title, it->title);
}

static void read_update(struct db_statement *s, struct query_update *out)
{
	int64_t flags = db_int(s, 12), action = db_int(s, 13);

	*out = (struct query_update){
		.id = { db_int(s, 0), db_int(s, 1), db_int(s, 2) },
		.revision_number = (uint32_t)db_int(s, 4),
		.type = db_text(s, 5),
		.action_text = db_text(s, 6),
		.kb = db_text(s, 7),
		.severity = db_text(s, 8),
		.bulletin = db_text(s, 9),
		.title = db_text(s, 10),
		.created = db_int(s, 11),
		.is_leaf = (flags & 1) != 0,
		.is_bundle = (flags & 2) != 0,
		.is_software = (flags & 4) != 0,
		.action = action < 0 || action > CATALOG_ACTION_UNKNOWN
				  ? CATALOG_ACTION_UNKNOWN
				  : (enum catalog_action)action,
		.verdict = db_int(s, 14) == CATALOG_OK ? CATALOG_OK : CATALOG_QUARANTINED,
		.cause = db_int(s, 15),
	};
	db_copy(s, 3, out->update_id, sizeof out->update_id);
}

static enum statement updates_statement(const struct query_updates *it)
{
	return it->update_id ? UPDATES_BY_ID : UPDATES;
}

int query_updates_next(struct query *q, struct query_updates *it, struct query_update *out,
		       struct error *err)
{
	struct db_statement *s = prepared(q, updates_statement(it), err);

	if (!s)
		return -1;
	if (!it->running) {
		db_reset(s);
		db_bind_int(s, 1, it->at.revision_id);
		db_bind_int(s, 2, it->at.source_id);
		db_bind_int(s, 3, it->at.source_revision);
		if (it->update_id)
			db_bind_blob(s, 4, it->update_id, 16);
		it->running = true;
	}
	while (it->scanned < LIMIT_QUERY_SCAN) {
		int row = db_step(s, err);

		if (row <= 0) {
			it->running = false;
			it->done = row == 0;
			return row;
		}
		it->scanned++;
		read_update(s, out);
		it->at = out->id;
		if (update_wanted(it, out))
			return 1;
	}
	query_updates_end(q, it);
	return 0;
}

void query_updates_end(struct query *q, struct query_updates *it)
{
	struct db_statement *s = q->statements[updates_statement(it)];

	if (s && it->running)
		db_reset(s);
	it->running = false;
}

/* ---- files ---- */

int query_files_begin(struct query *q, const struct query_cursor *update, struct error *err)
{
	struct db_statement *s = prepared(q, FILES, err);

	if (!s)
		return -1;
	db_reset(s);
	db_bind_int(s, 1, update->source_id);
	db_bind_int(s, 2, update->source_revision);
	return 0;
}

int query_files_next(struct query *q, struct query_file *out, struct error *err)
{
	struct db_statement *s = q->statements[FILES];
	int row = db_step(s, err);

	if (row != 1)
		return row;
	*out = (struct query_file){
		.kind = db_int(s, 0) == 0 ? QUERY_FILE_PAYLOAD : QUERY_FILE_LICENCE,
		.has_size = !db_is_null(s, 3),
		.size = (uint64_t)db_int(s, 3),
		.name = db_text(s, 4),
		.language = db_text(s, 5),
		.present = db_int(s, 6) != 0,
		.is_express = db_int(s, 7) != 0,
	};
	out->has_sha256 = db_copy(s, 2, out->sha256, sizeof out->sha256);
	if (!db_copy(s, 1, out->sha1, sizeof out->sha1)) {
		db_reset(s);
		return error_set(err, ERROR_DB_CORRUPT, "catalog.db: file row without SHA-1");
	}
	return 1;
}

/* ---- findings ---- */

static void read_finding(struct db_statement *s, struct query_finding *out)
{
	int64_t severity = db_int(s, 2);

	*out = (struct query_finding){
		.id = db_int(s, 0),
		.rule = db_text(s, 1),
		.severity = severity < 0 || severity >= CATALOG_SEVERITIES_
				    ? CATALOG_ERROR
				    : (enum catalog_severity)severity,
		.revision_id = db_int(s, 3),
		.source_revision = db_int(s, 4),
		.kb = db_text(s, 6),
		.file = db_text(s, 7),
		.value = db_text(s, 8),
		.message = db_text(s, 9),
		.next_step = db_text(s, 10),
		.offset = (uint64_t)db_int(s, 11),
		.cause = db_int(s, 12),
		.dependents = db_int(s, 13),
	};
	out->has_update_id = db_copy(s, 5, out->update_id, sizeof out->update_id);
}

static bool finding_wanted(const struct query_findings *it, const struct query_finding *f)
{
	return (it->severity == QUERY_ANY || it->severity == (int)f->severity) &&
	       (!it->revision_id || it->revision_id == f->revision_id) &&
	       (!it->source_revision || it->source_revision == f->source_revision);
}

int query_findings_next(struct query *q, struct query_findings *it, struct query_finding *out,
			struct error *err)
{
	struct db_statement *s = prepared(q, FINDINGS, err);

	if (!s)
		return -1;
	if (!it->running) {
		db_reset(s);
		db_bind_int(s, 1, it->at);
		it->running = true;
	}
	while (it->scanned < LIMIT_QUERY_SCAN) {
		int row = db_step(s, err);

		if (row <= 0) {
			it->running = false;
			it->done = row == 0;
			return row;
		}
		it->scanned++;
		read_finding(s, out);
		it->at = out->id;
		if (finding_wanted(it, out))
			return 1;
	}
	query_findings_end(q, it);
	return 0;
}

void query_findings_end(struct query *q, struct query_findings *it)
{
	struct db_statement *s = q->statements[FINDINGS];

	if (s && it->running)
		db_reset(s);
	it->running = false;
}

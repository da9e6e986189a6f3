#include "tests/clients/machine.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "tests/clients/ask.h"
#include "tests/clients/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static bool wrong(struct machine *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(m->why, sizeof m->why, fmt, args);
	va_end(args);
	return false;
}

void machine_init(struct machine *m, const struct run *run, unsigned number)
{
	*m = (struct machine){ .run = run, .number = number, .needed = BUF_INIT(WIRE_MAX) };
	m->wire.fd = -1;
	m->wire.owner = m;
	m->wire.out.max = m->wire.in.max = WIRE_MAX;
}

void machine_clear(struct machine *m)
{
	wire_close(&m->wire);
	free(m->cookie);
	free(m->cached.bytes);
	free(m->installed.items);
	free(m->other.items);
	free(m->drivers.items);
	free(m->offered.items);
	buf_clear(&m->needed);
	free(m->locations);
	free(m->content);
	free(m->times);
}

bool machine_ask(struct machine *m)
{
	ask(m);
	return m->wire.out.len > 0;
}

/* ---- sets of ids ---- */

static void put(struct ids *s, int32_t id)
{
	s->items = buf_grow(s->items, &s->capacity, s->count, sizeof *s->items);
	s->items[s->count++] = id;
}

static bool is_cached(const struct machine *m, int32_t id)
{
	size_t at = (size_t)id / 8;

	return at < m->cached.size && (m->cached.bytes[at] & 1u << id % 8);
}

static void set_cached(struct machine *m, int32_t id, bool cached)
{
	size_t at = (size_t)id / 8;
	unsigned char bit = (unsigned char)(1u << id % 8);

	if (at >= m->cached.size) {
		size_t size = at * 2 + 64;

		m->cached.bytes = buf_realloc(m->cached.bytes, size, 1);
		memset(m->cached.bytes + m->cached.size, 0, size - m->cached.size);
		m->cached.size = size;
	}
	m->cached.bytes[at] = (unsigned char)((m->cached.bytes[at] & ~bit) | (cached ? bit : 0));
}

static bool drop(struct ids *s, int32_t id)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i] == id) {
			s->items[i] = s->items[--s->count];
			return true;
		}
	return false;
}

/* What a machine of this kind has: any function of kind and update will do. */
static bool is_installed(const struct machine *m, int32_t id)
{
	uint32_t x = (uint32_t)id * 2654435761u + m->number % m->run->profiles * 40503u;

	x ^= x >> 15;
	x *= 2246822519u;
	x ^= x >> 13;
	return x % 100 < m->run->share;
}

/* ---- cookies ---- */

static bool keep_cookie(struct machine *m, const struct wire_answer *a, const char *element)
{
	char open[64], close[64];
	size_t len;

	snprintf(open, sizeof open, "<%s>", element);
	snprintf(close, sizeof close, "</%s>", element);
	const char *text = text_between(a->body, a->body + a->len, open, close, &len);
	if (!text || len == 0)
		return wrong(m, "no %s", element);
	char *copy = buf_malloc(len + 1);
	memcpy(copy, text, len);
	copy[len] = '\0';
	free(m->cookie);
	m->cookie = copy;
	return true;
}

static bool hear_config(struct machine *m, const struct wire_answer *a)
{
	size_t len;
	const char *text =
		text_between(a->body, a->body + a->len, "<LastChange>", "</LastChange>", &len);

	if (!text || len >= sizeof m->config)
		return wrong(m, "no LastChange");
	memcpy(m->config, text, len);
	m->config[len] = '\0';
	return strstr(a->body, "<Name>MaxExtendedUpdatesPerRequest</Name><Value>50</Value>") ||
	       wrong(m, "no properties");
}

/* ---- rounds ---- */

static void note_needed(struct machine *m, const char *at, const char *end)
{
	struct error err = ERROR_INIT;
	size_t len;
	const char *id = text_between(at, end, "UpdateID=\"", "\"", &len);

	if (!id || len != STR_GUID_SIZE - 1)
		return;
	if ((m->needed.len > 0 && buf_append(&m->needed, ";", 1, &err) < 0) ||
	    buf_append(&m->needed, id, len, &err) < 0)
		abort();
}

/* One UpdateInfo of NewUpdates. */
static bool hear_update(struct machine *m, const char *at, const char *end, bool *leaf)
{
	size_t len;
	int32_t id;

	if (!text_begins(at, end, "<ID>") || !text_number(at, end, "ID", &id) ||
	    !text_truth(at, end, "IsLeaf", leaf))
		return wrong(m, "an update without ID or IsLeaf");
	const char *action = text_between(at, end, "<Action>", "</Action>", &len);
	if (!action || !text_between(at, end, "<Xml>", "</Xml>", &len))
		return wrong(m, "update %d without Deployment or Xml", id);
	if (is_cached(m, id))
		return wrong(m, "update %d came twice", id);
	set_cached(m, id, true);
	bool silent = text_begins(action, end, "Evaluate<");
	if (m->step == STEP_DRIVERS)
		put(&m->drivers, id);
	else if (!*leaf && is_installed(m, id))
		put(&m->installed, id);
	else
		put(&m->other, id);
	m->updates++;
	if (!silent)
		put(&m->offered, id);
	if (text_begins(action, end, "Install<"))
		note_needed(m, at, end);
	return true;
}

static bool hear_new(struct machine *m, const char *at, const char *end, bool *roots)
{
	size_t len, list_len;
	const char *list = text_between(at, end, "<NewUpdates>", "</NewUpdates>", &list_len);

	if (!list)
		return true;
	const char *list_end = list + list_len;
	for (const char *one;
	     (one = text_between(list, list_end, "<UpdateInfo>", "</UpdateInfo>", &len)) != NULL;
	     list = one + len) {
		bool leaf = true;

		if (memchr(one, '\n', len))
			return wrong(m, "an update of several lines");
		if (!hear_update(m, one, one + len, &leaf))
			return false;
		*roots |= !leaf;
	}
	return true;
}

static bool hear_out_of_scope(struct machine *m, const char *at, const char *end, const char *open,
			      const char *close)
{
	size_t len, list_len;
	const char *list = text_between(at, end, open, close, &list_len);

	const char *list_end = list ? list + list_len : NULL;
	for (const char *one;
	     list && (one = text_between(list, list_end, "<int>", "</int>", &len)) != NULL;
	     list = one + len) {
		uint64_t id;

		if (!str_to_u64(one, len, INT32_MAX, &id) || !is_cached(m, (int32_t)id))
			return wrong(m, "%.*s is out of scope and was never here", (int)len, one);
		set_cached(m, (int32_t)id, false);
		if (!drop(&m->installed, (int32_t)id) && !drop(&m->other, (int32_t)id))
			(void)drop(&m->drivers, (int32_t)id);
		(void)drop(&m->offered, (int32_t)id);
	}
	return true;
}

static void note_time(struct machine *m)
{
	m->times = buf_grow(m->times, &m->time_capacity, m->time_count, sizeof *m->times);
	m->times[m->time_count++] = m->wire.took;
}

/* More rounds are needed while pages are cut or what came may have something depending on it. */
static bool hear_sync(struct machine *m, const struct wire_answer *a)
{
	const char *at = a->body, *end = a->body + a->len;
	unsigned before = m->updates;
	bool truncated, roots = false;

	note_time(m);
	m->rounds++;
	if (!keep_cookie(m, a, "EncryptedData") || !text_truth(at, end, "Truncated", &truncated))
		return wrong(m, "no NewCookie or Truncated");
	if (!hear_new(m, at, end, &roots) ||
	    !hear_out_of_scope(m, at, end, "<OutOfScopeRevisionIDs>", "</OutOfScopeRevisionIDs>"))
		return false;
	if (truncated && m->updates == before)
		return wrong(m, "an empty page that is not the last");
	if (m->step == STEP_AGAIN && (m->updates != before || strstr(at, "<ChangedUpdates>") ||
				      strstr(at, "<OutOfScopeRevisionIDs>")))
		return wrong(m, "the second scan brought something");
	if (m->rounds > 200)
		return wrong(m, "more than 200 rounds");
	if (truncated || roots)
		return true;
	m->step = m->step == STEP_AGAIN ? STEP_DONE : m->run->scan_only ? STEP_DONE : STEP_DRIVERS;
	return true;
}

static bool hear_drivers(struct machine *m, const struct wire_answer *a)
{
	bool roots = false;

	note_time(m);
	if (!keep_cookie(m, a, "EncryptedData") || !hear_new(m, a->body, a->body + a->len, &roots))
		return false;
	m->step = m->offered.count > 0 ? STEP_INFO : STEP_REPORT;
	return strstr(a->body, "<DriverSyncNotNeeded>") || wrong(m, "no DriverSyncNotNeeded");
}

/* ---- files ---- */

static bool add_location(struct machine *m, const char *at, const char *end)
{
	struct location l = { .size = 0 };
	size_t digest_len, len;
	const char *digest = text_between(at, end, "<FileDigest>", "</FileDigest>", &digest_len);
	const char *url = text_between(at, end, "<Url>", "</Url>", &len);

	if (!digest || !url || !str_from_base64(digest, digest_len, l.sha1, sizeof l.sha1))
		return wrong(m, "a location without digest or URL");
	const char *path = memmem(url, len, "/Content/", 9);
	if (!path || (size_t)(url + len - path) >= sizeof l.path)
		return wrong(m, "a URL of another place");
	memcpy(l.path, path, (size_t)(url + len - path));
	m->locations = buf_grow(m->locations, &m->location_capacity, m->location_count,
				sizeof *m->locations);
	m->locations[m->location_count++] = l;
	return true;
}

static bool hear_info(struct machine *m, const struct wire_answer *a)
{
	const char *at = a->body, *end = a->body + a->len;
	size_t len;

	if (strstr(at, "<OutOfScopeRevisionIDs>"))
		return wrong(m, "what was offered is out of scope");
	if (!strstr(at, "&lt;ExtendedProperties"))
		return wrong(m, "no extended properties");
	for (const char *one;
	     (one = text_between(at, end, "<FileLocation>", "</FileLocation>", &len)) != NULL;
	     at = one + len)
		if (!add_location(m, one, one + len))
			return false;
	if (m->asked == m->offered.count)
		m->step =
			m->location_count > 0 && m->run->download > 0 ? STEP_DOWNLOAD : STEP_REPORT;
	return true;
}

static bool next_file(struct machine *m, struct location *l)
{
	unsigned char sha1[20];

	digest_sha1(m->content, l->size, sha1);
	if (memcmp(sha1, l->sha1, sizeof sha1) != 0)
		return wrong(m, "%s: other bytes than its name", l->path);
	free(m->content);
	m->content = NULL;
	m->piece = 0;
	m->location++;
	if (m->location == m->location_count || m->downloaded >= m->run->download)
		m->step = STEP_REPORT;
	return true;
}

static bool hear_range(struct machine *m, const struct wire_answer *a)
{
	struct location *l = &m->locations[m->location];
	size_t len;
	const char *range = wire_header(a, "Content-Range", &len);
	const char *slash = range ? memchr(range, '/', len) : NULL;
	uint64_t size, at = m->piece * MACHINE_PIECE;

	m->ranges++;
	if (a->status != 206 || !slash ||
	    !str_to_u64(slash + 1, len - (size_t)(slash + 1 - range), 1ull << 36, &size) ||
	    (l->size > 0 && size != l->size))
		return wrong(m, "%s: no 206, or another size", l->path);
	if (!m->content) {
		l->size = size;
		m->content = buf_calloc(1, size + 1);
	}
	if (a->len != (size - at < MACHINE_PIECE ? size - at : MACHINE_PIECE))
		return wrong(m, "%s: %zu bytes from %llu on", l->path, a->len,
			     (unsigned long long)at);
	memcpy(m->content + at, a->body, a->len);
	m->downloaded += a->len;
	/* 0, then the last, and down to 1 */
	m->piece = (m->piece == 0 ? (size + MACHINE_PIECE - 1) / MACHINE_PIECE : m->piece) - 1;
	return m->piece > 0 || next_file(m, l);
}

/* ---- */

bool machine_hear(struct machine *m, const struct wire_answer *a)
{
	size_t len;
	const char *code =
		text_between(a->body, a->body + a->len, "<ErrorCode>", "</ErrorCode>", &len);

	if (m->step != STEP_DOWNLOAD && a->status != 200)
		return wrong(m, "status %u, %.*s", a->status, code ? (int)len : 9,
			     code ? code : "no fault?");
	switch (m->step) {
	case STEP_CONFIG:
		m->step = STEP_AUTHORIZE;
		return hear_config(m, a);
	case STEP_AUTHORIZE:
		m->step = STEP_COOKIE;
		return keep_cookie(m, a, "CookieData");
	case STEP_COOKIE:
		m->step = STEP_REGISTER;
		return keep_cookie(m, a, "EncryptedData");
	case STEP_REGISTER:
		m->step = STEP_SYNC;
		return true;
	case STEP_SYNC:
	case STEP_AGAIN:
		return hear_sync(m, a);
	case STEP_DRIVERS:
		return hear_drivers(m, a);
	case STEP_INFO:
		return hear_info(m, a);
	case STEP_DOWNLOAD:
		return hear_range(m, a);
	case STEP_REPORT:
		m->step = STEP_AGAIN;
		return strstr(a->body, "<ReportEventBatchResult>true<") || wrong(m, "not true");
	case STEP_DONE:
	case STEPS_:
		break;
	}
	return wrong(m, "an answer to nothing");
}

#include "lib/catalog/catalog_walk.h"

#include "lib/base/error.h"
#include "lib/base/str.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PROBLEMS_KEPT = 64 };

void *catalog_vector_add(struct catalog_vector *v, size_t size)
{
	v->items = buf_grow(v->items, &v->capacity, v->count, size);
	return memset((unsigned char *)v->items + v->count++ * size, 0, size);
}

void catalog_vector_clear(struct catalog_vector *v)
{
	free(v->items);
	*v = (struct catalog_vector){ .items = NULL };
}

/* ---- elements ---- */

static const struct catalog_walk_row *find_row(const struct catalog_walk *w, const char *name)
{
	unsigned char parent = w->depth > 0 ? w->stack[w->depth - 1]->state : CATALOG_WALK_TOP;
	const char *colon = w->local_names ? strchr(name, ':') : NULL;

	if (colon)
		name = colon + 1;
	for (size_t i = 0; i < w->rows_count; i++)
		if (w->rows[i].parent == parent && strcmp(w->rows[i].name, name) == 0)
			return &w->rows[i];
	return NULL;
}

static int on_start(void *ctx, const char *name, const struct xml_attribute *at, size_t n,
		    struct error *err)
{
	struct catalog_walk *w = ctx;

	const struct catalog_walk_row *row = find_row(w, name);
	if (!row && w->strict_top && w->depth == 0)
		return error_set(err, ERROR_CATALOG_ROOT, "unexpected root element \"%.64s\"",
				 name);
	if (!row || row->state == CATALOG_WALK_IGNORE) {
		if (!row)
			catalog_walk_problem(w, CATALOG_RULE_ELEMENT_UNKNOWN, name, "", 0);
		return 1;
	}
	assert(w->depth < LIMIT_XML_DEPTH);
	w->stack[w->depth++] = row;
	w->text.len = 0;
	return row->begin ? row->begin(w->ctx, at, n, err) : 0;
}

static int on_end(void *ctx, const char *name, struct error *err)
{
	struct catalog_walk *w = ctx;

	(void)name;
	const struct catalog_walk_row *row = w->stack[--w->depth];
	return row->end ? row->end(w->ctx, err) : 0;
}

static int on_text(void *ctx, const char *text, size_t len, struct error *err)
{
	struct catalog_walk *w = ctx;

	if (w->depth == 0 || !w->stack[w->depth - 1]->text)
		return 0;
	return buf_append(&w->text, text, len, err);
}

static void on_restart(void *ctx, unsigned depth)
{
	struct catalog_walk *w = ctx;

	w->depth = depth;
	catalog_walk_next_piece(w);
	if (w->restart)
		w->restart(w->ctx);
}

static const struct xml_handler handlers[] = {
	[CATALOG_WALK_FRAGMENT] = { .start = on_start,
				    .end = on_end,
				    .text = on_text,
				    .restart = on_restart },
	/* of the master document: what is inside OfflineSyncPackage and a list */
	[CATALOG_WALK_DOCUMENT] = { .start = on_start,
				    .end = on_end,
				    .text = on_text,
				    .restart = on_restart,
				    .unit = 2 },
	[CATALOG_WALK_ONCE] = { .start = on_start, .end = on_end, .text = on_text },
};

void catalog_walk_init(struct catalog_walk *w, const struct catalog_walk_row *rows, size_t count,
		       enum catalog_walk_kind kind, void *ctx)
{
	*w = (struct catalog_walk){
		.rows = rows,
		.rows_count = count,
		.ctx = ctx,
		.text = BUF_INIT(LIMIT_XML_TEXT),
	};
	w->reader = xml_reader_new(&handlers[kind], w, "package.xml");
}

void catalog_walk_clear(struct catalog_walk *w)
{
	xml_reader_free(w->reader);
	buf_clear(&w->text);
	arena_clear(&w->arena);
	catalog_vector_clear(&w->problems);
}

void catalog_walk_restart(struct catalog_walk *w)
{
	w->depth = 0;
	catalog_walk_next_piece(w);
}

int catalog_walk_piece(struct catalog_walk *w, const char *root, const char *label,
		       const void *bytes, size_t len, struct error *err)
{
	CLEANUP(buf_clear) struct buf whole = BUF_INIT(LIMIT_FRAGMENT_BYTES + LIMIT_XML_NAME);
	size_t root_len = strlen(root);
	const char *text = bytes;

	w->delivered = 0;
	catalog_walk_restart(w);
	if (len >= root_len + 2 && text[0] == '<' && memcmp(text + 1, root, root_len) == 0 &&
	    text[len - 2] != '/') {
		if (buf_append(&whole, bytes, len, err) < 0 ||
		    buf_printf(&whole, err, "</%s>", root) < 0)
			return -1;
		bytes = whole.bytes;
		len = whole.len;
	}
	if (xml_reader_fragment(w->reader, label, bytes, len, err) < 0)
		return -1;
	if (w->delivered != 1)
		return error_set(err, ERROR_CATALOG_ROOT, "%s: %zu elements where one is expected",
				 label, w->delivered);
	return 0;
}

void catalog_walk_next_piece(struct catalog_walk *w)
{
	arena_reset(&w->arena);
	w->problems.count = 0;
	w->relations = 0;
}

/* ---- problems ---- */

void catalog_walk_problem(struct catalog_walk *w, enum catalog_rule rule, const char *detail,
			  const char *value, size_t len)
{
	if (w->problems.count == PROBLEMS_KEPT && catalog_rule_severity(rule) != CATALOG_ERROR)
		return;
	if (w->problems.count == 2 * PROBLEMS_KEPT)
		return;
	struct catalog_problem *p = catalog_vector_add(&w->problems, sizeof *p);
	p->rule = rule;
	p->offset = xml_reader_offset(w->reader);
	p->detail = catalog_walk_text(w, detail, strlen(detail));
	p->value = catalog_walk_text(w, value, len < 256 ? len : 256);
}

struct catalog_problems catalog_walk_problems(const struct catalog_walk *w)
{
	return (struct catalog_problems){ .items = w->problems.items, .count = w->problems.count };
}

int catalog_walk_between(struct catalog_walk *w,
			 int (*problem)(void *ctx, const struct catalog_problem *p,
					struct error *err),
			 void *ctx, struct error *err)
{
	struct catalog_problems p = catalog_walk_problems(w);

	for (size_t i = 0; i < p.count; i++)
		if (problem && problem(ctx, &p.items[i], err) < 0)
			return -1;
	catalog_walk_next_piece(w);
	return 0;
}

bool catalog_walk_relation(struct catalog_walk *w)
{
	if (w->relations == LIMIT_UPDATE_RELATIONS)
		catalog_walk_problem(w, CATALOG_RULE_RELATIONS_LIMIT, "", "", 0);
	return w->relations++ < LIMIT_UPDATE_RELATIONS;
}

const char *catalog_walk_text(struct catalog_walk *w, const char *text, size_t len)
{
	return len > 0 ? arena_text(&w->arena, text, len) : "";
}

/* ---- attributes ---- */

const struct xml_attribute *catalog_walk_find(const struct xml_attribute *at, size_t n,
					      const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(at[i].name, name) == 0)
			return &at[i];
	return NULL;
}

const char *catalog_walk_value(struct catalog_walk *w, const struct xml_attribute *at, size_t n,
			       const char *name)
{
	const struct xml_attribute *a = catalog_walk_find(at, n, name);

	return a ? catalog_walk_text(w, a->value, a->len) : "";
}

void catalog_walk_missing(struct catalog_walk *w, const char *name)
{
	catalog_walk_problem(w, CATALOG_RULE_ATTRIBUTE_MISSING, name, "", 0);
}

const char *catalog_walk_trimmed(struct catalog_walk *w)
{
	const char *text = (const char *)w->text.bytes;
	size_t len = w->text.len;

	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	while (len > 0 && strchr(" \t\r\n", *text)) {
		text++;
		len--;
	}
	return catalog_walk_text(w, text, len);
}

bool catalog_walk_sha256(struct catalog_walk *w, unsigned char out[32])
{
	const char *text = catalog_walk_trimmed(w);

	if (str_from_base64(text, strlen(text), out, 32))
		return true;
	catalog_walk_problem(w, CATALOG_RULE_DIGEST_TEXT, "AdditionalDigest", text, strlen(text));
	return false;
}

void catalog_walk_known(struct catalog_walk *w, const struct xml_attribute *at, size_t n,
			const char *const *known, size_t count)
{
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < count && strcmp(at[i].name, known[k]) != 0)
			k++;
		if (k == count)
			catalog_walk_problem(w, CATALOG_RULE_ATTRIBUTE_UNKNOWN, at[i].name,
					     at[i].value, at[i].len);
	}
}

const struct xml_attribute *catalog_walk_only(struct catalog_walk *w,
					      const struct xml_attribute *at, size_t n,
					      const char *name)
{
	const struct xml_attribute *found = catalog_walk_find(at, n, name);

	catalog_walk_known(w, at, n, &name, 1);
	if (!found)
		catalog_walk_missing(w, name);
	return found;
}

bool catalog_walk_guid(struct catalog_walk *w, const struct xml_attribute *a,
		       struct catalog_guid *out)
{
	if (str_to_guid(a->value, a->len, out->bytes))
		return true;
	catalog_walk_problem(w, CATALOG_RULE_GUID_TEXT, a->name, a->value, a->len);
	return false;
}

bool catalog_walk_sha1(struct catalog_walk *w, const struct xml_attribute *a,
		       struct catalog_sha1 *out)
{
	if (str_from_base64(a->value, a->len, out->bytes, sizeof out->bytes))
		return true;
	catalog_walk_problem(w, CATALOG_RULE_DIGEST_TEXT, a->name, a->value, a->len);
	return false;
}

bool catalog_walk_number(struct catalog_walk *w, const struct xml_attribute *a, uint64_t max,
			 uint64_t *out)
{
	if (str_to_u64(a->value, a->len, max, out))
		return true;
	catalog_walk_problem(w, CATALOG_RULE_NUMBER_TEXT, a->name, a->value, a->len);
	return false;
}

bool catalog_walk_bool(struct catalog_walk *w, const struct xml_attribute *a,
		       enum catalog_rule rule, bool *out)
{
	bool yes = a->len == 4 && memcmp(a->value, "true", 4) == 0;

	if (yes || (a->len == 5 && memcmp(a->value, "false", 5) == 0)) {
		*out = yes;
		return true;
	}
	catalog_walk_problem(w, rule, a->name, a->value, a->len);
	return false;
}

/* "+hh:mm" or "-hh:mm" as seconds. */
static bool read_offset(const char *text, int64_t *out)
{
	const char *h = text + 1 + (text[1] == '0'), *m = text + 4 + (text[4] == '0');
	uint64_t hours, minutes;

	if ((text[0] != '+' && text[0] != '-') || text[3] != ':' ||
	    !str_to_u64(h, (size_t)(text + 3 - h), 14, &hours) ||
	    !str_to_u64(m, (size_t)(text + 6 - m), 59, &minutes))
		return false;
	*out = (int64_t)(hours * 3600 + minutes * 60);
	if (text[0] == '-')
		*out = -*out;
	return true;
}

static bool read_time(const char *text, size_t len, int64_t *out)
{
	char whole[STR_TIME_SIZE] = { 0 };
	size_t at = STR_TIME_SIZE - 2;
	int64_t seconds, offset = 0;

	if (len < at)
		return false;
	memcpy(whole, text, at);
	whole[at] = 'Z';
	if (at < len && text[at] == '.')
		for (at++; at < len && text[at] >= '0' && text[at] <= '9';)
			at++;
	bool end = at == len || (len - at == 1 && text[at] == 'Z') ||
		   (len - at == 6 && read_offset(text + at, &offset));
	if (!end || !str_to_time(whole, STR_TIME_SIZE - 1, &seconds))
		return false;
	*out = seconds - offset;
	return true;
}

bool catalog_walk_time(struct catalog_walk *w, const struct xml_attribute *a, int64_t *out)
{
	if (read_time(a->value, a->len, out))
		return true;
	catalog_walk_problem(w, CATALOG_RULE_DATE_TEXT, a->name, a->value, a->len);
	return false;
}

/* ---- groups ---- */

void catalog_grouping_open(struct catalog_grouping *g)
{
	(void)catalog_vector_add(&g->groups, sizeof(struct catalog_group));
}

void catalog_grouping_add(struct catalog_grouping *g, const struct catalog_guid *id)
{
	struct catalog_group *groups = g->groups.items;

	memcpy(catalog_vector_add(&g->ids, sizeof *id), id, sizeof *id);
	groups[g->groups.count - 1].count++;
}

const struct catalog_group *catalog_grouping_finish(struct catalog_grouping *g, size_t *count)
{
	struct catalog_group *groups = g->groups.items;
	const struct catalog_guid *ids = g->ids.items;

	for (size_t i = 0; i < g->groups.count; i++) {
		groups[i].any_of = ids;
		if (groups[i].count > 0)
			ids += groups[i].count;
	}
	*count = g->groups.count;
	return groups;
}

void catalog_grouping_reset(struct catalog_grouping *g)
{
	g->ids.count = 0;
	g->groups.count = 0;
}

void catalog_grouping_clear(struct catalog_grouping *g)
{
	catalog_vector_clear(&g->ids);
	catalog_vector_clear(&g->groups);
}

#include "lib/catalog/catalog_past.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/catalog/catalog_change.h"
#include "lib/catalog/catalog_wide.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char MAGIC[] = "gapferry-past 1\n";
static const char MASTER[] = "package.xml";

enum { ID_SIZE = 40, HEAD_SIZE = 16 + 8 + 4 + 4 + ID_SIZE, RECORD_SIZE = 72 };

/* Below so many, a share means nothing. */
enum { FEW_REVISED = 20, FEW_CATEGORIES = 10 };
enum { SHRUNK_PERCENT = 95, GROWN_PERCENT = 125, REVISED_PERCENT = 10, FLOOD_PERCENT = 120 };

struct record {
	unsigned char update_id[16];
	uint32_t number, revision_id;
	uint64_t mark;
	uint32_t classification;
	uint8_t action, type, flags;
	struct catalog_reach reach;
};

enum { FLAG_BUNDLE = 1, FLAG_CORE = 2 };
enum { TYPE_NONE, TYPE_CATEGORY, TYPE_DETECTOID, TYPE_SOFTWARE, TYPE_OTHER };

struct history {
	struct record *items;
	size_t count;
	int64_t creation;
	uint32_t updates, evaluates;
	char package_id[ID_SIZE];
};

static void history_clear(struct history *h)
{
	free(h->items);
}
DEFINE_CLEANUP_IN_PLACE(struct history, history_clear);

/* ---- of a catalog ---- */

static uint8_t type_of(const char *text)
{
	static const char *const known[] = { "", "Category", "Detectoid", "Software" };

	for (uint8_t i = 0; i < TYPE_OTHER; i++)
		if (strcmp(text, known[i]) == 0)
			return i;
	return TYPE_OTHER;
}

static int by_update(const void *left, const void *right)
{
	const struct record *a = left, *b = right;
	int order = memcmp(a->update_id, b->update_id, sizeof a->update_id);

	if (order != 0)
		return order;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return a->revision_id < b->revision_id ? -1 : a->revision_id > b->revision_id;
}

static int by_revision(const void *left, const void *right)
{
	const struct record *a = *(const struct record *const *)left;
	const struct record *b = *(const struct record *const *)right;

	return a->revision_id < b->revision_id ? -1 : a->revision_id > b->revision_id;
}

static void history_of(const struct catalog *c, const uint64_t *marks, struct history *h)
{
	const struct catalog_package *p = catalog_package(c);

	*h = (struct history){ .items = buf_calloc(catalog_count(c), sizeof *h->items),
			       .creation = p ? p->creation : 0,
			       .updates = (uint32_t)catalog_count(c) };
	snprintf(h->package_id, sizeof h->package_id, "%s", p ? p->package_id : "");
	for (size_t i = 0; i < catalog_count(c); i++) {
		const struct catalog_revision *r = catalog_at(c, i);
		struct record *e = &h->items[h->count];

		h->evaluates += r->action == CATALOG_ACTION_EVALUATE;
		if (!r->has_update_id || r->is_duplicate)
			continue;
		h->count++;
		memcpy(e->update_id, r->update_id.bytes, sizeof e->update_id);
		e->number = r->revision_number;
		e->revision_id = r->revision_id;
		e->mark = marks ? marks[i] : 0;
		e->classification = catalog_change_classification(r);
		e->action = (uint8_t)r->action;
		e->type = type_of(r->update_type);
		e->flags = (r->is_bundle ? FLAG_BUNDLE : 0) | (r->has_core ? FLAG_CORE : 0);
		catalog_wide_reach(r, &e->reach);
	}
	if (h->count > 1)
		qsort(h->items, h->count, sizeof *h->items, by_update);
}

/* ---- bytes ---- */

static unsigned char *put32(unsigned char *p, uint32_t value)
{
	value = htole32(value);
	memcpy(p, &value, sizeof value);
	return p + sizeof value;
}

static unsigned char *put64(unsigned char *p, uint64_t value)
{
	value = htole64(value);
	memcpy(p, &value, sizeof value);
	return p + sizeof value;
}

static uint32_t get32(const unsigned char **p)
{
	uint32_t value;

	memcpy(&value, *p, sizeof value);
	*p += sizeof value;
	return le32toh(value);
}

static uint64_t get64(const unsigned char **p)
{
	uint64_t value;

	memcpy(&value, *p, sizeof value);
	*p += sizeof value;
	return le64toh(value);
}

static void put_record(unsigned char *p, const struct record *e)
{
	const struct catalog_applicability *a = &e->reach.applicability;

	memcpy(p, e->update_id, sizeof e->update_id);
	p = put32(p + sizeof e->update_id, e->number);
	p = put32(p, e->revision_id);
	p = put64(p, e->mark);
	p = put32(p, e->classification);
	*p++ = e->action;
	*p++ = e->type;
	*p++ = e->flags;
	*p++ = 0;
	p = put64(p, a->digest);
	p = put32(p, a->conditions);
	p = put32(p, a->alternatives);
	p = put32(p, e->reach.groups);
	p = put32(p, e->reach.alternatives);
	put64(p, 0);
}

static void get_record(const unsigned char *p, struct record *e)
{
	struct catalog_applicability *a = &e->reach.applicability;

	memcpy(e->update_id, p, sizeof e->update_id);
	p += sizeof e->update_id;
	e->number = get32(&p);
	e->revision_id = get32(&p);
	e->mark = get64(&p);
	e->classification = get32(&p);
	e->action = *p++;
	e->type = *p++;
	e->flags = *p++;
	p++;
	a->digest = get64(&p);
	a->conditions = get32(&p);
	a->alternatives = get32(&p);
	e->reach.groups = get32(&p);
	e->reach.alternatives = get32(&p);
	e->reach.has_core = (e->flags & FLAG_CORE) != 0;
}

int catalog_past_write(const struct catalog *c, const uint64_t *marks, struct buf *out,
		       struct error *err)
{
	CLEANUP(history_clear) struct history h = { .count = 0 };

	history_of(c, marks, &h);
	size_t len = HEAD_SIZE + h.count * RECORD_SIZE;
	unsigned char *p = buf_room(out, len, err);
	if (!p)
		return -1;
	out->len += len;
	memset(p, 0, HEAD_SIZE);
	memcpy(p, MAGIC, sizeof MAGIC - 1);
	p = put64(p + sizeof MAGIC - 1, (uint64_t)h.creation);
	p = put32(p, h.updates);
	p = put32(p, h.evaluates);
	memcpy(p, h.package_id, ID_SIZE);
	p += ID_SIZE;
	for (size_t i = 0; i < h.count; i++)
		put_record(p + i * RECORD_SIZE, &h.items[i]);
	return 0;
}

static bool history_read(const unsigned char *p, size_t len, struct history *h)
{
	if (len < HEAD_SIZE || (len - HEAD_SIZE) % RECORD_SIZE != 0 ||
	    memcmp(p, MAGIC, sizeof MAGIC - 1) != 0)
		return false;
	p += sizeof MAGIC - 1;
	h->creation = (int64_t)get64(&p);
	h->updates = get32(&p);
	h->evaluates = get32(&p);
	memcpy(h->package_id, p, ID_SIZE);
	h->package_id[ID_SIZE - 1] = '\0';
	p += ID_SIZE;
	h->count = (len - HEAD_SIZE) / RECORD_SIZE;
	h->items = buf_calloc(h->count, sizeof *h->items);
	for (size_t i = 0; i < h->count; i++)
		get_record(p + i * RECORD_SIZE, &h->items[i]);
	for (size_t i = 1; i < h->count; i++)
		if (by_update(&h->items[i - 1], &h->items[i]) > 0)
			return false;
	return true;
}

/* ---- one update, before and after ---- */

struct comparison {
	struct catalog *catalog;
	const struct history *before, *after;
	size_t common, revised; /* updates in both; those with anything new */
};

static void remark(struct comparison *x, enum catalog_rule rule, const struct record *e,
		   const char *value, const char *detail)
{
	const struct catalog_revision *r = catalog_by_revision(x->catalog, e->revision_id);

	catalog_add_remark(x->catalog, &(struct catalog_remark){ .rule = rule,
								 .revision_id = e->revision_id,
								 .file = MASTER,
								 .offset = r ? r->offset : 0,
								 .value = value,
								 .detail = detail });
}

static void remark_number(struct comparison *x, enum catalog_rule rule, const struct record *e,
			  const char *what, uint32_t before)
{
	char text[64];

	snprintf(text, sizeof text, "%s before: %" PRIu32, what, before);
	remark(x, rule, e, "", text);
}

/* The same revision in both. */
static bool compare_same(struct comparison *x, const struct record *old, const struct record *new)
{
	bool changed = old->mark && new->mark && old->mark != new->mark;
	char file[24];

	if (old->revision_id != new->revision_id)
		remark_number(x, CATALOG_RULE_RENUMBERED, new, "RevisionId", old->revision_id);
	if (!changed)
		return false;
	snprintf(file, sizeof file, "c/%" PRIu32, new->revision_id);
	catalog_add_remark(x->catalog,
			   &(struct catalog_remark){ .rule = CATALOG_RULE_REVISION_CHANGED,
						     .revision_id = new->revision_id,
						     .file = file });
	return true;
}

/* The newest revisions of both. */
static void compare_newest(struct comparison *x, const struct record *old, const struct record *new)
{
	char text[CATALOG_WIDE_SIZE];
	bool evaluated =
		old->action == CATALOG_ACTION_EVALUATE && new->action == CATALOG_ACTION_EVALUATE;

	if (new->number < old->number)
		remark_number(x, CATALOG_RULE_REVISION_BACK, new, "RevisionNumber", old->number);
	if (old->classification && old->classification != new->classification)
		remark(x, CATALOG_RULE_RECLASSIFIED, new, "",
		       new->classification ? "" : "none any more");
	if (old->action != new->action || (old->flags ^ new->flags) & FLAG_BUNDLE) {
		const char *was = catalog_action_text((enum catalog_action)old->action);
		char detail[64];

		snprintf(detail, sizeof detail, "%s%s before", *was ? was : "no action",
			 old->flags & FLAG_BUNDLE ? ", a bundle" : "");
		remark(x, CATALOG_RULE_ROLE_CHANGED, new,
		       catalog_action_text((enum catalog_action) new->action), detail);
	}
	if (!evaluated && new->number > old->number &&
	    catalog_wide_compare(&old->reach, &new->reach, text))
		remark(x, CATALOG_RULE_WIDENED, new, "", text);
}

static size_t end_of(const struct history *h, size_t from)
{
	size_t end = from;

	while (end < h->count && memcmp(h->items[from].update_id, h->items[end].update_id, 16) == 0)
		end++;
	return end;
}

/* Revisions [i, i_end) before, [k, k_end) after, both by number. */
static void compare_update(struct comparison *x, size_t i, size_t i_end, size_t k, size_t k_end)
{
	const struct record *old = x->before->items, *new = x->after->items;
	bool changed = old[i_end - 1].number != new[k_end - 1].number;

	x->common++;
	compare_newest(x, &old[i_end - 1], &new[k_end - 1]);
	while (i < i_end && k < k_end) {
		if (old[i].number == new[k].number && compare_same(x, &old[i], &new[k]))
			changed = true;
		bool step_old = old[i].number <= new[k].number;
		bool step_new = old[i].number >= new[k].number;
		i += step_old;
		k += step_new;
	}
	x->revised += changed;
}

static void compare_updates(struct comparison *x)
{
	size_t i = 0, k = 0;

	while (i < x->before->count && k < x->after->count) {
		int order = memcmp(x->before->items[i].update_id, x->after->items[k].update_id, 16);
		size_t i_end = order <= 0 ? end_of(x->before, i) : i;
		size_t k_end = order >= 0 ? end_of(x->after, k) : k;

		if (order == 0)
			compare_update(x, i, i_end, k, k_end);
		i = i_end;
		k = k_end;
	}
}

/* ---- revision ids that stand for something else now ---- */

static const struct record **sorted(const struct history *h)
{
	const struct record **all = buf_calloc(h->count, sizeof *all);

	for (size_t i = 0; i < h->count; i++)
		all[i] = &h->items[i];
	if (h->count > 1)
		qsort(all, h->count, sizeof *all, by_revision);
	return all;
}

static void compare_ids(struct comparison *x)
{
	const struct record **old = sorted(x->before), **new = sorted(x->after);

	for (size_t i = 0, k = 0; i < x->before->count && k < x->after->count;) {
		uint32_t a = old[i]->revision_id, b = new[k]->revision_id;

		if (a == b && memcmp(old[i]->update_id, new[k]->update_id, 16) != 0)
			remark(x, CATALOG_RULE_REVISION_REUSED, new[k], "", "");
		i += a <= b;
		k += b <= a;
	}
	free(old);
	free(new);
}

/* ---- the whole ---- */

static void remark_whole(struct comparison *x, enum catalog_rule rule, const char *detail)
{
	const struct catalog_package *p = catalog_package(x->catalog);

	catalog_add_remark(x->catalog, &(struct catalog_remark){ .rule = rule,
								 .file = MASTER,
								 .offset = p ? p->offset : 0,
								 .detail = detail });
}

static void remark_counts(struct comparison *x, enum catalog_rule rule, uint64_t now,
			  uint64_t before)
{
	char text[64];

	snprintf(text, sizeof text, "%" PRIu64 ", there were %" PRIu64, now, before);
	remark_whole(x, rule, text);
}

static void compare_counts(struct comparison *x)
{
	uint64_t was = x->before->updates, is = x->after->updates;
	uint64_t old = x->before->evaluates, new = x->after->evaluates;
	char text[64];

	if (is * 100 < was * SHRUNK_PERCENT)
		remark_counts(x, CATALOG_RULE_SHRUNK, is, was);
	if (is * 100 > was * GROWN_PERCENT)
		remark_counts(x, CATALOG_RULE_GROWN, is, was);
	if (new * 100 > old * FLOOD_PERCENT &&new > old + FEW_CATEGORIES)
		remark_counts(x, CATALOG_RULE_CATEGORY_FLOOD, new, old);
	if (x->revised <= FEW_REVISED || x->revised * 100 <= x->common * REVISED_PERCENT)
		return;
	snprintf(text, sizeof text, "%zu of %zu", x->revised, x->common);
	remark_whole(x, CATALOG_RULE_MASS_REVISION, text);
}

/* The same catalog again is not another one under the same name. */
static bool is_same(const struct history *a, const struct history *b)
{
	if (a->count != b->count || a->updates != b->updates || a->creation != b->creation)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		unsigned char x[RECORD_SIZE], y[RECORD_SIZE];

		put_record(x, &a->items[i]);
		put_record(y, &b->items[i]);
		if (memcmp(x, y, sizeof x) != 0)
			return false;
	}
	return true;
}

static void compare_packages(struct comparison *x)
{
	const struct history *old = x->before, *new = x->after;

	if (*old->package_id && strcasecmp(old->package_id, new->package_id) == 0 &&
	    !is_same(old, new))
		remark_whole(x, CATALOG_RULE_PACKAGE_REPEATED, "");
	if (new->creation > 0 && new->creation < old->creation)
		remark_whole(x, CATALOG_RULE_PACKAGE_OLDER, "");
}

bool catalog_past_compare(struct catalog *c, const uint64_t *marks, const void *bytes, size_t len)
{
	CLEANUP(history_clear) struct history before = { .count = 0 }, after = { .count = 0 };
	struct comparison x = { .catalog = c, .before = &before, .after = &after };

	if (!history_read(bytes, len, &before))
		return false;
	history_of(c, marks, &after);
	compare_packages(&x);
	compare_updates(&x);
	compare_ids(&x);
	compare_counts(&x);
	catalog_sort_findings(c);
	return true;
}

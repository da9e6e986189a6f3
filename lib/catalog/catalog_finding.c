#include "lib/catalog/catalog_finding.h"

#include "lib/base/buf.h"
#include "lib/base/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_SHOWN = 200, FILE_SHOWN = 512 };

static const struct {
	const char *id, *text, *next;
	enum catalog_severity severity;
} rules[] = {
#define CATALOG_RULE(name, id_, severity_, text_, next_) \
	{ .id = id_, .severity = CATALOG_##severity_, .text = text_, .next = next_ },
#include "lib/catalog/rules.def"
#undef CATALOG_RULE
};

const char *catalog_rule_id(enum catalog_rule rule)
{
	return rules[rule].id;
}

enum catalog_severity catalog_rule_severity(enum catalog_rule rule)
{
	return rules[rule].severity;
}

const char *catalog_rule_next_step(enum catalog_rule rule)
{
	return rules[rule].next;
}

const char *catalog_rule_text(enum catalog_rule rule)
{
	return rules[rule].text;
}

int catalog_rule_find(const char *id)
{
	for (int i = 0; i < CATALOG_RULES_; i++)
		if (strcmp(rules[i].id, id) == 0)
			return i;
	return -1;
}

const char *catalog_severity_text(enum catalog_severity severity)
{
	static const char *const texts[] = { "error", "warning", "note" };

	return texts[severity];
}

/* A copy without controls, cut after max bytes. */
static const char *printable(struct arena *a, const char *text, size_t max)
{
	size_t len = strnlen(text, max);
	/* do not cut inside a UTF-8 sequence */
	while (len > 0 && text[len] != '\0' && ((unsigned char)text[len] & 0xC0) == 0x80)
		len--;
	char *copy = arena_text(a, text, len);

	for (unsigned char *p = (unsigned char *)copy; *p; p++) {
		/* terminals obey U+0080 to U+009F too */
		bool high = *p == 0xC2 && p[1] >= 0x80 && p[1] < 0xA0;

		if (high)
			p[1] = '?';
		if (high || *p < ' ' || *p == 0x7F)
			*p = '?';
	}
	return copy;
}

void catalog_finding_add(struct catalog_findings *l, const struct catalog_finding *f,
			 const char *detail)
{
	enum catalog_severity severity = rules[f->rule].severity;
	char message[1024];

	if (l->seen[severity]++ >= LIMIT_FINDINGS)
		return;
	l->items = buf_grow(l->items, &l->capacity, l->count, sizeof *l->items);
	struct catalog_finding *n = &l->items[l->count++];
	*n = *f;
	n->severity = severity;
	n->sequence = l->seen[CATALOG_ERROR] + l->seen[CATALOG_WARNING] + l->seen[CATALOG_NOTE];
	n->kb = f->kb ? printable(&l->arena, f->kb, VALUE_SHOWN) : "";
	n->file = f->file ? printable(&l->arena, f->file, FILE_SHOWN) : "";
	n->value = f->value && *f->value ? printable(&l->arena, f->value, VALUE_SHOWN) : "";
	snprintf(message, sizeof message, "%s%s%s", rules[f->rule].text, *detail ? ": " : "",
		 detail);
	n->message = *detail ? printable(&l->arena, message, VALUE_SHOWN) : rules[f->rule].text;
}

const char *catalog_finding_detail(const struct catalog_finding *f)
{
	size_t head = strlen(rules[f->rule].text), len = strlen(f->message);

	return len > head + 2 ? f->message + head + 2 : "";
}

void catalog_finding_set_kb(struct catalog_findings *l, struct catalog_finding *f, const char *kb)
{
	f->kb = printable(&l->arena, kb, VALUE_SHOWN);
}

void catalog_finding_extend(struct catalog_findings *l, struct catalog_finding *f, const char *text)
{
	size_t head = strlen(f->message), tail = strlen(text);
	char *longer = arena_alloc(&l->arena, head + 2 + tail + 1);

	memcpy(longer, f->message, head);
	memcpy(longer + head, "; ", 2);
	memcpy(longer + head + 2, text, tail + 1);
	f->message = longer;
}

static int by_place(const void *left, const void *right)
{
	const struct catalog_finding *a = left, *b = right;

	if (a->revision_id != b->revision_id)
		return a->revision_id < b->revision_id ? -1 : 1;
	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	int order = strcmp(a->file, b->file);
	if (order != 0)
		return order;
	return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

void catalog_finding_sort(struct catalog_findings *l)
{
	if (l->count > 1)
		qsort(l->items, l->count, sizeof *l->items, by_place);
}

void catalog_findings_clear(struct catalog_findings *l)
{
	free(l->items);
	arena_clear(&l->arena);
	*l = (struct catalog_findings){ .items = NULL };
}

const char *catalog_historic_line(uint32_t revision_id, char buf[CATALOG_HISTORIC_SIZE])
{
	snprintf(buf, CATALOG_HISTORIC_SIZE,
		 "Error 0x80004005, Unexpected DeploymentAction for update %" PRIu32
		 ". Returned from CreateUpdateNode",
		 revision_id);
	return buf;
}

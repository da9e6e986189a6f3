#include "lib/select/rules.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum value_kind { VALUE_TEXT, VALUE_WORD, VALUE_KB, VALUE_GUID, VALUE_DAYS, VALUE_YES };

enum { DAYS_MAX = 36500, LINE_MAX_ = 512 };

static const struct {
	const char *name;
	enum value_kind kind;
} keys[RULES_KEYS] = {
	[RULES_PRODUCT] = { "product", VALUE_TEXT },
	[RULES_CLASSIFICATION] = { "classification", VALUE_TEXT },
	[RULES_LANGUAGE] = { "language", VALUE_WORD },
	[RULES_SEVERITY] = { "severity", VALUE_WORD },
	[RULES_KB] = { "kb", VALUE_KB },
	[RULES_UPDATE_ID] = { "update-id", VALUE_GUID },
	[RULES_MAX_AGE_DAYS] = { "max-age-days", VALUE_DAYS },
	[RULES_SUPERSEDED] = { "superseded", VALUE_YES },
	[RULES_EXPRESS] = { "express", VALUE_YES },
	[RULES_DRIVER] = { "driver", VALUE_YES },
	[RULES_EXCLUDE_PRODUCT] = { "exclude-product", VALUE_TEXT },
	[RULES_EXCLUDE_CLASSIFICATION] = { "exclude-classification", VALUE_TEXT },
	[RULES_EXCLUDE_KB] = { "exclude-kb", VALUE_KB },
	[RULES_EXCLUDE_UPDATE_ID] = { "exclude-update-id", VALUE_GUID },
};

const char *rules_key_name(enum rules_key key)
{
	return keys[key].name;
}

static int find_key(const char *name, size_t len)
{
	for (int i = 0; i < RULES_KEYS; i++)
		if (strlen(keys[i].name) == len && memcmp(keys[i].name, name, len) == 0)
			return i;
	return -1;
}

static bool is_single(enum rules_key key)
{
	return keys[key].kind == VALUE_DAYS || keys[key].kind == VALUE_YES;
}

/* ---- values in their one spelling: false when it is none ---- */

static bool is_word(const char *value)
{
	for (const char *c = value; *c; c++)
		if (!(*c >= '0' && *c <= '9') && !(*c >= 'A' && *c <= 'Z') &&
		    !(*c >= 'a' && *c <= 'z') && *c != '-')
			return false;
	return *value != '\0';
}

static bool is_text(const char *value)
{
	for (const char *c = value; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			return false;
	return *value && *value != ' ' && value[strlen(value) - 1] != ' ';
}

static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

static bool put_kb(const char *value, char out[CONF_VALUE_SIZE])
{
	const char *digits = value + (strncasecmp(value, "KB", 2) == 0 ? 2 : 0);
	uint64_t number;

	return str_to_u64(digits, strlen(digits), UINT32_MAX, &number) &&
	       snprintf(out, CONF_VALUE_SIZE, "%llu", (unsigned long long)number) > 0;
}

static bool put_guid(const char *value, char out[CONF_VALUE_SIZE])
{
	unsigned char guid[16];

	if (!str_to_guid(value, strlen(value), guid))
		return false;
	str_from_guid(guid, out);
	return true;
}

static bool put_value(enum rules_key key, const char *value, char out[CONF_VALUE_SIZE])
{
	uint64_t days;

	if ((size_t)snprintf(out, CONF_VALUE_SIZE, "%s", value) >= CONF_VALUE_SIZE)
		return false;
	switch (keys[key].kind) {
	case VALUE_TEXT:
		(void)put_guid(value, out); /* an id or a name */
		return is_text(out);
	case VALUE_WORD:
		lower(out);
		return is_word(out);
	case VALUE_KB:
		return put_kb(value, out);
	case VALUE_GUID:
		return put_guid(value, out);
	case VALUE_DAYS:
		return str_to_u64(value, strlen(value), DAYS_MAX, &days) && days > 0 &&
		       snprintf(out, CONF_VALUE_SIZE, "%llu", (unsigned long long)days) > 0;
	case VALUE_YES:
		return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0;
	}
	return false;
}

static const char *const wanted[] = {
	[VALUE_TEXT] = "not an id, and not a name in printable ASCII",
	[VALUE_WORD] = "not a word (letters, digits and '-')",
	[VALUE_KB] = "not the number of a KB article",
	[VALUE_GUID] = "not an UpdateID",
	[VALUE_DAYS] = "not a number of days from 1 to 36500",
	[VALUE_YES] = "neither yes nor no",
};

/* ---- the list ---- */

static int compare(const struct rules_entry *a, const struct rules_entry *b)
{
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return strcmp(a->value, b->value);
}

/* 0, or -1 when it is full. */
static int insert(struct rules *r, const struct rules_entry *e)
{
	size_t at = 0;

	while (at < r->count && compare(&r->entries[at], e) < 0)
		at++;
	if (at < r->count && compare(&r->entries[at], e) == 0)
		return 0;
	if (r->count == LIMIT_SELECTION_VALUES)
		return -1;
	memmove(&r->entries[at + 1], &r->entries[at], (r->count - at) * sizeof *r->entries);
	r->entries[at] = *e;
	r->count++;
	return 0;
}

static void forget(struct rules *r, enum rules_key key)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++)
		if (r->entries[i].key != key)
			r->entries[kept++] = r->entries[i];
	r->count = kept;
}

/* ---- configuration ---- */

void rules_begin_file(struct rules *r)
{
	r->seen = 0;
}

int rules_add_entry(struct rules *r, const struct conf_entry *e, struct error *err)
{
	int key = find_key(e->key, strlen(e->key));
	struct rules_entry entry = { .key = (enum rules_key)(key < 0 ? 0 : key) };

	if (key < 0)
		return conf_fail(e, err, "%s: unknown key in [%s]", e->key, e->section);
	if (!(r->seen & 1u << key))
		forget(r, entry.key);
	else if (is_single(entry.key) || !e->value[0])
		return conf_fail(e, err, "%s: given twice", e->key);
	r->seen |= 1u << key;
	if (!e->value[0])
		return 0;
	if (!put_value(entry.key, e->value, entry.value))
		return conf_fail(e, err, "%s = %s: %s", e->key, e->value,
				 wanted[keys[entry.key].kind]);
	/* What is so anyway is not said: one selection, one text. */
	if (keys[entry.key].kind == VALUE_YES && strcmp(entry.value, "yes") == 0)
		return 0;
	if (insert(r, &entry) < 0)
		return conf_fail(e, err, "more than %u values", LIMIT_SELECTION_VALUES);
	return 0;
}

static int on_entry(void *ctx, const struct conf_entry *e, struct error *err)
{
	if (strcmp(e->section, "selection") != 0)
		return conf_fail(e, err, "[%s]: unknown section", e->section);
	return e->key ? rules_add_entry(ctx, e, err) : 0;
}

int rules_read_conf(struct rules *r, const char *file, const unsigned char *bytes, size_t len,
		    struct error *err)
{
	rules_begin_file(r);
	return conf_parse(file, bytes, len, on_entry, r, err);
}

/* ---- canonical text ---- */

int rules_write(const struct rules *r, struct buf *out, struct error *err)
{
	if (buf_printf(out, err, "gapferry-selection 1\n") < 0)
		return -1;
	for (size_t i = 0; i < r->count; i++)
		if (buf_printf(out, err, "%s %s\n", keys[r->entries[i].key].name,
			       r->entries[i].value) < 0)
			return -1;
	return buf_printf(out, err, "end %zu\n", r->count + 2);
}

/* One line of the middle; false when it is not what rules_write() makes. */
static bool parse_line(const char *line, size_t len, struct rules *out)
{
	const char *space = memchr(line, ' ', len);
	char value[LINE_MAX_], again[CONF_VALUE_SIZE];

	if (!space || len >= sizeof value || out->count == LIMIT_SELECTION_VALUES)
		return false;
	int key = find_key(line, (size_t)(space - line));
	size_t size = len - (size_t)(space - line) - 1;
	if (key < 0 || size >= CONF_VALUE_SIZE || memchr(space + 1, '\0', size))
		return false;
	memcpy(value, space + 1, size);
	value[size] = '\0';
	struct rules_entry *e = &out->entries[out->count];
	*e = (struct rules_entry){ .key = (enum rules_key)key };
	if (!put_value(e->key, value, again) || strcmp(value, again) != 0)
		return false;
	memcpy(e->value, again, sizeof e->value);
	if (keys[key].kind == VALUE_YES && strcmp(again, "no") != 0)
		return false;
	if (out->count > 0 &&
	    (compare(e - 1, e) >= 0 || (is_single(e->key) && e[-1].key == e->key)))
		return false;
	out->count++;
	return true;
}

int rules_parse(const void *bytes, size_t len, struct rules *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf again = BUF_INIT(LIMIT_SELECTION_BYTES);
	const char *at = bytes, *end = at + len;
	unsigned line = 0;

	*out = (struct rules){ .count = 0 };
	for (; at < end; line++) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		size_t size = lf ? (size_t)(lf - at) : 0;

		if (!lf)
			break;
		if (line > 0 && !(size > 4 && memcmp(at, "end ", 4) == 0) &&
		    !parse_line(at, size, out))
			return error_set(err, ERROR_SELECTION_FORMAT,
					 "selection: line %u is not a rule in its place", line + 1);
		at = lf + 1;
	}
	if (rules_write(out, &again, err) < 0)
		return -1;
	if (again.len != len || memcmp(again.bytes, bytes, len) != 0)
		return error_set(err, ERROR_SELECTION_FORMAT, "selection: not in canonical form");
	return 0;
}

bool rules_yes(const struct rules *r, enum rules_key key)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->entries[i].key == key)
			return strcmp(r->entries[i].value, "no") != 0;
	return true;
}

bool rules_names_something(enum rules_key key)
{
	return key != RULES_LANGUAGE && !is_single(key);
}

#include "exporter/job_conf.h"

#include "exporter/ingest.h"

#include "lib/base/error.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "lib/crypto/key.h"
#include "media/parity.h"
#include "media/profile.h"

#include <stdio.h>
#include <string.h>

enum value_kind {
	VALUE_PATH,
	VALUE_SECRET,
	VALUE_KEY,
	VALUE_NAME,
	VALUE_PROFILE,
	VALUE_NUMBER,
	VALUE_SIZE,
	VALUE_SPAN,
	VALUE_FLAG,
	VALUE_CHOICE,
	VALUE_BUNDLE_KIND,
	VALUE_SOURCE_KIND,
	VALUE_SCHEDULE,
	VALUE_COMMAND,
};

struct job_key {
	const char *name;
	enum value_kind kind;
	size_t offset, size; /* of the field */
	uint64_t low, high;  /* of a number, or of a time in seconds */
};

#define FIELD(type, field) offsetof(type, field), sizeof(((type *)0)->field)
#define JOB(field) FIELD(struct job_conf, field)
#define SOURCE(field) FIELD(struct job_source, field)

static const struct job_key job_keys[] = {
	{ "repo", VALUE_PATH, JOB(repo), 0, 0 },
	{ "channel", VALUE_NAME, JOB(channel), 0, 0 },
	{ "out", VALUE_PATH, JOB(out), 0, 0 },
	{ "media", VALUE_PROFILE, JOB(media), 0, 0 },
	{ "key", VALUE_KEY, JOB(key), 0, 0 },
	{ "passphrase-file", VALUE_SECRET, JOB(passphrase), 0, 0 },
	{ "expires-days", VALUE_NUMBER, JOB(expires_days), 1, 3650 },
	{ "incomplete", VALUE_FLAG, JOB(incomplete), 0, 0 },
	{ "kind", VALUE_BUNDLE_KIND, JOB(kind), 0, 0 },
	{ "parity", VALUE_CHOICE, JOB(parity), 0, 0 },
	{ "spare", VALUE_NUMBER, JOB(spares), 0, PARITY_SPARES },
	{ "threads", VALUE_NUMBER, JOB(threads), 1, 64 },
	{ "keep", VALUE_NUMBER, JOB(keep), 1, 10000 },
	{ "keep-days", VALUE_NUMBER, JOB(keep_days), 1, 36500 },
	{ "min-free", VALUE_SIZE, JOB(min_free), 0, 0 },
	{ "schedule", VALUE_SCHEDULE, JOB(schedule), 0, 0 },
	{ "max-age", VALUE_SPAN, JOB(max_age), 60, 36500ull * 86400 },
	{ "on-success", VALUE_COMMAND, JOB(on_success), 0, 0 },
	{ "on-failure", VALUE_COMMAND, JOB(on_failure), 0, 0 },
	{ "notify-timeout", VALUE_SPAN, JOB(notify_timeout), 1, 3600 },
	{ "metrics", VALUE_PATH, JOB(metrics), 0, 0 },
};

static const struct job_key source_keys[] = {
	{ "kind", VALUE_SOURCE_KIND, SOURCE(kind), 0, 0 },
	{ "file", VALUE_PATH, SOURCE(file), 0, 0 },
	{ "content", VALUE_PATH, SOURCE(content), 0, 0 },
	{ "accept-shrink", VALUE_FLAG, SOURCE(accept_shrink), 0, 0 },
	{ "microsoft-roots", VALUE_PATH, SOURCE(roots), 0, 0 },
};

/* ---- values: 0, or -1 with the cause ---- */

static int put_text(char *field, size_t size, const char *value)
{
	return (size_t)snprintf(field, size, "%s", value) < size ? 0 : -1;
}

static int put_flag(bool *field, const char *value)
{
	*field = strcmp(value, "yes") == 0;
	return *field || strcmp(value, "no") == 0 ? 0 : -1;
}

/* A flag whose default is not "no". */
static int put_choice(enum job_choice *field, const char *value)
{
	*field = strcmp(value, "yes") == 0 ? JOB_YES : JOB_NO;
	return *field == JOB_YES || strcmp(value, "no") == 0 ? 0 : -1;
}

/* "90m": a number and one of s m h d w. */
static int put_span(uint64_t *field, const char *value, uint64_t low, uint64_t high)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
	size_t len = strlen(value);
	uint64_t n;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (len < 2 || value[len - 1] != units[i].unit ||
		    !str_to_u64(value, len - 1, high / units[i].seconds, &n))
			continue;
		*field = n * units[i].seconds;
		return *field >= low ? 0 : -1;
	}
	return -1;
}

/* Words separated by blanks; a word in double quotes may hold blanks.  No shell, no escapes. */
static int put_command(struct job_command *out, const char *value)
{
	char *to = out->words;

	*out = (struct job_command){ 0 };
	while (*value) {
		bool quoted = *value == '"';
		const char *word = value + quoted;
		size_t len = strcspn(word, quoted ? "\"" : " \t\"");
		const char *after = word + len;

		if (quoted && *after++ != '"')
			return -1;
		if ((*after && !strchr(" \t", *after)) || out->count == JOB_WORDS_MAX)
			return -1;
		memcpy(to, word, len);
		to[len] = '\0';
		to += len + 1;
		out->count++;
		value = after + strspn(after, " \t");
	}
	return out->words[0] == '/' ? 0 : -1;
}

static int put_profile(char *field, size_t size, const char *value)
{
	struct error ignored = ERROR_INIT; /* the cause is given with the place */
	uint64_t limit;

	return profile_volume_limit(value, &limit, &ignored) < 0 ? -1
								 : put_text(field, size, value);
}

static bool all_of(const char *value, const char *more)
{
	for (; *value; value++)
		if (!(*value >= '0' && *value <= '9') && !(*value >= 'A' && *value <= 'Z') &&
		    !(*value >= 'a' && *value <= 'z') && !strchr(more, *value))
			return false;
	return true;
}

static const char *const wanted[] = {
	[VALUE_PATH] = "not an absolute path",
	[VALUE_SECRET] = "neither an absolute path nor the name of a credential",
	[VALUE_KEY] = "neither an absolute path nor the name of a credential nor a pkcs11: URI",
	[VALUE_NAME] = "not a name (letters, digits, '.', '_' and '-', at most 63)",
	[VALUE_PROFILE] = "not a media profile or a size of 1M to 1T",
	[VALUE_NUMBER] = "not a number in the range of this key",
	[VALUE_SIZE] = "not a size such as 20G",
	[VALUE_SPAN] = "not a time such as 10d (s, m, h, d or w) in the range of this key",
	[VALUE_FLAG] = "neither yes nor no",
	[VALUE_CHOICE] = "neither yes nor no",
	[VALUE_BUNDLE_KIND] = "neither auto nor full",
	[VALUE_SOURCE_KIND] = "unknown kind of source: wsusscn2 and wsusutil are known",
	[VALUE_SCHEDULE] = "not the characters of an OnCalendar time",
	[VALUE_COMMAND] = "not an absolute path and up to 30 words, double quotes in pairs",
};

static int put(const struct job_key *k, void *base, const char *value)
{
	void *field = (char *)base + k->offset;
	uint64_t *number = field;

	switch (k->kind) {
	case VALUE_PATH:
		return value[0] == '/' ? put_text(field, k->size, value) : -1;
	case VALUE_KEY:
		if (key_is_uri(value))
			return put_text(field, k->size, value);
		__attribute__((fallthrough));
	case VALUE_SECRET:
		return value[0] == '/' || channel_name_valid(value)
			       ? put_text(field, k->size, value)
			       : -1;
	case VALUE_NAME:
		return channel_name_valid(value) ? put_text(field, k->size, value) : -1;
	case VALUE_PROFILE:
		return put_profile(field, k->size, value);
	case VALUE_NUMBER:
		return str_to_u64(value, strlen(value), k->high, number) && *number >= k->low ? 0
											      : -1;
	case VALUE_SIZE:
		return str_to_size(value, number) ? 0 : -1;
	case VALUE_SPAN:
		return put_span(number, value, k->low, k->high);
	case VALUE_FLAG:
		return put_flag(field, value);
	case VALUE_CHOICE:
		return put_choice(field, value);
	case VALUE_BUNDLE_KIND:
		*number = strcmp(value, "full") == 0 ? JOB_KIND_FULL : JOB_KIND_AUTO;
		return *number || strcmp(value, "auto") == 0 ? 0 : -1;
	case VALUE_SOURCE_KIND:
		return ingest_knows(value) ? put_text(field, k->size, value) : -1;
	case VALUE_SCHEDULE:
		return all_of(value, " *,.:/~_+-") ? put_text(field, k->size, value) : -1;
	case VALUE_COMMAND:
		return put_command(field, value);
	}
	return -1;
}

/* ---- entries ---- */

static int put_key(const struct job_key *keys, size_t count, void *base, uint64_t *seen,
		   const struct conf_entry *e, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(keys[i].name, e->key) != 0)
			continue;
		if (*seen & 1ull << i)
			return conf_fail(e, err, "%s: given twice", e->key);
		*seen |= 1ull << i;
		if (!e->value[0]) {
			memset((char *)base + keys[i].offset, 0, keys[i].size);
			return 0;
		}
		if (put(&keys[i], base, e->value) < 0)
			return conf_fail(e, err, "%s = %s: %s", e->key, e->value,
					 wanted[keys[i].kind]);
		return 0;
	}
	return conf_fail(e, err, "%s: unknown key in [%s]", e->key, e->section);
}

static struct job_source *find_source(struct job_conf *c, const char *name)
{
	for (size_t i = 0; i < c->source_count; i++)
		if (strcmp(c->sources[i].name, name) == 0)
			return &c->sources[i];
	return NULL;
}

enum { SEEN_SECTION = 63 };

static int begin_source(struct job_conf *c, const struct conf_entry *e, const char *name,
			struct error *err)
{
	struct job_source *s = find_source(c, name);

	if (!s) {
		if (strlen(name) >= JOB_SOURCE_NAME_SIZE || !channel_name_valid(name))
			return conf_fail(e, err,
					 "[%s]: the name of a source is 1 to %d letters, "
					 "digits, '.', '_' and '-'",
					 e->section, JOB_SOURCE_NAME_SIZE - 1);
		if (c->source_count == LIMIT_JOB_SOURCES)
			return conf_fail(e, err, "more than %u sources", LIMIT_JOB_SOURCES);
		s = &c->sources[c->source_count++];
		snprintf(s->name, sizeof s->name, "%s", name);
	}
	if (s->seen)
		return conf_fail(e, err, "[%s]: given twice", e->section);
	s->seen = 1ull << SEEN_SECTION;
	return 0;
}

static int on_selection(struct job_conf *c, const struct conf_entry *e, struct error *err)
{
	if (e->key)
		return rules_add_entry(&c->selection, e, err);
	if (c->seen_selection)
		return conf_fail(e, err, "[selection]: given twice");
	c->seen_selection = c->has_selection = true;
	return 0;
}

static int on_entry(void *ctx, const struct conf_entry *e, struct error *err)
{
	struct job_conf *c = ctx;
	bool source = strncmp(e->section, "source ", 7) == 0;

	if (strcmp(e->section, "selection") == 0)
		return on_selection(c, e, err);
	if (!source && strcmp(e->section, "job") != 0)
		return conf_fail(e, err, "[%s]: unknown section", e->section);
	if (!e->key && source)
		return begin_source(c, e, e->section + 7, err);
	if (!e->key && c->seen_section)
		return conf_fail(e, err, "[job]: given twice");
	if (!e->key) {
		c->seen_section = true;
		return 0;
	}
	if (!source)
		return put_key(job_keys, sizeof job_keys / sizeof *job_keys, c, &c->seen, e, err);
	struct job_source *s = find_source(c, e->section + 7);
	return put_key(source_keys, sizeof source_keys / sizeof *source_keys, s, &s->seen, e, err);
}

int job_conf_add(struct job_conf *c, const char *file, const unsigned char *bytes, size_t len,
		 struct error *err)
{
	c->seen = 0;
	c->seen_section = c->seen_selection = false;
	rules_begin_file(&c->selection);
	for (size_t i = 0; i < c->source_count; i++)
		c->sources[i].seen = 0;
	return conf_parse(file, bytes, len, on_entry, c, err);
}

static int absent(const struct job_conf *c, const char *section, const char *key, struct error *err)
{
	return error_set(err, ERROR_CONF_FORMAT, "%s: [%s] has no %s", c->file, section, key);
}

int job_conf_finish(struct job_conf *c, struct error *err)
{
	if (!c->repo[0])
		return absent(c, "job", "repo", err);
	if (!c->channel[0])
		return absent(c, "job", "channel", err);
	if (!c->out[0])
		return absent(c, "job", "out", err);
	if (!c->key[0])
		return absent(c, "job", "key", err);
	if (c->source_count == 0)
		return error_set(err, ERROR_CONF_FORMAT, "%s: no [source NAME]", c->file);
	for (size_t i = 0; i < c->source_count; i++) {
		char section[JOB_SOURCE_NAME_SIZE + 8];

		snprintf(section, sizeof section, "source %s", c->sources[i].name);
		if (!c->sources[i].kind[0])
			return absent(c, section, "kind", err);
		if (!c->sources[i].file[0])
			return absent(c, section, "file", err);
	}
	if (!c->media[0])
		snprintf(c->media, sizeof c->media, "usb");
	if (!c->expires_days)
		c->expires_days = 90;
	if (!c->threads)
		c->threads = pool_default_threads();
	if (!c->notify_timeout)
		c->notify_timeout = 60;
	if (c->parity == JOB_DEFAULT)
		c->parity = JOB_YES;
	return profile_volume_limit(c->media, &c->volume_limit, err);
}

const char *job_conf_kind(const struct job_conf *c)
{
	return c->kind == JOB_KIND_FULL ? "full" : "auto";
}

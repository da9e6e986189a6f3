/* The text of a trust root, parsed and written; holders counted. */
#include "lib/crypto/trust.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/trust_internal.h"

#include <stdlib.h>
#include <string.h>

/* The thresholds in the order of their lines. */
static const enum key_role threshold_roles[] = { KEY_ROLE_ROOT, KEY_ROLE_BUILDER,
						 KEY_ROLE_APPROVER };
enum { THRESHOLDS = sizeof threshold_roles / sizeof *threshold_roles };

/* ---- lines ---- */

struct lines {
	const char *at;
	size_t left;
	unsigned number; /* of the current line, from 1 */
};

/* A line, or what is left of one, cut word by word. */
struct words {
	const char *at;
	size_t left;
};

static int bad_line(const struct lines *l, const char *cause, struct error *err)
{
	return error_set(err, ERROR_TRUST_FORMAT, "trust root: line %u: %s", l->number, cause);
}

/* The next line, which must end with LF and hold printable ASCII. */
static int next_line(struct lines *l, struct words *out, struct error *err)
{
	const char *end = l->left ? memchr(l->at, '\n', l->left) : NULL;

	l->number++;
	if (!end)
		return bad_line(l, "missing or without a line feed", err);
	*out = (struct words){ .at = l->at, .left = (size_t)(end - l->at) };
	if (out->left > LIMIT_TEXT_LINE)
		return bad_line(l, "too long", err);
	for (size_t i = 0; i < out->left; i++)
		if (out->at[i] < 0x20 || out->at[i] > 0x7e)
			return bad_line(l, "a byte outside 0x20-0x7e", err);
	l->left -= out->left + 1;
	l->at = end + 1;
	return 0;
}

/* The next word; words are parted by exactly one space.  Empty words come out empty. */
static struct words next_word(struct words *from)
{
	const char *space = from->left ? memchr(from->at, ' ', from->left) : NULL;
	size_t len = space ? (size_t)(space - from->at) : from->left;
	struct words word = { .at = from->at, .left = len };

	from->at += space ? len + 1 : len;
	from->left -= space ? len + 1 : len;
	return word;
}

static bool is_text(struct words word, const char *text)
{
	return word.left == strlen(text) && memcmp(word.at, text, word.left) == 0;
}

/* Consume "<key> " at the start of the line. */
static bool take_key(struct words *line, const char *key)
{
	size_t len = strlen(key);

	if (line->left <= len + 1 || memcmp(line->at, key, len) != 0 || line->at[len] != ' ')
		return false;
	line->at += len + 1;
	line->left -= len + 1;
	return true;
}

static int take_number(struct lines *l, const char *key, uint64_t max, unsigned *out,
		       struct error *err)
{
	struct words line = { 0 };
	uint64_t value;

	if (next_line(l, &line, err) < 0)
		return -1;
	if (!take_key(&line, key))
		return error_set(err, ERROR_TRUST_FORMAT, "trust root: line %u: \"%s\" expected",
				 l->number, key);
	if (!str_to_u64(line.at, line.left, max, &value) || value == 0)
		return bad_line(l, "a number from 1 to its limit expected", err);
	*out = (unsigned)value;
	return 0;
}

static int take_time(struct lines *l, const char *key, int64_t *out, struct error *err)
{
	struct words line = { 0 };

	if (next_line(l, &line, err) < 0)
		return -1;
	if (!take_key(&line, key) || !str_to_time(line.at, line.left, out))
		return error_set(err, ERROR_TRUST_FORMAT,
				 "trust root: line %u: \"%s\" and a time "
				 "YYYY-MM-DDThh:mm:ssZ expected",
				 l->number, key);
	return 0;
}

/* ---- parsing ---- */

static int parse_head(struct lines *l, struct trust *t, struct error *err)
{
	static const char *const keys[THRESHOLDS] = { "threshold root", "threshold builder",
						      "threshold approver" };
	struct words line = { 0 };

	if (next_line(l, &line, err) < 0)
		return -1;
	t->format = is_text(line, "gapferry-trust 2") ? 2 : 1;
	if (t->format == 1 && !is_text(line, "gapferry-trust 1"))
		return bad_line(l, "\"gapferry-trust 1\" or 2 expected", err);
	if (take_number(l, "version", LIMIT_TRUST_VERSIONS, &t->version, err) < 0 ||
	    take_time(l, "created", &t->created, err) < 0 ||
	    take_time(l, "expires", &t->expires, err) < 0)
		return -1;
	if (t->expires <= t->created)
		return bad_line(l, "expires is not after created", err);
	for (size_t i = 0; i < THRESHOLDS; i++)
		if (take_number(l, keys[i], LIMIT_TRUST_KEYS, &t->threshold[threshold_roles[i]],
				err) < 0)
			return -1;
	return 0;
}

static int parse_key(struct lines *l, struct words line, struct trust_key *k, struct error *err)
{
	struct words id = next_word(&line), role = next_word(&line), holder = next_word(&line);

	if (!str_from_hex(id.at, id.left, k->id, sizeof k->id))
		return bad_line(l, "key id of 64 lower-case hex digits expected", err);
	k->role = key_role_parse(role.at, role.left);
	if (k->role == KEY_ROLE_NONE)
		return bad_line(l, "role builder, approver, root or importer expected", err);
	if (!key_holder_is_valid(holder.at, holder.left))
		return bad_line(l, "holder expected", err);
	memcpy(k->holder, holder.at, holder.left);
	if (!str_from_hex(line.at, line.left, k->cert_sha256, sizeof k->cert_sha256))
		return bad_line(l, "certificate digest of 64 lower-case hex digits expected", err);
	str_to_hex(k->id, (KEY_SHORT_SIZE - 1) / 2, k->short_id);
	return 0;
}

static int parse_keys(struct lines *l, struct trust *t, struct words *after, struct error *err)
{
	for (;;) {
		struct trust_key *k = &t->keys[t->key_count];

		if (next_line(l, after, err) < 0)
			return -1;
		if (!take_key(after, "key"))
			return 0;
		if (t->key_count == LIMIT_TRUST_KEYS)
			return bad_line(l, "too many keys", err);
		if (parse_key(l, *after, k, err) < 0)
			return -1;
		if (t->key_count > 0 && trust_compare_keys(k - 1, k) >= 0)
			return bad_line(l, "keys are not sorted", err);
		/* Sorted, so equal ids are neighbours: one key has one role and one holder. */
		if (t->key_count > 0 && strcmp(k[-1].short_id, k->short_id) == 0)
			return bad_line(l, "the same key twice", err);
		t->key_count++;
	}
}

static int take_reason(struct lines *l, struct words word, char out[KEY_HOLDER_SIZE],
		       struct error *err)
{
	if (!key_holder_is_valid(word.at, word.left))
		return bad_line(l, "a word as the reason expected", err);
	memcpy(out, word.at, word.left);
	return 0;
}

static int parse_revoked_key(struct lines *l, struct words line, struct trust_revoked_key *r,
			     struct error *err)
{
	struct words id = next_word(&line), since = next_word(&line);

	if (!str_from_hex(id.at, id.left, r->id, sizeof r->id))
		return bad_line(l, "key id of 64 lower-case hex digits expected", err);
	r->timed = !is_text(since, "-");
	if (r->timed && !str_to_time(since.at, since.left, &r->since))
		return bad_line(l, "a time or - expected", err);
	str_to_hex(r->id, (KEY_SHORT_SIZE - 1) / 2, r->short_id);
	return take_reason(l, line, r->reason, err);
}

static int parse_revoked_bundle(struct lines *l, struct words line, struct trust_revoked_bundle *r,
				struct error *err)
{
	struct words channel = next_word(&line), epoch = next_word(&line);
	struct words sequence = next_word(&line), manifest = next_word(&line);
	uint64_t number;

	if (!key_holder_is_valid(channel.at, channel.left))
		return bad_line(l, "channel expected", err);
	memcpy(r->channel, channel.at, channel.left);
	if (!str_to_u64(epoch.at, epoch.left, UINT32_MAX, &number) || number == 0 ||
	    !str_to_u64(sequence.at, sequence.left, INT64_MAX, &r->sequence) || r->sequence == 0)
		return bad_line(l, "epoch and sequence expected", err);
	r->epoch = (uint32_t)number;
	if (!str_from_hex(manifest.at, manifest.left, r->manifest, sizeof r->manifest))
		return bad_line(l, "MANIFEST digest of 64 lower-case hex digits expected", err);
	return take_reason(l, line, r->reason, err);
}

/* The revocations; *last is the line behind the keys, and comes out as the one behind them. */
static int parse_revoked(struct lines *l, struct trust *t, struct words *last, struct error *err)
{
	while (t->format > 1 && take_key(last, "revoked-key")) {
		size_t n = t->revoked_key_count;

		if (n == LIMIT_TRUST_REVOKED_KEYS)
			return bad_line(l, "too many revoked keys", err);
		struct trust_revoked_key *r = &t->revoked_keys[n];
		if (parse_revoked_key(l, *last, r, err) < 0)
			return -1;
		if (n > 0 && trust_compare_revoked(r - 1, r) >= 0)
			return bad_line(l, "revoked keys are not sorted", err);
		for (size_t i = 0; i < t->key_count && !r->timed; i++)
			if (memcmp(t->keys[i].id, r->id, sizeof r->id) == 0)
				return bad_line(l, "a key is listed that never counts", err);
		t->revoked_key_count++;
		if (next_line(l, last, err) < 0)
			return -1;
	}
	while (t->format > 1 && take_key(last, "revoked-bundle")) {
		size_t n = t->revoked_bundle_count;

		if (n == LIMIT_TRUST_REVOKED_BUNDLES)
			return bad_line(l, "too many revoked bundles", err);
		struct trust_revoked_bundle *r = &t->revoked_bundles[n];
		if (parse_revoked_bundle(l, *last, r, err) < 0)
			return -1;
		if (n > 0 && trust_compare_revoked_bundles(r - 1, r) >= 0)
			return bad_line(l, "revoked bundles are not sorted", err);
		t->revoked_bundle_count++;
		if (next_line(l, last, err) < 0)
			return -1;
	}
	return 0;
}

static int parse_end(struct lines *l, struct words line, const struct trust *t, struct error *err)
{
	uint64_t count;

	if (t->key_count == 0)
		return bad_line(l, "at least one key expected", err);
	if (!take_key(&line, "end") || !str_to_u64(line.at, line.left, UINT32_MAX, &count))
		return bad_line(l, "\"key\" or \"end\" expected", err);
	if (count != l->number)
		return bad_line(l, "wrong number of lines", err);
	if (l->left)
		return bad_line(l, "bytes after the end", err);
	return 0;
}

/* The grammar above leaves no choice, so this never fails; it is cheap and it is the rule. */
static int check_canonical(const struct trust *t, const unsigned char *bytes, size_t len,
			   struct error *err)
{
	CLEANUP(buf_clear) struct buf again = BUF_INIT(LIMIT_TRUST_BYTES);

	if (trust_write(t, &again, err) < 0)
		return -1;
	if (again.len != len || memcmp(again.bytes, bytes, len) != 0)
		return error_set(err, ERROR_TRUST_FORMAT, "trust root: not in canonical form");
	return 0;
}

struct trust *trust_parse(const unsigned char *bytes, size_t len, struct error *err)
{
	CLEANUP(trust_free) struct trust *t = buf_calloc(1, sizeof *t);
	struct lines l = { .at = (const char *)bytes, .left = len };
	struct words last = { 0 };

	if (len > LIMIT_TRUST_BYTES) {
		error_set(err, ERROR_TRUST_FORMAT, "trust root: %zu bytes, at most %u", len,
			  LIMIT_TRUST_BYTES);
		return NULL;
	}
	if (parse_head(&l, t, err) < 0 || parse_keys(&l, t, &last, err) < 0 ||
	    parse_revoked(&l, t, &last, err) < 0 || parse_end(&l, last, t, err) < 0 ||
	    check_canonical(t, bytes, len, err) < 0 || trust_check_thresholds(t, err) < 0)
		return NULL;
	return STEAL(t);
}

void trust_free(struct trust *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->key_count; i++)
		key_cert_free(t->keys[i].cert);
	free(t->history);
	file_list_clear(&t->files);
	free(t);
}

/* ---- writing ---- */

int trust_write(const struct trust *t, struct buf *out, struct error *err)
{
	char created[STR_TIME_SIZE], expires[STR_TIME_SIZE];

	str_from_time(t->created, created);
	str_from_time(t->expires, expires);
	if (buf_printf(out, err, "gapferry-trust %u\nversion %u\ncreated %s\nexpires %s\n",
		       t->format, t->version, created, expires) < 0)
		return -1;
	for (size_t i = 0; i < THRESHOLDS; i++)
		if (buf_printf(out, err, "threshold %s %u\n", key_role_name(threshold_roles[i]),
			       t->threshold[threshold_roles[i]]) < 0)
			return -1;
	for (size_t i = 0; i < t->key_count; i++) {
		const struct trust_key *k = &t->keys[i];
		char id[DIGEST_HEX], cert[DIGEST_HEX];

		str_to_hex(k->id, sizeof k->id, id);
		str_to_hex(k->cert_sha256, sizeof k->cert_sha256, cert);
		if (buf_printf(out, err, "key %s %s %s %s\n", id, key_role_name(k->role), k->holder,
			       cert) < 0)
			return -1;
	}
	if (trust_write_revoked(t, out, err) < 0)
		return -1;
	return buf_printf(out, err, "end %zu\n",
			  4 + THRESHOLDS + t->key_count + t->revoked_key_count +
				  t->revoked_bundle_count + 1);
}

/* ---- counting ---- */

/* As the lines sort: the ids differ between any two keys that are allowed together. */
int trust_compare_keys(const struct trust_key *a, const struct trust_key *b)
{
	return memcmp(a->id, b->id, sizeof a->id);
}

const struct trust_key *trust_find(const struct trust *t, const char *short_id)
{
	for (size_t i = 0; i < t->key_count; i++)
		if (strcmp(t->keys[i].short_id, short_id) == 0)
			return &t->keys[i];
	return NULL;
}

void trust_tally_add(struct trust_tally *tally, const char *holder)
{
	for (size_t i = 0; i < tally->count; i++)
		if (key_holder_is_same(tally->holders[i], holder))
			return;
	if (tally->count < LIMIT_TRUST_KEYS)
		tally->holders[tally->count++] = holder;
}

int trust_check_thresholds(const struct trust *t, struct error *err)
{
	struct trust_tally both = { 0 };

	for (size_t i = 0; i < THRESHOLDS; i++) {
		enum key_role role = threshold_roles[i];
		struct trust_tally one = { 0 };

		for (size_t k = 0; k < t->key_count; k++) {
			if (t->keys[k].role != role || trust_find_revoked(t, t->keys[k].id))
				continue;
			trust_tally_add(&one, t->keys[k].holder);
			if (role != KEY_ROLE_ROOT)
				trust_tally_add(&both, t->keys[k].holder);
		}
		if (one.count < t->threshold[role])
			return error_set(err, ERROR_TRUST_THRESHOLD,
					 "trust root: %u %s signatures are required, but only %zu "
					 "people hold such keys",
					 t->threshold[role], key_role_name(role), one.count);
	}
	if (both.count < t->threshold[KEY_ROLE_BUILDER] + t->threshold[KEY_ROLE_APPROVER])
		return error_set(
			err, ERROR_TRUST_THRESHOLD,
			"trust root: builder and approver must be different people, and only "
			"%zu hold such keys",
			both.count);
	return 0;
}

#include "importer/server/desk.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/cli/cli.h"
#include "lib/store/parts.h"
#include "lib/store/store.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *desk_state(const struct cli_args *args)
{
	const char *state = cli_text(args, "state");

	return state ? state : cli_text(args, "repo");
}

int desk_open(const struct cli_args *args, struct desk *d, struct error *err)
{
	d->store = store_open(cli_text(args, "repo"), false, err);
	if (!d->store)
		return -1;
	d->query = query_open(d->store);
	d->clients = clients_open(desk_state(args), CLIENTS_VERB, err);
	return d->clients ? group_list_load(d->clients, &d->groups, err) : -1;
}

void desk_close(struct desk *d)
{
	parts_free(d->parts);
	group_list_clear(&d->groups);
	clients_close(d->clients);
	query_close(d->query);
	store_close(d->store);
}

const struct group *desk_group(const struct desk *d, const char *name, struct error *err)
{
	const struct group *g = group_by_name(&d->groups, name);

	if (!g)
		error_set(err, ERROR_GROUP_ABSENT, "group '%.127s': there is none", name);
	return g;
}

const char *desk_group_name(const struct desk *d, int64_t id)
{
	const struct group *g = group_by_id(&d->groups, id);

	return g ? g->name : "";
}

/* ---- one update ---- */

static bool only_evaluated(const struct query_update *u)
{
	return u->action == CATALOG_ACTION_EVALUATE || strcmp(u->type, "Detectoid") == 0 ||
	       strcmp(u->type, "Category") == 0;
}

/* Is u a better witness than what *out has? */
static bool better(const struct query_update *u, const struct desk_update *out)
{
	bool usable = u->verdict == CATALOG_OK;

	if (!out->known)
		return true;
	if (usable == out->facts.quarantined)
		return usable;
	return u->revision_number > out->revision;
}

/* The catalogs' texts are UTF-8; cut at a character. */
static void copy_text(const char *text, char *out, size_t size)
{
	size_t len = strnlen(text, size - 1);

	while (text[len] && len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	memcpy(out, text, len);
	out[len] = '\0';
	for (char *p = out; *p; p++)
		if ((unsigned char)*p < 0x20)
			*p = ' ';
}

static void take(const struct query_update *u, struct desk_update *out)
{
	out->known = true;
	out->at = u->id;
	out->revision = u->revision_number;
	copy_text(u->kb, out->kb, sizeof out->kb);
	copy_text(u->title, out->title, sizeof out->title);
	out->facts =
		(struct approval_facts){ .known = true,
					 .quarantined = u->verdict != CATALOG_OK,
					 .is_category = only_evaluated(u),
					 .only_bundle_part = u->action == CATALOG_ACTION_BUNDLE };
}

int desk_update(struct query *q, const unsigned char update_id[16], struct desk_update *out,
		struct error *err)
{
	struct query_updates it = { .update_id = update_id, .verdict = QUERY_ANY };
	struct query_update u;
	int row;

	*out = (struct desk_update){ .known = false };
	memcpy(out->update_id, update_id, sizeof out->update_id);
	while ((row = query_updates_next(q, &it, &u, err)) == 1)
		if (better(&u, out))
			take(&u, out);
	query_updates_end(q, &it);
	return row;
}

/* ---- updates that words name ---- */

void desk_updates_clear(struct desk_updates *u)
{
	free(u->items);
	*u = (struct desk_updates){ 0 };
}

static int by_guid(const void *left, const void *right)
{
	const struct desk_update *a = left, *b = right;

	return memcmp(a->update_id, b->update_id, sizeof a->update_id);
}

static void add_guid(struct desk_updates *out, const unsigned char update_id[16])
{
	out->items = buf_grow(out->items, &out->capacity, out->count, sizeof *out->items);
	out->items[out->count] = (struct desk_update){ .known = false };
	memcpy(out->items[out->count++].update_id, update_id, 16);
}

/* A KB number as it was asked for. */
struct asked {
	char number[DESK_KB];
	bool found;
};

struct asked_list {
	struct asked *items;
	size_t count, capacity;
};

static void asked_clear(struct asked_list *l)
{
	free(l->items);
}
DEFINE_CLEANUP_IN_PLACE(struct asked_list, asked_clear);

static int by_number(const void *left, const void *right)
{
	return strcmp(((const struct asked *)left)->number, ((const struct asked *)right)->number);
}

static const char *kb_digits(const char *word)
{
	return (word[0] == 'K' || word[0] == 'k') && (word[1] == 'B' || word[1] == 'b') ? word + 2
											: word;
}

static int add_word(const char *word, struct asked_list *asked, struct desk_updates *out,
		    struct error *err)
{
	const char *digits = kb_digits(word);
	unsigned char update_id[16];
	uint64_t number;

	if (str_to_guid(word, strlen(word), update_id)) {
		add_guid(out, update_id);
		return 0;
	}
	if (strlen(digits) >= DESK_KB || !str_to_u64(digits, strlen(digits), UINT64_MAX, &number))
		return error_set(err, ERROR_APPROVAL_UNKNOWN,
				 "'%.80s': neither an UpdateID nor a KB number", word);
	asked->items = buf_grow(asked->items, &asked->capacity, asked->count, sizeof *asked->items);
	struct asked *a = &asked->items[asked->count++];
	*a = (struct asked){ .found = false };
	memcpy(a->number, digits, strlen(digits));
	return 0;
}

/* One walk over all updates for all numbers. */
static int find_numbers(struct query *q, struct asked_list *asked, struct desk_updates *out,
			struct error *err)
{
	struct query_updates it = { .verdict = QUERY_ANY };
	struct query_update u;
	int row;

	qsort(asked->items, asked->count, sizeof *asked->items, by_number);
	do {
		it.scanned = 0; /* no budget here */
		while ((row = query_updates_next(q, &it, &u, err)) == 1) {
			struct asked key = { .found = false };

			if (*u.kb == '\0' || strlen(kb_digits(u.kb)) >= DESK_KB ||
			    only_evaluated(&u) || u.action == CATALOG_ACTION_BUNDLE)
				continue;
			memcpy(key.number, kb_digits(u.kb), strlen(kb_digits(u.kb)));
			struct asked *a = bsearch(&key, asked->items, asked->count,
						  sizeof *asked->items, by_number);
			if (!a)
				continue;
			add_guid(out, u.update_id);
			/* The same number may have been given twice: neighbours. */
			for (; a > asked->items && by_number(a - 1, &key) == 0;)
				a--;
			for (; a < asked->items + asked->count && by_number(a, &key) == 0; a++)
				a->found = true;
		}
		query_updates_end(q, &it);
	} while (row == 0 && !it.done);
	for (size_t i = 0; row == 0 && i < asked->count; i++)
		if (!asked->items[i].found)
			return error_set(err, ERROR_APPROVAL_UNKNOWN,
					 "KB%s: no update here has this number",
					 asked->items[i].number);
	return row;
}

int desk_updates(struct desk *d, const char *const *words, size_t count, struct desk_updates *out,
		 struct error *err)
{
	CLEANUP(asked_clear) struct asked_list asked = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (add_word(words[i], &asked, out, err) < 0)
			return -1;
	if (asked.count > 0 && find_numbers(d->query, &asked, out, err) < 0)
		return -1;
	if (out->count > 1)
		qsort(out->items, out->count, sizeof *out->items, by_guid);
	for (size_t i = 0; i < out->count; i++)
		if (kept == 0 || by_guid(&out->items[kept - 1], &out->items[i]) != 0)
			out->items[kept++] = out->items[i];
	out->count = kept;
	for (size_t i = 0; i < out->count; i++) {
		unsigned char update_id[16];

		memcpy(update_id, out->items[i].update_id, sizeof update_id);
		if (desk_update(d->query, update_id, &out->items[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---- files ---- */

struct missing {
	struct desk_update *update;
	void (*file)(void *ctx, const struct desk_update *u, const struct query_file *f);
	void *ctx;
};

static void count_file(void *ctx, const struct query_file *f)
{
	const struct missing *m = ctx;

	m->update->facts.files_missing++;
	m->file(m->ctx, m->update, f);
}

int desk_missing(struct desk *d, struct desk_update *u,
		 void (*file)(void *ctx, const struct desk_update *u, const struct query_file *f),
		 void *ctx, struct error *err)
{
	struct missing m = { u, file, ctx };

	if (!u->known)
		return 0;
	if (!d->parts)
		d->parts = parts_load(d->store, err);
	return d->parts ? parts_missing(d->parts, d->query, &u->at, count_file, &m, err) : -1;
}

/* ---- texts ---- */

void desk_what(const struct desk_update *u, char out[DESK_WHAT])
{
	char guid[STR_GUID_SIZE];

	str_from_guid(u->update_id, guid);
	snprintf(out, DESK_WHAT, "%s%s%s%s%s(%s)", *u->kb ? "KB" : "", kb_digits(u->kb),
		 *u->kb ? " " : "", u->title, *u->title ? " " : "", guid);
}

int desk_by(const char *option, char out[APPROVAL_BY_SIZE], struct error *err)
{
	unsigned id = (unsigned)getuid();

	if (option) {
		snprintf(out, APPROVAL_BY_SIZE, "%s", option);
		return 0;
	}
	errno = 0;
	const struct passwd *user = getpwuid(id);
	/* getpwuid(3): what it says of a user that is not there */
	if (!user && errno != 0 && errno != ENOENT && errno != ESRCH && errno != EBADF &&
	    errno != EPERM)
		return error_set_errno(err, ERROR_FILE_OPEN,
				       "the name of user %u, who has to be stated with --by", id);
	if (user)
		snprintf(out, APPROVAL_BY_SIZE, "%s", user->pw_name);
	else
		snprintf(out, APPROVAL_BY_SIZE, "%u", id);
	return 0;
}

int desk_time(const char *text, int64_t *out, struct error *err)
{
	char whole[STR_TIME_SIZE];

	if (strlen(text) == 10) {
		snprintf(whole, sizeof whole, "%sT00:00:00Z", text);
		text = whole;
	}
	if (!str_to_time(text, strlen(text), out))
		return error_set(err, ERROR_USAGE,
				 "time '%.40s': not YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ", text);
	return 0;
}

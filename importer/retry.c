#include "importer/retry.h"

#include "importer/pending.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/store/channel.h"
#include "lib/store/store.h"
#include "media/need.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct run {
	struct store *store;
	const char *repo;
	const struct import_request *like;
	struct need need; /* of the newest that waits, as far as it was tried */
	struct retry *out;
};

static void run_clear(struct run *r)
{
	need_clear(&r->need);
}
DEFINE_CLEANUP_IN_PLACE(struct run, run_clear);

static void keep_need(struct run *r, struct import_result *result)
{
	if (result->sequence < r->need.sequence)
		return;
	need_clear(&r->need);
	r->need = result->need;
	result->need = (struct need){ .epoch = 0 };
}

/*
 * A bundle that cannot be accepted now will not be later: expired, forked, damaged on our disk. But
 * a call that the system refused says nothing of the bundle.
 */
static bool is_verdict(const struct error *err)
{
	if ((err->sys != 0 && err->sys != ENOENT) || err->id == ERROR_SANDBOX_CRASHED ||
	    err->id == ERROR_SANDBOX_KILLED)
		return false;
	return err->class == ERROR_CLASS_INTEGRITY || err->class == ERROR_CLASS_TRUST ||
	       err->class == ERROR_CLASS_REPLAY || err->class == ERROR_CLASS_MISSING;
}

static int try_one(struct run *r, const struct pending *p, struct error *err)
{
	CLEANUP(import_clear) struct import_result result = { 0 };
	struct import_request request = *r->like;
	char path[4096];
	const char *place = path;

	snprintf(path, sizeof path, "%s/pending/%s", r->repo, p->name);
	request.places = &place;
	request.place_count = 1;
	request.wanted = NULL;
	request.waited = true;
	if (import_bundle(r->store, &request, &result, err) < 0) {
		if (!is_verdict(err))
			return -1;
		error_clear(err);
		r->out->refused++;
		return pending_remove(r->store, p->name, err);
	}
	if (result.incomplete) {
		keep_need(r, &result);
		return 0;
	}
	if (r->out->count < RETRY_MAX)
		r->out->sequences[r->out->count] = result.sequence;
	r->out->count++;
	r->out->gone += result.gone;
	r->out->shrunk |= result.shrunk;
	r->out->errors += result.summary.errors;
	return 0;
}

static bool is_it(const struct import_result *just, const struct pending *p)
{
	char name[65];

	if (!just->incomplete || just->sequence != p->sequence)
		return false;
	str_to_hex(just->manifest, sizeof just->manifest, name);
	return strcmp(name, p->name) == 0;
}

/* Lowest first: what one of them brings may be what the next one lacks. */
static int try_all(struct run *r, const struct import_result *just, struct error *err)
{
	CLEANUP(pending_list_clear) struct pending_list list = { 0 };
	struct channel c;

	if (pending_list_load(r->store, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		if (channel_load(r->store, NULL, &c, err) < 0)
			return -1;
		bool tried = is_it(just, &list.items[i]) && r->out->count == 0;
		if (list.items[i].sequence > c.sequence && !tried &&
		    try_one(r, &list.items[i], err) < 0)
			return -1;
	}
	return 0;
}

/* What is older than the newest import is of no use any more. */
static int drop_old(struct run *r, struct error *err)
{
	CLEANUP(pending_list_clear) struct pending_list list = { 0 };
	struct channel c;

	if (pending_list_load(r->store, &list, err) < 0 ||
	    channel_load(r->store, NULL, &c, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		if (list.items[i].sequence > c.sequence && list.items[i].epoch == c.epoch)
			r->out->waiting = list.items[i].sequence;
		else if (pending_remove(r->store, list.items[i].name, err) < 0)
			return -1;
	}
	r->need.holds = c.sequence;
	return 0;
}

int retry_all(struct store *s, const char *repo, const struct import_request *like,
	      struct import_result *just, struct retry *out, struct error *err)
{
	CLEANUP(run_clear) struct run r = { .store = s, .repo = repo, .like = like, .out = out };

	*out = (struct retry){ .count = 0 };
	if (pending_tidy(s, err) < 0 || try_all(&r, just, err) < 0 || drop_old(&r, err) < 0)
		return -1;
	if (out->waiting == 0)
		return pending_save_need(s, NULL, err);
	if (just->incomplete && just->sequence >= r.need.sequence) {
		just->need.holds = r.need.holds;
		return pending_save_need(s, &just->need, err);
	}
	return r.need.sequence > 0 ? pending_save_need(s, &r.need, err) : 0;
}

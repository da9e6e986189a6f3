#include "exporter/job_retain.h"

#include "exporter/job_conf.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/site.h"
#include "lib/store/store.h"
#include "media/manifest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DAY = 86400 };

struct kept {
	char name[MANIFEST_DIRECTORY_SIZE];
	uint32_t epoch;
	uint64_t sequence;
	int64_t recorded;
};

struct outbox {
	struct store *store;
	const struct channel *channel;
	const struct job_conf *conf;
	struct job_retain *r;
	int top; /* gapferry/ */
	struct kept *bundles;
	size_t count, capacity;
};

static void outbox_clear(struct outbox *o)
{
	file_close(o->top);
	free(o->bundles);
}
DEFINE_CLEANUP_IN_PLACE(struct outbox, outbox_clear);

static void warn(struct outbox *o, const char *name, const char *cause)
{
	char text[700];

	snprintf(text, sizeof text, "%s: %s/gapferry/%s: %s", error_id_text(ERROR_JOB_OUTBOX),
		 o->conf->out, name, cause);
	json_array_append_new(o->r->warnings, json_string(text));
}

/* "CHANNEL-EPOCH-SEQUENCE" of this channel. */
static bool parse_name(const char *channel, const char *name, struct kept *out)
{
	size_t len = strlen(channel);
	uint64_t epoch;

	if (strncmp(name, channel, len) != 0 || name[len] != '-' ||
	    strlen(name) >= sizeof out->name)
		return false;
	const char *first = name + len + 1, *dash = strchr(first, '-');
	if (!dash || !str_to_u64(first, (size_t)(dash - first), UINT32_MAX, &epoch) ||
	    !str_to_u64(dash + 1, strlen(dash + 1), INT64_MAX, &out->sequence))
		return false;
	out->epoch = (uint32_t)epoch;
	snprintf(out->name, sizeof out->name, "%s", name);
	return true;
}

/* Complete, and written from this repository: 1, 0, -1. */
static int is_ours(struct outbox *o, struct kept *k, struct error *err)
{
	CLEANUP(file_close) int dir = file_open_subdir(o->top, k->name, false, err);
	CLEANUP(free) unsigned char *bytes = NULL;
	struct channel_bundle known;
	unsigned char digest[DIGEST_SHA256];
	size_t len;

	if (dir < 0)
		return -1;
	int found = file_load(dir, "MANIFEST", LIMIT_MANIFEST_BYTES, &bytes, &len, err);
	if (found <= 0)
		return found;
	digest_sha256(bytes, len, digest);
	int row = channel_find_bundle(o->store, o->channel->id, k->epoch, k->sequence, &known, err);
	if (row <= 0)
		return row;
	k->recorded = known.recorded;
	return memcmp(known.digest, digest, sizeof digest) == 0;
}

/* "vol-0001.tar", and the files that may lie beside it. */
static bool is_volume_file(const char *name)
{
	static const char *const ends[] = { ".tar", ".par", ".ec" };
	size_t len = strlen(name);

	if ((strncmp(name, "vol-", 4) != 0 && strncmp(name, "par-", 4) != 0) || len < 9 ||
	    strspn(name + 4, "0123456789") != 4)
		return false;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (strcmp(name + 8, ends[i]) == 0)
			return true;
	return name[8] == '.' && name[9] == 's' && strspn(name + 10, "0123456789") == len - 10;
}

static bool is_bundle_file(const char *name)
{
	static const char *const names[] = { "MANIFEST",   "OBJECTS",    "CHUNKS",
					     "SHA256SUMS", "VERIFY.txt", "sigs",
					     "trust",      "origin",     "log" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return is_volume_file(name);
}

/* The bytes of a directory and of those directly in it; *foreign when something else is there. */
static int measure(int top, const char *name, uint64_t *bytes, bool *foreign, struct error *err)
{
	CLEANUP(file_close) int dir = file_open_subdir(top, name, false, err);
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (dir < 0 || file_list_load(dir, LIMIT_OUTBOX, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct stat st;

		*foreign |= !is_bundle_file(list.names[i]);
		if (fstatat(dir, list.names[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			*bytes += (uint64_t)st.st_size;
	}
	return 0;
}

static int collect(struct outbox *o, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (file_list_load(o->top, LIMIT_OUTBOX, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct kept k = { 0 };

		if (!parse_name(o->channel->name, list.names[i], &k))
			continue;
		int ours = is_ours(o, &k, err);
		if (ours < 0)
			return error_wrap(err, "%s", k.name);
		if (ours == 0) {
			warn(o, k.name, "not a bundle that this repository wrote; left alone");
			continue;
		}
		o->bundles = buf_grow(o->bundles, &o->capacity, o->count, sizeof *o->bundles);
		o->bundles[o->count++] = k;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->epoch != y->epoch)
		return x->epoch > y->epoch ? -1 : 1;
	return x->sequence > y->sequence ? -1 : x->sequence < y->sequence;
}

/* Is it the newest bundle that some site has confirmed?  1, 0, -1. */
static int is_confirmed(const struct outbox *o, const struct kept *k, struct error *err)
{
	struct site site = { .name = "" };
	int row;

	while ((row = site_each(o->store, o->channel->id, &site, err)) == 1)
		if (site.epoch == k->epoch && site.sequence == k->sequence)
			return 1;
	return row;
}

/* 1 to stay, 0, -1. */
static int must_stay(const struct outbox *o, size_t index, struct error *err)
{
	const struct kept *k = &o->bundles[index];
	size_t rank = index + o->r->coming; /* 0 is the newest */

	if (rank == 0 || rank < o->conf->keep || (!o->conf->keep && !o->conf->keep_days))
		return 1;
	if (o->conf->keep_days && (o->r->now < k->recorded ||
				   (uint64_t)(o->r->now - k->recorded) < o->conf->keep_days * DAY))
		return 1;
	return is_confirmed(o, k, err);
}

static int remove_bundle(struct outbox *o, const char *name, struct error *err)
{
	char unfinished[MANIFEST_DIRECTORY_SIZE + 8];

	snprintf(unfinished, sizeof unfinished, "%s.part", name);
	if (renameat(o->top, name, o->top, unfinished) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot rename", name);
	return file_sync(o->top, "gapferry", err) < 0 ? -1
						      : file_remove_tree(o->top, unfinished, err);
}

static int judge(struct outbox *o, size_t index, struct error *err)
{
	const char *name = o->bundles[index].name;
	bool foreign = false;
	uint64_t bytes = 0;
	int stay = must_stay(o, index, err);

	if (stay < 0 || measure(o->top, name, &bytes, &foreign, err) < 0)
		return -1;
	if (!stay && foreign) {
		warn(o, name, "holds files that are not of a bundle; left alone");
		stay = 1;
	}
	if (stay) {
		o->r->bytes += bytes;
		return 0;
	}
	json_array_append_new(o->r->removed, json_string(name));
	return o->r->only_look ? 0 : remove_bundle(o, name, err);
}

int job_retain(struct store *s, const struct channel *channel, const struct job_conf *c,
	       struct job_retain *r, struct error *err)
{
	CLEANUP(outbox_clear)
	struct outbox o = { .store = s, .channel = channel, .conf = c, .r = r, .top = -1 };
	CLEANUP(file_close) int out = file_open_dir(c->out, err);
	struct stat st;

	r->bytes = 0;
	if (out < 0)
		return -1;
	if (fstatat(out, "gapferry", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* nothing was written there yet */
	o.top = file_open_subdir(out, "gapferry", false, err);
	if (o.top < 0 || collect(&o, err) < 0)
		return -1;
	if (o.count > 0)
		qsort(o.bundles, o.count, sizeof *o.bundles, compare);
	for (size_t i = 0; i < o.count; i++)
		if (judge(&o, i, err) < 0)
			return -1;
	return 0;
}

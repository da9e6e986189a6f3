#include "importer/log_watch.h"

#include "importer/incident.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/crypto/signer.h"
#include "lib/store/channel.h"
#include "verifier/log_medium.h"
#include "verifier/note.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <string.h>

static int compare(const struct log_medium *m, const struct log_rows_seen *seen, struct error *err)
{
	unsigned long long had = seen->head.size, has = m->before.head.size;
	unsigned char root[TREE_HASH];

	if (strcmp(m->before.origin, seen->origin) != 0)
		return error_set(err, ERROR_LOG_ORIGIN, "the log is %s, that of this channel is %s",
				 m->before.origin, seen->origin);
	if (has < had)
		return error_set(err, ERROR_LOG_SHORTER,
				 "the log %s has %llu leaves, this site has seen %llu",
				 seen->origin, has, had);
	int found = log_medium_root(m, had, root, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return error_set(err, ERROR_LOG_GAP,
				 "log/nodes does not pass through the %llu leaves that this site "
				 "has seen",
				 had);
	if (memcmp(root, seen->head.root, sizeof root) != 0)
		return error_set(err, ERROR_LOG_REWRITTEN,
				 "the first %llu leaves of the log %s are others than this site "
				 "has seen",
				 had, seen->origin);
	return 0;
}

static void to_checkpoint(const struct log_rows_seen *seen, struct checkpoint *out)
{
	snprintf(out->origin, sizeof out->origin, "%s", seen->origin);
	out->head = seen->head;
}

static int refuse(struct store *s, const struct verified_bundle *b, const struct log_medium *m,
		  const struct log_rows_seen *seen, struct error *err)
{
	struct checkpoint ours;

	error_wrap(err, "%s", verify_path(b));
	if (err->id != ERROR_LOG_ORIGIN && err->id != ERROR_LOG_SHORTER &&
	    err->id != ERROR_LOG_REWRITTEN)
		return -1;
	to_checkpoint(seen, &ours);
	return incident_log(s, b, m, &ours, err);
}

int log_watch_check(struct store *s, const struct channel *c, const struct verified_bundle *b,
		    struct log_watch *out, struct error *err)
{
	CLEANUP(log_medium_clear) struct log_medium m = { .nodes = NULL };
	struct log_rows_seen seen;
	int has = log_medium_load(b, &m, err);
	int known = has < 0 ? -1 : log_rows_seen(s, c->id, &seen, err);

	*out = (struct log_watch){ .has = has == 1 };
	if (known < 0)
		return -1;
	if (!out->has && known == 1)
		return error_set(err, ERROR_LOG_ABSENT,
				 "%s: carries no log, but the bundles of this channel had one",
				 verify_path(b));
	if (!out->has)
		return 0;
	snprintf(out->now.origin, sizeof out->now.origin, "%s", m.after.origin);
	out->now.head = m.after.head;
	return known == 0 || compare(&m, &seen, err) == 0 ? 0 : refuse(s, b, &m, &seen, err);
}

int log_watch_save(struct store *s, const struct channel *c, const struct log_watch *w,
		   struct error *err)
{
	return w->has ? log_rows_see(s, c->id, &w->now, err) : 0;
}

int log_watch_cosign(struct store *s, const struct channel *c, const char *site,
		     const struct signer *signer, struct buf *out, struct error *err)
{
	struct checkpoint_signature signature;
	char name[CHECKPOINT_NAME_SIZE];
	struct log_rows_seen seen;
	struct checkpoint checkpoint;
	int known = log_rows_seen(s, c->id, &seen, err);

	if (known <= 0)
		return known;
	to_checkpoint(&seen, &checkpoint);
	snprintf(name, sizeof name, "gapferry.site/%s/%s", c->name, site);
	if (note_sign(signer, NOTE_WITNESS, &checkpoint, name, clock_stamp(), &signature, err) <
		    0 ||
	    checkpoint_write(&checkpoint, out, err) < 0 ||
	    checkpoint_write_signature(&signature, true, out, err) < 0)
		return -1;
	return 1;
}

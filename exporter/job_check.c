#include "exporter/job_check.h"

#include "exporter/job_conf.h"
#include "exporter/job_due.h"
#include "exporter/job_metrics.h"
#include "exporter/job_print.h"
#include "exporter/job_secret.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/signer.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check_access(const char *path, int mode, const char *what, struct error *err)
{
	if (faccessat(AT_FDCWD, path, mode, AT_EACCESS) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: %s", path, what);
	return 0;
}

static int check_schedule(const struct job_conf *c, struct error *err)
{
	int64_t next;

	return c->schedule[0] && job_due_next(c->schedule, clock_now(), &next, err) < 0 ? -1 : 0;
}

static int check_outbox(const struct job_conf *c, struct error *err)
{
	CLEANUP(file_close) int out = file_open_dir(c->out, err);

	return out < 0 ? -1 : check_access(c->out, W_OK | X_OK, "cannot write there", err);
}

static int check_repository(const struct job_conf *c, struct error *err)
{
	CLEANUP(store_close) struct store *s = store_open(c->repo, false, err);

	return s ? check_access(c->repo, W_OK | X_OK, "cannot write there", err) : -1;
}

static int outlives(int64_t until, int64_t wanted, const char *what, struct error *err)
{
	char text[STR_TIME_SIZE];

	if (until >= wanted)
		return 0;
	str_from_time(until, text);
	return error_set(err, ERROR_WRITE_EXPIRY, "%s ends %s, before a bundle of today would",
			 what, text);
}

/* The key opens, is a builder's of the channel, and it and the trust root last long enough. */
static int check_key(const struct job_conf *c, struct error *err)
{
	CLEANUP(buf_wipe) struct buf passphrase = BUF_INIT(JOB_SECRET_BYTES);
	CLEANUP(store_close) struct store *s = store_open(c->repo, false, err);
	int64_t wanted = clock_now() + (int64_t)c->expires_days * 86400;
	char path[JOB_SECRET_PATH];
	struct channel channel;

	if (!s || channel_load_sent(s, c->channel, &channel, err) < 0 ||
	    job_secret_path(c->key, path, err) < 0)
		return -1;
	int given = job_secret_passphrase(c, &passphrase, err);
	CLEANUP(file_close) int dir = given < 0 ? -1 : channel_open_trust(s, c->channel, err);
	CLEANUP(trust_free) struct trust *trust = dir < 0 ? NULL : trust_load(dir, "trust", err);
	CLEANUP(signer_clear) struct signer signer = { 0 };
	if (!trust ||
	    signer_load(&signer, trust, KEY_ROLE_BUILDER, path,
			given ? (char *)passphrase.bytes : getenv("GAPFERRY_KEY_PASSPHRASE"),
			err) < 0)
		return -1;
	if (outlives(trust->expires, wanted, "the trust root", err) < 0)
		return -1;
	return outlives(key_cert_facts(signer.listed->cert)->not_after, wanted,
			"the certificate of the key", err);
}

static int check_metrics(const struct job_conf *c, struct error *err)
{
	char above[PATH_MAX];

	if (!job_metrics_directory(c->metrics, above))
		return 0; /* the job writes none */
	return check_access(above, W_OK | X_OK, "cannot write there", err);
}

static int check_commands(const struct job_conf *c, struct error *err)
{
	const struct job_command *all[] = { &c->on_success, &c->on_failure };

	for (size_t i = 0; i < 2; i++)
		if (all[i]->count && faccessat(AT_FDCWD, all[i]->words, X_OK, AT_EACCESS) < 0)
			return error_set_errno(err, ERROR_JOB_COMMAND, "%s", all[i]->words);
	return 0;
}

void job_check(const struct job_conf *c, void (*problem)(void *ctx, const struct error *problem),
	       void *ctx)
{
	int (*const checks[])(const struct job_conf *c, struct error *err) = {
		check_schedule, check_repository, check_key,
		check_outbox,   check_metrics,    check_commands,
	};

	for (size_t i = 0; i < c->source_count; i++) {
		struct error err = ERROR_INIT;
		json_t *print = job_print_source(&c->sources[i], &err);

		if (!print)
			problem(ctx, &err);
		json_decref(print);
	}
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		struct error err = ERROR_INIT;

		if (checks[i](c, &err) < 0)
			problem(ctx, &err);
	}
}

#include "exporter/job_notify.h"

#include "exporter/job_conf.h"
#include "exporter/job_exec.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/sandbox/sandbox_message.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { LATE_SECONDS = 30 }; /* after a command should have been ended */

static const char *const statuses[JOB_STATUSES_] = {
	[JOB_STATUS_SUCCESS] = "success",         [JOB_STATUS_UNCHANGED] = "unchanged",
	[JOB_STATUS_FINDINGS] = "findings",       [JOB_STATUS_FAILED] = "failed",
	[JOB_STATUS_INTERRUPTED] = "interrupted",
};

const char *job_notify_status(enum job_status status)
{
	return statuses[status];
}

/* ---- the process ---- */

struct notifying {
	const struct job_conf *conf;
	const char *state_root;
};

static int start(const struct notifying *n, const struct job_command *which, const char *status,
		 struct error *err)
{
	struct job_command command = *which;
	char *argv[JOB_WORDS_MAX + 1] = { NULL }, *word = command.words;
	char job[JOB_NAME_SIZE + 16], state[64], path[4240];
	const char *environment[] = { job, state, path, NULL };
	const char *report = path + strlen("GAPFERRY_REPORT=");
	int ended_with;

	for (size_t i = 0; i < command.count; i++) {
		argv[i] = word;
		word += strlen(word) + 1;
	}
	snprintf(job, sizeof job, "GAPFERRY_JOB=%s", n->conf->name);
	snprintf(state, sizeof state, "GAPFERRY_STATUS=%s", status);
	snprintf(path, sizeof path, "GAPFERRY_REPORT=%s/jobs/%s/report.json", n->state_root,
		 n->conf->name);
	CLEANUP(file_close) int input = open(report, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (input < 0)
		return error_set_errno(err, ERROR_FILE_READ, "%s: cannot open", report);
	int ran = job_exec(&(struct job_exec){ .argv = argv,
					       .environment = environment,
					       .input = input,
					       .timeout = (unsigned)n->conf->notify_timeout },
			   &ended_with, err);
	if (ran < 0)
		return -1;
	if (ran == 0)
		return error_set(err, ERROR_JOB_COMMAND, "%s: there is no such program", argv[0]);
	if (ended_with != 0)
		return error_set(err, ERROR_JOB_COMMAND, "%s: ended with status %d", argv[0],
				 ended_with);
	return 0;
}

static int answer(void *ctx, const struct buf *request, struct buf *out, struct error *err)
{
	const struct notifying *n = ctx;
	uint32_t status;

	(void)out;
	if (request->len != sizeof status)
		return error_set(err, ERROR_SANDBOX_RECORD, "a question that is none");
	memcpy(&status, request->bytes, sizeof status);
	if (status >= JOB_STATUSES_)
		return error_set(err, ERROR_SANDBOX_RECORD, "no end of a run");
	const struct job_command *command =
		status == JOB_STATUS_FAILED || status == JOB_STATUS_INTERRUPTED
			? &n->conf->on_failure
			: &n->conf->on_success;
	return command->count > 0 ? start(n, command, statuses[status], err) : 0;
}

static int serve(void *ctx, int fd)
{
	return sandbox_serve(
		&(struct sandbox_service){ .answer = answer, .ctx = ctx, .max = sizeof(uint32_t) },
		fd);
}

/* ---- the run ---- */

int job_notify_start(const struct job_conf *c, const char *state_root, struct sandbox_process *out,
		     struct error *err)
{
	struct notifying n = { c, state_root };

	*out = (struct sandbox_process){ .fd = -1 };
	if (c->on_success.count == 0 && c->on_failure.count == 0)
		return 0;
	return sandbox_start(
		&(struct sandbox_child){ .at_liberty = true,
					 .run = serve,
					 .ctx = &n,
					 .patience = (unsigned)(c->notify_timeout + LATE_SECONDS) *
						     1000 },
		out, err);
}

int job_notify(struct sandbox_process *p, enum job_status status, struct error *err)
{
	CLEANUP(buf_clear) struct buf answer = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	const uint32_t number = status;

	if (p->pid == 0)
		return 0;
	return sandbox_ask(p, &number, sizeof number, &answer, "notification", err);
}

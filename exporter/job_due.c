#include "exporter/job_due.h"

#include "exporter/job_conf.h"
#include "exporter/job_exec.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"

#include <stdio.h>
#include <string.h>

enum { ANALYZE_SECONDS = 20 };

/* "    Next elapse: Mon 2026-01-05 00:00:00 UTC": in UTC, or the line "(in UTC):" follows. */
static bool parse_line(const char *text, const char *label, int64_t *out)
{
	const char *at = strstr(text, label);
	char stamp[STR_TIME_SIZE];

	if (!at)
		return false;
	at += strlen(label);
	at += strcspn(at, "0123456789\n");
	if (strlen(at) < 23 || strncmp(at + 19, " UTC", 4) != 0)
		return false;
	memcpy(stamp, at, 19);
	stamp[10] = 'T';
	stamp[19] = 'Z';
	stamp[20] = '\0';
	return str_to_time(stamp, 20, out);
}

int job_due_next(const char *schedule, int64_t after, int64_t *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_JOB_OUTPUT_BYTES);
	static const char *const environment[] = { "LC_ALL=C", NULL };
	char base[48], spec[CONF_VALUE_SIZE], program[] = "systemd-analyze", verb[] = "calendar",
					      one[] = "--iterations=1", end[] = "--";
	char *argv[] = { program, verb, one, base, end, spec, NULL };
	int status;

	snprintf(base, sizeof base, "--base-time=@%lld", (long long)after);
	snprintf(spec, sizeof spec, "%s", schedule);
	int ran = job_exec(&(struct job_exec){ .argv = argv,
					       .environment = environment,
					       .input = -1,
					       .output = &text,
					       .timeout = ANALYZE_SECONDS },
			   &status, err);
	if (ran <= 0)
		return ran;
	if (status != 0)
		return error_set(err, ERROR_JOB_SCHEDULE,
				 "schedule = %s: systemd-analyze does not understand it", schedule);
	if (buf_append(&text, "", 1, err) < 0)
		return -1;
	return parse_line((char *)text.bytes, "(in UTC): ", out) ||
	       parse_line((char *)text.bytes, "Next elapse: ", out);
}

int job_due(const struct job_conf *c, int64_t last_success, int64_t now, struct job_due *out,
	    struct error *err)
{
	bool never = last_success == JOB_DUE_UNKNOWN || last_success > now;
	int64_t by_schedule = JOB_DUE_UNKNOWN, since = never ? now : last_success;

	*out = (struct job_due){ .next = JOB_DUE_UNKNOWN };
	if (c->schedule[0] && job_due_next(c->schedule, since, &by_schedule, err) < 0)
		return -1;
	out->next = by_schedule;
	if (c->max_age && !never) {
		int64_t by_age = last_success + (int64_t)c->max_age;

		if (out->next == JOB_DUE_UNKNOWN || by_age < out->next)
			out->next = by_age;
	}
	out->due = never || (out->next != JOB_DUE_UNKNOWN && out->next <= now);
	out->overdue = c->max_age && (never || now - last_success > (int64_t)c->max_age);
	return 0;
}

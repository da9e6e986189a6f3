#include "exporter/job_metrics.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int job_metrics_write(const struct job_metrics *m, struct buf *out, struct error *err)
{
	/* The name of a job needs no escapes: letters, digits, '.', '_' and '-'. */
	const struct {
		const char *name, *help;
		long long value;
	} families[] = {
		{ "last_run_timestamp_seconds", "When the newest run ended.", m->last_run },
		{ "last_run_duration_seconds", "How long it took.", m->seconds },
		{ "last_run_status", "Its exit status: 0 done, 2 with findings, else failed.",
		  m->exit_status },
		{ "last_success_timestamp_seconds", "When a run succeeded last; 0 never.",
		  m->last_success },
		{ "bundle_timestamp_seconds", "When the job wrote its newest bundle; 0 never.",
		  m->bundle_written },
		{ "bundle_sequence", "The sequence number of that bundle.",
		  (long long)m->bundle_sequence },
		{ "bundle_bytes", "The content of that bundle.", (long long)m->bundle_bytes },
		{ "outbox_bytes", "What the bundles of the channel take in the outbox.",
		  (long long)m->outbox_bytes },
		{ "max_age_seconds", "The age of the last success that makes it overdue; 0 none.",
		  (long long)m->max_age },
	};

	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		if (buf_printf(out, err,
			       "# TYPE gapferry_job_%s gauge\n# HELP gapferry_job_%s %s\n"
			       "gapferry_job_%s{name=\"%s\"} %lld\n",
			       families[i].name, families[i].name, families[i].help,
			       families[i].name, m->job, families[i].value) < 0)
			return -1;
	return buf_printf(out, err, "# EOF\n");
}

const char *job_metrics_directory(const char *path, char out[PATH_MAX])
{
	const char *name = strrchr(path, '/');

	if (!name)
		return NULL;
	int len = name == path ? 1 : (int)(name - path);
	if (snprintf(out, PATH_MAX, "%.*s", len, path) >= PATH_MAX)
		return NULL;
	return name + 1;
}

int job_metrics_save(const struct job_metrics *m, const char *path, struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(16384);
	char above[PATH_MAX];
	const char *name = job_metrics_directory(path, above);

	if (!name || !*name)
		return error_set(err, ERROR_FILE_WRITE, "%s: not the path of a file", path);
	if (job_metrics_write(m, &text, err) < 0)
		return -1;
	CLEANUP(file_close) int dir = file_open_dir(above, err);
	if (dir < 0 || file_save(dir, name, text.bytes, text.len, 0644, err) < 0)
		return -1;
	/* Whatever the umask of a service is: another user collects it. */
	if (fchmodat(dir, name, 0644, 0) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot open it to all", path);
	return 0;
}

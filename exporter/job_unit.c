#include "exporter/job_unit.h"

#include "exporter/job_conf.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"

#include <string.h>

int job_unit_timer(const struct job_conf *c, struct buf *out, struct error *err)
{
	if (!c->schedule[0])
		return error_set(err, ERROR_JOB_SCHEDULE, "job %s: no schedule", c->name);
	/* The empty assignment takes back the schedule of the template. */
	return buf_printf(out, err, "# From %s\n[Timer]\nOnCalendar=\nOnCalendar=%s\n", c->file,
			  c->schedule);
}

/* One path, quoted for systemd: it has its own specifiers and escapes. */
static int put_path(struct buf *out, const char *key, const char *path, size_t len,
		    struct error *err)
{
	if (buf_printf(out, err, "%s=\"", key) < 0)
		return -1;
	for (size_t i = 0; i < len; i++) {
		const char *escape = path[i] == '%'                      ? "%"
				     : path[i] == '"' || path[i] == '\\' ? "\\"
									 : "";

		if (buf_printf(out, err, "%s%c", escape, path[i]) < 0)
			return -1;
	}
	return buf_printf(out, err, "\"\n");
}

int job_unit_service(const struct job_conf *c, struct buf *out, struct error *err)
{
	const char *metrics = strrchr(c->metrics, '/');

	if (buf_printf(out, err, "# From %s\n[Unit]\n", c->file) < 0 ||
	    put_path(out, "RequiresMountsFor", c->out, strlen(c->out), err) < 0 ||
	    buf_printf(out, err, "\n[Service]\n") < 0 ||
	    put_path(out, "ReadWritePaths", c->repo, strlen(c->repo), err) < 0 ||
	    put_path(out, "ReadWritePaths", c->out, strlen(c->out), err) < 0)
		return -1;
	if (metrics && metrics != c->metrics &&
	    put_path(out, "ReadWritePaths", c->metrics, (size_t)(metrics - c->metrics), err) < 0)
		return -1;
	if (c->on_success.count || c->on_failure.count)
		return buf_printf(out, err,
				  "PrivateNetwork=no\nIPAddressDeny=\n"
				  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\n");
	return 0;
}

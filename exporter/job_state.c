#include "exporter/job_state.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static void free_text(char *text)
{
	free(text);
}
DEFINE_CLEANUP(char *, free_text);

static int make_path(char out[4096], const char *root, const char *job, struct error *err)
{
	if ((size_t)snprintf(out, 4096, "%s/jobs/%s", root, job) >= 4096)
		return error_set(err, ERROR_USAGE, "%.100s...: path too long", root);
	return 0;
}

static int load_values(struct job_state *s, const char *job, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t len;
	int found = file_load(s->dir, "state.json", LIMIT_JOB_STATE_BYTES, &bytes, &len, err);

	if (found < 0)
		return error_wrap(err, "job %s", job);
	s->values = found ? json_loadb((char *)bytes, len, JSON_REJECT_DUPLICATES, NULL)
			  : json_object();
	if (!json_is_object(s->values))
		return error_set(err, ERROR_JOB_STATE, "job %s: state.json is damaged", job);
	return 0;
}

static int load_history(struct job_state *s, const char *job, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t len = 0;
	unsigned number = 0;

	s->history = json_array();
	if (file_load(s->dir, "history.jsonl", LIMIT_JOB_STATE_BYTES, &bytes, &len, err) < 0)
		return error_wrap(err, "job %s", job);
	for (size_t at = 0; at < len;) {
		const unsigned char *newline = memchr(bytes + at, '\n', len - at);
		size_t size = newline ? (size_t)(newline - bytes) - at : len - at;
		json_t *run = json_loadb((char *)bytes + at, size, 0, NULL);

		number++;
		if (!json_is_object(run) || number > LIMIT_JOB_HISTORY) {
			json_decref(run);
			return error_set(err, ERROR_JOB_STATE,
					 "job %s: history.jsonl:%u: damaged, or too long", job,
					 number);
		}
		json_array_append_new(s->history, run);
		at += size + 1;
	}
	return 0;
}

static int load(struct job_state *s, const char *job, struct error *err)
{
	return load_values(s, job, err) < 0 ? -1 : load_history(s, job, err);
}

int job_state_read(const char *root, const char *job, struct job_state *out, struct error *err)
{
	char path[4096];

	if (make_path(path, root, job, err) < 0)
		return -1;
	out->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->dir >= 0)
		return load(out, job, err);
	if (errno != ENOENT)
		return error_set_errno(err, ERROR_FILE_OPEN, "%s: cannot open directory", path);
	out->values = json_object();
	out->history = json_array();
	return 0;
}

/* Who holds the lock, as far as the file says. */
static int busy(const struct job_state *s, const char *job, struct error *err)
{
	char holder[24] = "";
	ssize_t n = pread(s->lock, holder, sizeof holder - 1, 0);

	if (n < 0)
		n = 0;
	holder[strspn(holder, "0123456789")] = '\0';
	return error_set(err, ERROR_JOB_BUSY, "job %s: process %s runs it already", job,
			 holder[0] ? holder : "(unknown)");
}

int job_state_lock(const char *root, const char *job, struct job_state *out, struct error *err)
{
	char path[4096], holder[24];

	if (make_path(path, root, job, err) < 0 || file_make_dirs(path, err) < 0)
		return -1;
	out->dir = file_open_dir(path, err);
	if (out->dir < 0)
		return -1;
	out->lock = openat(out->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (out->lock < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s/lock: cannot open", path);
	if (flock(out->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK
			       ? busy(out, job, err)
			       : error_set_errno(err, ERROR_FILE_WRITE, "%s/lock", path);
	int len = snprintf(holder, sizeof holder, "%ld\n", (long)getpid());
	if (ftruncate(out->lock, 0) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s/lock", path);
	if (file_write_at(out->lock, "lock", holder, (size_t)len, 0, err) < 0)
		return -1;
	return load(out, job, err);
}

int job_state_save(const struct job_state *s, struct error *err)
{
	CLEANUP(free_text) char *text = json_dumps(s->values, JSON_INDENT(1) | JSON_SORT_KEYS);

	if (!text)
		return error_set(err, ERROR_JOB_STATE, "state.json: cannot be written");
	return file_save(s->dir, "state.json", text, strlen(text), 0644, err);
}

int job_state_add_run(struct job_state *s, json_t *run, struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_JOB_STATE_BYTES);
	const json_t *row;
	size_t i;

	json_array_append_new(s->history, run);
	while (json_array_size(s->history) > LIMIT_JOB_HISTORY)
		json_array_remove(s->history, 0);
	json_array_foreach(s->history, i, row)
	{
		CLEANUP(free_text) char *line = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS);

		if (buf_printf(&text, err, "%s\n", line ? line : "{}") < 0)
			return -1;
	}
	return file_save(s->dir, "history.jsonl", text.bytes, text.len, 0644, err);
}

int64_t job_state_number(const struct job_state *s, const char *key, int64_t fallback)
{
	const json_t *value = json_object_get(s->values, key);

	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

const json_t *job_state_last_run(const struct job_state *s)
{
	size_t count = json_array_size(s->history);

	return count ? json_array_get(s->history, count - 1) : NULL;
}

json_t *job_state_time(int64_t seconds)
{
	char text[STR_TIME_SIZE];

	if (seconds < 0)
		return json_null();
	str_from_time(seconds, text);
	return json_string(text);
}

void job_state_clear(struct job_state *s)
{
	file_close(s->dir);
	file_close(s->lock);
	json_decref(s->values);
	json_decref(s->history);
	*s = (struct job_state)JOB_STATE_INIT;
}

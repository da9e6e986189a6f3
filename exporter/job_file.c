#include "exporter/job_file.h"

#include "exporter/job_conf.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

const struct job_dirs job_file_default = {
	.paths = { "/usr/lib/gapferry", "/run/gapferry", "/etc/gapferry" },
	.count = 3,
};

static int make_path(char out[PATH_SIZE], const char *dir, const char *name, struct error *err)
{
	if ((size_t)snprintf(out, PATH_SIZE, "%s/%s", dir, name) >= PATH_SIZE)
		return error_set(err, ERROR_USAGE, "%.100s...: path too long", dir);
	return 0;
}

/* A directory that may be absent: 1 with *fd, 0, -1. */
static int open_dir(const char *path, int *fd, struct error *err)
{
	struct stat st;

	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT)
		return 0;
	if (*fd < 0 || fstat(*fd, &st) < 0)
		return error_set_errno(err, ERROR_FILE_OPEN, "%s: cannot open directory", path);
	if (st.st_mode & S_IWOTH)
		return error_set(err, ERROR_JOB_WRITABLE, "%s: everybody may write there", path);
	return 1;
}

/* One file of a job, if it is there: 1, 0, -1. */
static int add_file(const char *dir, const char *name, struct job_conf *c, struct error *err)
{
	CLEANUP(file_close) int dirfd = -1, fd = -1;
	CLEANUP(free) unsigned char *bytes = NULL;
	char path[PATH_SIZE];
	struct stat st;
	uint64_t size;
	int found = open_dir(dir, &dirfd, err);

	if (found <= 0)
		return found;
	if (make_path(path, dir, name, err) < 0)
		return -1;
	found = file_open_read(dirfd, name, &fd, &size, err);
	if (found < 0)
		return error_wrap(err, "%s", dir);
	if (found == 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return error_set_errno(err, ERROR_FILE_READ, "%s: cannot examine", path);
	if (st.st_mode & S_IWOTH)
		return error_set(err, ERROR_JOB_WRITABLE, "%s: everybody may write to it", path);
	if (size > LIMIT_CONF_BYTES)
		return error_set(err, ERROR_LIMIT_BYTES, "%s: %llu bytes, more than %u", path,
				 (unsigned long long)size, LIMIT_CONF_BYTES);
	bytes = buf_malloc((size_t)size + 1);
	if (file_read_at(fd, path, bytes, (size_t)size, 0, err) < 0 ||
	    job_conf_add(c, path, bytes, (size_t)size, err) < 0)
		return -1;
	return 1;
}

/* True for "x.conf". */
static bool is_conf(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".conf") == 0 && name[0] != '.';
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Add the names that end in .conf and are not there yet; stays sorted. */
static int add_names(const char *path, size_t max, struct file_list *all, struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	int found = open_dir(path, &fd, err);

	if (found <= 0)
		return found;
	if (file_list_load(fd, 4096, &list, err) < 0)
		return error_wrap(err, "%s", path);
	for (size_t i = 0; i < list.count; i++) {
		if (!is_conf(list.names[i]) ||
		    (all->count && bsearch(&list.names[i], all->names, all->count,
					   sizeof *all->names, compare_names)))
			continue;
		if (all->count == max)
			return error_set(err, ERROR_LIMIT_BYTES, "%s: more than %zu files", path,
					 max);
		all->names = buf_realloc(all->names, all->count + 1, sizeof *all->names);
		all->names[all->count++] = STEAL(list.names[i]);
		qsort(all->names, all->count, sizeof *all->names, compare_names);
	}
	return 0;
}

static int add_dropins(const struct job_dirs *dirs, const char *name, struct job_conf *c,
		       struct error *err)
{
	CLEANUP(file_list_clear) struct file_list all = { 0 };
	char below[JOB_NAME_SIZE + 16], path[PATH_SIZE];

	snprintf(below, sizeof below, "jobs/%s.conf.d", name);
	for (size_t d = 0; d < dirs->count; d++)
		if (make_path(path, dirs->paths[d], below, err) < 0 ||
		    add_names(path, LIMIT_JOB_DROPINS, &all, err) < 0)
			return -1;
	for (size_t i = 0; i < all.count; i++) {
		int found = 0;

		for (size_t d = dirs->count; d > 0 && found == 0; d--) {
			if (make_path(path, dirs->paths[d - 1], below, err) < 0)
				return -1;
			found = add_file(path, all.names[i], c, err);
		}
		if (found < 0)
			return -1;
	}
	return 0;
}

int job_file_load(const struct job_dirs *dirs, const char *name, struct job_conf *out,
		  struct error *err)
{
	char file[JOB_NAME_SIZE + 8], path[PATH_SIZE];
	int found = 0;

	*out = (struct job_conf){ 0 };
	if (!channel_name_valid(name))
		return error_set(err, ERROR_JOB_ABSENT, "'%s' cannot be the name of a job", name);
	snprintf(out->name, sizeof out->name, "%s", name);
	snprintf(file, sizeof file, "%s.conf", name);
	for (size_t d = dirs->count; d > 0 && found == 0; d--) {
		if (make_path(path, dirs->paths[d - 1], "jobs", err) < 0)
			return -1;
		snprintf(out->file, sizeof out->file, "%.400s/%s", path, file);
		found = add_file(path, file, out, err);
	}
	if (found < 0)
		return -1;
	if (found == 0)
		return error_set(err, ERROR_JOB_ABSENT, "job %s: no jobs/%s in %s%s", name, file,
				 dirs->count ? dirs->paths[dirs->count - 1] : "-",
				 dirs->count > 1 ? " or the directories before it" : "");
	if (add_dropins(dirs, name, out, err) < 0)
		return -1;
	return job_conf_finish(out, err);
}

int job_file_names(const struct job_dirs *dirs, struct file_list *out, struct error *err)
{
	char path[PATH_SIZE];

	*out = (struct file_list){ 0 };
	for (size_t d = 0; d < dirs->count; d++)
		if (make_path(path, dirs->paths[d], "jobs", err) < 0 ||
		    add_names(path, LIMIT_JOBS, out, err) < 0) {
			file_list_clear(out);
			return -1;
		}
	for (size_t i = 0; i < out->count; i++)
		out->names[i][strlen(out->names[i]) - 5] = '\0';
	return 0;
}

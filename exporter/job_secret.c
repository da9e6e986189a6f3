#include "exporter/job_secret.h"

#include "exporter/job_conf.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/key.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int job_secret_path(const char *text, char out[JOB_SECRET_PATH], struct error *err)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	bool credential = text[0] != '/';
	struct stat st;

	if (key_is_uri(text)) {
		snprintf(out, JOB_SECRET_PATH, "%s", text);
		return 0;
	}
	if (credential && !directory)
		return error_set(err, ERROR_JOB_SECRET,
				 "%s: a credential, but CREDENTIALS_DIRECTORY is not set", text);
	if ((size_t)snprintf(out, JOB_SECRET_PATH, "%s%s%s", credential ? directory : "",
			     credential ? "/" : "", text) >= JOB_SECRET_PATH)
		return error_set(err, ERROR_JOB_SECRET, "%s: path too long", text);
	if (stat(out, &st) < 0)
		return error_set_errno(err, ERROR_JOB_SECRET, "%s: cannot examine", out);
	/* A group may be that of the job; systemd gives credentials an ACL, which looks alike. */
	if (!credential && (st.st_mode & (S_IRWXO | S_IWGRP)))
		return error_set(err, ERROR_JOB_SECRET, "%s: mode %03o: others may %s it", out,
				 (unsigned)st.st_mode & 0777,
				 st.st_mode & (S_IWGRP | S_IWOTH) ? "write" : "read");
	return 0;
}

int job_secret_passphrase(const struct job_conf *c, struct buf *out, struct error *err)
{
	char path[JOB_SECRET_PATH];
	CLEANUP(file_close) int fd = -1;
	uint64_t size;

	if (!c->passphrase[0])
		return 0;
	if (job_secret_path(c->passphrase, path, err) < 0)
		return -1;
	int found = file_open_read(AT_FDCWD, path, &fd, &size, err);
	if (found < 0)
		return -1;
	if (found == 0 || size == 0 || size >= JOB_SECRET_BYTES)
		return error_set(err, ERROR_JOB_SECRET, "%s: no passphrase of 1 to %d bytes", path,
				 JOB_SECRET_BYTES - 1);
	unsigned char *bytes = buf_room(out, JOB_SECRET_BYTES, err);
	if (!bytes || file_read_at(fd, path, bytes, (size_t)size, 0, err) < 0)
		return -1;
	bytes[size] = '\0';
	bytes[strcspn((char *)bytes, "\r\n")] = '\0';
	out->len = strlen((char *)bytes) + 1;
	if (out->len == 1)
		return error_set(err, ERROR_JOB_SECRET, "%s: its first line is empty", path);
	return 1;
}

/*
 * Files that only the user of a job may read: its key and the passphrase.  Named by a path, or by
 * the name of a systemd credential (systemd.exec(5), LoadCredential=), which systemd guards.
 */
#ifndef EXPORTER_JOB_SECRET_H
#define EXPORTER_JOB_SECRET_H

#include <stddef.h>

struct buf;
struct error;
struct job_conf;

enum { JOB_SECRET_PATH = 4096, JOB_SECRET_BYTES = 1024 };

/*
 * The path of a secret; the URI of a key in a token as it is.  -1 with JOB_SECRET when others may
 * read or write it, when it is a credential and there is no $CREDENTIALS_DIRECTORY, or when it is
 * not there.
 */
int job_secret_path(const char *text, char out[JOB_SECRET_PATH], struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The passphrase of the job's key into an empty buffer with room for JOB_SECRET_BYTES, terminated;
 * the first line of its file.  1, 0 when the job names none, -1.
 */
int job_secret_passphrase(const struct job_conf *c, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

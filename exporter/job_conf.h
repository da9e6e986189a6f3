/*
 * What a job is: the contents of /etc/gapferry/jobs/NAME.conf (gapferry-jobs(5)).  Text to
 * structure; which files make a job is exporter/job_file.h, what a run does exporter/job_run.h.
 */
#ifndef EXPORTER_JOB_CONF_H
#define EXPORTER_JOB_CONF_H

#include "lib/base/limits.h"
#include "lib/conf/conf.h"
#include "lib/select/rules.h"
#include "lib/store/channel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum { JOB_NAME_SIZE = 64, JOB_SOURCE_NAME_SIZE = 33, JOB_WORDS_MAX = 31 };

/* What kind of bundle a run writes. */
enum job_kind {
	JOB_KIND_AUTO, /* as the verb write decides */
	JOB_KIND_FULL, /* a complete one, always */
};

/* yes or no where nothing said means something else than no. */
enum job_choice { JOB_DEFAULT, JOB_NO, JOB_YES };

/* A command: count words, each with its terminator, one after the other. */
struct job_command {
	size_t count;
	char words[CONF_VALUE_SIZE];
};

struct job_source {
	char name[JOB_SOURCE_NAME_SIZE];
	char kind[CONF_VALUE_SIZE]; /* "wsusscn2", "wsusutil" */
	char file[CONF_VALUE_SIZE];
	char content[CONF_VALUE_SIZE]; /* "" when there is none */
	char roots[CONF_VALUE_SIZE];   /* pinned for Authenticode, or "" */
	bool accept_shrink;
	uint64_t seen; /* keys of the file being read */
};

struct job_conf {
	char name[JOB_NAME_SIZE];
	char file[512]; /* the main file, for messages */
	char repo[CONF_VALUE_SIZE], out[CONF_VALUE_SIZE];
	char channel[CHANNEL_NAME_SIZE];
	char media[CONF_VALUE_SIZE];
	char key[CONF_VALUE_SIZE];        /* a path, or the name of a systemd credential */
	char passphrase[CONF_VALUE_SIZE]; /* likewise; "" when there is none */
	char schedule[CONF_VALUE_SIZE];   /* OnCalendar text, or "" */
	char metrics[CONF_VALUE_SIZE];    /* path, or "" */
	uint64_t volume_limit, expires_days, threads;
	uint64_t keep, keep_days; /* 0: not given */
	uint64_t min_free;        /* bytes */
	uint64_t max_age;         /* seconds; 0: not given */
	uint64_t notify_timeout;  /* seconds */
	bool incomplete;
	enum job_choice parity; /* job_conf_finish() leaves no JOB_DEFAULT */
	uint64_t spares;        /* per eight volumes */
	uint64_t kind;          /* enum job_kind */
	struct job_command on_success, on_failure;
	struct job_source sources[LIMIT_JOB_SOURCES];
	size_t source_count;
	bool has_selection;     /* there is a [selection], maybe an empty one */
	struct rules selection; /* then it replaces that of the channel */
	uint64_t seen;          /* keys of the file being read */
	bool seen_section;      /* [job] of it */
	bool seen_selection;
};

/*
 * Read one file on top of what the files before it said.  A key replaces what an earlier file
 * said; an empty value takes it back.  -1 with CONF_FORMAT and the place for anything unknown,
 * doubled or malformed.
 */
int job_conf_add(struct job_conf *c, const char *file, const unsigned char *bytes, size_t len,
		 struct error *err) __attribute__((nonnull, warn_unused_result));

/* After the last file: defaults, and CONF_FORMAT when something necessary is absent. */
int job_conf_finish(struct job_conf *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* "auto" or "full". */
const char *job_conf_kind(const struct job_conf *c) __attribute__((nonnull, returns_nonnull));

#endif

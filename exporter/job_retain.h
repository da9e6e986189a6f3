/*
 * Retention: which bundles of a job's channel may leave its outbox.  Only directories that this
 * repository wrote, by the digest of their MANIFEST, and that hold nothing else are ever removed;
 * the newest, and those that a site confirmed last, never.
 */
#ifndef EXPORTER_JOB_RETAIN_H
#define EXPORTER_JOB_RETAIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel;
struct error;
struct job_conf;
struct store;

struct job_retain {
	bool only_look; /* say what would be removed */
	size_t coming;  /* newer bundles that are not there yet */
	int64_t now;
	json_t *removed;  /* array: receives names */
	json_t *warnings; /* array: receives texts */
	uint64_t bytes;   /* out: what the bundles of the channel take that stay */
};

/*
 * Remove what the job's keep and keep-days do not protect; nothing when it has neither.  A bundle
 * gets the name of an unfinished one first, which the next write removes should this be killed.
 */
int job_retain(struct store *s, const struct channel *channel, const struct job_conf *c,
	       struct job_retain *r, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

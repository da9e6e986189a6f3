/*
 * Fingerprints that tell a job whether anything changed: of a source on disk, and of what the
 * repository would put into a bundle.
 */
#ifndef EXPORTER_JOB_PRINT_H
#define EXPORTER_JOB_PRINT_H

#include <jansson.h>

struct channel;
struct error;
struct job_source;
struct selection;
struct store;

/*
 * What can be seen of a source without reading the catalog: an object with size and time of the
 * file, and a digest over path, size and time of every file of its content folder.  Equal values:
 * nothing was changed.  NULL with JOB_SOURCE when the file or the folder is not there.
 */
json_t *job_print_source(const struct job_source *source, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* SHA-256 of the file, in hexadecimal. */
int job_print_file(const char *path, char out[65], struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * SHA-256, in hexadecimal, over all that decides a bundle of the channel: catalogs, payload that
 * is here, audience, epoch, trust version.
 */
int job_print_view(struct store *s, const struct channel *c, struct selection *chosen, char out[65],
		   struct error *err) __attribute__((nonnull, warn_unused_result));

#endif

#include "exporter/job_confine.h"

#include "exporter/job_args.h"
#include "exporter/job_conf.h"
#include "exporter/job_metrics.h"
#include "exporter/job_secret.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/crypto/key.h"
#include "lib/sandbox/sandbox.h"

#include <stdlib.h>
#include <string.h>

struct places {
	struct sandbox_place *items;
	char **paths; /* of items, ours */
	size_t count, capacity, path_capacity;
};

static void places_clear(struct places *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->paths[i]);
	free(p->paths);
	free(p->items);
}
DEFINE_CLEANUP_IN_PLACE(struct places, places_clear);

static void add(struct places *p, const char *path, enum sandbox_access access)
{
	if (!*path)
		return;
	p->items = buf_grow(p->items, &p->capacity, p->count, sizeof *p->items);
	p->paths = buf_grow(p->paths, &p->path_capacity, p->count, sizeof *p->paths);
	p->paths[p->count] = buf_strdup(path);
	p->items[p->count] = (struct sandbox_place){ p->paths[p->count], access };
	p->count++;
}

/* What is wrong with it is said where it is used. */
static void add_secret(struct places *p, const char *text)
{
	struct error ignored = ERROR_INIT;
	char path[JOB_SECRET_PATH];

	/* Which files the module of a token needs only its maker knows. */
	if (key_is_uri(text))
		add(p, "/", SANDBOX_WRITE);
	else if (*text && job_secret_path(text, path, &ignored) == 0)
		add(p, path, SANDBOX_READ);
}

static void add_job(struct places *p, const struct job_conf *c)
{
	char above[PATH_MAX];

	add(p, c->repo, SANDBOX_WRITE);
	add(p, c->out, SANDBOX_WRITE);
	/* Not the whole machine for a file in its root. */
	if (job_metrics_directory(c->metrics, above) && strcmp(above, "/") != 0)
		add(p, above, SANDBOX_WRITE);
	add_secret(p, c->key);
	add_secret(p, c->passphrase);
	for (size_t i = 0; i < c->source_count; i++) {
		add(p, c->sources[i].file, SANDBOX_READ);
		add(p, c->sources[i].content, SANDBOX_READ);
		add(p, c->sources[i].roots, SANDBOX_READ);
	}
}

int job_confine(const struct job_args *where, const struct file_list *jobs, struct error *err)
{
	CLEANUP(places_clear) struct places p = { .count = 0 };
	CLEANUP(free) unsigned char *room = buf_calloc(1, sizeof(struct job_conf));
	struct job_conf *c = (void *)room;

	add(&p, where->state_root, SANDBOX_WRITE);
	for (size_t i = 0; i < where->dirs.count; i++)
		add(&p, where->dirs.paths[i], SANDBOX_READ);
	for (size_t i = 0; i < jobs->count; i++) {
		struct error ignored = ERROR_INIT;

		if (job_file_load(&where->dirs, jobs->names[i], c, &ignored) == 0)
			add_job(&p, c);
	}
	return sandbox_enter(SANDBOX_TOOL, p.items, p.count, err);
}

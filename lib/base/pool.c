#include "lib/base/pool.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS_MAX = 64, TICK_MS = 200 };

unsigned pool_default_threads(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return 1;
	int n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

/* ---- pool_each ---- */

struct each {
	const struct pool_each *options;
	pthread_mutex_t lock;
	pthread_cond_t finished;
	size_t next, failed_item;
	unsigned running;
	bool stop;
	struct error failure;
};

struct each_worker {
	struct each *each;
	unsigned index;
};

static bool each_claim(struct each *e, size_t *item)
{
	pthread_mutex_lock(&e->lock);
	bool more = !e->stop && e->next < e->options->count;
	if (more)
		*item = e->next++;
	pthread_mutex_unlock(&e->lock);
	return more;
}

static void *each_run(void *arg)
{
	const struct each_worker *w = arg;
	struct each *e = w->each;
	size_t item;

	while (each_claim(e, &item)) {
		struct error err = ERROR_INIT;

		if (e->options->item(e->options->ctx, item, w->index, &err) == 0)
			continue;
		pthread_mutex_lock(&e->lock);
		if (e->failure.id == ERROR_NONE || item < e->failed_item) {
			e->failure = err;
			e->failed_item = item;
		}
		e->stop = true;
		pthread_mutex_unlock(&e->lock);
	}
	pthread_mutex_lock(&e->lock);
	e->running--;
	pthread_cond_signal(&e->finished);
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

/* Waits for the workers, calling tick now and then without the lock held. */
static void each_wait(struct each *e)
{
	pthread_mutex_lock(&e->lock);
	while (e->running > 0) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += TICK_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		int rc = pthread_cond_timedwait(&e->finished, &e->lock, &until);
		if (rc != ETIMEDOUT || !e->options->tick)
			continue;
		pthread_mutex_unlock(&e->lock);
		int stop = e->options->tick(e->options->ctx);
		pthread_mutex_lock(&e->lock);
		if (stop && e->failure.id == ERROR_NONE) {
			error_set(&e->failure, ERROR_STOPPED, "stopped on request");
			e->stop = true;
		}
	}
	pthread_mutex_unlock(&e->lock);
}

int pool_each(const struct pool_each *options, struct error *err)
{
	struct each e = { .options = options, .lock = PTHREAD_MUTEX_INITIALIZER };
	struct each_worker workers[THREADS_MAX];
	pthread_t threads[THREADS_MAX];
	unsigned want = options->threads > THREADS_MAX ? THREADS_MAX : options->threads;
	unsigned started = 0;
	pthread_condattr_t attr;

	assert(want > 0);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e.finished, &attr);
	pthread_condattr_destroy(&attr);
	if (want > options->count)
		want = options->count ? (unsigned)options->count : 1;
	e.running = want;
	for (unsigned i = 0; i < want; i++) {
		workers[i] = (struct each_worker){ &e, i };
		if (pthread_create(&threads[i], NULL, each_run, &workers[i]) != 0)
			break;
		started++;
	}
	if (started < want) {
		pthread_mutex_lock(&e.lock);
		e.running -= want - started;
		pthread_mutex_unlock(&e.lock);
	}
	if (started == 0)
		return error_set(err, ERROR_THREAD, "cannot start a thread");
	each_wait(&e);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_cond_destroy(&e.finished);
	if (e.failure.id == ERROR_NONE)
		return 0;
	*err = e.failure;
	return -1;
}

/* ---- ordered pipeline ---- */

struct ticket {
	struct ticket *next;
	void *job;
	bool done, failed;
	struct error error;
};

struct pool {
	int (*run)(void *job, struct error *err);
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct ticket *oldest, *newest; /* in order of submission */
	struct ticket *todo;            /* first one not claimed by a worker */
	size_t pending;
	bool quit;
	unsigned threads;
	pthread_t thread[THREADS_MAX];
};

static void *pool_work(void *arg)
{
	struct pool *p = arg;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct ticket *t = p->todo;

		if (!t && p->quit)
			break;
		if (!t) {
			pthread_cond_wait(&p->work, &p->lock);
			continue;
		}
		p->todo = t->next;
		pthread_mutex_unlock(&p->lock);
		bool failed = p->run(t->job, &t->error) < 0;
		pthread_mutex_lock(&p->lock);
		t->failed = failed;
		t->done = true;
		pthread_cond_signal(&p->done);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct pool *pool_new(unsigned threads, int (*run)(void *job, struct error *err), struct error *err)
{
	struct pool *p = buf_calloc(1, sizeof *p);

	p->run = run;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	for (unsigned i = 0; i < threads && i < THREADS_MAX; i++) {
		if (pthread_create(&p->thread[i], NULL, pool_work, p) != 0)
			break;
		p->threads++;
	}
	if (p->threads == 0) {
		error_set(err, ERROR_THREAD, "cannot start a thread");
		pool_free(p);
		return NULL;
	}
	return p;
}

void pool_submit(struct pool *p, void *job)
{
	struct ticket *t = buf_calloc(1, sizeof *t);

	t->job = job;
	pthread_mutex_lock(&p->lock);
	if (p->newest)
		p->newest->next = t;
	else
		p->oldest = t;
	p->newest = t;
	if (!p->todo)
		p->todo = t;
	p->pending++;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
}

size_t pool_pending(const struct pool *p)
{
	return p->pending; /* changed by the submitting thread only */
}

int pool_reap(struct pool *p, void **job, struct error *err)
{
	pthread_mutex_lock(&p->lock);
	struct ticket *t = p->oldest;
	if (!t) {
		pthread_mutex_unlock(&p->lock);
		return 0;
	}
	while (!t->done)
		pthread_cond_wait(&p->done, &p->lock);
	p->oldest = t->next;
	if (!p->oldest)
		p->newest = NULL;
	p->pending--;
	pthread_mutex_unlock(&p->lock);

	bool failed = t->failed;
	*job = t->job;
	if (failed)
		*err = t->error;
	free(t);
	return failed ? -1 : 1;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->quit = true;
	p->todo = NULL;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->threads; i++)
		pthread_join(p->thread[i], NULL);
	while (p->oldest) {
		struct ticket *next = p->oldest->next;

		free(p->oldest);
		p->oldest = next;
	}
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->done);
	free(p);
}

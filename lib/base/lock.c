#include "lib/base/lock.h"

#include "lib/base/buf.h"

#include <pthread.h>
#include <stdlib.h>

struct lock {
	pthread_mutex_t mutex;
};

struct lock *lock_new(void)
{
	struct lock *l = buf_calloc(1, sizeof *l);

	/* A default mutex takes nothing that could run out. */
	(void)pthread_mutex_init(&l->mutex, NULL);
	return l;
}

void lock_free(struct lock *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->mutex);
	free(l);
}

struct lock *lock_take(struct lock *l)
{
	pthread_mutex_lock(&l->mutex);
	return l;
}

void lock_release(struct lock *l)
{
	if (l)
		pthread_mutex_unlock(&l->mutex);
}

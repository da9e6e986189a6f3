#include "importer/server/watch.h"

#include "lib/base/buf.h"
#include "lib/base/lock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

struct watch_entry {
	struct watch_entry *next, *back; /* below the lock */
	int fd;
	_Atomic uint64_t due; /* since when; 0: nothing is */
};

struct watch {
	struct lock *lock;
	struct watch_entry *first;
};

struct watch *watch_new(void)
{
	struct watch *w = buf_calloc(1, sizeof *w);

	w->lock = lock_new();
	return w;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	lock_free(w->lock);
	free(w);
}

struct watch_entry *watch_add(struct watch *w, int fd, uint64_t now)
{
	struct watch_entry *e = buf_calloc(1, sizeof *e);

	e->fd = fd;
	e->due = now;
	CLEANUP(lock_release) struct lock *held = lock_take(w->lock);
	e->next = w->first;
	if (w->first)
		w->first->back = e;
	w->first = e;
	return e;
}

void watch_remove(struct watch *w, struct watch_entry *e)
{
	CLEANUP(lock_release) struct lock *held = lock_take(w->lock);

	if (e->next)
		e->next->back = e->back;
	if (e->back)
		e->back->next = e->next;
	else
		w->first = e->next;
	free(e);
}

void watch_complete(struct watch_entry *e)
{
	e->due = 0;
}

void watch_due(struct watch_entry *e, uint64_t now)
{
	e->due = now;
}

/*
 * The peer has closed its side: libmicrohttpd 0.9.75 does not see that when it came together with
 * the last bytes, and waits.
 */
static bool is_left(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

size_t watch_expire(struct watch *w, uint64_t now, uint64_t limit)
{
	size_t count = 0;

	/* The descriptor cannot be closed, and be another one's, while the entry is in the list. */
	CLEANUP(lock_release) struct lock *held = lock_take(w->lock);
	for (struct watch_entry *e = w->first; e; e = e->next) {
		uint64_t due = e->due;

		if (due == 0 || now < due || (now - due <= limit && !is_left(e->fd)))
			continue;
		(void)shutdown(e->fd, SHUT_RDWR);
		e->due = 0;
		count += now - due > limit;
	}
	return count;
}

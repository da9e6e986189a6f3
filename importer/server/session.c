#include "importer/server/session.h"

#include "importer/server/object_cache.h"
#include "importer/server/token.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/clients/clients.h"
#include "lib/store/query.h"
#include "lib/store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct session_pool {
	char *path, *state;
	_Atomic(char *) token;
	char **former; /* tokens that a thread may still look at */
	size_t former_count, former_capacity;
	struct store *kept; /* open, so that the journal's files stay where they are */
	pthread_key_t key;
};

static void session_close(void *session)
{
	struct session *s = session;

	if (!s)
		return;
	clients_close(s->clients);
	query_close(s->query);
	store_close(s->store);
	object_cache_clear(s->cache);
	free(s->cache);
	free(s);
}

struct session_pool *session_pool_new(const char *path, const char *state, struct error *err)
{
	CLEANUP(store_close) struct store *probe = store_open(path, false, err);
	pthread_key_t key;

	if (!probe)
		return NULL;
	if (pthread_key_create(&key, session_close) != 0) {
		error_set(err, ERROR_SERVER_START, "no thread-local storage left");
		return NULL;
	}
	struct session_pool *p = buf_calloc(1, sizeof *p);
	p->path = buf_strdup(path);
	p->state = buf_strdup(state);
	p->kept = STEAL(probe);
	p->key = key;
	return p;
}

void session_pool_free(struct session_pool *p)
{
	if (!p)
		return;
	session_drop(p);
	pthread_key_delete(p->key);
	store_close(p->kept);
	free(p->path);
	free(p->state);
	free(p->token);
	for (size_t i = 0; i < p->former_count; i++)
		free(p->former[i]);
	free(p->former);
	free(p);
}

int session_pool_set_token(struct session_pool *p, const char *file, struct error *err)
{
	char *token = token_load(file, err);

	if (!token)
		return -1;
	char *old = atomic_exchange(&p->token, token);
	if (old) {
		p->former = buf_grow(p->former, &p->former_capacity, p->former_count,
				     sizeof *p->former);
		p->former[p->former_count++] = old;
	}
	return 0;
}

const char *session_pool_token(const struct session_pool *p)
{
	return p->token;
}

struct clients *session_clients(struct session *s, struct error *err)
{
	if (!s->clients)
		s->clients = clients_open(s->pool->state, CLIENTS_SERVER, err);
	return s->clients;
}

struct session *session_get(struct session_pool *p, struct error *err)
{
	struct session *s = pthread_getspecific(p->key);

	if (s)
		return s;
	CLEANUP(store_close) struct store *store = store_open(p->path, false, err);
	if (!store)
		return NULL;
	s = buf_calloc(1, sizeof *s);
	s->cache = buf_calloc(1, sizeof *s->cache);
	s->query = query_open(store);
	s->store = STEAL(store);
	s->pool = p;
	if (pthread_setspecific(p->key, s) != 0) {
		session_close(s);
		error_set(err, ERROR_SERVER_START, "no memory for thread-local storage");
		return NULL;
	}
	return s;
}

void session_drop(struct session_pool *p)
{
	session_close(pthread_getspecific(p->key));
	/* Clearing a slot that exists needs no memory. */
	(void)pthread_setspecific(p->key, NULL);
}

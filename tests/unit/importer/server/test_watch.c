#include "importer/server/watch.h"
#include "tests/unit/unit.h"

#include <sys/socket.h>
#include <unistd.h>

/* 0: the other side has ended it; -1: it is open. */
static int state_of(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0 ? 0 : -1;
}

struct pair {
	int ours, theirs;
	struct watch_entry *entry;
};

static struct pair connect_pair(struct watch *w, uint64_t now)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	return (struct pair){ fds[0], fds[1], watch_add(w, fds[0], now) };
}

static void close_pair(struct watch *w, struct pair *p)
{
	watch_remove(w, p->entry);
	close(p->ours);
	close(p->theirs);
}

static void only_what_owes_a_request_is_ended(void **state)
{
	CLEANUP(watch_free) struct watch *w = watch_new();
	struct pair old = connect_pair(w, 1000), busy = connect_pair(w, 1000),
		    again = connect_pair(w, 1000), fresh = connect_pair(w, 5000);

	(void)state;
	watch_complete(busy.entry);
	watch_complete(again.entry);
	watch_due(again.entry, 5000);
	assert_int_equal(watch_expire(w, 6000, 5000), 0);
	assert_int_equal(state_of(old.theirs), -1);
	assert_int_equal(watch_expire(w, 6001, 5000), 1);
	assert_int_equal(state_of(old.theirs), 0);
	assert_int_equal(state_of(busy.theirs), -1);
	assert_int_equal(state_of(again.theirs), -1);
	assert_int_equal(state_of(fresh.theirs), -1);
	assert_int_equal(watch_expire(w, 10001, 5000), 2);
	assert_int_equal(watch_expire(w, 99999, 5000), 0);
	assert_int_equal(state_of(busy.theirs), -1);
	close_pair(w, &again);
	close_pair(w, &old);
	close_pair(w, &fresh);
	close_pair(w, &busy);
}

static void what_the_peer_has_left_is_ended(void **state)
{
	CLEANUP(watch_free) struct watch *w = watch_new();
	struct pair left = connect_pair(w, 1000), waiting = connect_pair(w, 1000);

	(void)state;
	shutdown(left.theirs, SHUT_WR);
	assert_int_equal(watch_expire(w, 1001, 5000), 0); /* it was not slow */
	assert_int_equal(state_of(left.theirs), 0);
	assert_int_equal(state_of(waiting.theirs), -1);
	close_pair(w, &left);
	close_pair(w, &waiting);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_owes_a_request_is_ended),
		cmocka_unit_test(what_the_peer_has_left_is_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

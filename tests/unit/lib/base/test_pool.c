#include "lib/base/pool.h"

#include "lib/base/error.h"
#include "tests/unit/unit.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

struct each {
	atomic_uint seen[1000];
	unsigned threads;
	size_t fail_from; /* items from here on fail */
	atomic_uint bad_worker, ran, ticks;
	long nap_ns;
	bool stop;
};

static int item(void *ctx, size_t i, unsigned worker, struct error *err)
{
	struct each *e = ctx;
	const struct timespec nap = { .tv_nsec = e->nap_ns };

	e->seen[i]++;
	e->ran++;
	if (worker >= e->threads)
		e->bad_worker++;
	if (e->nap_ns)
		nanosleep(&nap, NULL);
	if (i >= e->fail_from)
		return error_set(err, ERROR_USAGE, "item %zu", i);
	return 0;
}

static int tick(void *ctx)
{
	struct each *e = ctx;

	e->ticks++;
	return e->stop;
}

static void every_item_runs_once(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 7, 1000 };
	static const unsigned threads[] = { 1, 2, 5, 64, 1000 };

	(void)state;
	for (size_t c = 0; c < COUNT(counts); c++)
		for (size_t t = 0; t < COUNT(threads); t++) {
			struct each e = { .threads = threads[t], .fail_from = SIZE_MAX };
			struct error err = ERROR_INIT;

			assert_int_equal(pool_each(&(struct pool_each){ .threads = threads[t],
									.count = counts[c],
									.item = item,
									.ctx = &e },
						   &err),
					 0);
			assert_no_error(err);
			for (size_t i = 0; i < 1000; i++)
				assert_int_equal(e.seen[i], i < counts[c]);
			assert_int_equal(e.bad_worker, 0);
		}
}

static void the_lowest_failure_is_reported(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 8; threads++) {
		struct each e = { .threads = threads, .fail_from = 100 };
		struct error err = ERROR_INIT;
		const struct pool_each run = {
			.threads = threads, .count = 1000, .item = item, .ctx = &e
		};

		assert_int_equal(pool_each(&run, &err), -1);
		assert_error(err, ERROR_USAGE, "item 100");
		assert_string_equal(err.message, "item 100");
		assert_true(e.ran >= 101 && e.ran < 101 + threads);
	}
}

static void a_tick_can_stop_the_run(void **state)
{
	struct each e = { .threads = 2, .fail_from = SIZE_MAX, .nap_ns = 5000000, .stop = true };
	const struct pool_each run = {
		.threads = 2, .count = 1000, .item = item, .tick = tick, .ctx = &e
	};
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(pool_each(&run, &err), -1);
	assert_int_equal(err.id, ERROR_STOPPED);
	assert_int_equal(err.class, ERROR_CLASS_INTERRUPTED);
	assert_true(e.ran < 1000);
	assert_int_equal(e.ticks, 1);
}

struct job {
	unsigned number;
	bool fail;
	unsigned result;
};

static int run_job(void *arg, struct error *err)
{
	struct job *j = arg;
	const struct timespec nap = { .tv_nsec = (j->number * 7919 % 13) * 20000 };

	nanosleep(&nap, NULL); /* finish in another order */
	j->result = j->number * 3;
	return j->fail ? error_set(err, ERROR_USAGE, "job %u", j->number) : 0;
}

static void results_come_in_the_order_of_submission(void **state)
{
	static const unsigned threads[] = { 1, 2, 7 };

	(void)state;
	for (size_t t = 0; t < COUNT(threads); t++) {
		struct error err = ERROR_INIT;
		CLEANUP(pool_free) struct pool *p = pool_new(threads[t], run_job, &err);
		struct job jobs[200] = { { 0 } };
		unsigned next = 0;

		assert_non_null(p);
		for (unsigned i = 0; i < COUNT(jobs); i++) {
			jobs[i] = (struct job){ .number = i, .fail = i % 10 == 9 };
			pool_submit(p, &jobs[i]);
			while (pool_pending(p) > 20 ||
			       (i + 1 == COUNT(jobs) && pool_pending(p) > 0)) {
				void *job = NULL;
				int got = pool_reap(p, &job, &err);

				assert_ptr_equal(job, &jobs[next]);
				assert_int_equal(got, jobs[next].fail ? -1 : 1);
				if (got < 0)
					assert_error(err, ERROR_USAGE, "job");
				error_clear(&err);
				assert_int_equal(jobs[next].result, next * 3);
				next++;
			}
		}
		assert_int_equal(next, COUNT(jobs));
		void *none = &err;
		assert_int_equal(pool_reap(p, &none, &err), 0);
	}
}

static void jobs_may_be_left_behind(void **state)
{
	struct error err = ERROR_INIT;
	struct job jobs[50] = { { 0 } };
	struct pool *p = pool_new(2, run_job, &err);

	(void)state;
	for (unsigned i = 0; i < COUNT(jobs); i++)
		pool_submit(p, &jobs[i]);
	pool_free(p); /* nothing runs any more when this returns */
	pool_free(NULL);
	assert_true(pool_default_threads() >= 1 && pool_default_threads() <= 64);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_item_runs_once),
		cmocka_unit_test(the_lowest_failure_is_reported),
		cmocka_unit_test(a_tick_can_stop_the_run),
		cmocka_unit_test(results_come_in_the_order_of_submission),
		cmocka_unit_test(jobs_may_be_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

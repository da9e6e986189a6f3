#include "lib/store/held.h"

#include "lib/base/buf.h"
#include "lib/store/channel.h"
#include "lib/store/site.h"
#include "tests/unit/repository.h"

#include <string.h>

struct fixture {
	struct repository repository;
	struct store *store;
	struct channel channel;
};

static int setup(void **state)
{
	struct fixture *f = buf_calloc(1, sizeof *f);
	const char *sites[] = { "north", "south" };
	struct error err = ERROR_INIT;

	repository_create(&f->repository);
	f->store = repository_open(&f->repository, true);
	snprintf(f->channel.name, sizeof f->channel.name, "main");
	assert_int_equal(channel_set_sites(&f->channel, sites, 2, &err), 0);
	assert_int_equal(channel_add(f->store, &f->channel, &err), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	repository_remove(&f->repository);
	free(f);
	return 0;
}

/* The view of bundle `sequence` is the first `count` ids. */
static void send_view(struct fixture *f, uint64_t sequence, const int64_t *ids, size_t count)
{
	CLEANUP(held_clear) struct held before = { 0 };
	struct error err = ERROR_INIT;
	int64_t copy[8];

	memcpy(copy, ids, count * sizeof *ids);
	assert_int_equal(held_load(f->store, f->channel.id, &before, &err), 0);
	assert_int_equal(held_update(f->store, f->channel.id, sequence, &before, copy, count, &err),
			 0);
	assert_no_error(err);
}

static void an_object_is_held_since_its_unbroken_run_began(void **state)
{
	struct fixture *f = *state;
	CLEANUP(held_clear) struct held h = { 0 };
	struct error err = ERROR_INIT;

	send_view(f, 1, (const int64_t[]){ 30, 10, 10, 20 }, 4);
	send_view(f, 2, (const int64_t[]){ 10, 30 }, 2);
	send_view(f, 3, (const int64_t[]){ 10, 20, 40 }, 3);
	assert_int_equal(held_load(f->store, f->channel.id, &h, &err), 0);
	assert_int_equal(h.count, 3);
	assert_true(held_at(&h, 10, 1));
	assert_false(held_at(&h, 20, 2)); /* it was away: who has bundle 2 may have lost it */
	assert_true(held_at(&h, 20, 3));
	assert_false(held_at(&h, 30, 3));
	assert_false(held_at(&h, 40, 2));
	assert_true(held_at(&h, 40, 9));
}

static void what_a_site_lacks_is_forgotten(void **state)
{
	struct fixture *f = *state;
	CLEANUP(held_clear) struct held h = { 0 };
	struct error err = ERROR_INIT;
	struct stored_object o;

	repository_put(f->store, "bytes", 5, &o);
	send_view(f, 1, &o.id, 1);
	assert_int_equal(held_forget(f->store, f->channel.id, o.sha256, &err), 1);
	assert_int_equal(held_forget(f->store, f->channel.id, o.sha256, &err), 0);
	assert_int_equal(held_load(f->store, f->channel.id, &h, &err), 0);
	assert_int_equal(h.count, 0);
}

static void confirm(struct fixture *f, const char *name, uint32_t epoch, uint64_t sequence)
{
	struct site site = { .epoch = epoch, .sequence = sequence };
	struct error err = ERROR_INIT;

	snprintf(site.name, sizeof site.name, "%s", name);
	assert_int_equal(site_save(f->store, f->channel.id, &site, &err), 0);
}

static uint64_t confirmed(struct fixture *f, char who[CHANNEL_NAME_SIZE])
{
	struct error err = ERROR_INIT;
	uint64_t sequence;

	assert_int_equal(site_confirmed(f->store, &f->channel, &sequence, who, &err), 0);
	return sequence;
}

static void the_slowest_site_decides(void **state)
{
	struct fixture *f = *state;
	const char *sites[] = { "south", "west" };
	struct error err = ERROR_INIT;
	char who[CHANNEL_NAME_SIZE];
	struct site site = { .name = "" };

	assert_int_equal(confirmed(f, who), 0); /* a migrated channel has no rows */
	assert_int_equal(site_set_all(f->store, &f->channel, &err), 0);
	confirm(f, "north", 1, 9);
	confirm(f, "south", 1, 7);
	assert_int_equal(confirmed(f, who), 7);
	assert_string_equal(who, "south");
	confirm(f, "south", 2, 7); /* of another epoch */
	assert_int_equal(confirmed(f, who), 0);
	confirm(f, "south", 1, 8);

	f->channel.audience[0] = '\0';
	assert_int_equal(channel_set_sites(&f->channel, sites, 2, &err), 0);
	assert_int_equal(site_set_all(f->store, &f->channel, &err), 0);
	assert_int_equal(confirmed(f, who), 0);
	assert_string_equal(who, "west");
	assert_int_equal(site_each(f->store, f->channel.id, &site, &err), 1);
	assert_string_equal(site.name, "south");
	assert_int_equal(site.sequence, 8);
	assert_int_equal(site_each(f->store, f->channel.id, &site, &err), 1);
	assert_string_equal(site.name, "west");
	assert_int_equal(site_each(f->store, f->channel.id, &site, &err), 0);
	assert_int_equal(site_load(f->store, f->channel.id, "north", &site, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_object_is_held_since_its_unbroken_run_began,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_site_lacks_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(the_slowest_site_decides, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

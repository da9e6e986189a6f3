#include "lib/wusp/sync.h"

#include "lib/base/limits.h"
#include "tests/unit/lib/wusp/world.h"

static const struct catalog_guid here = { { 1 } }, also_here = { { 2 } }, elsewhere = { { 3 } };

struct driver_row {
	int id;
	const char *needs;
	struct wusp_driver driver;
};

enum { LARGE = 100 }; /* from this id on a driver fills a page */

/* 1 is a detectoid that drivers may need. */
static struct wusp_graph *graph_of(const struct driver_row *rows, size_t count)
{
	static const struct world_update detectoid = { .id = 1, .type = WUSP_DETECTOID };
	CLEANUP(wusp_graph_abandon) struct wusp_graph_builder *b = wusp_graph_begin();
	const struct catalog_guid one = world_guid(1);
	const struct catalog_group need = { &one, 1 };
	struct error err = ERROR_INIT;

	world_add(b, &detectoid);
	for (size_t i = 0; i < count && rows[i].id; i++) {
		struct wusp_revision r = {
			.revision_id = rows[i].id,
			.update_id = world_guid(rows[i].id),
			.revision_number = 1,
			.type = WUSP_DRIVER,
			.files_here = true,
			.prerequisites = &need,
			.prerequisites_count = rows[i].needs ? 1 : 0,
			.drivers = &rows[i].driver,
			.drivers_count = 1,
			.core_bytes = rows[i].id < LARGE ? 0 : LIMIT_WUSP_PAGE_BYTES,
		};
		assert_int_equal(wusp_graph_add(b, &r, &err), 0);
	}
	struct wusp_graph *g = wusp_graph_finish(b, &err);
	assert_non_null(g);
	return g;
}

static struct wusp_deployments *all_deployed(const struct wusp_graph *g,
					     const struct driver_row *rows, size_t count)
{
	struct wusp_approval a[8];
	size_t n = 0;

	for (; n < count && rows[n].id; n++)
		a[n] = world_approve(rows[n].id, WUSP_INSTALL);
	return wusp_deploy(g, a, n, 7);
}

enum { ROWS = 3 };

static const char *const hardware[] = { "PCI\\VEN_1&DEV_2&REV_3", "PCI\\VEN_1&DEV_2" };
static const char *const compatible[] = { "PCI\\CC_0300" };
static const struct wusp_driver_score low = { "AMD64.10.0", 0x10 }, high = { "AMD64.10.0", 0x80 };

static void the_best_driver(void **state)
{
	static const struct {
		struct driver_row rows[ROWS];
		struct wusp_installed_driver installed;
		bool printer;
		const char *want;
	} table[] = {
		/* any driver is better than none */
		{ { { 10, NULL, { .hardware_id = "pci\\ven_1&dev_2" } } }, { 0 }, false, "10" },
		{ { { 10, NULL, { .hardware_id = "PCI\\VEN_9" } } }, { 0 }, false, "" },
		{ { { 10, "1", { .hardware_id = "PCI\\VEN_1&DEV_2" } } }, { 0 }, false, "10" },
		/* (1) a computer listed earlier */
		{ { { 10,
		      NULL,
		      { .hardware_id = "PCI\\VEN_1&DEV_2",
			.computers = &also_here,
			.computers_count = 1 } },
		    { 11,
		      NULL,
		      { .hardware_id = "PCI\\VEN_1&DEV_2",
			.computers = &here,
			.computers_count = 1 } },
		    { 12, NULL, { .hardware_id = "PCI\\VEN_1&DEV_2&REV_3", .date = 99 } } },
		  { 0 },
		  false,
		  "11" },
		{ { { 10,
		      NULL,
		      { .hardware_id = "PCI\\VEN_1&DEV_2",
			.computers = &elsewhere,
			.computers_count = 1 } } },
		  { 0 },
		  false,
		  "" },
		/* (2) a lower feature score; none counts as 255 */
		{ { { 10,
		      NULL,
		      { .hardware_id = "PCI\\VEN_1&DEV_2&REV_3",
			.scores = &high,
			.scores_count = 1 } },
		    { 11,
		      NULL,
		      { .hardware_id = "PCI\\CC_0300", .scores = &low, .scores_count = 1 } },
		    { 12, NULL, { .hardware_id = "PCI\\VEN_1&DEV_2&REV_3" } } },
		  { 0 },
		  false,
		  "11" },
		/* (3) an id listed earlier, hardware before compatible */
		{ { { 10, NULL, { .hardware_id = "PCI\\CC_0300", .date = 99 } },
		    { 11, NULL, { .hardware_id = "PCI\\VEN_1&DEV_2" } } },
		  { 0 },
		  false,
		  "11" },
		/* (4) a newer date, (5) a higher version */
		{ { { 10, NULL, { .hardware_id = "PCI\\VEN_1&DEV_2", .date = 5, .version = 9 } },
		    { 11, NULL, { .hardware_id = "PCI\\VEN_1&DEV_2", .date = 6, .version = 1 } },
		    { 12, NULL, { .hardware_id = "PCI\\VEN_1&DEV_2", .date = 6, .version = 2 } } },
		  { 0 },
		  false,
		  "12" },
		/* strictly better than what is installed */
		{ { { 10, NULL, { .hardware_id = "PCI\\VEN_1&DEV_2", .date = 5, .version = 9 } } },
		  { .present = true, .matching_id = "PCI\\VEN_1&DEV_2", .date = 5, .version = 9 },
		  false,
		  "" },
		{ { { 10, NULL, { .hardware_id = "PCI\\VEN_1&DEV_2", .date = 5, .version = 9 } } },
		  { .present = true, .matching_id = "PCI\\VEN_1&DEV_2", .date = 5, .version = 8 },
		  false,
		  "10" },
		{ { { 10, NULL, { .hardware_id = "PCI\\VEN_1&DEV_2", .date = 99 } } },
		  { .present = true, .matching_id = "PCI\\VEN_1&DEV_2&REV_3", .date = 5 },
		  false,
		  "" },
		/* the score is the third byte of the rank */
		{ { { 10,
		      NULL,
		      { .hardware_id = "PCI\\VEN_1&DEV_2",
			.scores = &high,
			.scores_count = 1,
			.date = 9 } } },
		  { .present = true,
		    .matching_id = "PCI\\VEN_1&DEV_2",
		    .has_rank = true,
		    .rank = 0x007f0001,
		    .date = 5 },
		  false,
		  "" },
		{ { { 10,
		      NULL,
		      { .hardware_id = "PCI\\VEN_1&DEV_2",
			.scores = &high,
			.scores_count = 1,
			.date = 1 } } },
		  { .present = true,
		    .matching_id = "PCI\\VEN_1&DEV_2",
		    .has_rank = true,
		    .rank = 0xff810001,
		    .date = 5 },
		  false,
		  "10" },
		/* a computer id of the installed one counts like that of an offered one */
		{ { { 10,
		      NULL,
		      { .hardware_id = "PCI\\VEN_1&DEV_2",
			.computers = &also_here,
			.computers_count = 1,
			.date = 9 } } },
		  { .present = true,
		    .matching_id = "PCI\\VEN_1&DEV_2",
		    .has_computer = true,
		    .computer = { { 1 } } },
		  false,
		  "" },
		{ { { 10,
		      NULL,
		      { .hardware_id = "PCI\\VEN_1&DEV_2",
			.computers = &here,
			.computers_count = 1 } } },
		  { .present = true,
		    .matching_id = "PCI\\VEN_1&DEV_2",
		    .has_computer = true,
		    .computer = { { 2 } },
		    .date = 9 },
		  false,
		  "10" },
		/* printers keep provider and manufacturer */
		{ { { 10,
		      NULL,
		      { .hardware_id = "PCI\\VEN_1&DEV_2",
			.provider = "B",
			.manufacturer = "M",
			.date = 9 } } },
		  { .present = true,
		    .matching_id = "PCI\\VEN_1&DEV_2",
		    .provider = "A",
		    .manufacturer = "M" },
		  true,
		  "" },
		{ { { 10,
		      NULL,
		      { .hardware_id = "PCI\\VEN_1&DEV_2",
			.provider = "a",
			.manufacturer = "m",
			.date = 9 } } },
		  { .present = true,
		    .matching_id = "PCI\\VEN_1&DEV_2",
		    .provider = "A",
		    .manufacturer = "M" },
		  true,
		  "10" },
		{ { { 10,
		      NULL,
		      { .hardware_id = "PCI\\VEN_1&DEV_2", .provider = "B", .date = 9 } } },
		  { .present = true, .matching_id = "PCI\\VEN_1&DEV_2", .provider = "A" },
		  false,
		  "10" },
	};
	static const struct catalog_guid computers[] = { { { 1 } }, { { 2 } } };
	static const int32_t installed[] = { 1 };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		CLEANUP(wusp_graph_free) struct wusp_graph *g = graph_of(table[i].rows, ROWS);
		CLEANUP(wusp_deploy_free)
		struct wusp_deployments *d = all_deployed(g, table[i].rows, ROWS);
		CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
		struct wusp_device device = { hardware,         COUNT(hardware),
					      compatible,       COUNT(compatible),
					      table[i].printer, table[i].installed };
		struct wusp_sync_request q = { .driver_pass = true,
					       .installed = installed,
					       .installed_count = 1,
					       .devices = &device,
					       .devices_count = 1,
					       .computers = computers,
					       .computers_count = 2,
					       .feature_key = "amd64.10.0" };
		struct error err = ERROR_INIT;
		char text[64];

		assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
		world_items_text(g, reply.new_updates, reply.new_count, text, sizeof text);
		if (strcmp(text, table[i].want) != 0)
			fail_msg("row %zu: \"%s\", want \"%s\"", i, text, table[i].want);
		assert_false(reply.driver_sync_not_needed);
	}
}

static const struct driver_row two[] = {
	{ 10, "1", { .hardware_id = "PCI\\VEN_1&DEV_2" } },
	{ 11, NULL, { .hardware_id = "USB\\X" } },
};

static void requests_may_lack_anything(void **state)
{
	static const struct wusp_device empty = { .installed = { .present = true } };
	CLEANUP(wusp_graph_free) struct wusp_graph *g = graph_of(two, COUNT(two));
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = all_deployed(g, two, COUNT(two));
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
	struct wusp_sync_request q = { .driver_pass = true, .devices = &empty };
	struct error err = ERROR_INIT;

	(void)state;
	for (q.devices_count = 0; q.devices_count < 2; q.devices_count++) {
		assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
		assert_int_equal(reply.new_count, 0);
	}
}

static void hardware_ids_and_cached_drivers(void **state)
{
	static const char *const usb[] = { "usb\\x" }, *const pci[] = { "PCI\\VEN_1&DEV_2" };
	const struct wusp_device devices[] = { { .hardware_ids = usb, .hardware_ids_count = 1 },
					       { .hardware_ids = pci, .hardware_ids_count = 1 },
					       { .hardware_ids = usb, .hardware_ids_count = 1 } };
	static const int32_t cached[] = { 10, 11, 555 };
	CLEANUP(wusp_graph_free) struct wusp_graph *g = graph_of(two, COUNT(two));
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = all_deployed(g, two, COUNT(two));
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
	struct wusp_sync_request q = { .driver_pass = true,
				       .devices = devices,
				       .devices_count = 3 };
	struct error err = ERROR_INIT;
	char text[64];

	(void)state;
	/* 10 needs 1, which is not installed; 11 once, with its id once */
	assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
	assert_int_equal(reply.new_count, 1);
	assert_int_equal(wusp_graph_node(g, reply.new_updates[0].node).revision_id, 11);
	assert_int_equal(reply.new_updates[0].hardware_ids_count, 1);
	assert_string_equal(reply.new_updates[0].hardware_ids[0], "USB\\X");

	q.cached_drivers = cached;
	q.cached_drivers_count = 3;
	assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
	assert_int_equal(reply.new_count, 0);
	world_ids_text(reply.out_of_scope, reply.out_of_scope_count, text, sizeof text);
	assert_string_equal(text, "10 555");
	assert_int_equal(reply.changed_count, 1);
	q.stamp = reply.stamp;
	assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
	assert_int_equal(reply.changed_count, 0);
}

static void pages_of_drivers(void **state)
{
	static const struct driver_row large[] = {
		{ LARGE, NULL, { .hardware_id = "A" } },
		{ LARGE + 1, NULL, { .hardware_id = "B" } },
	};
	static const char *const a[] = { "A" }, *const b[] = { "B" };
	const struct wusp_device devices[] = { { .hardware_ids = a, .hardware_ids_count = 1 },
					       { .hardware_ids = b, .hardware_ids_count = 1 } };
	static const int32_t cached[] = { LARGE };
	CLEANUP(wusp_graph_free) struct wusp_graph *g = graph_of(large, COUNT(large));
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = all_deployed(g, large, COUNT(large));
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
	struct wusp_sync_request q = { .driver_pass = true,
				       .devices = devices,
				       .devices_count = 2,
				       .cached_drivers = cached };
	struct error err = ERROR_INIT;

	(void)state;
	for (; q.cached_drivers_count < 2; q.cached_drivers_count++) {
		assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
		assert_int_equal(reply.new_count, 1);
		assert_int_equal(wusp_graph_node(g, reply.new_updates[0].node).revision_id,
				 LARGE + (int)q.cached_drivers_count);
		assert_int_equal(reply.truncated, q.cached_drivers_count == 0);
	}
}

/* The passes do not mix. */
static void software_pass_without_drivers(void **state)
{
	static const int32_t installed[] = { 1 }, cached[] = { 11 };
	CLEANUP(wusp_graph_free) struct wusp_graph *g = graph_of(two, COUNT(two));
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = all_deployed(g, two, COUNT(two));
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
	struct wusp_sync_request q = { .cached = cached, .cached_count = 1 };
	struct error err = ERROR_INIT;
	char text[64];

	(void)state;
	assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
	world_items_text(g, reply.new_updates, reply.new_count, text, sizeof text);
	assert_string_equal(text, "1");
	assert_int_equal(reply.out_of_scope_count, 1);
	q.installed = installed;
	q.installed_count = 1;
	assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
	assert_int_equal(reply.new_count, 0);
	assert_false(reply.driver_sync_not_needed);
}

static void the_ids_of_one_request_are_limited(void **state)
{
	enum { MANY = LIMIT_WUSP_DEVICE_IDS };
	const char **ids = calloc(MANY + 1, sizeof *ids);
	const char *const usb[] = { "USB\\X" };
	const struct {
		struct wusp_device devices[2];
		size_t found;
	} rows[] = {
		{ { { ids + 1, MANY, NULL, 0, false, { 0 } } }, 1 },
		{ { { ids, MANY + 1, NULL, 0, false, { 0 } } }, 0 },
		{ { { ids, MANY - 1, usb, 1, false, { 0 } } }, 1 },
		{ { { ids, MANY, usb, 1, false, { 0 } } }, 0 },
		/* What comes after the limit is not looked at. */
		{ { { ids, MANY - 1, NULL, 0, false, { 0 } }, { usb, 1, NULL, 0, false, { 0 } } },
		  1 },
		{ { { ids, MANY, NULL, 0, false, { 0 } }, { usb, 1, NULL, 0, false, { 0 } } }, 0 },
	};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = graph_of(two, COUNT(two));
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = all_deployed(g, two, COUNT(two));

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		ids[i] = "NONE\\Y";
	ids[MANY] = usb[0];
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
		struct wusp_sync_request q = { .driver_pass = true,
					       .devices = rows[i].devices,
					       .devices_count = COUNT(rows[i].devices) };
		struct error err = ERROR_INIT;

		assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
		assert_int_equal(reply.new_count, rows[i].found);
	}
	free(ids);
}

static void the_kinds_of_one_computer_are_limited(void **state)
{
	static const struct catalog_guid mine = { { 1 } };
	static const struct driver_row only[] = {
		{ 10, NULL, { .hardware_id = "USB\\X", .computers = &mine, .computers_count = 1 } },
	};
	static const char *const usb[] = { "USB\\X" };
	static const struct wusp_device device = { usb, 1, NULL, 0, false, { 0 } };
	CLEANUP(wusp_graph_free) struct wusp_graph *g = graph_of(only, COUNT(only));
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = all_deployed(g, only, COUNT(only));

	(void)state;
	for (size_t at = LIMIT_WUSP_COMPUTERS - 1; at <= LIMIT_WUSP_COMPUTERS; at++) {
		CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
		struct catalog_guid computers[LIMIT_WUSP_COMPUTERS + 1] = { { { 0 } } };
		const struct wusp_sync_request q = { .driver_pass = true,
						     .devices = &device,
						     .devices_count = 1,
						     .computers = computers,
						     .computers_count = COUNT(computers) };
		struct error err = ERROR_INIT;

		computers[at] = mine;
		assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
		assert_int_equal(reply.new_count, at < LIMIT_WUSP_COMPUTERS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_driver),
		cmocka_unit_test(requests_may_lack_anything),
		cmocka_unit_test(hardware_ids_and_cached_drivers),
		cmocka_unit_test(pages_of_drivers),
		cmocka_unit_test(software_pass_without_drivers),
		cmocka_unit_test(the_ids_of_one_request_are_limited),
		cmocka_unit_test(the_kinds_of_one_computer_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Serial number and label, from a system of its own. */
#include "verifier/care/medium.h"

#include "lib/base/error.h"
#include "tests/unit/folder.h"

#include <sys/sysmacros.h>

/* A stick on a hub, as sysfs shows it; the device number is that of the folder itself. */
static void make_stick(const struct temporary *t, bool removable, const char *bus)
{
	char path[256], link[320], target[256];
	struct stat st;
	struct error err = ERROR_INIT;

	assert_int_equal(stat(t->path, &st), 0);
	snprintf(path, sizeof path, "%s/sys/pci0000:00/%s/1-1/sdx/sdx1", t->path, bus);
	assert_int_equal(file_make_dirs(path, &err), 0);
	snprintf(path, sizeof path, "sys/pci0000:00/%s/serial", bus);
	temporary_write(t, path, "controller\n", 11);
	snprintf(path, sizeof path, "sys/pci0000:00/%s/1-1/serial", bus);
	temporary_write(t, path, "0781-AB12 \n", 11);
	snprintf(path, sizeof path, "sys/pci0000:00/%s/1-1/sdx/removable", bus);
	temporary_write(t, path, removable ? "1\n" : "0\n", 2);
	snprintf(path, sizeof path, "sys/pci0000:00/%s/1-1/sdx/sdx1/partition", bus);
	temporary_write(t, path, "1\n", 2);
	snprintf(path, sizeof path, "%s/sys/dev/block", t->path);
	assert_int_equal(file_make_dirs(path, &err), 0);
	snprintf(link, sizeof link, "%s/%u:%u", path, major(st.st_dev), minor(st.st_dev));
	snprintf(target, sizeof target, "../../pci0000:00/%s/1-1/sdx/sdx1", bus);
	assert_int_equal(symlink(target, link), 0);
}

static void read_it(const struct temporary *t, struct medium *m)
{
	char sys[80], dev[80], mounts[80];
	struct medium_system system = { mounts, sys, dev };

	snprintf(sys, sizeof sys, "%s/sys", t->path);
	snprintf(dev, sizeof dev, "%s/dev", t->path);
	snprintf(mounts, sizeof mounts, "%s/mountinfo", t->path);
	*m = (struct medium){ .seal = NULL };
	medium_detect(&system, t->path, m);
}

/* Needs a file system with a device number of its own. */
static bool has_device(const struct temporary *t)
{
	struct stat st;

	assert_int_equal(stat(t->path, &st), 0);
	return major(st.st_dev) != 0;
}

static void a_stick_tells_its_number(void **state)
{
	static const struct {
		bool removable;
		const char *bus, *serial;
	} cases[] = { { true, "ata1", "0781-AB12" },
		      { false, "usb1", "0781-AB12" },
		      { false, "ata1", "" } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct temporary t;
		struct medium m;

		temporary_create(&t);
		if (has_device(&t)) {
			make_stick(&t, cases[i].removable, cases[i].bus);
			read_it(&t, &m);
			assert_string_equal(m.serial, cases[i].serial);
		}
		temporary_remove(&t);
	}
}

static void what_is_not_there_is_unknown(void **state)
{
	struct temporary t;
	struct medium m;

	(void)state;
	temporary_create(&t);
	read_it(&t, &m);
	assert_string_equal(m.serial, "");
	assert_string_equal(m.label, "");
	temporary_remove(&t);
}

static void a_stated_number_must_be_right(void **state)
{
	static const struct cli_option options[] = { MEDIUM_OPTIONS, CLI_OPTIONS_END };
	static const struct cli_verb verb = { .name = "x", .options = options };
	static const struct cli_program program = { .name = "x" };
	struct cli_args args = { .program = &program, .verb = &verb, .value_count = 1 };
	struct error err = ERROR_INIT;
	struct temporary t;
	struct medium m;
	char sys[80];

	(void)state;
	temporary_create(&t);
	snprintf(sys, sizeof sys, "%s/sys", t.path);
	struct medium_system system = { "/nonexistent", sys, "/nonexistent" };
	args.values[0].option = &options[0];
	args.values[0].value = "other";
	assert_int_equal(medium_read(&args, &system, t.path, &m, &err), 0);
	assert_string_equal(m.serial, "other");
	if (has_device(&t)) {
		make_stick(&t, true, "ata1");
		assert_int_equal(medium_read(&args, &system, t.path, &m, &err), -1);
		assert_error(err, ERROR_MEDIUM_SERIAL,
			     "--serial says other, the device says 0781-AB12");
		error_clear(&err);
		args.values[0].value = "0781-AB12";
		assert_int_equal(medium_read(&args, &system, t.path, &m, &err), 0);
	}
	args.values[0].value = "";
	assert_int_equal(medium_read(&args, &system, t.path, &m, &err), -1);
	assert_error(err, ERROR_LEDGER_VALUE, "--serial");
	temporary_remove(&t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stick_tells_its_number),
		cmocka_unit_test(what_is_not_there_is_unknown),
		cmocka_unit_test(a_stated_number_must_be_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

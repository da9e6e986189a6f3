#include "exporter/job_conf.h"

#include "exporter/job_due.h"
#include "exporter/job_file.h"
#include "exporter/job_metrics.h"
#include "exporter/job_unit.h"
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "tests/unit/folder.h"

#define GOOD                                                                        \
	"[job]\nrepo = /r\nchannel = main\nout = /o\nkey = /k\n[source a]\nkind = " \
	"wsusscn2\nfile = /f\n"

static int add(struct job_conf *c, const char *text, struct error *err)
{
	return job_conf_add(c, "j.conf", (const unsigned char *)text, strlen(text), err);
}

static void defaults(void **state)
{
	struct job_conf c = { .file = "j.conf" };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(add(&c, GOOD, &err), 0);
	assert_int_equal(job_conf_finish(&c, &err), 0);
	assert_string_equal(c.repo, "/r");
	assert_string_equal(c.media, "usb");
	assert_int_equal(c.expires_days, 90);
	assert_int_equal(c.keep, 0);
	assert_int_equal(c.max_age, 0);
	assert_int_equal(c.notify_timeout, 60);
	assert_true(c.threads >= 1);
	assert_false(c.incomplete);
	assert_int_equal(c.parity, JOB_YES);
	assert_int_equal(c.spares, 0);
	assert_string_equal(job_conf_kind(&c), "auto");
	assert_int_equal(c.source_count, 1);
	assert_string_equal(c.sources[0].content, "");
}

static void every_key(void **state)
{
	struct job_conf c = { .file = "j.conf" };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(add(&c, GOOD, &err), 0);
	assert_int_equal(add(&c,
			     "[job]\nmedia = 650M\npassphrase-file = phrase\nexpires-days = 3650\n"
			     "incomplete = yes\nkind = full\nparity = no\nspare = 4\nthreads = "
			     "64\nkeep = 10000\n"
			     "keep-days = 7\nmin-free = 2G\nschedule = Mon *-*-1..7 03:00\n"
			     "max-age = 2w\non-success = /bin/mail -s \"it is done\" root\n"
			     "on-failure = /bin/false\nnotify-timeout = 3m\nmetrics = /m/x.prom\n"
			     "[source a]\ncontent = /c\naccept-shrink = yes\n[source b.2]\n",
			     &err),
			 0);
	assert_no_error(err);
	assert_string_equal(c.passphrase, "phrase");
	assert_true(c.incomplete);
	assert_int_equal(c.parity, JOB_NO);
	assert_int_equal(c.spares, 4);
	assert_string_equal(job_conf_kind(&c), "full");
	assert_int_equal(c.min_free, 2ull << 30);
	assert_int_equal(c.max_age, 14 * 86400);
	assert_int_equal(c.notify_timeout, 180);
	assert_int_equal(c.on_success.count, 4);
	assert_memory_equal(c.on_success.words, "/bin/mail\0-s\0it is done\0root", 29);
	assert_int_equal(c.on_failure.count, 1);
	assert_true(c.sources[0].accept_shrink);
	assert_string_equal(c.sources[0].file, "/f");
	assert_string_equal(c.sources[1].name, "b.2");
	assert_int_equal(job_conf_finish(&c, &err), -1);
	assert_error(err, ERROR_CONF_FORMAT, "j.conf: [source b.2] has no kind");
}

/* A later file replaces and takes back; within one file a key stands once. */
static void later_files_win(void **state)
{
	struct job_conf c = { .file = "j.conf" };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(add(&c, GOOD "[job2]", &err), -1);
	error_clear(&err);
	c = (struct job_conf){ .file = "j.conf" };
	assert_int_equal(add(&c, GOOD, &err), 0);
	assert_int_equal(add(&c, "[job]\nkeep = 3\nchannel = b\n", &err), 0);
	assert_int_equal(add(&c, "[job]\nkeep =\n[source a]\nfile = /g\n", &err), 0);
	assert_int_equal(job_conf_finish(&c, &err), 0);
	assert_int_equal(c.keep, 0);
	assert_string_equal(c.channel, "b");
	assert_string_equal(c.sources[0].file, "/g");
	assert_int_equal(add(&c, "[source a]\nfile = /g\nfile = /h\n", &err), -1);
	assert_error(err, ERROR_CONF_FORMAT, "j.conf:3: file: given twice");
	error_clear(&err);
	assert_int_equal(add(&c, "[source a]\n[source a]\n", &err), -1);
	assert_error(err, ERROR_CONF_FORMAT, "j.conf:2: [source a]: given twice");
}

static void values_that_are_refused(void **state)
{
	static const char *const lines[] = {
		"repo = r",
		"channel = a b",
		"media = 1023K",
		"media = floppy",
		"key = ../key",
		"expires-days = 0",
		"expires-days = 01",
		"threads = 0",
		"keep = -1",
		"keep = 10001",
		"min-free = 0",
		"max-age = 59s",
		"max-age = d",
		"max-age = 99999999999999999999d",
		"notify-timeout = 0s",
		"notify-timeout = 61m",
		"incomplete = YES",
		"parity = maybe",
		"spare = 5",
		"schedule = 03:00;reboot",
		"schedule = %i",
		"on-success = \"/a",
		"on-success = /a\"b\"",
		"on-success = \"\" /a",
		"on-success = /a 1 2 3 4 5 6 7 8 9 10 1 2 3 4 5 6 7 8 9 20 1 2 3 4 5 6 7 8 9 30 1",
		"colour = red",
		"file = /f",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct job_conf c = { .file = "j.conf" };
		struct error err = ERROR_INIT;
		char text[256];

		snprintf(text, sizeof text, "[job]\n%s\n", lines[i]);
		if (add(&c, text, &err) != -1)
			fail_msg("accepted: %s", lines[i]);
		assert_error(err, ERROR_CONF_FORMAT, "j.conf:2: ");
	}
}

static void selections_are_read(void **state)
{
	struct job_conf c = { .file = "j.conf" };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(add(&c, GOOD, &err), 0);
	assert_false(c.has_selection);
	assert_int_equal(add(&c, "[selection]\nproduct = A\nproduct = B\nexpress = no\n", &err), 0);
	assert_true(c.has_selection);
	assert_int_equal(c.selection.count, 3);
	assert_int_equal(add(&c, "[selection]\nproduct = C\nexpress =\n", &err), 0);
	assert_int_equal(c.selection.count, 1);
	assert_string_equal(c.selection.entries[0].value, "C");
	assert_int_equal(add(&c, "[selection]\n[selection]\n", &err), -1);
	assert_error(err, ERROR_CONF_FORMAT, "j.conf:2: [selection]: given twice");
	error_clear(&err);
	assert_int_equal(add(&c, "[selection]\nkeep = 3\n", &err), -1);
	assert_error(err, ERROR_CONF_FORMAT, "j.conf:2: keep: unknown key in [selection]");
}

static void number_of_sources(void **state)
{
	struct job_conf c = { .file = "j.conf" };
	struct error err = ERROR_INIT;
	char text[64];

	(void)state;
	for (unsigned i = 0; i < LIMIT_JOB_SOURCES; i++) {
		snprintf(text, sizeof text, "[source s%u]\n", i);
		assert_int_equal(add(&c, text, &err), 0);
	}
	assert_int_equal(add(&c, "[source more]\n", &err), -1);
	assert_error(err, ERROR_CONF_FORMAT, "j.conf:1: more than 16 sources");
}

static void drop_ins_are_limited(void **state)
{
	struct temporary t;
	struct error err = ERROR_INIT;
	struct job_dirs dirs = { .count = 1 };
	struct job_conf c;
	char path[128];

	(void)state;
	temporary_create(&t);
	dirs.paths[0] = t.path;
	snprintf(path, sizeof path, "%s/jobs/n.conf.d", t.path);
	assert_int_equal(file_make_dirs(path, &err), 0);
	temporary_write(&t, "jobs/n.conf", GOOD, strlen(GOOD));
	temporary_write(&t, "jobs/n.conf.d/README", "not one", 7);
	for (unsigned i = 0; i < LIMIT_JOB_DROPINS; i++) {
		snprintf(path, sizeof path, "jobs/n.conf.d/%02u.conf", i);
		temporary_write(&t, path, "[job]\n", 6);
	}
	assert_int_equal(job_file_load(&dirs, "n", &c, &err), 0);
	temporary_write(&t, "jobs/n.conf.d/more.conf", "[job]\n", 6);
	assert_int_equal(job_file_load(&dirs, "n", &c, &err), -1);
	assert_error(err, ERROR_LIMIT_BYTES, "more than 64 files");
	error_clear(&err);
	assert_int_equal(unlinkat(t.dir, "jobs/n.conf", 0), 0);
	assert_int_equal(symlinkat("n.conf.d/01.conf", t.dir, "jobs/n.conf"), 0);
	assert_int_equal(job_file_load(&dirs, "n", &c, &err), -1);
	assert_error(err, ERROR_FILE_READ, "n.conf");
	temporary_remove(&t);
}

static void jobs_are_limited(void **state)
{
	struct temporary t;
	struct error err = ERROR_INIT;
	struct job_dirs dirs = { .count = 1 };
	char path[128];

	(void)state;
	temporary_create(&t);
	dirs.paths[0] = t.path;
	snprintf(path, sizeof path, "%s/jobs", t.path);
	assert_int_equal(file_make_dirs(path, &err), 0);
	for (unsigned i = 0; i < LIMIT_JOBS; i++) {
		snprintf(path, sizeof path, "jobs/%03u.conf", i);
		temporary_write(&t, path, "", 0);
	}
	{
		CLEANUP(file_list_clear) struct file_list names = { 0 };

		assert_int_equal(job_file_names(&dirs, &names, &err), 0);
		assert_int_equal(names.count, LIMIT_JOBS);
		assert_string_equal(names.names[255], "255");
	}
	CLEANUP(file_list_clear) struct file_list names = { 0 };
	temporary_write(&t, "jobs/more.conf", "", 0);
	assert_int_equal(job_file_names(&dirs, &names, &err), -1);
	assert_error(err, ERROR_LIMIT_BYTES, "more than 256 files");
	temporary_remove(&t);
}

static void when_it_is_due(void **state)
{
	struct job_conf c = { .max_age = 100 };
	struct error err = ERROR_INIT;
	struct job_due d;

	(void)state;
	assert_int_equal(job_due(&c, JOB_DUE_UNKNOWN, 1000, &d, &err), 0);
	assert_true(d.due && d.overdue && d.next == JOB_DUE_UNKNOWN);
	assert_int_equal(job_due(&c, 901, 1000, &d, &err), 0);
	assert_true(!d.due && !d.overdue && d.next == 1001);
	assert_int_equal(job_due(&c, 900, 1000, &d, &err), 0);
	assert_true(d.due && !d.overdue);
	assert_int_equal(job_due(&c, 899, 1000, &d, &err), 0);
	assert_true(d.due && d.overdue);
	/* A success in the future: the clock was set back. */
	assert_int_equal(job_due(&c, 1001, 1000, &d, &err), 0);
	assert_true(d.due && d.overdue);
	c.max_age = 0;
	assert_int_equal(job_due(&c, 1, 1000, &d, &err), 0);
	assert_true(!d.due && !d.overdue && d.next == JOB_DUE_UNKNOWN);
}

static void drop_ins_for_units(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);
	struct job_conf c = { .name = "n", .file = "/f", .repo = "/a b%\"", .out = "/o\\" };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(job_unit_timer(&c, &out, &err), -1);
	assert_error(err, ERROR_JOB_SCHEDULE, "job n: no schedule");
	error_clear(&err);
	snprintf(c.metrics, sizeof c.metrics, "/m/x.prom");
	assert_int_equal(job_unit_service(&c, &out, &err), 0);
	assert_int_equal(buf_append(&out, "", 1, &err), 0);
	assert_string_equal((char *)out.bytes,
			    "# From /f\n[Unit]\nRequiresMountsFor=\"/o\\\\\"\n\n[Service]\n"
			    "ReadWritePaths=\"/a b%%\\\"\"\nReadWritePaths=\"/o\\\\\"\n"
			    "ReadWritePaths=\"/m\"\n");
}

static void metrics_go_to_a_file(void **state)
{
	struct job_metrics m = { .job = "n", .last_run = 5, .exit_status = 6 };
	struct temporary t;
	struct error err = ERROR_INIT;
	CLEANUP(free) unsigned char *bytes = NULL;
	char path[128];
	size_t len;

	(void)state;
	temporary_create(&t);
	snprintf(path, sizeof path, "%s/n.prom", t.path);
	assert_int_equal(job_metrics_save(&m, path, &err), 0);
	assert_int_equal(file_load(t.dir, "n.prom", 65536, &bytes, &len, &err), 1);
	assert_non_null(strstr((char *)bytes, "gapferry_job_last_run_status{name=\"n\"} 6\n"));
	assert_string_equal((char *)bytes + len - 6, "# EOF\n");
	assert_int_equal(job_metrics_save(&m, "/no/such/dir/x", &err), -1);
	assert_error(err, ERROR_FILE_OPEN, "/no/such/dir");
	temporary_remove(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_key),
		cmocka_unit_test(later_files_win),
		cmocka_unit_test(selections_are_read),
		cmocka_unit_test(values_that_are_refused),
		cmocka_unit_test(number_of_sources),
		cmocka_unit_test(drop_ins_are_limited),
		cmocka_unit_test(jobs_are_limited),
		cmocka_unit_test(when_it_is_due),
		cmocka_unit_test(drop_ins_for_units),
		cmocka_unit_test(metrics_go_to_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

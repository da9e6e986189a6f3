/* A bundle onto media: what is kept, replaced and left out; children; labels of images. */
#include "verifier/medium_write.h"

#include "lib/cli/progress.h"
#include "tests/unit/verifier/bundle.h"
#include "verifier/medium_image.h"
#include "verifier/medium_tool.h"
#include "verifier/verify.h"

static const uint64_t sizes[] = { 5 << 20, 3 << 20 };

struct scene {
	struct bundle bundle;
	struct verified_bundle *verified;
	struct temporary medium;
	struct progress progress;
	const char *roots[1];
};

static void open_scene(struct scene *s)
{
	struct error err = ERROR_INIT;

	*s = (struct scene){ .progress = { .what = "" } };
	bundle_make(&s->bundle, sizes, COUNT(sizes), 6 << 20);
	temporary_write(&s->bundle.folder, "vol-0001.par", "parity one", 10);
	temporary_write(&s->bundle.folder, "vol-0002.par", "parity two", 10);
	temporary_create(&s->medium);
	s->roots[0] = s->medium.path;
	s->verified = verify_open(s->bundle.folder.path, s->bundle.trust, VERIFY_COMPLETE, &err);
	assert_no_error(err);
}

static void close_scene(struct scene *s)
{
	verify_close(s->verified);
	temporary_remove(&s->medium);
	bundle_remove(&s->bundle);
}

/* One run of the verb, onto a medium with this much room; the state of the job is the result. */
static void write_it(struct scene *s, const bool *only, uint64_t room, struct medium_job *job)
{
	const struct medium_space space = { .room = room, .file_max = UINT64_MAX };
	CLEANUP(medium_plan_clear) struct medium_plan plan = { 0 };
	struct error err = ERROR_INIT;

	assert_int_equal(medium_write_begin(job, s->verified, only, &s->progress, &err), 0);
	assert_int_equal(medium_write_resume(job, s->roots, 1, &err), 0);
	medium_plan_make(&(struct medium_request){ .wanted = job->wanted,
						   .wanted_count = job->wanted_count,
						   .spaces = &space,
						   .space_count = 1 },
			 &plan);
	assert_int_equal(plan.left_count, 0);
	assert_int_equal(medium_write_target(job, &plan, 0, s->medium.path, &err), 0);
	assert_no_error(err);
}

static uint64_t file_of(const struct scene *s, const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof path, "gapferry/plant-1-1/%s", name);
	return fstatat(s->medium.dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : st.st_ino;
}

static void what_is_good_is_kept(void **state)
{
	struct error err = ERROR_INIT;
	struct medium_job job;
	struct scene s;

	(void)state;
	open_scene(&s);
	write_it(&s, NULL, 64 << 20, &job);
	assert_true(job.helpers_done[0] && job.helpers_done[1]);
	medium_write_clear(&job);
	uint64_t one = file_of(&s, "vol-0001.tar"), par = file_of(&s, "vol-0001.par");
	assert_true(one && par && file_of(&s, "vol-0002.tar") && file_of(&s, "MANIFEST"));

	/* A volume and a parity file are damaged; with no room at all the good ones stay. */
	CLEANUP(file_close)
	int dir = file_open_subdir(s.medium.dir, "gapferry/plant-1-1", false, &err);
	CLEANUP(file_close) int fd = openat(dir, "vol-0002.tar", O_RDWR);
	assert_int_equal(file_write_at(fd, "x", "x", 1, 100, &err), 0);
	assert_int_equal(file_save(dir, "vol-0002.par", "parity 2wo", 10, 0644, &err), 0);
	uint64_t size = object_table_volume_size(s.bundle.objects, 2);
	write_it(&s, NULL, size, &job);
	assert_int_equal(file_of(&s, "vol-0001.tar"), one);
	assert_int_equal(file_of(&s, "vol-0001.par"), par);
	assert_int_equal(file_of(&s, "vol-0002.par"), 0);
	assert_true(job.helpers_done[0]);
	assert_false(job.helpers_done[1]);
	medium_write_clear(&job);
	write_it(&s, NULL, 64 << 20, &job);
	assert_int_equal(job.wanted_count, 0);
	assert_true(file_of(&s, "vol-0002.par"));
	medium_write_clear(&job);
	close_scene(&s);
}

static void volumes_bring_their_own_parity(void **state)
{
	const bool only[] = { false, true };
	struct medium_job job;
	struct scene s;

	(void)state;
	open_scene(&s);
	write_it(&s, only, 64 << 20, &job);
	assert_true(file_of(&s, "vol-0002.tar") && file_of(&s, "vol-0002.par"));
	assert_false(file_of(&s, "vol-0001.tar") || file_of(&s, "vol-0001.par"));
	medium_write_clear(&job);
	close_scene(&s);
}

static void another_bundle_of_the_name_stays(void **state)
{
	struct error err = ERROR_INIT;
	struct medium_job job;
	struct scene s;
	char path[128];

	(void)state;
	open_scene(&s);
	snprintf(path, sizeof path, "%s/gapferry/plant-1-1", s.medium.path);
	assert_int_equal(file_make_dirs(path, &err), 0);
	temporary_write(&s.medium, "gapferry/plant-1-1/MANIFEST", "other\n", 6);
	assert_int_equal(medium_write_begin(&job, s.verified, NULL, &s.progress, &err), 0);
	assert_int_equal(medium_write_resume(&job, s.roots, 1, &err), -1);
	assert_error(err, ERROR_BUNDLE_OTHER, "another bundle has this name");
	medium_write_clear(&job);
	close_scene(&s);
}

static void small_files_and_a_reserve_come_first(void **state)
{
	struct error err = ERROR_INIT;
	struct medium_job job;
	struct scene s;

	(void)state;
	open_scene(&s);
	assert_int_equal(medium_write_begin(&job, s.verified, NULL, &s.progress, &err), 0);
	uint64_t taken = job.files.small_bytes + 4096 * job.files.small_count + (512 << 10);
	assert_int_equal(medium_write_capacity(&job, taken + 7, 1).room, 7);
	assert_int_equal(medium_write_capacity(&job, taken, 1).room, 0);
	assert_int_equal(medium_write_capacity(&job, 1, 1).room, 0);
	medium_write_clear(&job);
	close_scene(&s);
}

static int run(const char *script, struct buf *out, struct error *err)
{
	CLEANUP(medium_tool_clear) struct medium_tool t = { 0 };
	struct progress progress = { .what = "" };

	medium_tool_add(&t, (const char *const[]){ "sh", "-c", script, NULL });
	return medium_tool_run(&t, &progress, out, err);
}

static void children_are_read_and_judged(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(16);
	CLEANUP(medium_tool_clear) struct medium_tool none = { 0 };
	struct progress progress = { .what = "" };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(run("echo a; echo b >&2; cat", &out, &err), 0);
	assert_int_equal(out.len, 2);
	assert_memory_equal(out.bytes, "a\n", 2);
	assert_int_equal(run("exit 3", NULL, &err), -1);
	assert_error(err, ERROR_MEDIUM_TOOL, "ended with status 3");
	error_clear(&err);
	assert_int_equal(run("kill -9 $$", NULL, &err), -1);
	assert_error(err, ERROR_MEDIUM_TOOL, "ended with status 137");
	error_clear(&err);
	/* More than there is room for: it is ended. */
	assert_int_equal(run("while :; do echo 0123456789; done", &out, &err), -1);
	assert_int_equal(err.id, ERROR_LIMIT_BYTES);
	error_clear(&err);
	medium_tool_add(&none, (const char *const[]){ "/nonexistent/program", NULL });
	assert_int_equal(medium_tool_run(&none, &progress, NULL, &err), -1);
	assert_error(err, ERROR_MEDIUM_TOOL, "cannot be started");
}

static void labels_have_32_characters(void **state)
{
	char label[MEDIUM_IMAGE_LABEL];

	(void)state;
	medium_image_label("main-1-7", 0, 1, label);
	assert_string_equal(label, "MAIN_1_7");
	medium_image_label("a-very-long-name-of-a-channel.and-more-1-7", 11, 12, label);
	assert_string_equal(label, "AME_OF_A_CHANNEL_AND_MORE_1_7_12");
	assert_int_equal(strlen(label), 32);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_good_is_kept),
		cmocka_unit_test(volumes_bring_their_own_parity),
		cmocka_unit_test(another_bundle_of_the_name_stays),
		cmocka_unit_test(small_files_and_a_reserve_come_first),
		cmocka_unit_test(children_are_read_and_judged),
		cmocka_unit_test(labels_have_32_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

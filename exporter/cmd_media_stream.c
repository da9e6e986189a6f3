#include "exporter/commands.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/cli/progress.h"
#include "verifier/medium_stream.h"
#include "verifier/medium_verbs.h"
#include "verifier/stream.h"
#include "verifier/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A device or pipe as it is; a new file.  A file that is there is not replaced. */
static int open_target(const char *path, struct error *err)
{
	struct stat st;
	bool there = stat(path, &st) == 0;

	if (there && S_ISREG(st.st_mode))
		return error_set(err, ERROR_FILE_EXISTS, "%s: exists already", path);
	int fd = open(path, O_WRONLY | O_CLOEXEC | (there ? 0 : O_CREAT | O_EXCL), 0666);

	return fd >= 0 ? fd : error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot open", path);
}

int cmd_media_stream(const struct cli_args *args, struct error *err)
{
	CLEANUP(medium_verbs_close) struct medium_source s = { 0 };
	const char *to = cli_text(args, "to");
	bool standard = strcmp(to, "-") == 0;
	CLEANUP(file_close) int fd = -1;
	struct progress progress;
	size_t record, left;

	if (standard && args->json)
		return error_set(err, ERROR_USAGE, "--json and --to -: both want standard output");
	if (medium_verbs_record(args, &record, err) < 0 ||
	    medium_verbs_open(args, args->operands, args->operand_count, &s, err) < 0)
		return -1;
	if (!standard && (fd = open_target(to, err)) < 0)
		return -1;
	progress_begin(&progress, "writing", stream_total(s.bundle));
	int failed = medium_stream_write(s.bundle, standard ? STDOUT_FILENO : fd, to, record,
					 &progress, &left, err);
	progress_end(&progress);
	if (failed)
		return -1;
	if (left > 0)
		cli_note(args, "%zu parity files of 8 GiB or more were left out", left);
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s, s:I, s:I}", "bundle", verify_path(s.bundle),
					 "to", to, "bytes", (json_int_t)progress.done,
					 "parity_left_out", (json_int_t)left));
	else if (!standard)
		printf("%s: %llu bytes in records of %zu\n", to, (unsigned long long)progress.done,
		       record);
	return 0;
}

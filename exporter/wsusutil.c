#include "exporter/wsusutil.h"

#include "exporter/tee.h"
#include "exporter/wsusscn2.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/cab/cab.h"
#include "lib/cli/progress.h"
#include "lib/crypto/authenticode.h"
#include "lib/pack/listing.h"
#include "lib/store/content.h"
#include "lib/store/gather.h"
#include "lib/store/gather_build.h"
#include "lib/store/stored.h"

#include <fcntl.h>
#include <string.h>

struct reader {
	struct wsusscn2 *out;
	struct gather_build *build;
	struct listing_source *source;
	struct wsusutil_package package;
};

static void reader_clear(struct reader *r)
{
	gather_build_free(r->build);
	wsusutil_package_clear(&r->package);
}
DEFINE_CLEANUP_IN_PLACE(struct reader, reader_clear);

static int take(void *ctx, struct listing_entry *e, const void *bytes, size_t len,
		struct error *err)
{
	struct reader *r = ctx;

	if (gather_build_add(r->build, e, bytes, len, err) < 0)
		return -1;
	return gather_feed(r->out->gather, e, bytes, len, err);
}

/* All of the package was read through tee. */
static int finish(struct reader *r, struct tee *tee, struct error *err)
{
	r->out->unknown_members = r->package.unknown_members;
	r->source->created = r->package.created;
	memcpy(r->source->series, r->package.series, sizeof r->package.series);
	return wsusscn2_finish(r->out, r->build, NULL, tee, err);
}

static int read_file(struct reader *r, struct store *s, int fd, const char *path, unsigned threads,
		     struct progress *progress, struct error *err)
{
	struct tee tee;
	int opened = wsusutil_package_open(&r->package, fd, r->source->name, err);

	if (opened == 0)
		return error_set(err, ERROR_WSUS_PACKAGE, "no metadata.txt");
	if (opened < 0)
		return -1;
	r->build = gather_build_new(r->out->gather, s, threads, err);
	struct content_writer *copy = r->build ? content_begin(s, false, err) : NULL;
	if (!copy)
		return -1;
	tee_init(&tee, fd, path, copy, r->out->signature, progress);
	CLEANUP(cab_close) struct cab *cab = cab_open(&tee.base, r->source->name, err);
	int failed = cab && wsusutil_package_read(&r->package, cab, r->out->gather->catalog, take,
						  r, err) == 0
			     ? finish(r, &tee, err)
			     : -1;
	content_abandon(tee.copy);
	return failed;
}

int wsusutil_read(struct store *s, const char *path, unsigned threads, struct progress *progress,
		  struct wsusscn2 *out, struct wsusutil_oddities *oddities, struct error *err)
{
	struct listing_source source = { .kind = "wsusutil", .series = "default", .created = -1 };
	CLEANUP(wsusscn2_clear) struct wsusscn2 w = { 0 };
	CLEANUP(file_close) int fd = -1;
	const char *slash = strrchr(path, '/');
	uint64_t size;

	if (file_open_present(AT_FDCWD, path, &fd, &size, err) < 0)
		return -1;
	if (wsusutil_package_check(fd, size, err) < 0)
		return error_wrap(err, "%s", path);
	stored_clean_name(slash ? slash + 1 : path, source.name);
	w.gather = gather_new(&source);
	w.signature = authenticode_new();
	CLEANUP(reader_clear)
	struct reader r = { .out = &w, .source = &w.gather->source };
	progress_begin(progress, "reading package", size);
	int failed = read_file(&r, s, fd, path, threads, progress, err);
	progress_end(progress);
	if (failed) {
		wsusscn2_forget(&w, s);
		return error_wrap(err, "%s", path);
	}
	*oddities = r.package.oddities;
	*out = w;
	w = (struct wsusscn2){ 0 };
	return 0;
}

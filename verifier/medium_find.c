#include "verifier/medium_find.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "verifier/prover.h"
#include "verifier/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void medium_find_clear(struct medium_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->paths[i]);
	free(l->paths);
	*l = (struct medium_list){ 0 };
}

/* One that cannot be looked at is there: opening the bundle says why. */
static bool has_manifest(int dir, const char *name)
{
	char path[512];

	if ((size_t)snprintf(path, sizeof path, "%s%sMANIFEST", name, name[0] ? "/" : "") >=
	    sizeof path)
		return false;
	return faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	       (errno != ENOENT && errno != ENOTDIR);
}

static void add(struct medium_list *out, const char *path, const char *name)
{
	size_t size = strlen(path) + strlen(name) + sizeof "/gapferry/";
	char *whole = buf_malloc(size);

	snprintf(whole, size, "%s%s%s", path, name[0] ? "/gapferry/" : "", name);
	out->paths = buf_grow(out->paths, &out->capacity, out->count, sizeof *out->paths);
	out->paths[out->count++] = whole;
}

/* Finished bundles only: NAME.part is one that is being written. */
static bool is_finished(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && (len < 5 || strcmp(name + len - 5, ".part") != 0);
}

int medium_find(const char *path, struct medium_list *out, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	struct error refused = ERROR_INIT; /* the message below says it better, with its cause */
	CLEANUP(file_close) int dir = file_open_dir(path, &refused);
	size_t before = out->count;

	if (dir >= 0 && has_manifest(dir, "")) {
		add(out, path, "");
		return 0;
	}
	CLEANUP(file_close)
	int top = dir < 0 ? -1 : file_open_subdir(dir, "gapferry", false, &refused);
	if (top >= 0 && file_list_load(top, LIMIT_MEDIUM_FILES, &list, err) < 0)
		return error_wrap(err, "%s", path);
	for (size_t i = 0; i < list.count; i++)
		if (is_finished(list.names[i]) && has_manifest(top, list.names[i]))
			add(out, path, list.names[i]);
	if (out->count > before)
		return 0;
	if (refused.sys == 0 || (dir >= 0 && refused.sys == ENOENT))
		return error_set(err, ERROR_BUNDLE_ABSENT, "%s: no bundle there", path);
	errno = refused.sys;
	return error_set_errno(err, ERROR_BUNDLE_ABSENT,
			       "%s: no bundle there, or it cannot be read", path);
}

int medium_find_add(struct verified_bundle *b, const char *place, struct error *err)
{
	CLEANUP(medium_find_clear) struct medium_list list = { 0 };

	if (medium_find(place, &list, err) < 0) {
		error_clear(err);
		return verify_add_dir(b, place, err);
	}
	for (size_t i = 0; i < list.count; i++)
		if (strcmp(list.paths[i], verify_path(b)) == 0)
			return 0;
	for (size_t i = 0; i < list.count; i++) {
		error_clear(err); /* of another bundle on this medium */
		if (verify_add_dir(b, list.paths[i], err) == 0)
			return 0;
		if (err->id != ERROR_BUNDLE_OTHER)
			return -1;
	}
	return -1;
}

struct verified_bundle *medium_find_open(const char *const *places, size_t count,
					 const struct prover_means *means, struct error *err)
{
	CLEANUP(medium_find_clear) struct medium_list list = { 0 };
	const char *path = places[0];

	/* A path that is no bundle is opened all the same: what is wrong with it is said there. */
	if (medium_find(path, &list, err) < 0)
		error_clear(err);
	if (list.count > 1) {
		error_set(err, ERROR_MEDIUM_SEVERAL, "%s: holds %zu bundles, first %s", path,
			  list.count, list.paths[0]);
		return NULL;
	}
	CLEANUP(verify_close)
	struct verified_bundle *b =
		prover_open(means->prover, list.count ? list.paths[0] : path, means->trust_dir,
			    means->trust, VERIFY_COMPLETE, err);
	for (size_t i = 1; b && i < count; i++)
		if (medium_find_add(b, places[i], err) < 0)
			return NULL;
	return b ? STEAL(b) : NULL;
}

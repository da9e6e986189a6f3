/*
 * What a server needs before its first answer: view-bench REPO reads the repository as
 * gapferry-server does, then core fragments of everything, twice.  view-bench REPO DIR writes the
 * fragments into files instead.
 */
#include "importer/server/view.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static double processor_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int write_fragment(const char *dir, int32_t revision, char kind, const struct buf *b,
			  struct error *err)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%d.%c", dir, revision, kind);
	FILE *f = fopen(path, "wb");
	if (!f)
		return error_set_errno(err, ERROR_FILE_OPEN, "%s", path);
	bool written = fwrite(b->bytes, 1, b->len, f) == b->len;
	return fclose(f) == 0 && written ? 0 : error_set_errno(err, ERROR_FILE_WRITE, "%s", path);
}

/* Fragments of everything into files DIR/<revision id>.c, .x and .l (English). */
static int dump(const struct view *v, const char *dir, struct error *err)
{
	static const struct {
		enum wusp_fragment kind;
		char letter;
	} kinds[] = { { WUSP_CORE, 'c' }, { WUSP_EXTENDED, 'x' }, { WUSP_LOCALIZED, 'l' } };
	uint32_t count = wusp_graph_count(view_graph(v));

	for (uint32_t i = 0; i < count; i++)
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
			CLEANUP(buf_clear) struct buf out = BUF_INIT(2u * LIMIT_FRAGMENT_BYTES);
			int found = view_fragment(v, i, kinds[k].kind, "en-US", &out, err);

			if (found < 0 ||
			    (found == 1 &&
			     write_fragment(dir, wusp_graph_node(view_graph(v), i).revision_id,
					    kinds[k].letter, &out, err) < 0))
				return -1;
		}
	return 0;
}

static int read_all(const struct view *v, struct error *err)
{
	uint32_t count = wusp_graph_count(view_graph(v));
	double begin = processor_ms();
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < count; i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(2u * LIMIT_FRAGMENT_BYTES);

		if (view_fragment(v, i, WUSP_CORE, NULL, &out, err) < 0)
			return -1;
		bytes += out.len;
	}
	printf("all core fragments: %.0f ms of processor, %llu bytes\n", processor_ms() - begin,
	       (unsigned long long)bytes);
	return 0;
}

static int run(const char *repo, const char *dir, struct error *err)
{
	uint64_t start = clock_ticks();
	CLEANUP(view_stop) struct view_keeper *k = view_start(repo, err);
	struct rusage use;

	if (!k)
		return -1;
	CLEANUP(view_put) const struct view *v = view_get(k);
	getrusage(RUSAGE_SELF, &use);
	printf("snapshot of %u updates: %llu ms (%.0f of processor), %ld KiB at most\n",
	       wusp_graph_count(view_graph(v)), (unsigned long long)(clock_ticks() - start),
	       processor_ms(), use.ru_maxrss);
	if (dir)
		return dump(v, dir, err);
	if (read_all(v, err) < 0 || read_all(v, err) < 0)
		return -1;
	getrusage(RUSAGE_SELF, &use);
	printf("memory: %ld KiB at most\n", use.ru_maxrss);
	return 0;
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	bool usage = argc < 2 || argc > 3;

	if (usage || run(argv[1], argc > 2 ? argv[2] : NULL, &err) < 0) {
		fprintf(stderr, "view-bench: %s\n", usage ? "REPO [DIR]" : err.message);
		return 1;
	}
	return 0;
}

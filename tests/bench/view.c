/*
 * What a server needs before its first answer: view REPO reads the repository as gapferry-server
 * does, then reads core fragments of everything, twice.
 */
#include "importer/server/view.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <stdio.h>
#include <sys/resource.h>

static int run(const char *repo, struct error *err)
{
	uint64_t start = clock_ticks();
	CLEANUP(view_stop) struct view_keeper *k = view_start(repo, err);
	struct rusage use;

	if (!k)
		return -1;
	CLEANUP(view_put) const struct view *v = view_get(k);
	uint32_t count = wusp_graph_count(view_graph(v));
	getrusage(RUSAGE_SELF, &use);
	printf("snapshot of %u updates: %llu ms, %ld KiB at most\n", count,
	       (unsigned long long)(clock_ticks() - start), use.ru_maxrss);
	for (int round = 0; round < 2; round++) {
		uint64_t bytes = 0, begin = clock_ticks();

		for (uint32_t i = 0; i < count; i++) {
			CLEANUP(buf_clear) struct buf out = BUF_INIT(2u * LIMIT_FRAGMENT_BYTES);

			if (view_fragment(v, i, WUSP_CORE, NULL, &out, err) < 0)
				return -1;
			bytes += out.len;
		}
		printf("all core fragments: %llu ms, %llu bytes\n",
		       (unsigned long long)(clock_ticks() - begin), (unsigned long long)bytes);
	}
	getrusage(RUSAGE_SELF, &use);
	printf("memory: %ld KiB at most\n", use.ru_maxrss);
	return 0;
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;

	if (argc != 2 || run(argv[1], &err) < 0) {
		fprintf(stderr, "view: %s\n", argc == 2 ? err.message : "REPO");
		return 1;
	}
	return 0;
}

/* gapferry-server: serve a repository over HTTP until told to stop. */
#include "importer/server/http.h"
#include "importer/server/services.h"
#include "lib/base/error.h"
#include "lib/base/pool.h"
#include "lib/cli/cli.h"
#include "lib/sandbox/sandbox.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

static const struct cli_option options[] = {
	{ "repo", CLI_TEXT, "DIR", "GAPFERRY_REPO", true, "repository to serve" },
	{ "listen", CLI_TEXT, "ADDRESS:PORT", "GAPFERRY_LISTEN", true,
	  "where to listen; port 0 takes a free one" },
	{ "threads", CLI_TEXT, "N", NULL, false,
	  "threads that serve, 1 to 64; default: processors" },
	{ "access-log", CLI_TEXT, "FILE", NULL, false, "append one line per request" },
	CLI_OPTIONS_END,
};

/*
 * What is open stays open: the socket, the log.  A reader of the database changes the files of its
 * journal, which are there as long as the session of session_pool_new() is.
 */
static int confine(const struct http_options *o, struct error *err)
{
	static const char *const names[] = { "catalog.db", "catalog.db-wal", "catalog.db-shm" };
	enum { NAMES = sizeof names / sizeof *names };
	struct sandbox_place places[NAMES + 1] = { { o->repo, SANDBOX_READ } };
	char paths[NAMES][PATH_MAX];

	for (size_t i = 0; i < NAMES; i++) {
		snprintf(paths[i], sizeof paths[i], "%s/%s", o->repo, names[i]);
		places[i + 1] = (struct sandbox_place){ paths[i], SANDBOX_UPDATE };
	}
	return sandbox_enter(SANDBOX_SERVE, places, NAMES + 1, err);
}

static int run(const struct cli_args *args, struct error *err)
{
	struct http_options o = { .repo = cli_text(args, "repo"),
				  .listen = cli_text(args, "listen"),
				  .access_log = cli_text(args, "access-log"),
				  .routes = services(),
				  .confine = confine };
	char where[ADDRESS_TEXT_SIZE];
	uint64_t threads;
	sigset_t stop;
	int number;

	if (cli_number(args, "threads", 1, 64, pool_default_threads(), &threads, err) < 0)
		return -1;
	o.threads = (unsigned)threads;
	/* Blocked before the threads start, so that only sigwait() below takes them. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);

	CLEANUP(http_stop) struct http *h = http_start(&o, err);
	if (!h)
		return -1;
	http_address(h, where);
	if (args->json)
		cli_print_json(json_pack("{s:s}", "listening", where));
	else
		printf("listening on %s\n", where);
	if (fflush(stdout) != 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "standard output: cannot write");
	sigwait(&stop, &number);
	cli_note(args, "stopping");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct cli_verb verbs[] = {
		{ "serve", NULL, 0, 0, options,
		  "Serve the updates of a repository to the computers of the isolated network.",
		  run },
		{ NULL, NULL, 0, 0, NULL, NULL, NULL },
	};
	static const struct cli_program program = {
		.name = "gapferry-server",
		.summary = "serve a repository over HTTP",
		.verbs = verbs,
		.single = true,
	};

	return cli_main(&program, argc, argv);
}

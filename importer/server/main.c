/* gapferry-server: serve a repository over HTTP until told to stop. */
#include "importer/server/http.h"
#include "importer/server/service.h"
#include "importer/server/services.h"
#include "importer/server/view.h"
#include "lib/base/error.h"
#include "lib/base/pool.h"
#include "lib/cli/cli.h"
#include "lib/clients/clients.h"

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
	{ "content-url", CLI_TEXT, "URL", NULL, false,
	  "where clients get content, http://HOST:PORT; default: from here" },
	CLI_OPTIONS_END,
};

static int run(const struct cli_args *args, struct error *err)
{
	struct http_options o = { .repo = cli_text(args, "repo"),
				  .listen = cli_text(args, "listen"),
				  .access_log = cli_text(args, "access-log"),
				  .routes = services() };
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

	CLEANUP(clients_close) struct clients *clients = clients_open(o.repo, CLIENTS_SERVER, err);
	if (!clients)
		return -1;
	CLEANUP(view_stop) struct view_keeper *views = view_start(o.repo, err);
	if (!views)
		return -1;
	const struct service_options so = { clients, views, cli_text(args, "content-url") };
	CLEANUP(service_free) struct service *service = service_new(&so, err);
	if (!service)
		return -1;
	o.service = service;
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

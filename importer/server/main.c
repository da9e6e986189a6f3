/* gapferry-server: serve a repository over HTTP until told to stop. */
#include "importer/server/commands.h"
#include "importer/server/desk.h"
#include "importer/server/http.h"
#include "importer/server/service.h"
#include "importer/server/services.h"
#include "importer/server/view.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/pool.h"
#include "lib/cli/cli.h"
#include "lib/clients/clients.h"
#include "lib/sandbox/sandbox.h"
#include "lib/store/store.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define STATE                                                                                 \
	{                                                                                     \
		"state", CLI_TEXT, "DIR", "GAPFERRY_STATE", false,                            \
			"where clients.db is, for a server that may not write the repository" \
	}

static const struct cli_option options[] = {
	{ "repo", CLI_TEXT, "DIR", "GAPFERRY_REPO", true, "repository to serve" },
	STATE,
	{ "listen", CLI_TEXT, "ADDRESS:PORT", "GAPFERRY_LISTEN", true,
	  "where to listen; port 0 takes a free one" },
	{ "threads", CLI_TEXT, "N", NULL, false,
	  "threads that serve, 1 to 64; default: processors" },
	{ "access-log", CLI_TEXT, "FILE", NULL, false, "append one line per request" },
	{ "content-url", CLI_TEXT, "URL", NULL, false,
	  "where clients get content, http://HOST:PORT; default: from here" },
	{ "redirect-originals", CLI_FLAG, NULL, NULL, false,
	  "send who asks for a path of Microsoft's on to /Content/" },
	{ "accel-redirect", CLI_TEXT, "PATH", NULL, false,
	  "let nginx in front send content, which it has below PATH" },
	{ "api-token-file", CLI_TEXT, "FILE", NULL, false,
	  "token that allows to change approvals and groups over HTTP" },
	{ "tls-cert", CLI_TEXT, "FILE", NULL, false,
	  "certificate chain (PEM): the update services are served with TLS" },
	{ "tls-key", CLI_TEXT, "FILE", NULL, false, "its key (PEM)" },
	{ "tls-listen", CLI_TEXT, "ADDRESS:PORT", NULL, false,
	  "where; default: the port after that of --listen, 443 for 80" },
	{ "per-address", CLI_TEXT, "N", NULL, false,
	  "connections of one address, 0 any; default: 256, any on loopback" },
	CLI_OPTIONS_END,
};

/* What serves, in the order in which it is made. */
struct serving {
	const struct cli_args *args;
	const char *repo, *state;
	struct clients *clients;
	struct view_keeper *views;
	struct service *service;
};

static void serving_clear(struct serving *s)
{
	service_free(s->service);
	view_stop(s->views);
	clients_close(s->clients);
}
DEFINE_CLEANUP_IN_PLACE(struct serving, serving_clear);

/* The directory of a file that a reload opens anew: it may be another one then. */
static void folder_of(const char *file, char out[PATH_MAX])
{
	const char *slash = strrchr(file, '/');

	snprintf(out, PATH_MAX, "%.*s", slash ? (int)(slash - file) : 1, slash ? file : ".");
	if (*out == '\0')
		snprintf(out, PATH_MAX, "/");
}

/*
 * What is open stays open: the sockets.  A reader of a database changes the files of its journal,
 * which are there as long as the session of session_pool_new() and the clients are.
 */
static int confine(const struct serving *s, struct error *err)
{
	static const char *const names[] = { "catalog.db", "catalog.db-wal", "catalog.db-shm",
					     "clients.db", "clients.db-wal", "clients.db-shm" };
	enum { NAMES = sizeof names / sizeof *names, CATALOGS = 3 };
	struct sandbox_place places[NAMES + 4] = { { s->repo, SANDBOX_READ } };
	char paths[NAMES + 2][PATH_MAX];
	size_t count = NAMES + 1;

	for (size_t i = 0; i < NAMES; i++) {
		snprintf(paths[i], sizeof paths[i], "%s/%s", i < CATALOGS ? s->repo : s->state,
			 names[i]);
		places[i + 1] = (struct sandbox_place){ paths[i], SANDBOX_UPDATE };
	}
	if (strcmp(s->state, s->repo) != 0)
		places[count++] = (struct sandbox_place){ s->state, SANDBOX_READ };
	if (cli_text(s->args, "access-log")) {
		folder_of(cli_text(s->args, "access-log"), paths[NAMES]);
		places[count++] = (struct sandbox_place){ paths[NAMES], SANDBOX_WRITE };
	}
	if (cli_text(s->args, "api-token-file")) {
		folder_of(cli_text(s->args, "api-token-file"), paths[NAMES + 1]);
		places[count++] = (struct sandbox_place){ paths[NAMES + 1], SANDBOX_READ };
	}
	return sandbox_enter(SANDBOX_SERVE, places, count, err);
}

static int begin(void *ctx, struct service **service, struct error *err)
{
	struct serving *s = ctx;

	if (confine(s, err) < 0 || !(s->views = view_start(s->repo, err)))
		return -1;
	const struct service_options o = {
		.clients = s->clients,
		.views = s->views,
		.content_url = cli_text(s->args, "content-url"),
		.redirect = cli_flag(s->args, "redirect-originals"),
		.accel = cli_text(s->args, "accel-redirect"),
	};
	s->service = service_new(&o, err);
	*service = s->service;
	return s->service && service_prepare(s->service, err) == 0 ? 0 : -1;
}

enum { TICK_SECONDS = 5 };

/* What main() decides of the options; the rest are texts. */
static int read_options(const struct cli_args *args, struct http_options *o, struct error *err)
{
	struct address where;
	uint64_t threads, connections;

	if (cli_number(args, "threads", 1, 64, pool_default_threads(), &threads, err) < 0 ||
	    address_parse(o->listen, &where, err) < 0 ||
	    cli_number(args, "per-address", 0, LIMIT_HTTP_CONNECTIONS,
		       address_is_loopback(&where) ? 0 : LIMIT_HTTP_PER_ADDRESS, &connections,
		       err) < 0)
		return -1;
	if (!o->tls_cert != !o->tls_key || (o->tls_listen && !o->tls_cert))
		return error_set(err, ERROR_TLS_FILES, "--tls-cert and --tls-key belong together");
	o->threads = (unsigned)threads;
	o->per_address = (unsigned)connections;
	return 0;
}

static int tell(const struct cli_args *args, const struct http *h, struct error *err)
{
	char where[ADDRESS_TEXT_SIZE], secure[ADDRESS_TEXT_SIZE];
	bool tls = http_tls_address(h, secure);

	http_address(h, where);
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s*}", "listening", where, "listening_tls",
					 tls ? secure : NULL));
	else
		printf("listening on %s\n%s%s%s", where, tls ? "with TLS on " : "",
		       tls ? secure : "", tls ? "\n" : "");
	if (fflush(stdout) != 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "standard output: cannot write");
	return 0;
}

/* Until a signal says to stop. */
static void wait_for_end(struct http *h, struct service *service, const sigset_t *signals)
{
	static const struct timespec tick = { .tv_sec = TICK_SECONDS };

	for (;;) {
		struct error err = ERROR_INIT;
		int number = sigtimedwait(signals, NULL, &tick);

		if (number == SIGINT || number == SIGTERM)
			return;
		if (number == SIGHUP && http_reload(h, &err) < 0)
			fprintf(stderr, "gapferry-server: %s: %s (went on as before)\n",
				error_id_text(err.id), err.message);
		http_tick(h);
		service_check(service);
	}
}

static int run(const struct cli_args *args, struct error *err)
{
	CLEANUP(serving_clear)
	struct serving serving = { .args = args,
				   .repo = cli_text(args, "repo"),
				   .state = desk_state(args) };
	struct http_options o = { .repo = serving.repo,
				  .state = serving.state,
				  .listen = cli_text(args, "listen"),
				  .access_log = cli_text(args, "access-log"),
				  .api_token = cli_text(args, "api-token-file"),
				  .tls_cert = cli_text(args, "tls-cert"),
				  .tls_key = cli_text(args, "tls-key"),
				  .tls_listen = cli_text(args, "tls-listen"),
				  .routes = services(),
				  .begin = begin,
				  .begin_ctx = &serving };
	sigset_t signals;

	if (read_options(args, &o, err) < 0)
		return -1;
	/* Blocked before the threads start, so that only wait_for_end() takes them. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);

	/* clients.db must not come into being beside something else. */
	CLEANUP(store_close) struct store *s = store_open(serving.repo, false, err);
	if (!s)
		return -1;
	serving.clients = clients_open(serving.state, CLIENTS_SERVER, err);
	if (!serving.clients)
		return -1;
	CLEANUP(http_stop) struct http *h = http_start(&o, err);
	if (!h || tell(args, h, err) < 0)
		return -1;
	service_check(serving.service);
	wait_for_end(h, serving.service, &signals);
	cli_note(args, "stopping");
	return 0;
}

/* ---- the other verbs ---- */

#define REPO { "repo", CLI_TEXT, "DIR", "GAPFERRY_REPO", true, "repository that is served" }, STATE
#define CSV                                                             \
	{                                                               \
		"csv", CLI_FLAG, NULL, NULL, false, "print rows as CSV" \
	}
#define BY                                                                                   \
	{                                                                                    \
		"by", CLI_TEXT, "NAME", NULL, false, "who decides; default: the user's name" \
	}

static const struct cli_option approve_options[] = {
	REPO,
	BY,
	{ "group", CLI_LIST, "GROUP", NULL, true, "for the computers in these and below them" },
	{ "action", CLI_TEXT, "ACTION", NULL, false,
	  "install (default), optional, uninstall, detect or block" },
	{ "deadline", CLI_TEXT, "TIME", NULL, false,
	  "YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ: installed by force after that" },
	{ "offer", CLI_FLAG, NULL, NULL, false, "only offer it: somebody at the computer decides" },
	{ "list", CLI_TEXT, "FILE", NULL, false, "take more updates from a file, one per line" },
	CLI_OPTIONS_END,
};
static const struct cli_option unapprove_options[] = {
	REPO,
	{ "group", CLI_LIST, "GROUP", NULL, false, "only where it was approved for these" },
	CLI_OPTIONS_END,
};
static const struct cli_option decline_options[] = {
	REPO,
	BY,
	{ "undo", CLI_FLAG, NULL, NULL, false, "take the decline back" },
	CLI_OPTIONS_END,
};
static const struct cli_option repo_options[] = { REPO, CLI_OPTIONS_END };
static const struct cli_option list_options[] = { REPO, CSV, CLI_OPTIONS_END };
static const struct cli_option group_add_options[] = {
	REPO,
	{ "parent", CLI_TEXT, "GROUP", NULL, false, "below this group; default: All Computers" },
	CLI_OPTIONS_END,
};
static const struct cli_option group_move_options[] = {
	REPO,
	{ "parent", CLI_TEXT, "GROUP", NULL, true, "below this group" },
	CLI_OPTIONS_END,
};
static const struct cli_option within_options[] = {
	REPO,
	CSV,
	{ "group", CLI_TEXT, "GROUP", NULL, false, "only computers in this group or below it" },
	CLI_OPTIONS_END,
};
static const struct cli_option move_options[] = {
	REPO,
	{ "group", CLI_LIST, "GROUP", NULL, false, "into exactly these groups" },
	{ "unassign", CLI_FLAG, NULL, NULL, false, "into none" },
	CLI_OPTIONS_END,
};
static const struct cli_option remove_options[] = {
	REPO,
	{ "lost-days", CLI_TEXT, "N", NULL, false, "all that were not in contact for N days" },
	CLI_OPTIONS_END,
};
static const struct cli_option computer_options[] = {
	REPO,
	CSV,
	{ "all", CLI_FLAG, NULL, NULL, false, "also what does not apply to it" },
	CLI_OPTIONS_END,
};
static const struct cli_option policy_options[] = {
	{ "url", CLI_TEXT, "URL", NULL, true, "of this server: http://host:8530" },
	{ "alternate", CLI_TEXT, "URL", NULL, false, "where content comes from instead" },
	{ "group", CLI_TEXT, "GROUP", NULL, false, "group that the computers claim" },
	{ "options", CLI_TEXT, "N", NULL, false, "AUOptions: 2, 3, 4 (default), 5 or 7" },
	{ "day", CLI_TEXT, "N", NULL, false, "of installation: 0 (default) every, 1 Sunday .. 7" },
	{ "hour", CLI_TEXT, "N", NULL, false, "of installation: 0 to 23, default 3" },
	{ "detection-hours", CLI_TEXT, "N", NULL, false, "between detections: 1 to 22 (default)" },
	{ "reg", CLI_FLAG, NULL, NULL, false, "a file for regedit on standard output (UTF-16)" },
	CLI_OPTIONS_END,
};

#define SERVE "Serve the updates of a repository to the computers of the isolated network."

int main(int argc, char **argv)
{
	static const struct cli_verb verbs[] = {
		{ "serve", NULL, 0, 0, options, SERVE, run },
		{ "serve", NULL, 0, 0, options, SERVE, run },
		{ "approve", "UPDATE|KB...", 0, CLI_OPERANDS_MAX, approve_options,
		  "Approve updates for groups of computers.", cmd_approve },
		{ "unapprove", "UPDATE|KB...", 1, CLI_OPERANDS_MAX, unapprove_options,
		  "Take approvals back.", cmd_unapprove },
		{ "decline", "UPDATE|KB...", 1, CLI_OPERANDS_MAX, decline_options,
		  "Never serve updates, whatever was approved.", cmd_decline },
		{ "group add", "NAME", 1, 1, group_add_options, "Make a group of computers.",
		  cmd_group_add },
		{ "group remove", "NAME", 1, 1, repo_options, "Remove a group with its approvals.",
		  cmd_group_remove },
		{ "group list", NULL, 0, 0, list_options, "List the groups.", cmd_group_list },
		{ "group move", "NAME", 1, 1, group_move_options, "Put a group below another.",
		  cmd_group_move },
		{ "computer list", NULL, 0, 0, within_options, "List the computers.",
		  cmd_computer_list },
		{ "computer show", "COMPUTER", 1, 1, repo_options,
		  "Show a computer and its newest events.", cmd_computer_show },
		{ "computer move", "COMPUTER...", 1, CLI_OPERANDS_MAX, move_options,
		  "Put computers into groups.", cmd_computer_move },
		{ "computer remove", "COMPUTER...", 0, CLI_OPERANDS_MAX, remove_options,
		  "Forget computers.", cmd_computer_remove },
		{ "targeting", "server|client", 0, 1, repo_options,
		  "Show or set who decides on groups.", cmd_targeting },
		{ "report updates", NULL, 0, 0, within_options,
		  "Count installed, needed, failed per update.", cmd_report_updates },
		{ "report computers", NULL, 0, 0, within_options, "The same per computer.",
		  cmd_report_computers },
		{ "report update", "UPDATE|KB...", 1, CLI_OPERANDS_MAX, list_options,
		  "The state of an update on each computer.", cmd_report_update },
		{ "report computer", "COMPUTER", 1, 1, computer_options,
		  "The state of each update on a computer.", cmd_report_computer },
		{ "report group", "GROUP", 1, 1, list_options, "Sum up a group and those below it.",
		  cmd_report_group },
		{ "report approvals", NULL, 0, 0, list_options, "List what is approved for whom.",
		  cmd_report_approvals },
		{ "report problems", NULL, 0, 0, list_options,
		  "List approvals that cannot be served as they are.", cmd_report_problems },
		{ "report why", NULL, 0, 0, within_options,
		  "Why approved updates are not installed.", cmd_report_why },
		{ "policy", NULL, 0, 0, policy_options,
		  "Print the settings that make computers use a server.", cmd_policy },
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

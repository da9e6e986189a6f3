#include "importer/server/api_json.h"
#include "importer/server/commands.h"
#include "importer/server/desk.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_MAX = 16, LIST_BYTES = 16 << 20 };

/* ---- what is asked for ---- */

struct words {
	const char **items;
	size_t count, capacity;
	unsigned char *file; /* the words of --list point into it */
};

static void words_clear(struct words *w)
{
	free(w->items);
	free(w->file);
}
DEFINE_CLEANUP_IN_PLACE(struct words, words_clear);

static void add_word(struct words *w, const char *word)
{
	w->items = buf_grow(w->items, &w->capacity, w->count, sizeof *w->items);
	w->items[w->count++] = word;
}

/* The first word of each line; "#" begins a remark. */
static int add_list(struct words *w, const char *path, struct error *err)
{
	size_t len = 0;

	if (file_load_present(AT_FDCWD, path, LIST_BYTES, &w->file, &len, err) < 0)
		return -1;
	for (char *line = (char *)w->file; *line;) {
		char *end = line + strcspn(line, "\n"), *next = *end ? end + 1 : end;

		*end = '\0';
		line += strspn(line, " \t\r");
		line[strcspn(line, " \t\r#")] = '\0';
		if (*line)
			add_word(w, line);
		line = next;
	}
	return 0;
}

static int collect_words(const struct cli_args *args, struct words *w, struct error *err)
{
	const char *list = cli_text(args, "list");

	for (size_t i = 0; i < args->operand_count; i++)
		add_word(w, args->operands[i]);
	if (list && add_list(w, list, err) < 0)
		return -1;
	return w->count > 0 ? 0
			    : error_set(err, ERROR_USAGE,
					"no update given: words that follow --group, up to "
					"the next option, are groups");
}

/* ---- files that are not here ---- */

static void note_file(void *ctx, const struct desk_update *u, const struct query_file *f)
{
	char sha1[41], guid[STR_GUID_SIZE];

	str_to_hex(f->sha1, sizeof f->sha1, sha1);
	str_from_guid(u->update_id, guid);
	json_t *size = f->has_size ? json_integer((json_int_t)f->size) : json_null();
	json_array_append_new(ctx, json_pack("{s:s, s:s, s:o, s:o}", "update_id", guid, "sha1",
					     sha1, "name", api_json_text(f->name), "size", size));
}

static void print_missing(const json_t *missing)
{
	size_t i;
	json_t *o;

	json_array_foreach(missing, i, o)
		printf("missing %s %lld %s\n", json_string_value(json_object_get(o, "sha1")),
		       (long long)json_integer_value(json_object_get(o, "size")),
		       json_is_string(json_object_get(o, "name"))
			       ? json_string_value(json_object_get(o, "name"))
			       : "");
}

/* Judge every update; the first refusal is told, after all missing files were collected. */
static int judge(struct desk *d, struct desk_updates *updates, enum approval_action action,
		 json_t *missing, struct error *err)
{
	for (size_t i = 0; i < updates->count; i++) {
		struct error ours = ERROR_INIT;
		char what[DESK_WHAT];

		if ((action == APPROVAL_INSTALL || action == APPROVAL_OPTIONAL) &&
		    desk_missing(d, &updates->items[i], note_file, missing, err) < 0)
			return -1;
		desk_what(&updates->items[i], what);
		if (approval_judge(&updates->items[i].facts, action, what, &ours) < 0 &&
		    err->id == ERROR_NONE)
			*err = ours;
		/* Only missing files are worth going on: the list shall be complete. */
		if (err->id != ERROR_NONE && err->id != ERROR_APPROVAL_FILES)
			return -1;
	}
	return err->id == ERROR_NONE ? 0 : -1;
}

/* ---- the verb ---- */

static int fill(const struct cli_args *args, const struct desk *d, struct approval *form,
		const struct group **groups, size_t *count, struct error *err)
{
	const char *names[GROUPS_MAX], *action = cli_text(args, "action");
	const char *deadline = cli_text(args, "deadline");

	form->action = APPROVAL_INSTALL;
	form->is_assigned = !cli_flag(args, "offer");
	if (action && !approval_action_parse(action, &form->action))
		return error_set(err, ERROR_USAGE,
				 "--action %.40s: install, optional, uninstall, detect or block",
				 action);
	if ((deadline && desk_time(deadline, &form->deadline, err) < 0) ||
	    desk_by(cli_text(args, "by"), form->by, err) < 0)
		return -1;
	*count = cli_list(args, "group", names, GROUPS_MAX);
	if (*count > GROUPS_MAX)
		return error_set(err, ERROR_USAGE, "more than %d groups", GROUPS_MAX);
	for (size_t i = 0; i < *count; i++)
		if (!(groups[i] = desk_group(d, names[i], err)))
			return -1;
	return 0;
}

static void print_approved(const struct cli_args *args, const struct desk *d,
			   const struct desk_updates *updates, const struct approval *rows,
			   size_t count)
{
	json_t *all = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct approval *a = &rows[i];
		const char *group = desk_group_name(d, a->group);
		char what[DESK_WHAT], guid[STR_GUID_SIZE];

		desk_what(&updates->items[i % updates->count], what);
		str_from_guid(a->update_id, guid);
		if (args->json)
			json_array_append_new(all, json_pack("{s:I, s:s, s:s, s:s}", "id",
							     (json_int_t)a->id, "update_id", guid,
							     "group", group, "action",
							     approval_action_text(a->action)));
		else
			printf("%s for %s: %s\n", approval_action_text(a->action), group, what);
	}
	if (args->json)
		cli_print_json(json_pack("{s:O}", "approved", all));
	json_decref(all);
}

static int approve(const struct cli_args *args, struct desk *d, struct desk_updates *updates,
		   json_t *missing, struct error *err)
{
	const struct group *groups[GROUPS_MAX];
	struct approval form = { 0 };
	size_t count = 0;

	if (fill(args, d, &form, groups, &count, err) < 0 ||
	    judge(d, updates, form.action, missing, err) < 0)
		return -1;
	struct approval *rows = buf_calloc(count * updates->count + 1, sizeof *rows);
	for (size_t i = 0; i < count * updates->count; i++) {
		rows[i] = form;
		rows[i].group = groups[i / updates->count]->id;
		memcpy(rows[i].update_id, updates->items[i % updates->count].update_id, 16);
	}
	int failed = approval_set(d->clients, rows, count * updates->count, clock_now(), err);
	if (!failed)
		print_approved(args, d, updates, rows, count * updates->count);
	free(rows);
	return failed;
}

int cmd_approve(const struct cli_args *args, struct error *err)
{
	CLEANUP(desk_close) struct desk d = DESK_INIT;
	CLEANUP(desk_updates_clear) struct desk_updates updates = { 0 };
	CLEANUP(words_clear) struct words words = { 0 };
	CLEANUP(json_decref) json_t *missing = json_array();

	if (collect_words(args, &words, err) < 0 || desk_open(args, &d, err) < 0 ||
	    desk_updates(&d, words.items, words.count, &updates, err) < 0)
		return -1;
	int failed = approve(args, &d, &updates, missing, err);
	if (!failed || err->id != ERROR_APPROVAL_FILES)
		return failed;
	if (!args->json) {
		print_missing(missing);
		return -1;
	}
	/* One document: the failure, and the list that goes with it. */
	cli_print_json(json_pack("{s:{s:s, s:s, s:s, s:i}, s:O}", "error", "id",
				 error_id_text(err->id), "message", err->message, "next_step",
				 error_next_step(err->id), "exit_status",
				 error_exit_status(err->class), "missing", missing));
	return error_exit_status(err->class);
}

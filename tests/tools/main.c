/*
 * mkcatalog: makes an offline scan catalog that looks genuine, with the payload files it names and
 * the faults it is asked for.  Same arguments, same bytes.
 */
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "tests/tools/cab_damage.h"
#include "tests/tools/cab_tree.h"
#include "tests/tools/faults.h"
#include "tests/tools/layout.h"
#include "tests/tools/model.h"
#include "tests/tools/payload.h"
#include "tests/tools/truth.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct options {
	const char *out, *tree, *pack;
	bool lzx, help;
	uint64_t shards;
	struct model_options model;
	struct faults faults;
};

static const struct option long_options[] = {
	{ "out", required_argument, NULL, 'o' },
	{ "layout", required_argument, NULL, 'l' },
	{ "updates", required_argument, NULL, 'u' },
	{ "shards", required_argument, NULL, 'k' },
	{ "seed", required_argument, NULL, 's' },
	{ "payloads", required_argument, NULL, 'p' },
	{ "payload-min", required_argument, NULL, 'm' },
	{ "payload-max", required_argument, NULL, 'x' },
	{ "compressible", required_argument, NULL, 'r' },
	{ "change", required_argument, NULL, 'C' },
	{ "change-seed", required_argument, NULL, 'S' },
	{ "drop", required_argument, NULL, 'D' },
	{ "core-bytes", required_argument, NULL, 'b' },
	{ "profile", required_argument, NULL, 'T' },
	{ "successor", required_argument, NULL, 'M' },
	{ "fault", required_argument, NULL, 'f' },
	{ "tree", required_argument, NULL, 't' },
	{ "pack", required_argument, NULL, 'P' },
	{ "compression", required_argument, NULL, 'c' },
	{ "created", required_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void print_help(void)
{
	puts("mkcatalog --pack DIR --out FILE.cab [--compression lzx|none]: the files below DIR\n"
	     "mkcatalog --out DIR [options]\n"
	     "  --layout wsusscn2|wsusscan  sharded catalog (default) or the one of 2004\n"
	     "  --updates N                 24 to 1000000, default 300\n"
	     "  --shards K                  default: one for every 1840 updates\n"
	     "  --seed S                    default 1\n"
	     "  --payloads COUNT            payload files that exist, default 0: none does\n"
	     "  --payload-min BYTES --payload-max BYTES  default 4K and 1M; suffixes K M G T\n"
	     "  --compressible PERCENT      of the payload bytes that half compress, default 0\n"
	     "  --change N                  of 1000 updates and payload files, so many have other\n"
	     "                              bytes than without: a later state of the catalog\n"
	     "  --change-seed S             which ones, and which bytes; default 0\n"
	     "  --successor N               the catalog N months later: 2 % of the updates have "
	     "other\n"
	     "                              bytes, a few are withdrawn; implies --change, --drop;\n"
	     "                              with --profile true, 0.35 % more updates each month, "
	     "and\n"
	     "                              what changes is among the newest: most shards stay\n"
	     "  --profile small|true        true: fragments as large and as alike as in 2026, "
	     "about\n"
	     "                              180 KB for an update; 137000 updates make 25 GB\n"
	     "  --drop N                    bundles that are withdrawn, each with its leaves\n"
	     "  --core-bytes BYTES          rough mean size of a leaf's core fragment, default 2K\n"
	     "  --compression lzx|none      of both cabinet levels, default lzx\n"
	     "  --created TIME              of the package, default 2026-07-14T17:00:00Z\n"
	     "  --tree DIR                  the members as loose files, payload files linked\n"
	     "  --fault KIND[:N]            damage, at the N-th newest suitable update; "
	     "repeatable:");
	for (size_t i = 0; faults_name(i); i++)
		printf("      %s\n", faults_name(i));
}

static int set_number(const char *name, const char *text, uint64_t low, uint64_t high,
		      uint64_t *out, struct error *err)
{
	if (!str_to_u64(text, strlen(text), high, out) || *out < low)
		return error_set(err, ERROR_NUMBER, "--%s %s: want %llu to %llu", name, text,
				 (unsigned long long)low, (unsigned long long)high);
	return 0;
}

static int set_size(const char *name, const char *text, uint64_t *out, struct error *err)
{
	if (!str_to_size(text, out) || *out > UINT64_C(1) << 40)
		return error_set(err, ERROR_NUMBER, "--%s %s: want 1 to 1T bytes", name, text);
	return 0;
}

/* One of two words. */
static int set_word(const char *name, const char *text, const char *no, const char *yes, bool *out,
		    struct error *err)
{
	if (strcmp(text, no) != 0 && strcmp(text, yes) != 0)
		return error_set(err, ERROR_USAGE, "--%s %s: want %s or %s", name, text, no, yes);
	*out = strcmp(text, yes) == 0;
	return 0;
}

static int set_option(struct options *o, int option, const char *name, struct error *err)
{
	struct model_options *m = &o->model;
	uint64_t value = 0;
	int result;

	switch (option) {
	case 'o':
		o->out = optarg;
		return 0;
	case 't':
		o->tree = optarg;
		return 0;
	case 'P':
		o->pack = optarg;
		return 0;
	case 'h':
		o->help = true;
		return 0;
	case 'l':
		return set_word(name, optarg, "wsusscn2", "wsusscan", &m->old_layout, err);
	case 'c':
		return set_word(name, optarg, "none", "lzx", &o->lzx, err);
	case 'f':
		return faults_parse(&o->faults, optarg, err);
	case 'k':
		return set_number(name, optarg, 1, 10000, &o->shards, err);
	case 's':
		return set_number(name, optarg, 0, UINT64_MAX, &m->seed, err);
	case 'm':
		return set_size(name, optarg, &m->payload_min, err);
	case 'x':
		return set_size(name, optarg, &m->payload_max, err);
	case 'u':
		result =
			set_number(name, optarg, MODEL_UPDATES_MIN, MODEL_UPDATES_MAX, &value, err);
		m->updates = (uint32_t)value;
		return result;
	case 'p':
		result = set_number(name, optarg, 0, 4000000, &value, err);
		m->payloads = (uint32_t)value;
		return result;
	case 'r':
		result = set_number(name, optarg, 0, 100, &value, err);
		m->compressible = (unsigned)value;
		return result;
	case 'C':
		result = set_number(name, optarg, 0, 1000, &value, err);
		m->change = (unsigned)value;
		return result;
	case 'S':
		return set_number(name, optarg, 0, UINT64_MAX, &m->change_seed, err);
	case 'T':
		return set_word(name, optarg, "small", "true", &m->true_scale, err);
	case 'M':
		result = set_number(name, optarg, 0, 1000, &value, err);
		m->months = (uint32_t)value;
		return result;
	case 'D':
		result = set_number(name, optarg, 0, MODEL_UPDATES_MAX, &value, err);
		m->drop = (uint32_t)value;
		return result;
	case 'b':
		result = set_size(name, optarg, &value, err);
		m->core_bytes = value > 1000000 ? 1000000 : (uint32_t)value;
		return result;
	case 'd':
		if (str_to_time(optarg, strlen(optarg), &m->created) && m->created > 1100000000)
			return 0;
		return error_set(err, ERROR_USAGE,
				 "--created %s: want YYYY-MM-DDThh:mm:ssZ, 2005 on", optarg);
	default:
		return error_set(err, ERROR_USAGE, "unknown option or missing value");
	}
}

/* What happens in a month, where nothing else was asked for. */
static void set_successor(struct model_options *m)
{
	m->created += (int64_t)m->months * MODEL_MONTH;
	m->change_seed += m->months;
	if (m->change == 0)
		m->change = m->true_scale ? 200 : 20;
	if (m->drop == 0)
		m->drop = 1 + m->updates / (m->true_scale ? 20000 : 2000);
}

static int parse_options(struct options *o, int argc, char **argv, struct error *err)
{
	int option, index = 0;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, &index)) != -1)
		if (set_option(o, option, option == '?' ? "" : long_options[index].name, err) < 0)
			return -1;
	if (o->help)
		return 0;
	if (optind < argc)
		return error_set(err, ERROR_USAGE, "%s: not an option", argv[optind]);
	if (!o->out)
		return error_set(err, ERROR_USAGE, "--out is missing");
	if (o->model.payload_min > o->model.payload_max)
		return error_set(err, ERROR_USAGE, "--payload-min is above --payload-max");
	if (o->shards == 0)
		o->shards = 1 + o->model.updates / 1840;
	if (o->model.core_bytes == 0)
		o->model.core_bytes = o->model.true_scale ? 210u << 10 : 2048;
	if (o->model.months > 0)
		set_successor(&o->model);
	return 0;
}

static int open_new_dir(const char *path, struct error *err)
{
	if (file_make_dirs(path, err) < 0)
		return -1;
	return file_open_dir(path, err);
}

/* The payload files beside the loose fragments: linked, so that they cost nothing. */
static int link_payloads(const struct model *m, int content, int tree, struct error *err)
{
	char name[MODEL_NAME_SIZE];

	if (tree < 0)
		return 0;
	CLEANUP(file_close) int target = file_open_subdir(tree, "content", true, err);

	if (target < 0)
		return -1;
	for (size_t i = 0; i < m->options.payloads; i++) {
		model_url_name(m, i, name);
		if (linkat(content, name, target, name, 0) < 0 && errno != EEXIST &&
		    errno != ENOENT)
			return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot link", name);
	}
	return 0;
}

static int make_catalog(struct options *o, struct error *err)
{
	CLEANUP(model_clear) struct model m = { .count = 0 };
	CLEANUP(file_close) int out = open_new_dir(o->out, err);
	if (out < 0)
		return -1;
	CLEANUP(file_close) int tree = o->tree ? open_new_dir(o->tree, err) : -1;
	if (o->tree && tree < 0)
		return -1;
	CLEANUP(file_close) int content = file_open_subdir(out, "content", true, err);
	if (content < 0)
		return -1;
	unsigned threads = pool_default_threads();
	struct layout_result result;

	model_build(&m, &o->model);
	payload_eulas(&m);
	if (faults_apply(&o->faults, &m, err) < 0 || payload_write(&m, content, threads, err) < 0)
		return -1;
	if (faults_spoil(&o->faults, &m, content, err) < 0 ||
	    link_payloads(&m, content, tree, err) < 0)
		return -1;
	const struct layout_options layout = {
		.model = &m,
		.dirfd = out,
		.treefd = tree,
		.lzx = o->lzx,
		.shards = o->shards,
		.threads = threads,
		.master = o->faults.master,
		.hostile = cab_damage_name(o->faults.hostile),
	};
	if (layout_write(&layout, &result, err) < 0)
		return -1;
	if (cab_damage(out, result.name, o->faults.cabinet, err) < 0)
		return -1;
	return truth_write(&m, &o->faults, &result, out, err);
}

int main(int argc, char **argv)
{
	struct options o = {
		.lzx = true,
		.model = {
			.seed = 1,
			.updates = 300,
			.created = 1784048400, /* 2026-07-14T17:00:00Z */
			.payload_min = 4096,
			.payload_max = 1 << 20,
		},
	};
	struct error err = ERROR_INIT;

	if (parse_options(&o, argc, argv, &err) == 0) {
		if (o.help) {
			print_help();
			return 0;
		}
		if ((o.pack ? cab_tree_pack(o.pack, o.out, o.lzx, &err) : make_catalog(&o, &err)) ==
		    0)
			return 0;
	}
	fprintf(stderr, "mkcatalog: %s: %s\n%s\n", error_id_text(err.id), err.message,
		error_next_step(err.id));
	return error_exit_status(err.class);
}

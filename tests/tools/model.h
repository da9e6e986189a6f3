/*
 * A made-up catalog in memory: who is what, who needs whom, and which quirks each update shows.
 * Built from a seed alone, at any size up to the true one (137,000 updates); the proportions are
 * those of protocol notes 5.  Text of fragments is not kept: fragment.c makes it on demand.
 */
#ifndef TOOLS_MODEL_H
#define TOOLS_MODEL_H

#include "lib/base/cleanup.h"
#include "tests/tools/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum model_kind { MODEL_CATEGORY, MODEL_DETECTOID, MODEL_BUNDLE, MODEL_LEAF };

/* The four categories of a bundle, in the order of the array below. */
enum model_category { MODEL_COMPANY, MODEL_FAMILY, MODEL_PRODUCT, MODEL_CLASSIFICATION };

enum {
	MODEL_UPDATES_MIN = 24,
	MODEL_UPDATES_MAX = 1000000,
	MODEL_MONTHS = 12,
	MODEL_MONTH = 30 * 86400,    /* seconds */
	MODEL_SUPERSEDED_MAX = 120,  /* longest SupersededBy list seen */
	MODEL_SMALL_REVISIONS = 600, /* the second population of small revision ids (notes 0.4) */
};

/* In place of an index: nobody; a group member that exists nowhere. */
#define MODEL_NONE UINT32_MAX

/* Damage done to one update by faults.c and shown by the writers. */
enum model_damage {
	MODEL_HAS_PAYLOAD = 1 << 0,    /* PayloadFiles although the kind has none */
	MODEL_NO_BUNDLE = 1 << 1,      /* BundledBy missing, and the bundle does not list it */
	MODEL_MALFORMED_CORE = 1 << 2, /* c is cut inside a tag */
	MODEL_CORE_MISMATCH = 1 << 3,  /* c states another identity */
	MODEL_TWICE = 1 << 4,          /* its RevisionId occurs again */
};

struct model_update {
	unsigned char id[16];
	uint32_t revision, number;
	int64_t created;
	enum model_kind kind;
	enum model_category category_kind; /* of a category */
	bool is_leaf, gone;                /* gone: withdrawn, or of a later month */
	uint32_t groups_at, groups;        /* prerequisites: all of these groups */
	uint32_t series_from,
		series_to; /* bundles: each supersedes the earlier ones of its series */
	uint32_t children_at, children; /* bundles: their leaves */
	uint32_t bundle;                /* leaves; a bundle only in a cycle */
	uint32_t files_at, files;       /* leaves */
	uint32_t eulas_at, eulas;       /* bundles: one licence text per language */
	uint32_t category[4];           /* bundles: indices by enum model_category */
	uint32_t twin;                  /* the other revision of the same UpdateId, or MODEL_NONE */
	uint32_t kb;
	uint32_t dress;     /* random bits that choose spelling and order */
	const char *action; /* DeploymentAction; NULL is absent */
	unsigned damage;    /* of enum model_damage */
};

/* At least one member must be there.  No members: an empty AtLeastOne. */
struct model_group {
	uint32_t members_at, members;
	bool category; /* IsCategory="true" in the core fragment */
};

struct model_file {
	unsigned char sha1[20], sha256[32];
	uint64_t size;
	uint32_t kb;
	bool compressible;
};

struct model_eula {
	unsigned char sha1[20], sha256[32];
	uint32_t size, update;
	unsigned char language;
};

struct model_options {
	uint64_t seed;
	uint32_t updates;
	bool old_layout;     /* wsusscan */
	int64_t created;     /* of the package */
	uint32_t core_bytes; /* rough mean size of the core fragment of a leaf */
	uint32_t payloads;   /* files that really exist; 0: leaves name files that do not */
	uint64_t payload_min, payload_max;
	unsigned compressible; /* percent of the payload bytes */
	unsigned change;      /* of 1000 updates and payload files, how many have other bytes ... */
	uint64_t change_seed; /* ... and which ones and which bytes */
	uint32_t drop;        /* bundles that are withdrawn, with their leaves */
	bool true_scale;      /* sizes and repetition of a real catalog, which cost time */
	/*
	 * Successors since the first catalog, at most MODEL_MONTHS: another PackageId each.  Of
	 * true scale, each brings new revisions, and what changes is among the newest.
	 */
	uint32_t months;
};

struct model {
	struct model_options options;
	struct model_update *updates;
	size_t count, categories, evaluates; /* categories, then detectoids, bundles, leaves */
	size_t bundles;
	uint32_t *order; /* indices sorted by revision id, without what is not there ... */
	uint32_t *place; /* ... where each would be with all of them ... */
	size_t listed;   /* ... so many */
	struct model_group *groups;
	size_t group_count, group_capacity;
	uint32_t *members; /* indices; MODEL_NONE is an id that exists nowhere */
	size_t member_count, member_capacity;
	struct model_file *files;
	size_t file_count;
	struct model_eula *eulas;
	size_t eula_count, eula_capacity;
};

/* Fills *m, which the caller clears.  Payload digests are left to payload.c when files are real. */
void model_build(struct model *m, const struct model_options *options) __attribute__((nonnull));
void model_clear(struct model *m);
DEFINE_CLEANUP_IN_PLACE(struct model, model_clear);

/* Append a prerequisite group of these members. */
void model_add_group(struct model *m, struct model_update *u, const uint32_t *members,
		     uint32_t count, bool category) __attribute__((nonnull(1, 2)));

/* The UpdateId of a group member, also of one that exists nowhere. */
void model_member_id(const struct model *m, uint32_t member, unsigned char id[16])
	__attribute__((nonnull));

/* Whether one bundle supersedes another: the same series, later, and not the same UpdateId. */
bool model_supersedes(const struct model_update *newer, const struct model_update *older)
	__attribute__((nonnull));

/* Languages that have an l fragment: names sorted bytewise, `has` by index. */
enum { MODEL_LANGUAGES = 38 };
const char *model_language(size_t index);
bool model_has_language(const struct model_update *u, size_t index) __attribute__((nonnull));

/* Random numbers that belong to one update and one purpose. */
void model_random(const struct model *m, const struct model_update *u, uint64_t purpose,
		  struct random *r) __attribute__((nonnull));

/* The seed of what belongs to payload file i: another one when the file is changed. */
uint64_t model_file_seed(const struct model_options *o, size_t i) __attribute__((nonnull));

/* "Windows10.0-KB5012345-x64-17.cab" and, for URLs, "windows10.0-kb5012345-x64-17_<sha1>.cab". */
enum { MODEL_NAME_SIZE = 128 };
void model_file_name(const struct model *m, size_t file, char out[MODEL_NAME_SIZE])
	__attribute__((nonnull));
void model_url_name(const struct model *m, size_t file, char out[MODEL_NAME_SIZE])
	__attribute__((nonnull));

#endif

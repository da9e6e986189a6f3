/*
 * The pieces an update is made of, as the parsers deliver them.
 *
 * Everything pointed to belongs to the parser and is valid only during the call
 * that delivers it.  Texts are terminated; what the source does not say is "".
 * Sections refer to the description of the scan catalog in docs/FORMAT.md.
 */
#ifndef CATALOG_MODEL_H
#define CATALOG_MODEL_H

#include "lib/catalog/catalog_action.h"
#include "lib/catalog/catalog_finding.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct catalog_guid {
	unsigned char bytes[16]; /* order of the text, see str_to_guid() */
};

struct catalog_sha1 {
	unsigned char bytes[20];
};

/* One alternative is enough; a list of groups needs every group. */
struct catalog_group {
	const struct catalog_guid *any_of;
	size_t count;
};

enum catalog_category_type {
	CATALOG_CATEGORY_OTHER = 0,
	CATALOG_CATEGORY_CLASSIFICATION,
	CATALOG_CATEGORY_COMPANY,
	CATALOG_CATEGORY_FAMILY,
	CATALOG_CATEGORY_PRODUCT,
};

struct catalog_category {
	enum catalog_category_type type;
	struct catalog_guid id;
};

/*
 * On which machines a core fragment lets a revision in, as far as counting tells: the elements
 * of IsInstallable that all must hold, and those that are one of several ways.
 */
struct catalog_applicability {
	uint64_t digest; /* of the element's bytes; 0: there is none */
	uint32_t conditions, alternatives;
};

struct catalog_licence {
	struct catalog_sha1 sha1;
	const char *language;
	const char *folder; /* language of the fragment that states it; NULL elsewhere */
	bool has_sha256;    /* of the licence fragment; the master document states none */
	unsigned char sha256[32];
	bool has_size; /* of a full document */
	uint64_t size;
};

struct catalog_file {
	struct catalog_sha1 sha1;
	bool has_sha256, has_size;
	unsigned char sha256[32];
	uint64_t size;
	const char *name, *modified, *patching_type;
};

/* A fault inside one piece; offset counts like the offset of the piece. */
struct catalog_problem {
	enum catalog_rule rule;
	uint64_t offset;
	const char *value;  /* as found */
	const char *detail; /* which element or attribute */
};

struct catalog_problems {
	const struct catalog_problem *items;
	size_t count;
};

/* <Update> of the master document. */
struct catalog_update {
	uint32_t revision_id; /* 0: absent or malformed */
	uint32_t revision_number;
	bool has_update_id;
	struct catalog_guid update_id;
	int64_t creation; /* seconds since 1970, 0 when malformed */
	const char *creation_text, *default_language;
	bool is_leaf, is_bundle, is_software;
	enum catalog_action action;
	const char *action_text; /* as found */
	uint64_t action_offset;  /* of the start tag that holds it */
	const struct catalog_group *prerequisites;
	size_t prerequisites_count;
	const uint32_t *superseded_by, *bundled_by;
	size_t superseded_by_count, bundled_by_count;
	const struct catalog_category *categories;
	size_t categories_count;
	const char *const *languages;
	size_t languages_count;
	const struct catalog_sha1 *payload;
	size_t payload_count;
	const struct catalog_licence *licences;
	size_t licences_count;
	const void *raw; /* the element, byte for byte */
	size_t raw_len;
	uint64_t offset;
	struct catalog_problems problems;
};

/* <FileLocation> of the master document. */
struct catalog_location {
	bool has_sha1;
	struct catalog_sha1 sha1;
	const char *url;
	bool is_included;
	const void *raw;
	size_t raw_len;
	uint64_t offset;
	struct catalog_problems problems;
};

/* The attributes of <OfflineSyncPackage>; raw is its start tag alone. */
struct catalog_package {
	const char *minimum_client_version, *package_version, *protocol_version;
	const char *creation_text, *package_id, *source_id, *xmlns;
	int64_t creation; /* 0 when absent or malformed */
	const void *raw;
	size_t raw_len;
	uint64_t offset;
	struct catalog_problems problems;
};

#endif

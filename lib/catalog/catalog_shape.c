#include "lib/catalog/catalog_shape.h"

#include "lib/catalog/catalog_action.h"
#include "lib/catalog/catalog_record.h"

#define SHAPE(name, type)                                                       \
	static const struct catalog_shape name = { sizeof(type), name##_fields, \
						   sizeof name##_fields / sizeof *name##_fields }
#define BOOL(type, member)                                     \
	{                                                      \
		FIELD_BOOL, offsetof(type, member), 0, 0, NULL \
	}
#define ENUM(type, member, values)                                  \
	{                                                           \
		FIELD_ENUM, offsetof(type, member), values, 0, NULL \
	}
#define BYTES(type, member)                                                               \
	{                                                                                 \
		FIELD_BYTES, offsetof(type, member), sizeof(((type *)0)->member), 0, NULL \
	}
#define TEXT(type, member)                                     \
	{                                                      \
		FIELD_TEXT, offsetof(type, member), 0, 0, NULL \
	}
#define LIST(type, member, count, of)                                               \
	{                                                                           \
		FIELD_LIST, offsetof(type, member), 0, offsetof(type, count), &(of) \
	}
#define STRUCT(type, member, of)                                  \
	{                                                         \
		FIELD_STRUCT, offsetof(type, member), 0, 0, &(of) \
	}

static const struct catalog_field guid_fields[] = { BYTES(struct catalog_guid, bytes) };
SHAPE(guid, struct catalog_guid);

static const struct catalog_field sha1_fields[] = { BYTES(struct catalog_sha1, bytes) };
SHAPE(sha1, struct catalog_sha1);

static const struct catalog_field number_fields[] = { { FIELD_BYTES, 0, sizeof(uint32_t), 0,
							NULL } };
SHAPE(number, uint32_t);

static const struct catalog_field text_fields[] = { { FIELD_TEXT, 0, 0, 0, NULL } };
SHAPE(text, const char *);

static const struct catalog_field group_fields[] = { LIST(struct catalog_group, any_of, count,
							  guid) };
SHAPE(group, struct catalog_group);

static const struct catalog_field category_fields[] = {
	ENUM(struct catalog_category, type, CATALOG_CATEGORY_PRODUCT + 1),
	BYTES(struct catalog_category, id),
};
SHAPE(category, struct catalog_category);

static const struct catalog_field licence_fields[] = {
	BYTES(struct catalog_licence, sha1),      TEXT(struct catalog_licence, language),
	BOOL(struct catalog_licence, has_sha256), BYTES(struct catalog_licence, sha256),
	BOOL(struct catalog_licence, has_size),   BYTES(struct catalog_licence, size),
};
SHAPE(licence, struct catalog_licence);

static const struct catalog_field file_fields[] = {
	BYTES(struct catalog_file, sha1),    BOOL(struct catalog_file, has_sha256),
	BOOL(struct catalog_file, has_size), BYTES(struct catalog_file, sha256),
	BYTES(struct catalog_file, size),    TEXT(struct catalog_file, name),
	TEXT(struct catalog_file, modified), TEXT(struct catalog_file, patching_type),
};
SHAPE(file, struct catalog_file);

static const struct catalog_field problem_fields[] = {
	ENUM(struct catalog_problem, rule, CATALOG_RULES_),
	BYTES(struct catalog_problem, offset),
	TEXT(struct catalog_problem, value),
	TEXT(struct catalog_problem, detail),
};
SHAPE(problem, struct catalog_problem);

static const struct catalog_field problems_fields[] = {
	LIST(struct catalog_problems, items, count, problem),
};
SHAPE(problems, struct catalog_problems);

#define U struct catalog_update
static const struct catalog_field update_fields[] = {
	BYTES(U, revision_id),
	BYTES(U, revision_number),
	BOOL(U, has_update_id),
	BYTES(U, update_id),
	BYTES(U, creation),
	TEXT(U, creation_text),
	TEXT(U, default_language),
	BOOL(U, is_leaf),
	BOOL(U, is_bundle),
	BOOL(U, is_software),
	ENUM(U, action, CATALOG_ACTION_UNKNOWN + 1),
	TEXT(U, action_text),
	BYTES(U, action_offset),
	LIST(U, prerequisites, prerequisites_count, group),
	LIST(U, superseded_by, superseded_by_count, number),
	LIST(U, bundled_by, bundled_by_count, number),
	LIST(U, categories, categories_count, category),
	LIST(U, languages, languages_count, text),
	LIST(U, payload, payload_count, sha1),
	LIST(U, licences, licences_count, licence),
	BYTES(U, offset),
	STRUCT(U, problems, problems),
};
SHAPE(update, U);
#undef U

static const struct catalog_field location_fields[] = {
	BOOL(struct catalog_location, has_sha1),
	BYTES(struct catalog_location, sha1),
	TEXT(struct catalog_location, url),
	BOOL(struct catalog_location, is_included),
	BYTES(struct catalog_location, offset),
	STRUCT(struct catalog_location, problems, problems),
};
SHAPE(location, struct catalog_location);

static const struct catalog_field package_fields[] = {
	TEXT(struct catalog_package, minimum_client_version),
	TEXT(struct catalog_package, package_version),
	TEXT(struct catalog_package, protocol_version),
	TEXT(struct catalog_package, creation_text),
	TEXT(struct catalog_package, package_id),
	TEXT(struct catalog_package, source_id),
	TEXT(struct catalog_package, xmlns),
	BYTES(struct catalog_package, creation),
	BYTES(struct catalog_package, offset),
	STRUCT(struct catalog_package, problems, problems),
};
SHAPE(package, struct catalog_package);

/* ---- fragments: the stream, then what belongs to it ---- */

#define F struct catalog_fragment
static const struct catalog_field core_fields[] = {
	BOOL(F, core.has_update_id),
	BYTES(F, core.update_id),
	BYTES(F, core.revision_number),
	TEXT(F, core.update_type),
	TEXT(F, core.licence_id),
	BOOL(F, core.explicitly_deployable),
	LIST(F, core.superseded, core.superseded_count, guid),
	LIST(F, core.prerequisites, core.prerequisites_count, group),
	LIST(F, core.bundled, core.bundled_count, guid),
	BYTES(F, core.applicability.digest),
	BYTES(F, core.applicability.conditions),
	BYTES(F, core.applicability.alternatives),
	STRUCT(F, problems, problems),
};
SHAPE(core, F);

static const struct catalog_field extended_fields[] = {
	TEXT(F, extended.kb),
	TEXT(F, extended.severity),
	TEXT(F, extended.bulletin),
	TEXT(F, extended.support_url),
	TEXT(F, extended.more_info_url),
	TEXT(F, extended.handler),
	TEXT(F, extended.default_language),
	BOOL(F, extended.has_max_size),
	BYTES(F, extended.max_size),
	LIST(F, extended.files, extended.files_count, file),
	STRUCT(F, problems, problems),
};
SHAPE(extended, F);

static const struct catalog_field localized_fields[] = {
	TEXT(F, localized.language),
	TEXT(F, localized.title),
	TEXT(F, localized.description),
	STRUCT(F, problems, problems),
};
SHAPE(localized, F);

static const struct catalog_field eula_fields[] = {
	TEXT(F, eula.language),
	LIST(F, eula.files, eula.files_count, licence),
	STRUCT(F, problems, problems),
};
SHAPE(eula, F);

static const struct catalog_field complete_fields[] = { STRUCT(F, problems, problems) };
SHAPE(complete, F);
#undef F

static const struct catalog_field malformed_fields[] = {
	TEXT(struct catalog_malformed, why),
	BYTES(struct catalog_malformed, error),
	BYTES(struct catalog_malformed, offset),
};
SHAPE(malformed, struct catalog_malformed);

/* ---- of an export package of WSUS ---- */

static const struct catalog_field export_head_fields[] = {
	TEXT(struct catalog_export_head, server_id),
	TEXT(struct catalog_export_head, creation_text),
	TEXT(struct catalog_export_head, format_version),
	TEXT(struct catalog_export_head, protocol_version),
	BYTES(struct catalog_export_head, creation),
	BYTES(struct catalog_export_head, offset),
	STRUCT(struct catalog_export_head, problems, problems),
};
SHAPE(export_head, struct catalog_export_head);

static const struct catalog_shape export_languages = { sizeof(struct catalog_export_file), NULL,
						       0 };

static const struct catalog_field export_file_fields[] = {
	BOOL(struct catalog_export_file, has_sha1),
	BYTES(struct catalog_export_file, sha1),
	TEXT(struct catalog_export_file, url),
	TEXT(struct catalog_export_file, name),
	BYTES(struct catalog_export_file, offset),
	STRUCT(struct catalog_export_file, problems, problems),
};
SHAPE(export_file, struct catalog_export_file);

#define U struct catalog_export_update
static const struct catalog_field export_update_fields[] = {
	BOOL(U, has_update_id),
	BYTES(U, update_id),
	BYTES(U, revision_number),
	LIST(U, files, files_count, sha1),
	LIST(U, products, products_count, guid),
	LIST(U, classifications, classifications_count, guid),
	BYTES(U, offset),
	STRUCT(U, problems, problems),
};
SHAPE(export_update, U);
#undef U

static const struct catalog_field title_fields[] = {
	TEXT(struct catalog_document_title, language),
	TEXT(struct catalog_document_title, title),
};
SHAPE(title, struct catalog_document_title);

static const struct catalog_field child_fields[] = {
	BYTES(struct catalog_document_child, update_id),
	BYTES(struct catalog_document_child, revision_number),
};
SHAPE(child, struct catalog_document_child);

#define D struct catalog_document
static const struct catalog_field document_fields[] = {
	BOOL(D, has_update_id),
	BYTES(D, update_id),
	BYTES(D, revision_number),
	TEXT(D, update_type),
	TEXT(D, publication_state),
	TEXT(D, default_language),
	TEXT(D, severity),
	TEXT(D, kb),
	TEXT(D, bulletin),
	BYTES(D, creation),
	BOOL(D, explicitly_deployable),
	ENUM(D, category, CATALOG_CATEGORY_PRODUCT + 1),
	LIST(D, titles, titles_count, title),
	LIST(D, languages, languages_count, text),
	LIST(D, prerequisites, prerequisites_count, group),
	LIST(D, superseded, superseded_count, guid),
	LIST(D, bundled, bundled_count, child),
	LIST(D, files, files_count, file),
	LIST(D, licences, licences_count, licence),
	STRUCT(D, problems, problems),
};
SHAPE(document, D);
#undef D

const struct catalog_shape *catalog_shape_of(unsigned char kind, unsigned char stream)
{
	static const struct catalog_shape *const pieces[CATALOG_RECORD_KINDS_] = {
		[CATALOG_RECORD_PACKAGE] = &package,
		[CATALOG_RECORD_UPDATE] = &update,
		[CATALOG_RECORD_LOCATION] = &location,
		[CATALOG_RECORD_MALFORMED] = &malformed,
		[CATALOG_RECORD_EXPORT_HEAD] = &export_head,
		[CATALOG_RECORD_EXPORT_LANGUAGES] = &export_languages,
		[CATALOG_RECORD_EXPORT_FILE] = &export_file,
		[CATALOG_RECORD_EXPORT_UPDATE] = &export_update,
		[CATALOG_RECORD_DOCUMENT] = &document,
	};

	if (kind != CATALOG_RECORD_FRAGMENT)
		return kind < CATALOG_RECORD_KINDS_ && stream == 0 ? pieces[kind] : NULL;
	switch (stream) {
	case CATALOG_STREAM_CORE:
		return &core;
	case CATALOG_STREAM_EXTENDED:
		return &extended;
	case CATALOG_STREAM_LOCALIZED:
		return &localized;
	case CATALOG_STREAM_LICENCE:
		return &eula;
	case CATALOG_STREAM_COMPLETE:
		return &complete;
	default:
		return NULL;
	}
}

/* What the files of this component share about struct catalog. */
#ifndef CATALOG_INTERNAL_H
#define CATALOG_INTERNAL_H

#include "lib/base/arena.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_document.h"

struct catalog_title {
	struct catalog_title *next;
	const char *title, *language;
};

/* What a full document says, and has to wait until all documents are there. */
struct catalog_links {
	const struct catalog_guid *superseded;
	const struct catalog_document_child *bundled;
	const struct catalog_category *listed; /* by package.xml */
	size_t superseded_count, bundled_count, listed_count;
	enum catalog_category_type category; /* of a category document */
	bool explicitly_deployable;
};

struct catalog {
	struct arena arena;
	struct catalog_revision *items;
	size_t count, capacity;
	uint32_t *slots; /* while filling: revision id -> index + 1, open addressing */
	size_t slots_count;
	uint64_t seed; /* of the slots */
	/* After finish, small enough to be searched in the processor's cache. */
	uint32_t *ids;              /* revision ids of items */
	struct catalog_guid *guids; /* update ids of by_guid */
	uint32_t *by_guid;          /* indexes sorted by (update id, revision id) */
	size_t by_guid_count;
	uint32_t *guid_first; /* by the first two bytes: where in by_guid they begin; 65,537 */
	struct catalog_location *locations;
	size_t locations_count, locations_capacity;
	struct catalog_package package;
	bool has_package;
	size_t cores; /* core fragments given */
	size_t orphans;
	struct catalog_fragment_parser *parser;
	struct catalog_full *full; /* NULL until catalog_full_add() */
	struct catalog_findings findings;
};

/* Report a fault of a revision (NULL: of the whole catalog); an error quarantines it. */
void catalog_report(struct catalog *c, struct catalog_revision *r, enum catalog_rule rule,
		    const char *file, uint64_t offset, const char *value, const char *detail);

/* Quarantine a revision for a fault of its own. */
void catalog_condemn(struct catalog_revision *r);

/* Copies that live as long as the catalog; of nothing NULL. */
const void *catalog_keep(struct catalog *c, const void *items, size_t count, size_t size);
const char *catalog_keep_text(struct catalog *c, const char *text);

enum { FRAGMENT_NAME_SIZE = 64 };

/* "c/123", "l/en/123": how findings name a fragment. */
void catalog_name_fragment(enum catalog_stream stream, const char *language, uint32_t revision_id,
			   char out[FRAGMENT_NAME_SIZE]);

/* What a fragment says about a revision; it is copied. */
void catalog_take_extended(struct catalog *c, struct catalog_revision *r,
			   const struct catalog_extended *x);
void catalog_take_title(struct catalog *c, struct catalog_revision *r, const char *language,
			const char *title);
void catalog_take_licences(struct catalog *c, struct catalog_revision *r, const char *language,
			   const struct catalog_eula *e);

/* What had to wait for all fragments of a revision: its title, the order of its licences. */
void catalog_settle(struct catalog_revision *r);

/* Index of the first record of a revision id, or SIZE_MAX. */
size_t catalog_index_of(const struct catalog *c, uint32_t revision_id);

/* Place in by_guid of the first revision of an update, or SIZE_MAX. */
size_t catalog_first_of(const struct catalog *c, const struct catalog_guid *id);

/* The record of a revision id while filling; made when absent.  NULL with CATALOG_LIMIT. */
struct catalog_revision *catalog_record(struct catalog *c, uint32_t revision_id, struct error *err);

/* Order-independent digest of prerequisites; empty groups count for nothing. */
uint64_t catalog_groups_digest(const struct catalog_group *groups, size_t count);

/* Rules of catalog_check.c, catalog_agree.c and catalog_wide.c, called by catalog_validate(). */
void catalog_check_package(struct catalog *c);
void catalog_check_locations(struct catalog *c);
void catalog_check_revision(struct catalog *c, struct catalog_revision *r);
void catalog_check_leaves(struct catalog *c);
void catalog_agree_check(struct catalog *c);
void catalog_wide_check(struct catalog *c);

/* The IsInstallable of a core fragment that is well-formed; *out stays as it is without one. */
void catalog_applicability_scan(const void *bytes, size_t len, struct catalog_applicability *out);
/* What full documents say about each other, turned round (catalog_settle.c). */
void catalog_full_settle(struct catalog *c);
void catalog_full_free(struct catalog_full *f);

/* Cycles of bundles, prerequisites and supersedence (catalog_cycle.c). */
void catalog_cycle_check(struct catalog *c);

/*
 * Who may need what, as compressed rows (catalog_graph.c).  Update ids present in the catalog
 * are numbered 0..ids-1; a group that has an absent or no alternative can always be met and is
 * left out.
 */
struct catalog_graph {
	uint32_t *id_of;   /* revision -> update id number, UINT32_MAX without one */
	uint32_t *id_live; /* update id number -> revisions that carry it */
	size_t ids;
	uint32_t *group_owner; /* group -> revision */
	uint32_t *group_size;  /* group -> distinct entries in users (may repeat an id) */
	size_t groups;
	uint32_t *users_first; /* update id number -> first entry in users; ids + 1 entries */
	uint32_t *users;       /* groups that name the update id */
	uint32_t *child_first; /* revision -> first entry in children; count + 1 entries */
	uint32_t *children;    /* revisions whose BundledBy names it */
};
void catalog_graph_build(const struct catalog *c, struct catalog_graph *g);
void catalog_graph_clear(struct catalog_graph *g);
DEFINE_CLEANUP_IN_PLACE(struct catalog_graph, catalog_graph_clear);

#endif

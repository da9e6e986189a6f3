/*
 * What is wrong with a catalog, one record per fact and revision.
 *
 * Rules are rows of rules.def.  The list keeps LIMIT_FINDINGS of each severity
 * and counts the rest, so that a flood of notes cannot push out an error.
 */
#ifndef CATALOG_FINDING_H
#define CATALOG_FINDING_H

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum catalog_severity {
	CATALOG_ERROR, /* quarantines the revision */
	CATALOG_WARNING,
	CATALOG_NOTE,
	CATALOG_SEVERITIES_
};

enum catalog_rule {
#define CATALOG_RULE(name, id, severity, text, next) CATALOG_RULE_##name,
#include "lib/catalog/rules.def"
#undef CATALOG_RULE
	CATALOG_RULES_
};

struct catalog_finding {
	enum catalog_rule rule;
	enum catalog_severity severity;
	uint32_t revision_id; /* 0: the whole catalog */
	bool has_update_id;
	unsigned char update_id[16];
	const char *kb;      /* printable, cut; "" when unknown */
	const char *file;    /* "package.xml", "c/123", "l/en/123"; printable */
	uint64_t offset;     /* bytes into file */
	const char *value;   /* as found, printable, cut; "" when there is none */
	const char *message; /* one sentence for people */
	uint32_t cause;      /* DEPENDENT: the revision at the root of it; else 0 */
	uint32_t dependents; /* an error that took others with it: how many */
	uint64_t sequence;   /* order of discovery, the last sort key */
};

struct catalog_findings {
	struct catalog_finding *items;
	size_t count, capacity;
	uint64_t seen[CATALOG_SEVERITIES_]; /* all, the ones not kept included */
	struct arena arena;
};

/* "GF-C001", the severity and the next step of a rule. */
const char *catalog_rule_id(enum catalog_rule rule);
enum catalog_severity catalog_rule_severity(enum catalog_rule rule);
const char *catalog_rule_next_step(enum catalog_rule rule);
/* The sentence of a rule, and the rule with this id or -1. */
const char *catalog_rule_text(enum catalog_rule rule);
int catalog_rule_find(const char *id) __attribute__((nonnull));
/* "error", "warning", "note". */
const char *catalog_severity_text(enum catalog_severity severity);

/*
 * Add a copy of f.  Severity comes from the rule; texts are made printable, the value and the KB
 * number are cut to 200 bytes; the message is the rule's sentence, followed by ": " and detail
 * unless that is empty.
 */
void catalog_finding_add(struct catalog_findings *l, const struct catalog_finding *f,
			 const char *detail) __attribute__((nonnull));

/* The detail that the message of a finding was made with. */
const char *catalog_finding_detail(const struct catalog_finding *f) __attribute__((nonnull));

/* The KB number of a finding in the list, which became known after it. */
void catalog_finding_set_kb(struct catalog_findings *l, struct catalog_finding *f, const char *kb)
	__attribute__((nonnull));

/* Append "; text" to the message of a finding in the list. */
void catalog_finding_extend(struct catalog_findings *l, struct catalog_finding *f, const char *text)
	__attribute__((nonnull));

/* By revision id, rule, offset, file, discovery. */
void catalog_finding_sort(struct catalog_findings *l) __attribute__((nonnull));

void catalog_findings_clear(struct catalog_findings *l);
DEFINE_CLEANUP_IN_PLACE(struct catalog_findings, catalog_findings_clear);

/*
 * The log line by which the failure of 2008 is known (advisory 954474), for one revision,
 * exactly as it was printed then.
 */
#define CATALOG_HISTORIC_SIZE 112
const char *catalog_historic_line(uint32_t revision_id, char buf[CATALOG_HISTORIC_SIZE])
	__attribute__((nonnull));

#endif

/*
 * Damage to order: what `--fault KIND[:N]` names, which update it hits, and which updates a
 * validator must quarantine because of it.
 */
#ifndef TOOLS_FAULTS_H
#define TOOLS_FAULTS_H

#include "tests/tools/cab_damage.h"
#include "tests/tools/model.h"

#include <stdbool.h>

struct error;

enum { FAULTS_MAX = 64 };

struct fault {
	size_t row;      /* in the table of kinds */
	uint32_t nth;    /* 1 is the newest suitable update */
	uint32_t victim; /* index of an update, or MODEL_NONE */
	uint32_t second; /* the other one of a cycle, or MODEL_NONE */
};

struct faults {
	struct fault items[FAULTS_MAX];
	size_t count;
	unsigned master;  /* of enum master_fault */
	unsigned cabinet; /* of enum cab_damage */
	uint32_t hostile; /* which hostile name, 0 is none */
};

/* "KIND" or "KIND:N"; USAGE when unknown. */
int faults_parse(struct faults *f, const char *text, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Names of all kinds, NULL at the end, for the help text. */
const char *faults_name(size_t row);

/* Choose the victims and change the model.  USAGE when a fault finds no suitable update. */
int faults_apply(struct faults *f, struct model *m, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Spoil or remove payload files in dirfd. */
int faults_spoil(const struct faults *f, const struct model *m, int dirfd, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * One flag per update: in error itself; or a prerequisite group has members that are all
 * quarantined, in every revision; or a bundle with such a leaf; or a leaf of such a bundle.
 * Members that exist nowhere leave a group satisfiable.  out has room for m->count.
 */
void faults_quarantine(const struct faults *f, const struct model *m, bool *out)
	__attribute__((nonnull));

#endif

/* Damage to a finished cabinet, for tests of readers. */
#ifndef TOOLS_CAB_DAMAGE_H
#define TOOLS_CAB_DAMAGE_H

struct error;

enum cab_damage {
	CAB_DAMAGE_CHECKSUM = 1 << 0,  /* the stored sum of the first CFDATA is wrong */
	CAB_DAMAGE_TRUNCATED = 1 << 1, /* the last quarter is missing */
	CAB_DAMAGE_COUNT = 1 << 2,     /* cFiles names seven members too many */
	CAB_DAMAGE_MAGIC = 1 << 3,     /* it begins with "MZ" */
};

/* Apply a set of enum cab_damage to the cabinet `name` below dirfd. */
int cab_damage(int dirfd, const char *name, unsigned damage, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The nth hostile member name, counted from 1 and repeating; NULL for 0. */
const char *cab_damage_name(unsigned nth);

#endif

/*
 * What there is in the model: the MANIFESTs that may ever be offered, who may have signed them,
 * and what is true of them independently of the code under test.
 *
 * Time is counted in days.  H is the genuine history, A and B are other histories by the same keys
 * (a restored exporter), J a jump ahead, F one made with a wrong clock, Z what an attacker makes
 * with the keys he has; the rest is for another place or epoch.
 */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include "lib/base/cleanup.h"
#include "media/manifest.h"

#include <stdbool.h>
#include <stdint.h>

struct error;

enum {
	WORLD_DAY = 86400,
	WORLD_BASE = 1800000000,
	WORLD_KEYS = 5,
	WORLD_MAX = 24, /* MANIFESTs */
	WORLD_NONE = 31,
	WORLD_H = 5,       /* genuine ones */
	WORLD_A = 3,       /* sequences 2 to 4 */
	WORLD_B = 2,       /* sequences 4 and 5 */
	WORLD_Z = 5,       /* sequences 2 to 6 */
	WORLD_VALID = 3,   /* days */
	WORLD_WINDOW = 2,  /* MANIFESTs before that one names: gaps hide the rest */
	WORLD_PERMITS = 2, /* genuine ones that two people may let in when expired */
};

enum world_kind { KIND_H, KIND_A, KIND_B, KIND_J, KIND_F, KIND_Z, KIND_ELSEWHERE };

struct world_item {
	char name[16];
	enum world_kind kind;
	int number;              /* within its kind, from 0 */
	int parent;              /* the one before, or WORLD_NONE */
	int named[WORLD_WINDOW]; /* what it says of its past, nearest first; WORLD_NONE */
	int created, expires;    /* days */
	bool ours;               /* channel, site and epoch */
	unsigned char digest[32];
	struct manifest manifest;
};

struct world {
	int count;
	struct world_item items[WORLD_MAX];
	bool trusted[1 << WORLD_KEYS]; /* what trust_check_signatures() says of signers */
	bool enough[1 << WORLD_KEYS];  /* what is true */
	bool two_approvers[1 << WORLD_KEYS];
};

/*
 * Make it, keys and a trust root included, and ask trust_check_signatures() about every set of
 * signers under two policies.  -1 when something cannot be made; *wrong counts wrong verdicts.
 */
int world_make(struct world *w, int *wrong, struct error *err);

/* Index of the first of a kind. */
int world_first(const struct world *w, enum world_kind kind);

#endif

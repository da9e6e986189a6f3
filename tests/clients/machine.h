/*
 * One simulated computer: what it has, what it was told, and the step it is at.  A full cycle is
 * registration, a scan in rounds until nothing more comes, the driver pass, extended information,
 * downloads by ranges, a report, and a second scan, which must bring nothing.
 */
#ifndef CLIENTS_MACHINE_H
#define CLIENTS_MACHINE_H

#include "tests/clients/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ids {
	int32_t *items;
	size_t count, capacity;
};

/* A set of ids, as bits. */
struct bits {
	unsigned char *bytes;
	size_t size;
};

enum step {
	STEP_CONFIG,
	STEP_AUTHORIZE,
	STEP_COOKIE,
	STEP_REGISTER,
	STEP_SYNC,
	STEP_DRIVERS,
	STEP_INFO,
	STEP_DOWNLOAD,
	STEP_REPORT,
	STEP_AGAIN, /* the second scan */
	STEP_DONE,
	STEPS_
};

enum { MACHINE_PIECE = 1 << 20 };

struct location {
	unsigned char sha1[20];
	char path[128];
	uint64_t size; /* 0: not known yet */
};

/* The same for every machine of a run. */
struct run {
	const char *host;     /* "127.0.0.1:8530" */
	const char *group;    /* that it claims */
	unsigned share;       /* per cent of non-leaf updates that a machine has */
	unsigned profiles;    /* different kinds of machines */
	bool twelve;          /* SOAP 1.2 */
	bool scan_only;       /* registration and first scan, nothing else */
	const char *device;   /* hardware id, or NULL for one that no driver is for */
	const char *computer; /* GUID of its kind, or NULL */
	uint64_t download;    /* bytes that a machine downloads at most */
};

struct machine {
	struct wire wire;
	const struct run *run;
	unsigned number;
	enum step step;
	char *cookie; /* EncryptedData */
	char config[32];
	struct ids installed, other; /* as a client caches them */
	struct ids drivers;          /* likewise */
	struct bits cached;          /* all of them, for a quick look */
	struct ids offered;          /* for Install, Bundle and the like: to ask about */
	struct buf needed;           /* UpdateIDs for the report, joined by ";" */
	size_t asked;                /* of offered */
	struct location *locations;
	size_t location_count, location_capacity, location; /* the last: in hand */
	unsigned char *content;                             /* of the one in hand */
	uint64_t piece; /* that is asked for: the first, then from the last on downwards */
	uint64_t downloaded;
	unsigned rounds, updates, ranges;
	uint64_t *times; /* nanoseconds of each round of a scan */
	size_t time_count, time_capacity;
	uint64_t wake; /* when it asks again, if it thinks */
	char why[256]; /* what went wrong */
};

void machine_init(struct machine *m, const struct run *run, unsigned number);
void machine_clear(struct machine *m);

/* Write the next request into m->wire.out. */
bool machine_ask(struct machine *m);

/* Take an answer: moves on to the next step.  false with m->why when it is not as it must be. */
bool machine_hear(struct machine *m, const struct wire_answer *a);

#endif

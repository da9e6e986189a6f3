/*
 * What is here of what the catalog names, by update, and what is here that it does not name
 * (docs/FORMAT.md "Inventory").  The same text for the same contents, on either side.
 */
#ifndef INQUIRY_INVENTORY_H
#define INQUIRY_INVENTORY_H

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel;
struct error;
struct graph;
struct store;

enum inventory_state {
	INVENTORY_HERE,
	INVENTORY_MISSING,
	INVENTORY_UNSELECTED,  /* not carried by the selection of the channel */
	INVENTORY_QUARANTINED, /* only an update that is held back names it */
	INVENTORY_STATES
};

struct inventory_file {
	unsigned char sha1[20], sha256[32];
	bool has_sha256, has_size;
	enum inventory_state state;
	uint64_t size;
};

struct inventory_update {
	unsigned char guid[16];
	uint32_t number, revision;
	uint32_t node;
	size_t first, count; /* in files */
	size_t states[INVENTORY_STATES];
};

struct inventory {
	struct graph *graph;
	struct inventory_update *updates; /* those that name files; sorted */
	size_t update_count, update_capacity, complete;
	struct inventory_file *files;
	size_t file_count, file_capacity;
	uint64_t counts[INVENTORY_STATES], bytes[INVENTORY_STATES];
	uint64_t unnamed, unnamed_bytes;
	struct buf list, head; /* the two texts */
};

int inventory_make(struct store *s, const struct channel *c, struct inventory *out,
		   struct error *err) __attribute__((nonnull, warn_unused_result));
void inventory_clear(struct inventory *i);
DEFINE_CLEANUP_IN_PLACE(struct inventory, inventory_clear);

const char *inventory_state_name(enum inventory_state state) __attribute__((returns_nonnull));

#endif

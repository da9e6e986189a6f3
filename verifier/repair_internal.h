/* Shared by repair.c, repair_within.c and repair_across.c alone. */
#ifndef VERIFIER_REPAIR_INTERNAL_H
#define VERIFIER_REPAIR_INTERNAL_H

#include "media/parity.h"
#include "media/volume.h"
#include "verifier/repair.h"

enum { REPAIR_CACHE = 256, REPAIR_CAUSE = 160 };

enum repair_state { REPAIR_UNKNOWN, REPAIR_GOOD, REPAIR_BAD };

/* A file of parity, opened at its first use. */
struct repair_file {
	bool tried;
	int fd;         /* -1: not at hand, or not of this bundle */
	uint64_t *sums; /* NULL: no header is left, so nothing tells what is damaged */
};

struct repair_volume_state {
	struct repair_file file;
	struct parity_layout layout;
	unsigned char *chunks; /* enum repair_state, by CHUNKS */
	unsigned char *told;   /* by chunk: found() was called */
};

/* A rebuilt slice; proved only together with its chunk. */
struct repair_cached {
	uint32_t volume; /* 0: free */
	uint64_t slice;
	unsigned char *bytes;
};

struct repair {
	struct repair_options options;
	unsigned threads;
	uint32_t volume_count;
	struct repair_volume_state *volumes;
	struct repair_file *spares; /* by number - 1 */
	size_t spare_count;
	struct repair_cached cache[REPAIR_CACHE];
	size_t cache_next;
	unsigned char *current; /* the chunk handed out last */
	uint32_t current_volume;
	size_t current_chunk;
	int current_result;
	char cause[REPAIR_CAUSE]; /* why the last attempt failed */
};

/* Open what there is of a volume; before repair_read() and repair_read_chunk(). */
void repair_find(struct repair *r, uint32_t volume);

/* Whether any of the volume was found; after repair_find(). */
bool repair_is_there(const struct repair *r, uint32_t volume);

/*
 * The only ways to the bytes of a volume, on any thread.  -1 without words: unreadable is damaged.
 * repair_read_chunk(): 1 when the chunk is genuine, in whichever copy; 0 when it can be read.
 */
int repair_read(const struct repair *r, uint32_t volume, unsigned char *out, size_t len,
		uint64_t at);
int repair_read_chunk(const struct repair *r, uint32_t volume, size_t chunk, unsigned char *out);

/* Bytes of a chunk, and whether these are the ones that CHUNKS names. */
size_t repair_chunk_bytes(const struct repair *r, uint32_t volume, size_t chunk);
bool repair_is_genuine(const struct repair *r, uint32_t volume, size_t chunk,
		       const unsigned char *bytes);

/* The state of a chunk on the medium, read when it is unknown; buffer is one chunk. */
enum repair_state repair_state_of(struct repair *r, uint32_t volume, size_t chunk,
				  unsigned char *buffer);

/* The state of a volume, made at its first use. */
struct repair_volume_state *repair_volume_of(struct repair *r, uint32_t volume);

/* Open a parity file and read its header, the front one or the one at the end. */
void repair_file_open(struct repair *r, struct repair_file *f, const char *name,
		      const struct parity_id *id, uint64_t end);

/* SHA-256 over the digests in CHUNKS of some volumes: what their parity files name. */
void repair_hash_chunks(const struct repair *r, uint32_t first, uint32_t count,
			unsigned char out[32]);

/* Somebody asked to stop. */
bool repair_stopped(const struct repair *r);

/*
 * Rebuild a chunk into out: from the volume's parity file, from spare volumes.  0 and genuine
 * bytes, or -1 with r->cause.
 */
int repair_within_chunk(struct repair *r, uint32_t volume, size_t chunk, unsigned char *out);
int repair_across_chunk(struct repair *r, uint32_t volume, size_t chunk, unsigned char *out);
unsigned repair_across_spares(struct repair *r, uint32_t volume);

#endif

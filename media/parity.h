/*
 * Parity of volumes (docs/FORMAT.md "Parity"): where each slice of a volume and
 * each parity slice lies, and the header of the files that hold them.  All of
 * it is a function of the volume's size, so nothing that a parity file says has
 * to be believed: the header is compared with the one that must be there, and
 * its sums only tell which slices are worth using.  Pure; knows no descriptors.
 * The arithmetic on the bytes is media/parity_code.h.
 */
#ifndef MEDIA_PARITY_H
#define MEDIA_PARITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

#define PARITY_SLICE \
	(1u << 20)            /* the last slice of a volume is shorter; zeros stand for the rest */
#define PARITY_GROUP 64u      /* data slices of a group, at most */
#define PARITY_ROWS 4u        /* parity slices of a group, at most */
#define PARITY_STRIPE 4096u   /* slices of a stripe, at most */
#define PARITY_SPARE_GROUP 8u /* data volumes that share their spare volumes, at most */
#define PARITY_SPARES 4u      /* spare volumes of such a group, at most */
#define PARITY_BLOCK 512u     /* the fixed part of a header */
#define PARITY_NAME_SIZE 13   /* "vol-0001.par" and a terminator */

/* ---- parity within a volume ---- */

struct parity_layout {
	uint64_t size;         /* of the volume in bytes, 1 or more */
	uint64_t slices;       /* of the volume */
	uint64_t parity;       /* slices of the parity file */
	uint32_t stripes;      /* all but the last have PARITY_STRIPE slices */
	uint64_t header_bytes; /* of one header, a multiple of 4096 */
	uint64_t file_bytes;   /* of the parity file: header, slices, header */
};

struct parity_stripe {
	uint64_t first;  /* slice of the volume */
	uint32_t slices; /* slice first + i belongs to group i mod groups, as number i / groups */
	uint32_t groups;
	uint32_t rows;   /* parity slices of every group */
	uint64_t parity; /* parity slice of group 0, row 0; then come its rows, then group 1... */
};

/* size is that of a volume, 1 to LIMIT_VOLUME_BYTES. */
struct parity_layout parity_layout(uint64_t size);
struct parity_stripe parity_stripe(const struct parity_layout *l, uint32_t stripe)
	__attribute__((nonnull));

/* Bytes of a slice of the volume: PARITY_SLICE, but for the last one. */
size_t parity_slice_bytes(const struct parity_layout *l, uint64_t slice) __attribute__((nonnull));

/* Data slices of a group: 1 to PARITY_GROUP. */
uint32_t parity_members(const struct parity_stripe *s, uint32_t group) __attribute__((nonnull));

/* Where a parity slice lies in the parity file. */
uint64_t parity_offset(const struct parity_layout *l, uint64_t parity) __attribute__((nonnull));

/*
 * The largest volume, a multiple of 512, that fits into room bytes together with its parity file;
 * room is 1 MiB or more.
 */
uint64_t parity_volume_within(uint64_t room);

/* ---- spare volumes: parity across volumes ---- */

/* Spares of volumes in [8j+1, 8j+8] have the numbers 4j+1 to 4j+4. */
uint32_t parity_spare_number(uint32_t volume, unsigned row);
/* The first volume of a spare's group, and its row in it. */
uint32_t parity_spare_first(uint32_t number);
unsigned parity_spare_row(uint32_t number);
/* Bytes of one header, and of the file, of a spare for volumes of at most size bytes. */
uint64_t parity_spare_header(uint64_t size);
uint64_t parity_spare_bytes(uint64_t size);

/* ---- files ---- */

/* Volume in [1, LIMIT_VOLUMES]; number as from parity_spare_number(). */
void parity_name(uint32_t volume, char out[PARITY_NAME_SIZE]) __attribute__((nonnull));
void parity_spare_name(uint32_t number, char out[PARITY_NAME_SIZE]) __attribute__((nonnull));

/* Whether name is that of a parity file or spare for one of so many volumes. */
bool parity_is_name(const char *name, uint32_t volumes) __attribute__((nonnull));

/* Everything a header says but its sums. */
struct parity_id {
	bool spare;
	uint32_t number;          /* of the volume, or of the spare */
	uint32_t volumes;         /* covered: 1 unless spare */
	uint64_t size;            /* of the volume, or of the longest one */
	unsigned char chunks[32]; /* SHA-256 over the digests in CHUNKS of the volumes, in order */
};

/* How many sums: of data and parity slices in order; of every 4 MiB of a spare. */
size_t parity_sum_count(const struct parity_id *id) __attribute__((nonnull));
/* Bytes of the header: parity_layout.header_bytes or parity_spare_header(). */
size_t parity_header_bytes(const struct parity_id *id) __attribute__((nonnull));

/* The header into out, parity_header_bytes() long. */
void parity_header_write(const struct parity_id *id, const uint64_t *sums, unsigned char *out)
	__attribute__((nonnull));

/*
 * Untrusted bytes, parity_header_bytes() of them: is this the header of id, undamaged?  Then sums
 * receives its sums.  -1 with PARITY_DAMAGED, or PARITY_OTHER when it belongs to other bytes.
 * One writes what the other reads: nothing in an accepted header is free but the sums.
 */
int parity_header_read(const unsigned char *bytes, const struct parity_id *id, uint64_t *sums,
		       struct error *err) __attribute__((nonnull, warn_unused_result));

#endif

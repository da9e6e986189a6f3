/* What the files of lib/cab share; nobody else includes it. */
#ifndef CAB_CAB_INTERNAL_H
#define CAB_CAB_INTERNAL_H

#include "lib/cab/cab.h"

enum {
	CAB_BLOCK_OUTPUT = 32768, /* decompressed bytes of every block but a folder's last */
	CAB_BLOCK_STORED = 38912, /* 32 KiB + 6144: LZX may grow that much, MSZIP by 12 */
	CAB_BLOCK_HEADER = 8,     /* csum, cbData, cbUncomp */
	CAB_BLOCK_RESERVE = 255,  /* cbCFData is one byte */
	CAB_BLOCKS = 65535,       /* of one folder: cCFData has 16 bits */
	CAB_INPUT = 131072,       /* bytes asked of the source at once */
};

static inline uint16_t cab_le16(const unsigned char *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t cab_le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void cab_put16(unsigned char *p, uint32_t value)
{
	p[0] = (unsigned char)value;
	p[1] = (unsigned char)(value >> 8);
}

static inline void cab_put32(unsigned char *p, uint32_t value)
{
	cab_put16(p, value);
	cab_put16(p + 2, value >> 16);
}

/* ---- cab_input.c: the stream, and where we are in it ---- */

struct cab_input {
	struct source *source;
	char *label;       /* owned */
	uint64_t at;       /* bytes read so far */
	uint64_t expected; /* cbCabinet, 0 before it is known */
	size_t from;       /* buffer[from, len) was got from the source and not yet read */
	size_t len;
	unsigned char buffer[CAB_INPUT];
};

/* Exactly len bytes, or CAB_TRUNCATED with the offset where the stream ends. */
int cab_input_read(struct cab_input *in, void *buf, size_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Read and forget len bytes. */
int cab_input_skip(struct cab_input *in, uint64_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* 0 when nothing follows, else -1 with CAB_TAIL. */
int cab_input_end(struct cab_input *in, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* ---- cab_name.c ---- */

/*
 * Turn '\' into '/' in a name of len bytes and judge it: NULL when it is a safe relative path,
 * else what is wrong with it.  utf8 is the member's flag; without it only ASCII is allowed.
 */
const char *cab_name_check(char *name, size_t len, bool utf8)
	__attribute__((nonnull, warn_unused_result));

/* Order of names without regard to the case of ASCII letters. */
int cab_name_compare(const char *a, const char *b) __attribute__((nonnull, warn_unused_result));

/* The beginning of a name that may hold anything, fit for a message. */
enum { CAB_NAME_SHOWN = 80 };
void cab_name_show(const char *name, char out[CAB_NAME_SHOWN]) __attribute__((nonnull));

/* ---- cab_table.c: CFHEADER, CFFOLDER, CFFILE ---- */

struct cab_folder {
	uint64_t start;  /* of the first block, in the cabinet */
	uint64_t end;    /* of the last one */
	uint64_t output; /* decompressed bytes: the end of the folder's last member */
	uint32_t blocks; /* exactly what output needs */
	uint16_t type;   /* typeCompress */
	enum cab_method method;
	unsigned window_bits;
};

struct cab_entry {
	uint32_t name; /* where it begins in cab_table.bytes */
	uint32_t size;
	uint32_t folder;
};

struct cab_table {
	struct cab_info info;
	struct cab_folder *folders;
	struct cab_entry *entries;
	char *bytes; /* the CFFILE table; names are terminated and judged */
	size_t size; /* of bytes */
	unsigned folder_reserve;
	unsigned block_reserve;
};

/* Reads up to the first block.  t is zeroed by the caller and always cleared by it. */
int cab_table_read(struct cab_table *t, struct cab_input *in, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void cab_table_clear(struct cab_table *t);

/* In cab_table_member.c: the CFFILE entries, of which t->bytes holds t->size bytes. */
int cab_table_members(struct cab_table *t, const struct cab_input *in, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* ---- cab_block.c: CFDATA ---- */

/* The blocks of one folder.  room leaves space for a header in front of every block's bytes. */
struct cab_block {
	struct cab_input *in;
	const struct cab_folder *folder;
	unsigned folder_index;
	unsigned reserve;    /* bytes between header and data */
	uint32_t done;       /* blocks read */
	unsigned char *data; /* of the newest block: points into room */
	uint32_t data_bytes;
	uint32_t output_bytes;
	unsigned char room[CAB_BLOCK_HEADER + CAB_BLOCK_RESERVE + CAB_BLOCK_STORED];
};

void cab_block_start(struct cab_block *b, struct cab_input *in, const struct cab_table *t,
		     unsigned folder) __attribute__((nonnull));

/* 1 with the next block, its checksum and sizes proved; 0 after the last; -1. */
int cab_block_next(struct cab_block *b, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* ---- cab_decode.c: the only file that calls libarchive ---- */

struct cab_decode;

/* b is borrowed and stands at the first block of a compressed folder with output. */
struct cab_decode *cab_decode_new(struct cab_block *b) __attribute__((nonnull, returns_nonnull));

/* 1 with some decompressed bytes, borrowed until the next call; 0 at the folder's end; -1. */
int cab_decode_next(struct cab_decode *d, const unsigned char **bytes, size_t *len,
		    struct error *err) __attribute__((nonnull, warn_unused_result));
void cab_decode_free(struct cab_decode *d);

#endif

/* CHUNKS and OBJECTS onto a medium, as streams: neither is ever whole in memory. */
#ifndef EXPORTER_TABLES_H
#define EXPORTER_TABLES_H

struct chunk_table;
struct error;
struct manifest;
struct object_table;
struct tree;

/*
 * Write both files into the directory dir, durably, and note their sizes and digests in
 * m->files; lines receives the tree over the lines of OBJECTS.  -1 with FILE_WRITE, or LIMIT_BYTES
 * for a table past its ceiling.
 */
int tables_save(int dir, const struct object_table *objects, const struct chunk_table *chunks,
		struct manifest *m, struct tree *lines, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

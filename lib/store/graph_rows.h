/* The stored catalogs as the graph that is chosen from and asked about (lib/select/graph.h). */
#ifndef STORE_GRAPH_ROWS_H
#define STORE_GRAPH_ROWS_H

struct error;
struct graph;
struct store;

/* All stored updates; the caller's to free.  NULL with err. */
struct graph *graph_rows_load(struct store *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif

/*
 * The contents of a verified bundle: every byte of every volume is read once,
 * compared with the frame that OBJECTS implies (headers, padding, trailer) or
 * hashed as part of its object.  What a sink receives is exactly what is
 * hashed; it learns at the end whether the object was genuine.
 */
#ifndef VERIFIER_STREAM_H
#define VERIFIER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct object_part;
struct verified_bundle;

/*
 * Where objects go.  Calls come from several workers, but those of one object
 * come from one worker, in order: begin, write..., finish (or abandon).
 */
struct stream_sink {
	/* False: this object is not wanted; its bytes are not even read.  NULL: all are. */
	bool (*wanted)(void *ctx, const struct object_part *object);
	/* NULL with err set on failure. */
	void *(*begin)(void *ctx, const struct object_part *object, struct error *err);
	int (*write)(void *handle, const void *bytes, size_t len, struct error *err);
	/* Compare the digest of what was written with object->sha256; the handle is finished. */
	int (*finish)(void *handle, const struct object_part *object, struct error *err);
	void (*abandon)(void *handle);
	void *ctx;
};

/*
 * For finish(): are these the bytes of the object?  -1 with OBJECT_DIGEST, the
 * same words from every sink.
 */
int stream_check_digest(const struct object_part *object, const unsigned char actual[32],
			struct error *err) __attribute__((nonnull, warn_unused_result));

/* A sink that only checks: for the verifier. */
extern const struct stream_sink stream_check;

struct stream_options {
	unsigned threads;
	const struct stream_sink *sink;
	_Atomic uint64_t *done; /* bytes of volumes dealt with, for progress; may be NULL */
	int (*tick)(void *ctx); /* about five times a second on the calling thread; may be NULL */
	void *tick_ctx;
	/*
	 * NULL: the first problem ends the run and is the result.  Otherwise every object that is
	 * damaged is reported here afterwards, in order, and the run goes on to the end.
	 */
	void (*problem)(void *ctx, const struct error *problem);
	void *problem_ctx;
	/*
	 * NULL, or called for every damaged object (its first part), or chunk, before it becomes a
	 * problem, on the calling thread when all workers are done: 0 when it is whole now.
	 */
	int (*heal)(void *ctx, size_t first, struct error *err);
	void *heal_ctx;
	/*
	 * stream_volumes() compares every chunk with CHUNKS from the same reads; the first that
	 * differs, though every object is genuine, is the result (CHUNK_DIGEST).  Only where all
	 * objects are wanted and the first problem ends the run.
	 */
	bool chunks;
};

/*
 * Read all volumes that are open (verify_volume()).  0 when everything was
 * genuine; 1 when problems were reported; -1 with err.
 */
int stream_volumes(struct verified_bundle *b, const struct stream_options *options,
		   struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * Check the chunks of one volume against CHUNKS: proves one volume alone.  Results as above;
 * chunks that are not at hand are passed over.
 */
int stream_chunks(struct verified_bundle *b, uint32_t volume, const struct stream_options *options,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * Whether every byte that is read for an object is at hand: headers, data, padding, and the
 * trailer where the object is the last one of a volume.
 */
bool stream_at_hand(const struct verified_bundle *b, const struct object_part *object)
	__attribute__((nonnull));

/* One object into memory, at most max bytes; the caller frees *out.  Digest checked. */
int stream_load(struct verified_bundle *b, const unsigned char sha256[32], size_t max,
		unsigned char **out, size_t *len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Bytes of all volumes: what a full run reads. */
uint64_t stream_total(const struct verified_bundle *b) __attribute__((nonnull));

#endif

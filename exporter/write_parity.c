#include "exporter/write_parity.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/digest.h"
#include "media/parity.h"
#include "media/parity_code.h"
#include "media/volume.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLICES_AT_ONCE = 4 };

struct write_parity {
	int dir;
	struct parity_code *codes[PARITY_ROWS + 1]; /* by rows */
	unsigned char *rows[PARITY_STRIPE / PARITY_GROUP * PARITY_ROWS];
	/* of the volume at hand */
	uint32_t volume;
	int fd;
	struct parity_layout layout;
	uint64_t *sums;
};

struct write_parity *write_parity_new(int dir)
{
	static const unsigned rows[PARITY_ROWS] = { 0, 1, 2, 3 };
	struct write_parity *p = buf_calloc(1, sizeof *p);

	p->dir = dir;
	p->fd = -1;
	for (unsigned n = 1; n <= PARITY_ROWS; n++)
		p->codes[n] = parity_code_new(PARITY_GROUP, rows, n);
	return p;
}

void write_parity_free(struct write_parity *p)
{
	if (!p)
		return;
	for (unsigned n = 1; n <= PARITY_ROWS; n++)
		parity_code_free(p->codes[n]);
	for (size_t i = 0; i < sizeof p->rows / sizeof *p->rows; i++)
		free(p->rows[i]);
	file_close(p->fd);
	free(p->sums);
	free(p);
}

int write_parity_begin(struct write_parity *p, uint32_t volume, uint64_t size, struct error *err)
{
	char name[PARITY_NAME_SIZE];

	file_close(p->fd);
	free(p->sums);
	parity_name(volume, name);
	p->volume = volume;
	p->layout = parity_layout(size);
	p->sums = buf_calloc((size_t)(p->layout.slices + p->layout.parity), sizeof *p->sums);
	p->fd = openat(p->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (p->fd < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", name);
	if (ftruncate(p->fd, (off_t)p->layout.file_bytes) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot reserve %llu bytes", name,
				       (unsigned long long)p->layout.file_bytes);
	return 0;
}

static struct parity_stripe stripe_at(const struct write_parity *p, uint64_t from)
{
	return parity_stripe(&p->layout, (uint32_t)(from / PARITY_SLICE / PARITY_STRIPE));
}

size_t write_parity_groups(const struct write_parity *p, uint64_t from)
{
	return stripe_at(p, from).groups;
}

size_t write_parity_rows(const struct write_parity *p, uint64_t from)
{
	struct parity_stripe s = stripe_at(p, from);

	return (size_t)s.groups * s.rows;
}

/* The rows of a group; zeros at the first window of a stripe. */
static unsigned char **begin_rows(struct write_parity *p, const struct parity_stripe *s,
				  size_t group, uint64_t from)
{
	unsigned char **rows = &p->rows[group * s->rows];

	for (uint32_t r = 0; r < s->rows; r++) {
		if (!rows[r])
			rows[r] = buf_malloc(PARITY_SLICE);
		if (from == s->first * PARITY_SLICE)
			memset(rows[r], 0, PARITY_SLICE);
	}
	return rows;
}

void write_parity_fold(struct write_parity *p, size_t group, uint64_t from, uint64_t to,
		       unsigned char *bytes)
{
	struct parity_stripe s = stripe_at(p, from);
	unsigned char **rows = begin_rows(p, &s, group, from);
	uint64_t first = from / PARITY_SLICE - s.first, end = to - s.first * PARITY_SLICE;
	/* of the group, the first in the window */
	uint64_t member = (first + s.groups - 1 - group) / s.groups;
	struct parity_code_slice slices[SLICES_AT_ONCE];

	for (bool inside = true; inside;) {
		size_t n = 0;

		for (; n < SLICES_AT_ONCE; n++, member++) {
			uint64_t slice = member * s.groups + group;

			inside = slice < s.slices && slice * PARITY_SLICE < end;
			if (!inside)
				break;
			slices[n] = (struct parity_code_slice){
				(unsigned)member, bytes + (slice - first) * PARITY_SLICE
			};
		}
		parity_code_fold(p->codes[s.rows], slices, n, PARITY_SLICE, rows);
	}
}

void write_parity_sum(struct write_parity *p, uint64_t at, const unsigned char *bytes, size_t len)
{
	for (size_t done = 0; done < len; done += PARITY_SLICE) {
		size_t n = len - done < PARITY_SLICE ? len - done : PARITY_SLICE;

		p->sums[(at + done) / PARITY_SLICE] = parity_code_sum(bytes + done, n);
	}
}

int write_parity_row(struct write_parity *p, size_t i, uint64_t from, struct error *err)
{
	struct parity_stripe s = stripe_at(p, from);
	char name[PARITY_NAME_SIZE];

	parity_name(p->volume, name);
	p->sums[p->layout.slices + s.parity + i] = parity_code_sum(p->rows[i], PARITY_SLICE);
	return file_write_at(p->fd, name, p->rows[i], PARITY_SLICE,
			     parity_offset(&p->layout, s.parity + i), err);
}

int write_parity_end(struct write_parity *p, const unsigned char (*chunks)[32], size_t count,
		     struct error *err)
{
	struct parity_id id = { .number = p->volume, .volumes = 1, .size = p->layout.size };
	size_t len = (size_t)p->layout.header_bytes;
	CLEANUP(free) unsigned char *header = buf_malloc(len);
	char name[PARITY_NAME_SIZE];

	parity_name(p->volume, name);
	digest_sha256(chunks, count * DIGEST_SHA256, id.chunks);
	parity_header_write(&id, p->sums, header);
	if (file_write_at(p->fd, name, header, len, 0, err) < 0)
		return -1;
	return file_write_at(p->fd, name, header, len, p->layout.file_bytes - len, err);
}

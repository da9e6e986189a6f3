#include "lib/crypto/random.h"

#include <stdlib.h>
#include <sys/random.h>

void random_guid(unsigned char out[16])
{
	/* So few bytes come whole and without EINTR once the pool is ready (getrandom(2)). */
	if (getrandom(out, 16, 0) != 16)
		abort();
	out[6] = (unsigned char)((out[6] & 0x0F) | 0x40);
	out[8] = (unsigned char)((out[8] & 0x3F) | 0x80);
}

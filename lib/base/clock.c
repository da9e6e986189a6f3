#include "lib/base/clock.h"

#include "lib/base/str.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t clock_now(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

int64_t clock_stamp(void)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds;

	if (text && str_to_u64(text, strlen(text), 253402300799u, &seconds))
		return (int64_t)seconds;
	return clock_now();
}

uint64_t clock_ticks(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

uint64_t clock_nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

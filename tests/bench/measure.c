/*
 * measure OUT COMMAND [ARGUMENT...]: run a command and append one line to the file OUT:
 *
 *	wall user system peak others
 *
 * seconds, but for peak: KiB resident in the largest process of the command; others is how many
 * processors the rest of the machine kept busy meanwhile, so that a disturbed figure can be told.
 * Exit status: the command's, 128 + N when signal N ended it, 125 when measuring failed.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FAILED = 125, BUSY_FIELDS = 8 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Processor seconds that the whole machine has been busy; 0 when it does not say. */
static double machine_busy(void)
{
	unsigned long long ticks[BUSY_FIELDS] = { 0 }, busy = 0;
	FILE *f = fopen("/proc/stat", "re");

	if (!f)
		return 0;
	/* user nice system idle iowait irq softirq steal; only the kernel writes this line */
	int n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &ticks[0], &ticks[1],
		       &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]);
	fclose(f);
	for (int i = 0; i < n; i++)
		if (i != 3 && i != 4)
			busy += ticks[i];
	return (double)busy / (double)sysconf(_SC_CLK_TCK);
}

static bool report(const char *path, double wall, double others, const struct rusage *used)
{
	FILE *f = fopen(path, "ae");

	if (!f)
		return false;
	fprintf(f, "%.4f %.4f %.4f %ld %.2f\n", wall, seconds(used->ru_utime),
		seconds(used->ru_stime), used->ru_maxrss, others);
	return fclose(f) == 0;
}

int main(int argc, char **argv)
{
	struct rusage used;
	int status;

	if (argc < 3) {
		fputs("usage: measure OUT COMMAND [ARGUMENT...]\n", stderr);
		return FAILED;
	}
	double busy = machine_busy(), start = now();
	pid_t child = fork();
	if (child == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &used) < 0) {
		perror("measure");
		return FAILED;
	}
	double wall = now() - start;
	double own = seconds(used.ru_utime) + seconds(used.ru_stime);
	double others = wall > 0 ? (machine_busy() - busy - own) / wall : 0;

	if (!report(argv[1], wall, others > 0 ? others : 0, &used)) {
		perror(argv[1]);
		return FAILED;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

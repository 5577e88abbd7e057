/*
 * What one vfork, execve and wait of a program takes that does nothing: execbench EXECS ARGUMENT-BYTES PROGRAM.
 *
 * 12 arguments as a container tool has them, ARGUMENT-BYTES together with their NULs; the last but one is as long as it takes.
 * One line of JSON, times in nanoseconds of one exec each. `median` and the quartiles are what an exec waits for; `mean` also
 * has what the machine did between execs, timer interrupts and other processes' work among it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Not counted: caches of the kernel fill, and task storage comes from memory that is there already. */
#define WARM_UP 100

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static int by_size(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static void give_up(const char *why)
{
	perror(why);
	exit(1);
}

/* The parent waits in vfork until the child has executed or ended, on the same stack. */
static uint64_t one_exec(char **arguments, char **environment)
{
	volatile int failure = 0;
	int status;
	uint64_t begin = now();
	pid_t child = vfork();

	if (child == 0) {
		execve(arguments[0], arguments, environment);
		failure = errno;
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		give_up("vfork");
	uint64_t time = now() - begin;

	errno = failure;
	if (failure != 0 || status != 0)
		give_up(arguments[0]);
	return time;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	size_t execs = strtoul(argv[1], NULL, 10), bytes = strtoul(argv[2], NULL, 10), used = 0;
	char filler[4096] = "--mount=type=bind,source=/srv/";
	char *arguments[] = { argv[3], "start", "--name", "report-worker", "--memory=768m", "--network", "backend",
			      "--env=TZ=Europe/Berlin", "--label", "team=data", filler, "registry.example.net/report:7.2", NULL };
	char *environment[] = { "PATH=/usr/bin:/bin", "HOME=/root", "LANG=C.UTF-8", "TERM=xterm", NULL };

	for (char **argument = arguments; *argument; argument++)
		used += strlen(*argument) + 1;
	if (execs == 0 || bytes < used || bytes - used > sizeof(filler) - 64)
		return 2;
	memset(filler + strlen(filler), 'd', bytes - used);

	uint64_t *times = calloc(execs, sizeof(*times)), sum = 0;
	if (times == NULL)
		give_up("calloc");
	for (int i = 0; i < WARM_UP; i++)
		one_exec(arguments, environment);
	for (size_t i = 0; i < execs; i++)
		sum += times[i] = one_exec(arguments, environment);
	qsort(times, execs, sizeof(*times), by_size);
	printf("{\"execs\":%zu,\"median\":%lu,\"mean\":%lu,\"low\":%lu,\"high\":%lu,\"p99\":%lu}\n", execs, times[execs / 2],
	       sum / execs, times[execs / 4], times[execs * 3 / 4], times[execs * 99 / 100]);
	return 0;
}

/* Starts PROGRAM again and again, each time with the time right before its exec among its arguments, so that whoever reads of the
 * exec knows how old the news is.
 *
 *   exec-clock PROGRAM TIMES MICROSECONDS_BETWEEN */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t boot_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char **argv)
{
	char now[32];
	char *child[] = {"exec-clock", "--at", now, "--a-few", "more", "arguments", "as", "programs", "have", "them", 0};
	char *none[] = {0};

	if (argc != 4)
		return 2;
	for (long i = atol(argv[2]); i > 0; i--) {
		pid_t pid = fork();

		if (pid == 0) {
			snprintf(now, sizeof(now), "%lu", boot_ns());
			execve(argv[1], child, none);
			_exit(127);
		}
		waitpid(pid, 0, 0);
		usleep(atol(argv[3]));
	}
	return 0;
}

/*
 * How long each of many execs takes: exec-times PROGRAM runs it in turn until its standard input ends, and then prints the time that
 * each vfork, execve and wait took, in nanoseconds, one a line: `when duration`, `when` being CLOCK_MONOTONIC.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST (1 << 21)

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

int main(int argc, char **argv)
{
	static uint64_t when[MOST], took[MOST];
	struct pollfd input = { .fd = 0, .events = POLLIN };
	size_t count = 0;

	if (argc != 2)
		return 2;
	while (count < MOST && !poll(&input, 1, 0)) {
		uint64_t begin = now();
		int status;
		pid_t pid = vfork();

		if (!pid) {
			execl(argv[1], argv[1], "--an", "ordinary", "line", "--of=arguments", "12", "/usr/share/dictionary", (char *)0);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
			return 1;
		when[count] = begin;
		took[count++] = now() - begin;
	}
	for (size_t i = 0; i < count; i++)
		printf("%llu %llu\n", (unsigned long long)when[i], (unsigned long long)took[i]);
	return 0;
}

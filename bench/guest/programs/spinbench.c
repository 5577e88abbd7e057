/*
 * How far a program comes that must not run: spinbench TRIES ARGUMENT. Executes spin, which lies beside this program, with one
 * argument, and waits for what ends it. One line of JSON for each try: the outcome, how far spin counted, and nanoseconds from before
 * vfork to after wait. What nothing ends is ended here after LIMIT seconds, and its outcome is `ran`.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT 2

static volatile pid_t child;
static volatile int ours;

static void end_child(int signal)
{
	(void)signal;
	ours = 1;
	kill(child, SIGKILL);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void give_up(const char *why)
{
	perror(why);
	exit(1);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	char program[4096];
	snprintf(program, sizeof(program), "%s/spin", dirname(strdup(argv[0])));

	/* The descriptor that spin knows. */
	int file = memfd_create("count", 0);
	if (file < 0 || ftruncate(file, 4096) || dup2(file, 3) != 3)
		give_up("memfd_create");
	volatile uint64_t *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
	if (count == MAP_FAILED)
		give_up("mmap");
	signal(SIGALRM, end_child);

	char *arguments[] = { program, argv[2], NULL }, *environment[] = { NULL };
	for (int tries = atoi(argv[1]); tries > 0; tries--) {
		volatile int failure = 0;
		int status;

		*count = 0;
		ours = 0;
		uint64_t begin = now();
		child = vfork();
		if (child == 0) {
			execve(program, arguments, environment);
			failure = errno;
			_exit(127);
		}
		if (child < 0)
			give_up("vfork");
		alarm(LIMIT);
		while (waitpid(child, &status, 0) < 0)
			if (errno != EINTR)
				give_up("waitpid");
		uint64_t time = now() - begin;
		alarm(0);
		printf("{\"outcome\":\"%s\",\"count\":%lu,\"time\":%lu}\n",
		       failure == EPERM ? "refused" : failure != 0 ? "failed" : ours ? "ran" : WIFSIGNALED(status) ? "killed" : "ended",
		       *count, time);
	}
	return 0;
}

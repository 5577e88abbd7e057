// A program that starts others in every way a line of processes can go on, to be copied under the names that rules ask for.
//
//   spawn mark FILE                  makes FILE: it ran
//   spawn wait FILE STEP...          goes on with STEP once FILE exists
//   spawn HOW PROGRAM ARGUMENT...    starts PROGRAM and waits until it and what it started have ended
//
// HOW: fork, vfork, clone-parent (the child is its parent's sibling), thread (a thread forks), other-thread (a thread that is not
// the leader executes), double (a grandchild whose parent has died executes), exec (no fork).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char **program;
/* Held by everything that descends from here: its end is theirs. */
static int alive[2];

static void execute(void)
{
	execv(program[0], program);
	_exit(126);
}

static void *execute_in_thread(void *unused)
{
	(void)unused;
	execute();
	return NULL;
}

static void *fork_in_thread(void *unused)
{
	(void)unused;
	if (!fork())
		execute();
	return NULL;
}

static void run_thread(void *(*body)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, body, NULL))
		_exit(125);
	pthread_join(thread, NULL);
}

static void start(const char *how)
{
	if (!strcmp(how, "fork")) {
		if (!fork())
			execute();
	} else if (!strcmp(how, "vfork")) {
		if (!vfork())
			execute();
	} else if (!strcmp(how, "clone-parent")) {
		if (!syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0))
			execute();
	} else if (!strcmp(how, "thread")) {
		run_thread(fork_in_thread);
	} else if (!strcmp(how, "other-thread")) {
		if (!fork())
			run_thread(execute_in_thread);
	} else if (!strcmp(how, "double")) {
		if (!fork()) {
			pid_t parent = getpid();

			if (!fork()) {
				while (getppid() == parent)
					usleep(1000);
				execute();
			}
			_exit(0);
		}
	} else {
		fprintf(stderr, "spawn: what is %s?\n", how);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	char byte;

	if (argc == 3 && !strcmp(argv[1], "mark")) {
		int file = open(argv[2], O_WRONLY | O_CREAT, 0644);

		return file < 0 ? 1 : 0;
	}
	while (argc > 3 && !strcmp(argv[1], "wait")) {
		while (access(argv[2], F_OK))
			usleep(5000);
		argv += 2;
		argc -= 2;
	}
	if (argc < 3)
		return 2;
	program = argv + 2;
	if (!strcmp(argv[1], "exec"))
		execute();
	if (pipe(alive))
		return 1;
	start(argv[1]);
	close(alive[1]);
	while (read(alive[0], &byte, 1) < 0 && errno == EINTR)
		;
	while (wait(NULL) > 0)
		;
	return 0;
}

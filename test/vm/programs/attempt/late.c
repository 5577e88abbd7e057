// Execs that begin, or go on, when somebody says so. The parameter names a directory: a file ready-PID appears in it when the process is
// in place, and it waits for the file go.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"
#include "userfault.h"

enum { POLL_US = 2000 };

static void await_go(struct attempt *a)
{
	char path[PAGE];

	snprintf(path, sizeof(path), "%s/ready-%d", a->parameter, getpid());
	touch(path);
	snprintf(path, sizeof(path), "%s/go", a->parameter);
	while (access(path, F_OK))
		usleep(POLL_US);
}

/* A process that is older than whatever happens before "go". */
static void older(struct attempt *a)
{
	alarm(0); /* whoever says "go" may take long */
	await_go(a);
	plain(a);
}

/* Inside the system call, before the kernel has its arguments. */
static void parked_before(struct attempt *a)
{
	static struct delivery d = { .before = await_go };

	alarm(0);
	if (!deliver_late(a, &d))
		plain(a);
}

static atomic_int victim;

static void *wait_to_be_killed(void *unused)
{
	victim = gettid();
	for (;;)
		pause();
	return unused;
}

/* Holds a thread of its parent when it ends, until "go". */
static void hold(struct attempt *a, pid_t thread, int told)
{
	int status;

	close(a->failure);
	if (ptrace(PTRACE_SEIZE, thread, 0, PTRACE_O_TRACEEXIT) || write(told, "", 1) != 1)
		_exit(1);
	waitpid(thread, &status, __WALL);
	await_go(a);
	ptrace(PTRACE_DETACH, thread, 0, 0);
	_exit(0);
}

/* Inside the system call, with its arguments copied and the first check behind it: an exec waits until the other threads have ended, and
 * one of them does not yet. */
static void parked_between(struct attempt *a)
{
	pthread_t thread;
	int told[2];
	char byte;

	alarm(0);
	if (pipe(told) || pthread_create(&thread, NULL, wait_to_be_killed, NULL))
		return;
	while (!victim)
		usleep(POLL_US);
	if (!fork())
		hold(a, victim, told[1]);
	if (read(told[0], &byte, 1) == 1)
		plain(a);
}

const struct way late_ways[] = {
	{ "older", older },
	{ "parked-before", parked_before },
	{ "parked-between", parked_between },
	{ 0 },
};

// Which task executes: threads, processes that share memory, and what the kernel treats in a special way.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"

enum { STACK = 64 * PAGE, USER = 1000 };

static void *exec_in_thread(void *attempt)
{
	struct attempt *a = attempt;

	plain(a);
	fail(a, errno);
	return NULL;
}

static void from_thread(struct attempt *a)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exec_in_thread, a) == 0)
		pthread_join(thread, NULL);
}

/* Two threads execute at once: one of them wins. */
static void from_two_threads(struct attempt *a)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exec_in_thread, a) == 0)
		exec_in_thread(a);
}

static int exec_in_clone(void *attempt)
{
	struct attempt *a = attempt;

	plain(a);
	fail(a, errno);
	return 0;
}

/* Executes in a child that clone made with these flags, and ends as the child did. */
static void in_clone(struct attempt *a, int flags)
{
	int status;
	pid_t child = clone(exec_in_clone, new_pages(STACK / PAGE) + STACK, flags | SIGCHLD, a);

	close(a->failure);
	if (child > 0 && waitpid(child, &status, __WALL) == child) {
		if (WIFSIGNALED(status))
			raise(WTERMSIG(status));
		_exit(WEXITSTATUS(status));
	}
}

/* A process that shares its memory with a parent that goes on. */
static void sharing_memory(struct attempt *a)
{
	in_clone(a, CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SIGHAND);
}

/* As a sibling, not as a child. */
static void as_sibling(struct attempt *a)
{
	in_clone(a, CLONE_VM | CLONE_VFORK);
}

/* The first process of a pid namespace, which ignores signals that it does not handle. */
static void namespace_init(struct attempt *a)
{
	in_clone(a, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET);
}

static void deaf(struct attempt *a)
{
	sigset_t all;

	for (int n = 1; n < NSIG; n++)
		signal(n, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	plain(a);
}

/* No signal can be queued for it. */
static void without_signals(struct attempt *a)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_SIGPENDING, &none);
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_NPROC, &none);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 8, 8 });
	plain(a);
}

static void unprivileged(struct attempt *a)
{
	if (setgid(USER) || setuid(USER))
		return;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0);
	plain(a);
}

/* As a user, so that a setuid program changes who it is. */
static void as_user(struct attempt *a)
{
	if (setgid(USER) == 0 && setuid(USER) == 0)
		plain(a);
}

/* With an effective id that the kernel takes back at the exec: the program must not gain anything by it. */
static void given_back_id(struct attempt *a)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && setresuid(0, USER, 0) == 0)
		plain(a);
}

static void real_time(struct attempt *a)
{
	struct sched_param first = { .sched_priority = 99 };

	if (sched_setscheduler(0, SCHED_FIFO, &first) == 0)
		plain(a);
}

static void idle(struct attempt *a)
{
	struct sched_param none = { 0 };

	if (sched_setscheduler(0, SCHED_IDLE, &none) == 0)
		plain(a);
}

static void stopped_and_continued(struct attempt *a)
{
	pid_t self = getpid(), other = fork();

	if (!other) {
		close(a->failure);
		for (;;) {
			kill(self, SIGSTOP);
			if (kill(self, SIGCONT))
				_exit(0);
			if (getppid() != self)
				_exit(0);
		}
	}
	plain(a);
	kill(other, SIGKILL);
}

/* Writes a text into a file of the control group that the parameter names; 0 if that worked. */
static int put(const struct attempt *a, const char *name, const char *text)
{
	char path[PAGE];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", a->parameter, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, text, strlen(text)) < 0 || close(fd);
}

/* In a control group that may use a hundredth of a processor. */
static void throttled(struct attempt *a)
{
	mkdir(a->parameter, 0755);
	if (put(a, "cpu.max", "1000 100000") == 0 && put(a, "cgroup.procs", "0") == 0)
		plain(a);
}

const struct way task_ways[] = {
	{ "thread", from_thread },
	{ "two-threads", from_two_threads },
	{ "sharing-memory", sharing_memory },
	{ "vfork-clone", as_sibling },
	{ "namespace-init", namespace_init },
	{ "deaf", deaf },
	{ "without-signals", without_signals },
	{ "unprivileged", unprivileged },
	{ "as-user", as_user },
	{ "given-back-id", given_back_id },
	{ "real-time", real_time },
	{ "idle", idle },
	{ "stopped-and-continued", stopped_and_continued },
	{ "throttled", throttled },
	{ 0 },
};

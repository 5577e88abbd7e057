// Programs that the kernel itself starts: nobody's system call, and no caller's memory to read. They have no descriptor 3, so they find
// the ledger by its path.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../ledger.h"
#include "attempt.h"

enum { POLL_US = 5000, POLLS = 2000 };

/* 0 if that worked. */
static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd);
}

/* Path and arguments, a blank apart. */
static void command_line(struct attempt *a, char *text, size_t room)
{
	size_t used = snprintf(text, room, "%s", a->path);

	for (char **argument = a->argv + 1; *argument && used < room; argument++)
		used += snprintf(text + used, room - used, " %s", *argument);
}

/* Ends by a signal that dumps core, in a child, and waits until the kernel is done with it. */
static void crash(const char *name)
{
	struct rlimit core = { RLIM_INFINITY, RLIM_INFINITY };
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_NAME, name);
		prctl(PR_SET_DUMPABLE, 1);
		setrlimit(RLIMIT_CORE, &core);
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
	}
	waitpid(child, NULL, 0);
}

/* The reader of core dumps. */
static void core_pattern(struct attempt *a)
{
	char text[256] = "|";

	command_line(a, text + 1, sizeof(text) - 1);
	if (put("/proc/sys/kernel/core_pattern", text) == 0)
		crash("crashing");
	put("/proc/sys/kernel/core_pattern", "core");
	_exit(0);
}

/* The reader of core dumps, with the crashed program's name, which is the last argument, put in by the kernel. */
static void core_pattern_name(struct attempt *a)
{
	char text[256];

	snprintf(text, sizeof(text), "|%s %%e", a->path);
	if (put("/proc/sys/kernel/core_pattern", text) == 0)
		crash(*last_of(a->argv));
	put("/proc/sys/kernel/core_pattern", "core");
	_exit(0);
}

/* The loader of kernel modules, asked for a file system whose name is the last argument. */
static void modprobe(struct attempt *a)
{
	if (put("/proc/sys/kernel/modprobe", a->path) == 0)
		mount("none", "/mnt", *last_of(a->argv), 0, NULL);
	put("/proc/sys/kernel/modprobe", "/sbin/modprobe");
	_exit(0);
}

/* Makes a control group that is empty again, of which the kernel tells the agent that the hierarchy names. */
static int make_empty_group(const char *name)
{
	char path[PAGE];
	pid_t child;

	if (mkdir(name, 0755))
		return -1;
	snprintf(path, sizeof(path), "%s/notify_on_release", name);
	if (put(path, "1"))
		return -1;
	snprintf(path, sizeof(path), "%s/cgroup.procs", name);
	child = fork();
	if (!child)
		_exit(put(path, "0"));
	waitpid(child, NULL, 0);
	return 0;
}

/* The agent that is told of empty control groups of the old kind. A group has the last argument as its name. */
static void release_agent(struct attempt *a)
{
	const struct ledger *ledger = mmap(NULL, LEDGER_BYTES, PROT_READ, MAP_SHARED, 3, 0);
	const volatile unsigned long *started = &ledger->started;
	unsigned long before;

	for (char *slash = *last_of(a->argv); (slash = strchr(slash, '/'));)
		*slash = '-';
	if (mount("none", "/mnt", "cgroup", 0, "none,name=trick") || put("/mnt/release_agent", a->path) || chdir("/mnt"))
		return;
	make_empty_group(*last_of(a->argv));
	usleep(POLL_US);
	before = *started;
	make_empty_group("last");
	/* The kernel starts agents in turn: when that of the last group ran, it is known what became of the first. */
	for (int n = 0; n < POLLS && *started == before; n++)
		usleep(POLL_US);
	rmdir("last");
	rmdir(*last_of(a->argv));
	if (chdir("/") == 0)
		umount("/mnt");
	_exit(0);
}

const struct way kernel_ways[] = {
	{ "core-pattern", core_pattern },
	{ "core-pattern-name", core_pattern_name },
	{ "modprobe", modprobe },
	{ "release-agent", release_agent },
	{ 0 },
};

// Which file is executed, and by what name it goes.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Copies the program into `to`; 0 if that worked. */
static int copy_into(struct attempt *a, int to)
{
	int from = open(a->path, O_RDONLY | O_CLOEXEC);
	char bytes[PAGE];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, n) != n)
			return -1;
	close(from);
	return n ? -1 : 0;
}

/* A file that can be written cannot be executed: this one is open for reading only, and `path` names it. */
static int reopened(const char *path, int writable)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	close(writable);
	return fd;
}

static void from_memory(struct attempt *a)
{
	int to = memfd_create(name_of(a->path), MFD_CLOEXEC);

	if (!copy_into(a, to))
		syscall(SYS_execveat, to, "", a->argv, a->envp, AT_EMPTY_PATH);
}

static void from_sealed_memory(struct attempt *a)
{
	int to = memfd_create("", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", to);
	if (copy_into(a, to) || fcntl(to, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return;
	execve(path, a->argv, a->envp);
}

/* A copy that is gone from its directory before it is executed. */
static int deleted_copy(struct attempt *a)
{
	char name[] = "/tmp/copy-XXXXXX";
	int fd = mkstemp(name);

	if (copy_into(a, fd) || fchmod(fd, 0755))
		return -1;
	fd = reopened(name, fd);
	unlink(name);
	return fd;
}

static void deleted(struct attempt *a)
{
	syscall(SYS_execveat, deleted_copy(a), "", a->argv, a->envp, AT_EMPTY_PATH);
}

static void deleted_by_proc(struct attempt *a)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", deleted_copy(a));
	execve(path, a->argv, a->envp);
}

/* A file that never had a name. */
static void nameless(struct attempt *a)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0755);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || copy_into(a, fd))
		return;
	syscall(SYS_execveat, reopened(path, fd), "", a->argv, a->envp, AT_EMPTY_PATH);
}

/* By the link of a process that runs it. */
static void proc_exe(struct attempt *a)
{
	char path[64], *harmless[] = { "harmless", NULL };
	pid_t other = fork();

	if (!other) {
		ptrace(PTRACE_TRACEME, 0, 0, 0); /* stops it at its exec */
		execve(a->path, harmless, a->envp);
		_exit(1);
	}
	waitpid(other, NULL, 0);
	snprintf(path, sizeof(path), "/proc/%d/exe", other);
	a->path = path;
	/* the process must live during the exec; it goes with its tracer */
	ptrace(PTRACE_SETOPTIONS, other, 0, PTRACE_O_EXITKILL);
	plain(a);
	kill(other, SIGKILL);
}

/* By the root of another process, which is in a mount namespace of its own. */
static void proc_root(struct attempt *a)
{
	char path[PAGE];
	int ready[2];
	pid_t other;
	char byte;

	if (pipe2(ready, O_CLOEXEC))
		return;
	other = fork();
	if (!other) {
		close(a->failure);
		if (unshare(CLONE_NEWNS) == 0 && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	if (read(ready[0], &byte, 1) != 1)
		return;
	snprintf(path, sizeof(path), "/proc/%d/root%s", other, a->path);
	a->path = path;
	/* the file is open before the exec, so that the other process can go */
	int fd = open(path, O_PATH);

	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	syscall(SYS_execveat, fd, "", a->argv, a->envp, AT_EMPTY_PATH);
}

/* In a root directory of its own: the parameter; the path is meant there. */
static void in_chroot(struct attempt *a)
{
	if (chroot(a->parameter) || chdir("/"))
		return;
	plain(a);
}

/* In a mount namespace whose root is the parameter, as in a container. The guest's own root cannot be pivoted, so it is moved over. */
static void in_new_root(struct attempt *a)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(a->parameter, a->parameter, NULL, MS_BIND, NULL) || chdir(a->parameter) ||
	    mount(".", "/", NULL, MS_MOVE, NULL) || chroot("."))
		return;
	plain(a);
}

/* In a user namespace, where it is root over nothing. */
static void in_user_namespace(struct attempt *a)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0)
		plain(a);
}

/* From a file system that is mounted nowhere any more. */
static void unmounted(struct attempt *a)
{
	char path[PAGE];
	int fd;

	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/mnt", "tmpfs", 0, NULL))
		return;
	snprintf(path, sizeof(path), "/mnt/%s", name_of(a->path));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0755);
	if (copy_into(a, fd))
		return;
	fd = reopened(path, fd);
	umount2("/mnt", MNT_DETACH);
	syscall(SYS_execveat, fd, "", a->argv, a->envp, AT_EMPTY_PATH);
}

const struct way file_ways[] = {
	{ "memfd", from_memory },
	{ "sealed-memfd", from_sealed_memory },
	{ "deleted", deleted },
	{ "deleted-by-proc", deleted_by_proc },
	{ "nameless", nameless },
	{ "proc-exe", proc_exe },
	{ "proc-root", proc_root },
	{ "chroot", in_chroot },
	{ "new-root", in_new_root },
	{ "user-namespace", in_user_namespace },
	{ "unmounted", unmounted },
	{ 0 },
};

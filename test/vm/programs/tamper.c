// Tries one thing against a process, a map, a program or a pin, undoes it, and prints "ok" or the name of the error.
//
// usage: tamper WHAT ARGUMENT...
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static long by_id(int command, char **a)
{
	union bpf_attr attr = {};

	attr.map_id = atoi(a[0]); /* one place for the ids of maps, programs and links */
	return bpf(command, &attr);
}

static long signal_by_pidfd(char **a)
{
	int fd = syscall(SYS_pidfd_open, atoi(a[0]), 0);

	return fd < 0 ? fd : syscall(SYS_pidfd_send_signal, fd, atoi(a[1]), NULL, 0);
}

/* The kernel sends the signal when the pipe becomes readable. The sender is not told of an error: whoever calls looks at the target. */
static long signal_by_file(char **a)
{
	int ends[2];

	if (pipe(ends) || fcntl(ends[0], F_SETSIG, atoi(a[1])) || fcntl(ends[0], F_SETOWN, atoi(a[0])) ||
	    fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK))
		return -1;
	return write(ends[1], "x", 1) == 1 ? 0 : -1;
}

static long attach(char **a)
{
	int pid = atoi(a[0]);

	if (ptrace(PTRACE_ATTACH, pid, 0, 0))
		return -1;
	waitpid(pid, NULL, __WALL);
	return ptrace(PTRACE_DETACH, pid, 0, 0);
}

static long seize(char **a)
{
	if (ptrace(PTRACE_SEIZE, atoi(a[0]), 0, 0))
		return -1;
	return 0; /* the end of this process lets it go */
}

/* First byte of the stack of a process. */
static unsigned long stack_of(const char *pid)
{
	char path[64], line[512];
	unsigned long at = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "r");
	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, "[stack]"))
			at = strtoul(line, NULL, 16);
	return at;
}

static long read_memory(char **a)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)stack_of(a[0]), 1 };

	return process_vm_readv(atoi(a[0]), &here, 1, &there, 1, 0) == 1 ? 0 : -1;
}

static long write_memory(char **a)
{
	char byte = 0;
	struct iovec here = { &byte, 1 }, there = { (void *)stack_of(a[0]), 1 };

	return process_vm_writev(atoi(a[0]), &here, 1, &there, 1, 0) == 1 ? 0 : -1;
}

static long open_file(char **a)
{
	return open(a[0], O_RDWR | O_CLOEXEC);
}

static long write_file(char **a)
{
	int fd = open(a[0], O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, a[1], strlen(a[1])) < 0 ? -1 : 0;
}

static long take_descriptor(char **a)
{
	int fd = syscall(SYS_pidfd_open, atoi(a[0]), 0);

	return fd < 0 ? fd : syscall(SYS_pidfd_getfd, fd, atoi(a[1]), 0);
}

static long limit(char **a)
{
	struct rlimit now;

	if (prlimit(atoi(a[0]), RLIMIT_NOFILE, NULL, &now))
		return -1;
	return prlimit(atoi(a[0]), RLIMIT_NOFILE, &now, NULL);
}

static long renice(char **a)
{
	errno = 0;
	return setpriority(PRIO_PROCESS, atoi(a[0]), getpriority(PRIO_PROCESS, atoi(a[0])));
}

static long pin_down(char **a)
{
	cpu_set_t set;

	if (sched_getaffinity(atoi(a[0]), sizeof(set), &set))
		return -1;
	return sched_setaffinity(atoi(a[0]), sizeof(set), &set);
}

static long open_map(char **a) { return by_id(BPF_MAP_GET_FD_BY_ID, a); }
static long open_program(char **a) { return by_id(BPF_PROG_GET_FD_BY_ID, a); }

/* No kernel lets go of a tracing program for who holds its link. */
static long detach_link(char **a)
{
	union bpf_attr attr = {};
	long fd = by_id(BPF_LINK_GET_FD_BY_ID, a);

	if (fd < 0)
		return fd;
	attr.link_detach.link_fd = fd;
	return bpf(BPF_LINK_DETACH, &attr);
}

static long open_pin(char **a)
{
	union bpf_attr attr = {};

	attr.pathname = (unsigned long)a[0];
	return bpf(BPF_OBJ_GET, &attr);
}

static long rename_and_back(char **a)
{
	return rename(a[0], a[1]) ? -1 : rename(a[1], a[0]);
}

static long make_directory(char **a)
{
	return mkdir(a[0], 0700) ? -1 : rmdir(a[0]);
}

static long make_link(char **a)
{
	return symlink("/tmp", a[0]) ? -1 : unlink(a[0]);
}

static long mount_over(char **a)
{
	return mount("tmpfs", a[0], "tmpfs", 0, NULL) ? -1 : umount2(a[0], MNT_DETACH);
}

static long bind_over(char **a)
{
	return mount("/tmp", a[0], NULL, MS_BIND, NULL) ? -1 : umount2(a[0], MNT_DETACH);
}

static long unmount(char **a)
{
	return umount2(a[0], MNT_DETACH);
}

static long move(const char *from, const char *to)
{
	return syscall(SYS_move_mount, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static long move_and_back(char **a)
{
	return move(a[0], a[1]) ? -1 : move(a[1], a[0]);
}

/* Opens every one there is, as tools that list them do. */
static long list(int next, int open)
{
	union bpf_attr attr = {};
	int opened = 0, hidden = 0;

	while (!bpf(next, &attr)) {
		union bpf_attr one = { .map_id = attr.next_id };
		long fd = bpf(open, &one);

		if (fd < 0 && errno != ENOENT)
			return -1;
		opened += fd >= 0;
		hidden += fd < 0;
		if (fd >= 0)
			close(fd);
		attr.start_id = attr.next_id;
	}
	fprintf(stderr, "%d opened, %d hidden\n", opened, hidden);
	return 0;
}

static long list_maps(char **a) { return list(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID); }
static long list_programs(char **a) { return list(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID); }

static long remove_file(char **a) { return unlink(a[0]); }
static long remove_directory(char **a) { return rmdir(a[0]); }

static long send(char **a) { return kill(atoi(a[0]), atoi(a[1])); }

static const struct {
	const char *name;
	long (*try)(char **arguments);
	int arguments;
} things[] = {
	{ "signal", send, 2 },
	{ "signal-by-pidfd", signal_by_pidfd, 2 },
	{ "signal-by-file", signal_by_file, 2 },
	{ "attach", attach, 1 },
	{ "seize", seize, 1 },
	{ "read-memory", read_memory, 1 },
	{ "write-memory", write_memory, 1 },
	{ "open", open_file, 1 },
	{ "write", write_file, 2 },
	{ "take-descriptor", take_descriptor, 2 },
	{ "limit", limit, 1 },
	{ "renice", renice, 1 },
	{ "pin-down", pin_down, 1 },
	{ "open-map", open_map, 1 },
	{ "open-program", open_program, 1 },
	{ "detach-link", detach_link, 1 },
	{ "list-maps", list_maps, 0 },
	{ "list-programs", list_programs, 0 },
	{ "open-pin", open_pin, 1 },
	{ "rename", rename_and_back, 2 },
	{ "make-directory", make_directory, 1 },
	{ "make-link", make_link, 1 },
	{ "mount-over", mount_over, 1 },
	{ "bind-over", bind_over, 1 },
	{ "unmount", unmount, 1 },
	{ "move-mount", move_and_back, 2 },
	{ "remove", remove_file, 1 },
	{ "remove-directory", remove_directory, 1 },
};

int main(int argc, char **argv)
{
	for (size_t thing = 0; argc > 1 && thing < sizeof(things) / sizeof(*things); thing++) {
		if (strcmp(things[thing].name, argv[1]) || argc != things[thing].arguments + 2)
			continue;
		puts(things[thing].try(argv + 2) < 0 ? strerrorname_np(errno) : "ok");
		return 0;
	}
	fprintf(stderr, "tamper: that is not one of the things that it tries\n");
	return 2;
}

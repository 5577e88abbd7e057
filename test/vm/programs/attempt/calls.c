// The system calls that execute a program, and the ABIs by which they are made.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attempt.h"

void plain(struct attempt *a)
{
	execve(a->path, a->argv, a->envp);
}

static void at_descriptor(struct attempt *a)
{
	int fd = open(a->path, O_PATH | O_CLOEXEC);

	syscall(SYS_execveat, fd, "", a->argv, a->envp, AT_EMPTY_PATH);
}

/* A script's interpreter opens /dev/fd/N, so the descriptor stays open. */
static void at_open_descriptor(struct attempt *a)
{
	int fd = open(a->path, O_RDONLY);

	syscall(SYS_execveat, fd, "", a->argv, a->envp, AT_EMPTY_PATH);
}

static void at_directory(struct attempt *a)
{
	char *slash = strrchr(a->path, '/');
	int fd;

	*slash = 0;
	fd = open(a->path, O_PATH | O_CLOEXEC | O_DIRECTORY);
	syscall(SYS_execveat, fd, slash + 1, a->argv, a->envp, AT_SYMLINK_NOFOLLOW);
}

/* Room below 4 GB, from which `put` takes. */
struct low {
	char *next;
};

static unsigned put(struct low *low, const void *bytes, size_t size)
{
	char *at = low->next;

	memcpy(at, bytes, size);
	low->next = at + ((size + 7) & ~7ul);
	return (unsigned)(unsigned long)at;
}

static unsigned put_strings(struct low *low, char **strings)
{
	unsigned pointers[MOST_ARGS + 1], n;

	for (n = 0; strings[n]; n++)
		pointers[n] = put(low, strings[n], strlen(strings[n]) + 1);
	pointers[n] = 0;
	return put(low, pointers, (n + 1) * sizeof(pointers[0]));
}

struct narrow { /* arguments of a system call with pointers of four bytes */
	unsigned path, argv, envp;
};

static int put_all(struct attempt *a, struct narrow *to)
{
	struct low low = { mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0) };

	if (low.next == MAP_FAILED)
		return -1;
	to->path = put(&low, a->path, strlen(a->path) + 1);
	to->argv = put_strings(&low, a->argv);
	to->envp = put_strings(&low, a->envp);
	return 0;
}

/* The 32-bit system call of a 64-bit program: other registers, pointers of four bytes. */
static void by_int80(struct attempt *a)
{
	struct narrow n;
	long result;

	if (put_all(a, &n))
		return;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(11), "b"(n.path), "c"(n.argv), "d"(n.envp)
			 : "memory", "r8", "r9", "r10", "r11");
	errno = -result;
}

static void by_int80_at(struct attempt *a)
{
	struct narrow n;
	long result;

	if (put_all(a, &n))
		return;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(358), "b"(AT_FDCWD), "c"(n.path), "d"(n.argv), "S"(n.envp), "D"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	errno = -result;
}

/* x32: the 64-bit entry, pointers of four bytes. Only kernels with syscall.x32=y have it. */
static void by_x32(struct attempt *a)
{
	struct narrow n;

	if (!put_all(a, &n))
		syscall(0x40000000 | 520, (unsigned long)n.path, (unsigned long)n.argv, (unsigned long)n.envp);
}

/* Bits of registers that the kernel ignores: it takes the number as 32 bits. */
static void by_high_number(struct attempt *a)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(0xffffffff00000000ul | SYS_execve), "D"(a->path), "S"(a->argv), "d"(a->envp)
			 : "memory", "rcx", "r11");
	errno = -result;
}

static void with_odd_personality(struct attempt *a)
{
	personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC | ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO | ADDR_LIMIT_3GB | STICKY_TIMEOUTS);
	plain(a);
}

const struct way call_ways[] = {
	{ "plain", plain },
	{ "vfork", plain },
	{ "descriptor", at_descriptor },
	{ "open-descriptor", at_open_descriptor },
	{ "directory", at_directory },
	{ "int80", by_int80 },
	{ "int80-at", by_int80_at },
	{ "x32", by_x32 },
	{ "high-number", by_high_number },
	{ "personality", with_odd_personality },
	{ 0 },
};

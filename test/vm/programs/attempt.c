// Executes programs in all the ways a kernel offers, and says what became of each: attempt PLAN
//
// PLAN is a file, so that no argument of this program is itself what a policy names. A line is one case, fields apart by one
// tab: id, way (see `ways`), path, environment ("-" or NAME=value apart by spaces), argv[0], argv[1], ... For each case one
// line of JSON: {"case", "pid", "outcome": "refused" | "killed" | "ran" | "failed", ...}
//
//   refused  execve returned EPERM           errno is its name
//   failed   execve returned another error   errno is its name
//   killed   a signal ended the process      signal is its number
//   ran      the process exited              status is its exit status
//
// `started` and `marked` are what the stand-in wrote into the ledger meanwhile (see stand-in.c).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, MOST_ARGS = 64, PADDING_BYTES = 2000000, LONG_ARG = 100000, SHORT_ARG = 100 };

struct ledger {
	char magic[8];
	unsigned long started;
	unsigned long marked;
};

struct attempt {
	char *path;
	char **argv;
	char **envp;
	int failure; /* write end: a child that could not exec writes errno; closed by a successful exec */
};

static void fail(const struct attempt *a, int error)
{
	ssize_t written = write(a->failure, &error, sizeof(error));

	_exit(written == sizeof(error) ? 127 : 126);
}

/* All of the following run in the child and return only if the exec failed, with errno. */

static void plain(struct attempt *a)
{
	execve(a->path, a->argv, a->envp);
}

static void at_descriptor(struct attempt *a)
{
	int fd = open(a->path, O_PATH | O_CLOEXEC);

	syscall(SYS_execveat, fd, "", a->argv, a->envp, AT_EMPTY_PATH);
}

static void from_memory(struct attempt *a)
{
	const char *slash = strrchr(a->path, '/');
	int from = open(a->path, O_RDONLY | O_CLOEXEC), to = memfd_create(slash ? slash + 1 : a->path, MFD_CLOEXEC);
	char bytes[PAGE];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, n) != n)
			return;
	syscall(SYS_execveat, to, "", a->argv, a->envp, AT_EMPTY_PATH);
}

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

/* The 32-bit system call of a 64-bit program: other registers, pointers of four bytes. */
static void by_int80(struct attempt *a)
{
	struct low low = { mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0) };
	unsigned path, argv, envp;
	long result;

	if (low.next == MAP_FAILED)
		return;
	path = put(&low, a->path, strlen(a->path) + 1);
	argv = put_strings(&low, a->argv);
	envp = put_strings(&low, a->envp);
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(11), "b"(path), "c"(argv), "d"(envp)
			 : "memory", "r8", "r9", "r10", "r11");
	errno = -result;
}

static char **last_of(char **argv)
{
	while (argv[0] && argv[1])
		argv++;
	return argv;
}

/* The last argument ends with the last byte of a page, and nothing is mapped behind it. */
static void at_page_end(struct attempt *a)
{
	char **last = last_of(a->argv), *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t size = strlen(*last) + 1;

	mprotect(pages + PAGE, PAGE, PROT_NONE);
	*last = memcpy(pages + PAGE - size, *last, size);
	plain(a);
}

/* The last argument lies across two pages, the second of which was never touched before the exec. */
static void across_pages(struct attempt *a)
{
	char **last = last_of(a->argv), *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t size = strlen(*last) + 1;
	int file = memfd_create("halves", MFD_CLOEXEC);

	*last = memcpy(pages + PAGE - size / 2, *last, size);
	if (write(file, pages, 2 * PAGE) != 2 * PAGE)
		return;
	mmap(pages, 2 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0);
	plain(a);
}

/* The last argument in a file that is mapped and not resident. */
static char *map_cold(struct attempt *a)
{
	char **last = last_of(a->argv), *cold;
	size_t size = strlen(*last) + 1;
	int file = memfd_create("cold", MFD_CLOEXEC);

	if (write(file, *last, size) != (ssize_t)size || ftruncate(file, PAGE))
		return NULL;
	cold = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
	*last = cold;
	return cold;
}

static void not_resident(struct attempt *a)
{
	if (map_cold(a))
		plain(a);
}

static void *take_away(void *page)
{
	for (;;)
		madvise(page, PAGE, MADV_DONTNEED);
	return NULL;
}

/* The same, and another thread takes the page away whenever it becomes resident. */
static void vanishing(struct attempt *a)
{
	char *cold = map_cold(a);
	pthread_t thread;

	if (cold && pthread_create(&thread, NULL, take_away, cold) == 0)
		plain(a);
}

static void no_arguments(struct attempt *a)
{
	a->argv[0] = NULL;
	plain(a);
}

static void null_arguments(struct attempt *a)
{
	a->argv = NULL;
	plain(a);
}

/* About two megabytes between argv[0] and the rest, in arguments of `size` bytes. */
static void pad(struct attempt *a, size_t size)
{
	struct rlimit stack = { 64ul << 20, 64ul << 20 };
	size_t count = PADDING_BYTES / size, n = 0;
	char **argv = calloc(count + MOST_ARGS, sizeof(char *)), *filler = malloc(size);

	setrlimit(RLIMIT_STACK, &stack);
	memset(filler, 'p', size - 1);
	filler[size - 1] = 0;
	argv[n++] = a->argv[0];
	while (n <= count)
		argv[n++] = filler;
	for (char **rest = a->argv + 1; *rest; rest++)
		argv[n++] = *rest;
	execve(a->path, argv, a->envp);
}

static void padded_long(struct attempt *a)
{
	pad(a, LONG_ARG);
}

static void padded_many(struct attempt *a)
{
	pad(a, SHORT_ARG);
}

/* The last argument is something else until a tracer writes it, when the system call has begun. */
static void traced(struct attempt *a)
{
	char **last = last_of(a->argv), *disguised = strdup(*last);

	memset(disguised, 'x', strlen(disguised));
	*last = disguised;
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
	plain(a);
}

/* In the parent: stops the child at its execve, writes the argument, lets it go. */
static void trace(pid_t child, char *last)
{
	struct user_regs_struct registers;
	unsigned long pointers[MOST_ARGS + 1] = { 0 };
	struct iovec here = { pointers, sizeof(pointers) }, there = { 0 };
	unsigned n = 0;
	int status;

	waitpid(child, &status, 0);
	do {
		ptrace(PTRACE_SYSCALL, child, 0, 0);
		if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
			return;
		ptrace(PTRACE_GETREGS, child, 0, &registers);
	} while (registers.orig_rax != SYS_execve);
	there.iov_base = (void *)registers.rsi;
	while (n < MOST_ARGS) { /* the array may end before a full one would */
		here = (struct iovec){ pointers + n, sizeof(pointers[0]) };
		there = (struct iovec){ (unsigned long *)registers.rsi + n, sizeof(pointers[0]) };
		if (process_vm_readv(child, &here, 1, &there, 1, 0) < 0 || !pointers[n])
			break;
		n++;
	}
	if (n) {
		here = (struct iovec){ last, strlen(last) };
		there = (struct iovec){ (void *)pointers[n - 1], strlen(last) };
		process_vm_writev(child, &here, 1, &there, 1, 0);
	}
	ptrace(PTRACE_DETACH, child, 0, 0);
}

static const struct way {
	const char *name;
	void (*exec)(struct attempt *);
} ways[] = {
	{ "plain", plain },		{ "vfork", plain },
	{ "descriptor", at_descriptor }, { "memfd", from_memory },
	{ "thread", from_thread },	{ "int80", by_int80 },
	{ "page-end", at_page_end },	{ "two-pages", across_pages },
	{ "not-resident", not_resident }, { "vanishing", vanishing },
	{ "no-arguments", no_arguments }, { "null-arguments", null_arguments },
	{ "padded-long", padded_long },	{ "padded-many", padded_many },
	{ "traced", traced },
};

static const struct way *way_named(const char *name)
{
	for (size_t n = 0; n < sizeof(ways) / sizeof(ways[0]); n++)
		if (strcmp(ways[n].name, name) == 0)
			return &ways[n];
	fprintf(stderr, "attempt: there is no way %s\n", name);
	exit(2);
}

/* Ledger as descriptor 3, where the stand-in looks for it. */
static struct ledger *open_ledger(void)
{
	int fd = memfd_create("ledger", 0);
	struct ledger *ledger;

	if (fd < 0 || ftruncate(fd, PAGE) || (fd != 3 && dup2(fd, 3) < 0))
		return NULL;
	ledger = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
	if (ledger == MAP_FAILED)
		return NULL;
	memcpy(ledger->magic, "PCLEDGER", 8);
	return ledger;
}

static void in_child(const struct way *way, struct attempt *a)
{
	int null = open("/dev/null", O_WRONLY);

	dup2(null, 1);
	dup2(null, 2);
	way->exec(a);
	fail(a, errno);
}

static void attempt_case(struct ledger *ledger, const char *id, const struct way *way, struct attempt *a)
{
	int ends[2], error = 0, status = 0;
	char **last = last_of(a->argv);
	pid_t child;

	ledger->started = ledger->marked = 0;
	if (pipe2(ends, O_CLOEXEC))
		exit(2);
	a->failure = ends[1];
	fflush(stdout);
	child = strcmp(way->name, "vfork") == 0 ? vfork() : fork();
	if (!child)
		in_child(way, a);
	if (way->exec == traced)
		trace(child, *last);
	close(ends[1]);
	if (read(ends[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(ends[0]);
	waitpid(child, &status, 0);
	printf("{\"case\":\"%s\",\"pid\":%d,", id, child);
	if (WIFSIGNALED(status))
		printf("\"outcome\":\"killed\",\"signal\":%d,", WTERMSIG(status));
	else if (error)
		printf("\"outcome\":\"%s\",\"errno\":\"%s\",", error == EPERM ? "refused" : "failed", strerrorname_np(error));
	else
		printf("\"outcome\":\"ran\",\"status\":%d,", WEXITSTATUS(status));
	printf("\"started\":%lu,\"marked\":%lu}\n", ledger->started, ledger->marked);
	fflush(stdout);
}

/* Splits `text` in place; the list ends with NULL. */
static void split(char *text, const char *separator, char **into, unsigned most)
{
	unsigned n = 0;

	while (text && n < most)
		into[n++] = strsep(&text, separator);
	into[n] = NULL;
}

int main(int argc, char **argv)
{
	struct ledger *ledger = open_ledger();
	FILE *plan = argc == 2 ? fopen(argv[1], "re") : NULL;
	char *line = NULL;
	size_t room = 0;

	if (!plan || !ledger) {
		fputs("usage: attempt PLAN\n", stderr);
		return 2;
	}
	while (getline(&line, &room, plan) > 0) {
		char *fields[MOST_ARGS + 1], *envp[MOST_ARGS + 1] = { NULL };
		struct attempt a;

		line[strcspn(line, "\n")] = 0;
		split(line, "\t", fields, MOST_ARGS);
		if (!fields[0] || !fields[1] || !fields[2] || !fields[3] || !fields[4]) {
			fprintf(stderr, "attempt: too few fields in the case %s\n", fields[0]);
			return 2;
		}
		if (strcmp(fields[3], "-"))
			split(fields[3], " ", envp, MOST_ARGS);
		a = (struct attempt){ .path = fields[2], .argv = fields + 4, .envp = envp };
		attempt_case(ledger, fields[0], way_named(fields[1]), &a);
	}
	return 0;
}

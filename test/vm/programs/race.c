// Changes the arguments of an exec while the kernel takes them: race PROGRAM TRIES bytes|pointers
//
// Each try is a process of two threads. One calls execve; the other, all the while, changes the argument from one that a
// policy names to one that it does not and back: the byte itself, or the pointer to it. PROGRAM is the stand-in, which notes
// in the ledger whether it started and whether with the argument that is named. One line of JSON says what became of the tries:
//
//   refused   execve returned EPERM
//   killed    ended by SIGKILL
//   ran       reached their first instruction
//   matching  of those, with the argument that is named: what must never happen under a policy
//   failed    anything else
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct ledger {
	char magic[8];
	unsigned long started;
	unsigned long marked;
};

static char url[] = "stratum+tcp://pool.example:3333";
static char harmless[] = "xtratum+tcp://pool.example:3333";
static char *volatile arguments[] = { "worker", "-o", url, "--quiet", NULL };
static volatile unsigned long changes;

static void *change_bytes(void *unused)
{
	volatile char *first = url;

	for (;;) {
		*first = changes & 1 ? 's' : 'x';
		changes++;
	}
	return unused;
}

static void *change_pointers(void *unused)
{
	for (;;) {
		arguments[2] = changes & 1 ? url : harmless;
		changes++;
	}
	return unused;
}

/* Ledger as descriptor 3, where the stand-in looks for it. */
static struct ledger *open_ledger(void)
{
	int fd = memfd_create("ledger", 0);
	struct ledger *ledger;

	if (fd < 0 || ftruncate(fd, 4096) || (fd != 3 && dup2(fd, 3) < 0))
		return NULL;
	ledger = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
	if (ledger == MAP_FAILED)
		return NULL;
	memcpy(ledger->magic, "PCLEDGER", 8);
	return ledger;
}

/* In the child. Exit status 100: the exec was refused with EPERM; 101: failed otherwise. */
static void try_once(const char *program, void *(*change)(void *))
{
	pthread_t thread;
	int null = open("/dev/null", O_WRONLY);

	dup2(null, 1);
	errno = pthread_create(&thread, NULL, change, NULL);
	if (errno) {
		perror("race: pthread_create");
		_exit(101);
	}
	while (changes < 100)
		;
	execve(program, (char **)arguments, environ);
	if (errno != EPERM)
		perror("race: execve");
	_exit(errno == EPERM ? 100 : 101);
}

int main(int argc, char **argv)
{
	struct ledger *ledger = open_ledger();
	int tries = argc > 2 ? atoi(argv[2]) : 0, refused = 0, killed = 0, failed = 0;
	const char *how = argc > 3 ? argv[3] : "";
	void *(*change)(void *) = strcmp(how, "bytes") == 0 ? change_bytes : strcmp(how, "pointers") == 0 ? change_pointers : NULL;

	if (!ledger || tries <= 0 || !change) {
		fputs("usage: race PROGRAM TRIES bytes|pointers\n", stderr);
		return 2;
	}
	for (int n = 0; n < tries; n++) {
		int status;
		pid_t child = fork();

		if (!child)
			try_once(argv[1], change);
		if (child < 0 || waitpid(child, &status, 0) != child)
			failed++;
		else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			killed++;
		else if (WIFEXITED(status) && WEXITSTATUS(status) == 100)
			refused++;
		else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
			fprintf(stderr, "race: wait status %#x\n", status);
			failed++;
		}
	}
	printf("{\"case\":\"race-%s\",\"tries\":%d,\"refused\":%d,\"killed\":%d,\"ran\":%lu,\"matching\":%lu,\"failed\":%d}\n", how, tries,
	       refused, killed, ledger->started, ledger->marked, failed);
	return 0;
}

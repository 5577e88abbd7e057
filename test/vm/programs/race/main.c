// Changes the arguments of an exec while the kernel takes them: race PROGRAM TRIES HOW [harmless]
//
// Each try is a process that calls execve while another task, all the while, changes the argument from one that a policy names to one
// that it does not and back, in one of the ways of changers.c. With `harmless` neither is named. PROGRAM is the stand-in, which notes
// in the ledger whether it started and whether with the argument that is named. One line of JSON says what became of the tries:
//
//   refused   execve returned EPERM
//   killed    ended by SIGKILL
//   ran       reached their first instruction
//   matching  of those, with the argument that is named: what must never happen under a policy
//   failed    anything else
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "../ledger.h"
#include "race.h"

enum { REFUSED = 100, FAILED = 101, WARM_UP = 100 };

/* In the child. Exit status REFUSED: the exec was refused with EPERM; FAILED: failed otherwise. */
static void try_once(const char *program, const struct changer *changer, struct target *t)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(null, 1);
	if (changer->start(t)) {
		perror("race: no second task");
		_exit(FAILED);
	}
	while (*t->changes < WARM_UP)
		;
	execve(program, t->arguments, environ);
	if (errno == EPERM)
		_exit(REFUSED);
	perror("race: execve");
	_exit(FAILED);
}

int main(int argc, char **argv)
{
	struct ledger *ledger = open_ledger(NULL);
	int tries = argc > 2 ? atoi(argv[2]) : 0, refused = 0, killed = 0, failed = 0;
	const struct changer *changer = argc > 3 ? changer_named(argv[3]) : NULL;
	int harmless = argc > 4;

	if (!ledger || tries <= 0 || !changer) {
		fputs("usage: race PROGRAM TRIES HOW [harmless]\n", stderr);
		return 2;
	}
	for (int n = 0; n < tries; n++) {
		struct target *t = new_target(harmless);
		int status;
		pid_t child = fork();

		if (!child)
			try_once(argv[1], changer, t);
		if (child < 0 || waitpid(child, &status, 0) != child)
			failed++;
		else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			killed++;
		else if (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED)
			refused++;
		else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
			fprintf(stderr, "race: wait status %#x\n", status);
			failed++;
		}
		free_target(t);
	}
	printf("{\"case\":\"race-%s%s\",\"tries\":%d,\"refused\":%d,\"killed\":%d,\"ran\":%lu,\"matching\":%lu,\"failed\":%d}\n",
	       changer->name, harmless ? "-harmless" : "", tries, refused, killed, ledger->started, ledger->marked, failed);
	return 0;
}

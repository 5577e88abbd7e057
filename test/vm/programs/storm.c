// Executes one program again and again, and says what became of it: storm COUNT PROGRAM ARGUMENT... One JSON line at the end. What
// ran is told by the program itself, which exits with status 0.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[1]) : 0, ran = 0, refused = 0, killed = 0, failed = 0;
	const char *slash = strrchr(argv[0], '/');

	for (long i = 0; i < count; i++) {
		int status = 0;
		pid_t child = fork();

		if (!child) {
			execv(argv[2], argv + 2);
			_exit(errno == EPERM ? 101 : 102);
		}
		if (child < 0 || waitpid(child, &status, 0) < 0)
			failed++;
		else if (WIFSIGNALED(status))
			killed++;
		else if (WEXITSTATUS(status) == 0)
			ran++;
		else if (WEXITSTATUS(status) == 101)
			refused++;
		else
			failed++;
	}
	printf("{\"storm\":\"%s\",\"ran\":%ld,\"refused\":%ld,\"killed\":%ld,\"failed\":%ld}\n", slash ? slash + 1 : argv[0], ran, refused,
	       killed, failed);
	return 0;
}

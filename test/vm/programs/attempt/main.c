// Executes programs in all the ways a kernel offers, and says what became of each: attempt PLAN [LEDGER]
//
// PLAN is a file, so that no argument of this program is itself what a policy names. A line is one case, fields apart by one
// tab: id, way (see the lists of ways; some take a parameter behind a colon), path, environment ("-" or NAME=value apart by
// spaces), argv[0], argv[1], ... In arguments \t, \n, \\ and \xHH stand for what they do in C. For each case one line of JSON:
// {"case", "pid", "outcome": "refused" | "killed" | "ran" | "failed", ...}
//
//   refused  execve returned EPERM           errno is its name
//   failed   execve returned another error   errno is its name
//   killed   a signal ended the process      signal is its number
//   ran      the process exited              status is its exit status
//
// `started` and `marked` are what the stand-in wrote into the ledger meanwhile (see ledger.h), which is the file LEDGER if one is named.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "../ledger.h"
#include "attempt.h"

enum { LONGEST_S = 60 }; /* a way that does not come to an end is killed after this */

void fail(const struct attempt *a, int error)
{
	ssize_t written = write(a->failure, &error, sizeof(error));

	_exit(written == sizeof(error) ? 127 : 126);
}

char **last_of(char **argv)
{
	while (argv[0] && argv[1])
		argv++;
	return argv;
}

char *new_pages(size_t count)
{
	return mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

unsigned long number_of(const struct attempt *a, unsigned long otherwise)
{
	return *a->parameter ? strtoul(a->parameter, NULL, 0) : otherwise;
}

int touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	return fd < 0 || close(fd);
}

static const struct way *way_named(const char *name)
{
	static const struct way *const lists[] = { call_ways, memory_ways, padding_ways, userfault_ways, file_ways, task_ways,
						   tracer_ways, late_ways, kernel_ways };

	for (size_t n = 0; n < sizeof(lists) / sizeof(lists[0]); n++)
		for (const struct way *way = lists[n]; way->name; way++)
			if (strcmp(way->name, name) == 0)
				return way;
	fprintf(stderr, "attempt: there is no way %s\n", name);
	exit(2);
}

static void in_child(const struct way *way, struct attempt *a)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(null, 1);
	dup2(null, 2);
	alarm(LONGEST_S);
	way->exec(a);
	fail(a, errno);
}

static void attempt_case(struct ledger *ledger, const char *id, const struct way *way, struct attempt *a)
{
	int ends[2], error = 0, status = 0;
	pid_t child;

	ledger->started = ledger->marked = 0;
	if (pipe2(ends, O_CLOEXEC) || pipe2(a->ready, O_CLOEXEC))
		exit(2);
	a->failure = ends[1];
	fflush(stdout);
	child = strcmp(way->name, "vfork") == 0 ? vfork() : fork();
	if (!child)
		in_child(way, a);
	close(a->ready[1]);
	if (way->parent)
		way->parent(a, child);
	close(ends[1]);
	if (read(ends[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(ends[0]);
	close(a->ready[0]);
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

/* In place, what \t, \n, \\ and \xHH stand for. */
static void unescape(char *text)
{
	char *to = text, hex[3] = { 0 };

	for (char *from = text; *from; from++) {
		if (*from != '\\') {
			*to++ = *from;
			continue;
		}
		from++;
		if (*from == 'x') {
			memcpy(hex, from + 1, 2);
			*to++ = strtoul(hex, NULL, 16);
			from += 2;
		} else {
			*to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from;
		}
	}
	*to = 0;
}

int main(int argc, char **argv)
{
	struct ledger *ledger = open_ledger(argc > 2 ? argv[2] : NULL);
	FILE *plan = argc > 1 ? fopen(argv[1], "re") : NULL;
	char *line = NULL;
	size_t room = 0;

	if (!plan || !ledger) {
		fputs("usage: attempt PLAN [LEDGER]\n", stderr);
		return 2;
	}
	while (getline(&line, &room, plan) > 0) {
		char *fields[MOST_ARGS + 1], *envp[MOST_ARGS + 1] = { NULL }, *way[3];
		struct attempt a;

		line[strcspn(line, "\n")] = 0;
		split(line, "\t", fields, MOST_ARGS);
		if (!fields[0] || !fields[1] || !fields[2] || !fields[3] || !fields[4]) {
			fprintf(stderr, "attempt: too few fields in the case %s\n", fields[0]);
			return 2;
		}
		if (strcmp(fields[3], "-"))
			split(fields[3], " ", envp, MOST_ARGS);
		for (char **argument = fields + 4; *argument; argument++)
			unescape(*argument);
		split(fields[1], ":", way, 2);
		a = (struct attempt){ .path = fields[2], .argv = fields + 4, .envp = envp, .parameter = way[1] ? way[1] : "" };
		attempt_case(ledger, fields[0], way_named(way[0]), &a);
	}
	return 0;
}
